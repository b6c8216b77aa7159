"""The dark room: a goal that cannot be seen from afar, in the same place for a lifetime (Laskin et al. 2022, §4).

A room of `size` × `size` squares. The agent moves up, down, left, right or stays; walls stop it. The goal is one of the
squares but the start, uniformly drawn for each lifetime: that is ψ.

Observation, each part a switch:

| columns | shown | what it leaks |
|---|---|---|
| row, column, from 0 to 1 | `position_shown` | a_{t-1}: position changes by the move, unless a wall stops it |
| on the goal, 0 or 1 | `goal_shown` | r_{t-1}: it is 1 exactly where the reward is |

Reward: 1 in every step that ends on the goal. Where `ends_at_goal` the episode ends there, and the ending leaks the
reward; the agent then gets nothing for the rest of the episode, so that the sooner it arrives the better only through
the discount.
Start: the middle square, or `random_start` anywhere but on the goal. Termination: at the goal, where `ends_at_goal`;
else the time limit alone. The agent writes on its position, which no episode carries over: the environment is a memory
within an episode and none between them.
"""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor

from ingredients.tasks.family import Step

MOVES = ((-1, 0), (1, 0), (0, -1), (0, 1), (0, 0))


@dataclass(frozen=True)
class DarkRoom:
    """`episodes` visits of `episode_steps` steps; ψ = the goal's row and column, as shares of the room, `[2]`."""

    size: int
    episodes: int
    episode_steps: int
    position_shown: bool = True
    goal_shown: bool = False
    ends_at_goal: bool = False
    random_start: bool = False
    name: str = "dark-room"
    actions: int = len(MOVES)
    continuous: bool = False
    observation_bounds: tuple[float, float] = (0.0, 1.0)
    task_size: int = 2
    noise_size: int = 0
    written: range = range(0)
    held_out: bool = False

    @property
    def steps(self) -> int:
        """Returns T = K · L."""
        return self.episodes * self.episode_steps

    @property
    def ends_early(self) -> bool:
        """Returns whether the goal ends an episode."""
        return self.ends_at_goal

    @property
    def observation_size(self) -> int:
        """Returns 3: row, column, on the goal; a column that is switched off is 0."""
        return 3

    @property
    def start_size(self) -> int:
        """Returns one uniform for the square, where the start is random."""
        return int(self.random_start)

    @property
    def middle(self) -> int:
        """Returns the square in the middle, numbered row by row."""
        return self.size // 2 * self.size + self.size // 2

    def draw_tasks(self, generator: torch.Generator, count: int) -> Tensor:
        """Returns `[count, 2]`, the goals: any square but the middle one."""
        square = (torch.rand(count, generator=generator) * (self.size**2 - 1)).long().clamp_(max=self.size**2 - 2)
        return self._place(square + (square >= self.middle).long()) / (self.size - 1)

    def first(self, tasks: Tensor, start: Tensor) -> tuple[Tensor, Tensor]:
        """Returns the position `[..., 2]` (row, column) and what is seen there."""
        state = self._start(tasks, start)
        return state, self._seen(tasks, state)

    def next_episode(self, tasks: Tensor, state: Tensor, start: Tensor) -> tuple[Tensor, Tensor]:
        """Returns the same: a visit leaves no trace."""
        return self.first(tasks, start)

    def step(self, tasks: Tensor, state: Tensor, action: Tensor, noise: Tensor) -> Step:
        """Moves the agent; it is paid for where it comes to stand."""
        moves = torch.tensor(MOVES, dtype=state.dtype, device=state.device)
        state = (state + moves[action]).clamp_(0, self.size - 1)
        reached = self._on_goal(tasks, state)
        reward, never = reached.to(tasks.dtype), torch.zeros_like(reached)
        ends = reached if self.ends_at_goal else never
        return Step(state, self._seen(tasks, state), action, reward, reward, ends, never)

    def best_episode_return(self, tasks: Tensor) -> Tensor | None:
        """Returns what the shortest way earns, `[...]`, or None where the start is random."""
        if self.random_start:
            return None
        distance = (self._goal(tasks) - self.size // 2).abs().sum(-1)
        paid = (self.episode_steps + 1 - distance).clamp(min=0)
        return paid.clamp(max=1) if self.ends_at_goal else paid

    def _goal(self, tasks: Tensor) -> Tensor:
        return (tasks * (self.size - 1)).round()

    def _on_goal(self, tasks: Tensor, state: Tensor) -> Tensor:
        return (state == self._goal(tasks)).all(-1)

    def _start(self, tasks: Tensor, start: Tensor) -> Tensor:
        if not self.random_start:
            return torch.full_like(tasks, self.size // 2)
        square = (start[..., 0] * (self.size**2 - 1)).long().clamp_(max=self.size**2 - 2)
        goal = self._goal(tasks)
        return self._place(square + (square >= goal[..., 0] * self.size + goal[..., 1]).long())

    def _place(self, square: Tensor) -> Tensor:
        """Returns row and column, `[..., 2]`, of squares numbered row by row, `[...]`."""
        return torch.stack([square // self.size, square % self.size], dim=-1).float()

    def _seen(self, tasks: Tensor, state: Tensor) -> Tensor:
        position = state / (self.size - 1) if self.position_shown else torch.zeros_like(state)
        on_goal = self._on_goal(tasks, state).to(state.dtype).unsqueeze(-1)
        return torch.cat([position, on_goal if self.goal_shown else torch.zeros_like(on_goal)], dim=-1)
