"""Gaussian bandits: means μ ~ N(0, 1), rewards N(μ, `deviation`²) (the testbed of Sutton & Barto 2018, §2.3)."""

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
    """`arms` arms, `episodes` pulls a lifetime; ψ = their means, `[arms]`."""

    arms: int
    episodes: int
    deviation: float = GaussianBanditTasks.default_of("deviation")
    name = "gaussian-bandit"

    def draw_tasks(self, generator: torch.Generator, count: int) -> Tensor:
        """Returns `[count, arms]` means, standard normal and independent."""
        return normal(torch.rand(count, self.arms, generator=generator))

    def step(self, tasks: Tensor, state: Tensor, action: Tensor, noise: Tensor) -> Step:
        """Pulls an arm; `noise[..., 0]` draws the reward."""
        expected = of_arm(tasks, action)
        paid = expected + self.deviation * normal(noise[..., 0])
        return pull(state, action, paid, expected, blank(tasks))


def normal(uniform: Tensor) -> Tensor:
    """Returns the standard normal quantiles of `uniform`."""
    drawn: Tensor = torch.special.ndtri(uniform.clamp(SMALLEST_UNIFORM, 1 - SMALLEST_UNIFORM))
    return drawn
