"""A restless bandit: the arms' means drift (the four-armed task of Daw et al. 2006).

After every pull each arm's mean decays towards 0 and takes a random step:

    μ_{t+1} = λ μ_t + √(1 − λ²) z,   μ_0 ~ N(0, 1),   r_t ~ N(μ_t[a_t], deviation²).

The unit is the means' stationary deviation, 15.5 points in Daw et al. Their λ = .9836 is the default of `decay` (half
of a mean is forgotten after 42 pulls). Their `deviation` is .26: a reactive policy does too well to tell learning from
it.
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
    """`arms` arms, `episodes` pulls a lifetime; ψ = their first means, `[arms]`."""

    arms: int
    episodes: int
    decay: float = RestlessBanditTasks.default_of("decay")
    deviation: float = RestlessBanditTasks.default_of("deviation")
    name = "restless-bandit"

    @property
    def noise_size(self) -> int:
        """One uniform for the reward, one for each arm's drift."""
        return 1 + self.arms

    @property
    def drift(self) -> float:
        """√(1 − λ²), the deviation of a mean's step."""
        return math.sqrt(1 - self.decay**2)

    def draw_tasks(self, generator: torch.Generator, count: int) -> Tensor:
        """Returns `[count, arms]` first means, standard normal and independent."""
        return normal(torch.rand(count, self.arms, generator=generator))

    def first(self, tasks: Tensor, start: Tensor) -> tuple[Tensor, Tensor]:
        """Returns the first means `[..., arms]` and the observation `[..., 1]`."""
        return tasks, blank(tasks)

    def step(self, tasks: Tensor, state: Tensor, action: Tensor, noise: Tensor) -> Step:
        """Pulls an arm; `noise[..., 0]` draws the reward, the rest the drift."""
        luck = normal(noise)
        expected = of_arm(state, action)
        paid = expected + self.deviation * luck[..., 0]
        means = self.decay * state + self.drift * luck[..., 1:]
        return pull(means, action, paid, expected, blank(tasks))

    def best_episode_return(self, tasks: Tensor) -> Tensor | None:
        """Returns None: ψ does not determine the drift."""
        return None
