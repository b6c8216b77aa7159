"""Gaussian bandits: means μ ~ N(0, 1), pay-offs N(μ, 1) (the testbed of Sutton & Barto 2018, §2.3).

Observation: one number that is always 0. The environment leaks neither reward nor action.
Reward: the mean of the arm that was pulled plus `deviation` times a standard normal draw. An arm that pays badly pays
below 0, so a reward tells how an arm compares with arms at large, which 0 and 1 do not.
Termination: every pull terminates its episode; nothing is truncated. The agent can write on no state. Tasks can be held
out. Adaptation axis: the pulls of a lifetime.
"""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor

from ingredients.study.families.gaussian_bandit import GaussianBanditTasks
from ingredients.tasks.bandit import Bandit, blank, of_arm, pull
from ingredients.tasks.family import Step

SMALLEST_UNIFORM = 1e-6
"""A uniform draw may be 0, whose normal quantile is −∞."""


@dataclass(frozen=True)
class GaussianBandit(Bandit):
    """`arms` arms, `episodes` pulls a lifetime; ψ = the arms' means, `[arms]`."""

    arms: int
    episodes: int
    deviation: float = GaussianBanditTasks.default_of("deviation")
    name = "gaussian-bandit"

    def draw_tasks(self, generator: torch.Generator, count: int) -> Tensor:
        """Returns `[count, arms]` means, standard normal and independent."""
        return normal(torch.rand(count, self.arms, generator=generator))

    def step(self, tasks: Tensor, state: Tensor, action: Tensor, noise: Tensor) -> Step:
        """Pulls an arm; `noise[..., 0]` is the luck of the pay-off."""
        expected = of_arm(tasks, action)
        paid = expected + self.deviation * normal(noise[..., 0])
        return pull(state, action, paid, expected, blank(tasks))


def normal(uniform: Tensor) -> Tensor:
    """Returns the standard normal numbers of which `uniform` are the quantiles, of the same shape."""
    drawn: Tensor = torch.special.ndtri(uniform.clamp(SMALLEST_UNIFORM, 1 - SMALLEST_UNIFORM))
    return drawn
