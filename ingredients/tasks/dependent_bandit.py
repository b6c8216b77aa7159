"""Two arms of which one pays as often as the other does not: p₂ = 1 − p₁ (Wang et al. 2016, §3.1.2).

What one arm pays tells what the other would: every pull is one draw of the same coin, so nobody has to explore.

| difficulty | p₁ is |
|---|---|
| `uniform` | uniform on [0, 1] |
| `easy` | .1 or .9 |
| `medium` | .25 or .75 |
| `hard` | .4 or .6 |

Observation: one number that is always 0. The environment leaks neither reward nor action.
Reward: 1 with probability p of the arm that was pulled, else 0.
Termination: every pull terminates its episode; nothing is truncated. The agent can write on no state. Tasks can be held
out where `uniform`; else there are two of them. Adaptation axis: the pulls of a lifetime.
"""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor

from ingredients.tasks.family import Step

LOWER_CHANCE = {"easy": 0.1, "medium": 0.25, "hard": 0.4}


@dataclass(frozen=True)
class DependentBandit:
    """`episodes` pulls a lifetime; ψ = (p₁, 1 − p₁), `[2]`."""

    episodes: int
    difficulty: str = "uniform"
    name: str = "dependent-bandit"
    arms: int = 2
    actions: int = 2
    task_size: int = 2
    cube_size: int = 1
    action_noise: float = 0.0
    episode_steps: int = 1
    ends_early: bool = False
    continuous: bool = False
    observation_size: int = 1
    observation_bounds: tuple[float, float] = (0.0, 1.0)
    noise_size: int = 1
    start_size: int = 0
    written: range = range(0)

    @property
    def steps(self) -> int:
        """Returns T = K: a pull is an episode of one step."""
        return self.episodes

    @property
    def held_out(self) -> bool:
        """Returns whether there are more than two tasks."""
        return self.difficulty == "uniform"

    def draw_tasks(self, generator: torch.Generator, count: int) -> Tensor:
        """Returns `[count, 2]` probabilities that sum to 1."""
        return self.from_cube(torch.rand(count, self.cube_size, generator=generator))

    def from_cube(self, points: Tensor) -> Tensor:
        """Returns the tasks `[N, 2]` that points of the unit cube, `[N, 1]`, stand for."""
        if self.difficulty == "uniform":
            return torch.cat([points, 1 - points], -1)
        lower = LOWER_CHANCE[self.difficulty]
        first = torch.where(points < 0.5, lower, 1 - lower)
        return torch.cat([first, 1 - first], -1)

    def first(self, tasks: Tensor, start: Tensor) -> tuple[Tensor, Tensor]:
        """Returns the empty state `[..., 0]` and the blank observation `[..., 1]`."""
        return tasks[..., :0], torch.zeros_like(tasks[..., :1])

    def next_episode(self, tasks: Tensor, state: Tensor, start: Tensor) -> tuple[Tensor, Tensor]:
        """Returns the same: nothing outlasts a pull."""
        return self.first(tasks, start)

    def step(self, tasks: Tensor, state: Tensor, action: Tensor, noise: Tensor) -> Step:
        """Pulls an arm; `noise[..., 0]` pays."""
        expected = tasks.gather(-1, action.unsqueeze(-1)).squeeze(-1)
        paid = (noise[..., 0] < expected).to(tasks.dtype)
        ends = torch.ones_like(action, dtype=torch.bool)
        return Step(state, torch.zeros_like(tasks[..., :1]), action, paid, expected, ends, ~ends)

    def best_episode_return(self, tasks: Tensor) -> Tensor | None:
        """Returns max(p), `[...]`."""
        return tasks.amax(-1)
