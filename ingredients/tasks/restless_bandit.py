"""A restless bandit: the arms' means drift while they are pulled (the four-armed task of Daw et al. 2006).

Each arm's mean is drawn back to the centre and pushed about after every pull, whether it was pulled or not:

    μ_{t+1} = λ μ_t + √(1 − λ²) z,   μ_0 ~ N(0, 1),   r_t ~ N(μ_t[a_t], deviation²).

The unit is the deviation that the means keep for good, which Daw et al. put at σ_d / √(1 − λ²) = 2.8 / √(1 − .9836²) =
15.5 points around 50. Their λ, .9836, is the default of `decay`: an arm's mean is half forgotten after 42 pulls, so
exploring never ends. Their pay-off noise of 4 points would be a `deviation` of .26, at which the last reward says
nearly all: to repeat what paid enough earns .91 of what the best reference does, and in-context learning could not be
told from it. The default is 1, as in a Gaussian bandit.

Observation: one number that is always 0. The environment leaks neither reward nor action.
Reward: as above. Termination: every pull terminates its episode; nothing is truncated. The state holds the present
means; the agent can write on none of it: they drift whatever it does. Tasks can be held out. Adaptation axis:
the pulls of a lifetime. ψ are the first means; what they become is the luck of the lifetime.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import torch
from torch import Tensor

from ingredients.study.families.restless_bandit import RestlessBanditTasks
from ingredients.tasks.bandit import Bandit, blank, of_arm, pull
from ingredients.tasks.family import Step
from ingredients.tasks.gaussian_bandit import normal


@dataclass(frozen=True)
class RestlessBandit(Bandit):
    """`arms` arms, `episodes` pulls a lifetime; ψ = the arms' first means, `[arms]`."""

    arms: int
    episodes: int
    decay: float = RestlessBanditTasks.default_of("decay")
    deviation: float = RestlessBanditTasks.default_of("deviation")
    name = "restless-bandit"

    @property
    def noise_size(self) -> int:
        """One uniform for the pay-off and one for the drift of each arm."""
        return 1 + self.arms

    @property
    def drift(self) -> float:
        """√(1 − λ²), the deviation of one step of a mean."""
        return math.sqrt(1 - self.decay**2)

    def draw_tasks(self, generator: torch.Generator, count: int) -> Tensor:
        """Returns `[count, arms]` first means, standard normal and independent."""
        return normal(torch.rand(count, self.arms, generator=generator))

    def first(self, tasks: Tensor, start: Tensor) -> tuple[Tensor, Tensor]:
        """Returns the first means `[..., arms]` and the blank observation `[..., 1]`."""
        return tasks, blank(tasks)

    def step(self, tasks: Tensor, state: Tensor, action: Tensor, noise: Tensor) -> Step:
        """Pulls an arm, and all drift; `noise[..., 0]` is the luck of the pay-off, the others that of the drift."""
        luck = normal(noise)
        expected = of_arm(state, action)
        paid = expected + self.deviation * luck[..., 0]
        means = self.decay * state + self.drift * luck[..., 1:]
        return pull(means, action, paid, expected, blank(tasks))

    def best_episode_return(self, tasks: Tensor) -> Tensor | None:
        """Returns None: ψ does not say how the means will drift."""
        return None
