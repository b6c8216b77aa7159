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

from ingredients.tasks.family import Step

SMALLEST_UNIFORM = 1e-6
"""A uniform draw may be 0, whose normal quantile is −∞."""


@dataclass(frozen=True)
class GaussianBandit:
    """`arms` arms, `episodes` pulls a lifetime; ψ = the arms' means, `[arms]`."""

    arms: int
    episodes: int
    deviation: float = 1.0
    name: str = "gaussian-bandit"
    episode_steps: int = 1
    ends_early: bool = False
    continuous: bool = False
    observation_size: int = 1
    observation_bounds: tuple[float, float] = (0.0, 1.0)
    noise_size: int = 1
    start_size: int = 0
    written: range = range(0)
    held_out: bool = True

    @property
    def steps(self) -> int:
        """Returns T = K: a pull is an episode of one step."""
        return self.episodes

    @property
    def actions(self) -> int:
        """Returns the number of arms."""
        return self.arms

    @property
    def task_size(self) -> int:
        """Returns the number of means in ψ."""
        return self.arms

    def draw_tasks(self, generator: torch.Generator, count: int) -> Tensor:
        """Returns `[count, arms]` means, standard normal and independent."""
        return normal(torch.rand(count, self.arms, generator=generator))

    def first(self, tasks: Tensor, start: Tensor) -> tuple[Tensor, Tensor]:
        """Returns the empty state `[..., 0]` and the blank observation `[..., 1]`."""
        return tasks[..., :0], torch.zeros_like(tasks[..., :1])

    def next_episode(self, tasks: Tensor, state: Tensor, start: Tensor) -> tuple[Tensor, Tensor]:
        """Returns the same: nothing outlasts a pull."""
        return self.first(tasks, start)

    def step(self, tasks: Tensor, state: Tensor, action: Tensor, noise: Tensor) -> Step:
        """Pulls an arm; `noise[..., 0]` is the luck of the pay-off."""
        expected = tasks.gather(-1, action.unsqueeze(-1)).squeeze(-1)
        paid = expected + self.deviation * normal(noise[..., 0])
        ends = torch.ones_like(action, dtype=torch.bool)
        return Step(state, torch.zeros_like(tasks[..., :1]), action, paid, expected, ends, ~ends)

    def best_episode_return(self, tasks: Tensor) -> Tensor | None:
        """Returns max(μ), `[...]`."""
        return tasks.amax(-1)


def normal(uniform: Tensor) -> Tensor:
    """Returns the standard normal numbers of which `uniform` are the quantiles, of the same shape."""
    drawn: Tensor = torch.special.ndtri(uniform.clamp(SMALLEST_UNIFORM, 1 - SMALLEST_UNIFORM))
    return drawn
