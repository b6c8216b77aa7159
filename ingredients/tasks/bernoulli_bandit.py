"""Bernoulli bandits: independent arms, p ~ U[0, 1]; an episode is one pull (Duan et al. 2016, §3.1).

Reward: 1 with probability p, else 0. The observation, always 0, leaks nothing. With probability `action_noise` a
uniformly drawn arm is pulled.

The first `forced_pulls` pulls go to uniformly drawn arms; later rewards are hidden. Only the action channel shows which
arm was pulled (docs/design.md §5, trap 2).
"""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor

from ingredients.study.families.bernoulli_bandit import BernoulliBanditTasks
from ingredients.tasks.bandit import Bandit, any_arm, blank, of_arm, pull
from ingredients.tasks.family import Step


@dataclass(frozen=True)
class BernoulliBandit(Bandit):
    """`arms` arms, `episodes` pulls a lifetime; ψ = their probabilities, `[arms]`."""

    arms: int
    episodes: int
    action_noise: float = BernoulliBanditTasks.default_of("action_noise")
    forced_pulls: int = BernoulliBanditTasks.default_of("forced_pulls")
    name = "bernoulli-bandit"
    noise_size = 3

    @property
    def cube_size(self) -> int:
        """Number of uniforms that make a task."""
        return self.arms

    def draw_tasks(self, generator: torch.Generator, count: int) -> Tensor:
        """Returns `[count, arms]` probabilities, uniform and independent."""
        return self.from_cube(torch.rand(count, self.cube_size, generator=generator))

    def from_cube(self, points: Tensor) -> Tensor:
        """Returns tasks `[N, arms]` from points in the unit cube, `[N, cube_size]`."""
        return points

    def first(self, tasks: Tensor, start: Tensor) -> tuple[Tensor, Tensor]:
        """Returns the pulls so far, `[..., 1]` (if none is forced `[..., 0]`), and the observation."""
        return blank(tasks) if self.forced_pulls else tasks[..., :0], blank(tasks)

    def step(self, tasks: Tensor, state: Tensor, action: Tensor, noise: Tensor) -> Step:
        """Pulls an arm; `noise[..., 0]` decides the reward, the others a slip and its arm."""
        strays = noise[..., 1] < self.action_noise
        expected = self.expected_reward(tasks, action)
        observed = None
        if self.forced_pulls:
            forced = state[..., 0] < self.forced_pulls
            strays = strays | forced
            expected = torch.where(forced, tasks.mean(-1), expected)
            observed = forced.to(tasks.dtype)
            state = state + 1
        arm = torch.where(strays, any_arm(noise[..., 2], self.arms), action)
        paid = (noise[..., 0] < of_arm(tasks, arm)).to(tasks.dtype)
        return pull(state, arm, paid, expected, blank(tasks), observed)
