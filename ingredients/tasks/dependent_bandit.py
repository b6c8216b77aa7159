"""Two arms with p₂ = 1 − p₁ (Wang et al. 2016, §3.1.2).

p₁ is uniform on [0, 1], or one of two values: .1 or .9 (`easy`), .25 or .75 (`medium`), .4 or .6 (`hard`). Reward: 1
with the pulled arm's probability, else 0.
"""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor

from ingredients.study.families.dependent_bandit import DependentBanditTasks
from ingredients.tasks.bandit import Bandit, blank, of_arm, pull
from ingredients.tasks.family import Step

LOWER_CHANCE = {"easy": 0.1, "medium": 0.25, "hard": 0.4}


@dataclass(frozen=True)
class DependentBandit(Bandit):
    """`episodes` pulls a lifetime; ψ = (p₁, 1 − p₁), `[2]`."""

    episodes: int
    difficulty: str = DependentBanditTasks.default_of("difficulty")
    name = "dependent-bandit"
    arms = 2
    cube_size = 1

    @property
    def held_out(self) -> bool:
        """Whether there are more than two tasks."""
        return self.difficulty == "uniform"

    def draw_tasks(self, generator: torch.Generator, count: int) -> Tensor:
        """Returns `[count, 2]` probabilities that sum to 1."""
        return self.from_cube(torch.rand(count, self.cube_size, generator=generator))

    def from_cube(self, points: Tensor) -> Tensor:
        """Returns the tasks `[N, 2]` of points `[N, 1]` in [0, 1]."""
        if self.difficulty == "uniform":
            return torch.cat([points, 1 - points], -1)
        lower = LOWER_CHANCE[self.difficulty]
        first = torch.where(points < 0.5, lower, 1 - lower)
        return torch.cat([first, 1 - first], -1)

    def step(self, tasks: Tensor, state: Tensor, action: Tensor, noise: Tensor) -> Step:
        """Pulls an arm; `noise[..., 0]` decides the reward."""
        expected = of_arm(tasks, action)
        paid = (noise[..., 0] < expected).to(tasks.dtype)
        return pull(state, action, paid, expected, blank(tasks))
