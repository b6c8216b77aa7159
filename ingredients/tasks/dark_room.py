"""The dark room: an unseen goal, in the same place for a lifetime (Laskin et al. 2022, §4).

The agent moves up, down, left, right or stays in `size` × `size` squares. Unseen `walls` close a `wall_share` of them:
`fixed` by number `maze`, or `random` for every task. The goal is any open square but the middle, where episodes start;
with `random_start` they start on any open square but the goal.

Observation: row and column, from 0 to 1 (`position_shown`), which leak a_{t-1} unless a wall stopped it; on the goal, 0
or 1 (`goal_shown`), which is r_{t-1}.

Reward: 1 for every step that ends on the goal. With `ends_at_goal` the episode then ends, which leaks the reward.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import torch
from torch import Tensor

from ingredients.study.families.dark_room import DarkRoomTasks
from ingredients.tasks.constants import constant
from ingredients.tasks.family import Step
from ingredients.tasks.maze import distances, draw_walls, pick

MOVES = ((-1, 0), (1, 0), (0, -1), (0, 1), (0, 0))
UP, DOWN, LEFT, RIGHT, STAY = range(5)
GOAL_SEEN = 2  # column of the observation; row and column of the position stand before it


@dataclass(frozen=True)
class DarkRoom:
    """`episodes` of `episode_steps` steps; ψ = the goal's row and column, from 0 to 1, and random walls."""

    size: int
    episodes: int
    episode_steps: int
    position_shown: bool = DarkRoomTasks.default_of("position_shown")
    goal_shown: bool = DarkRoomTasks.default_of("goal_shown")
    ends_at_goal: bool = DarkRoomTasks.default_of("ends_at_goal")
    random_start: bool = DarkRoomTasks.default_of("random_start")
    walls: str = DarkRoomTasks.default_of("walls")
    wall_share: float = DarkRoomTasks.default_of("wall_share")
    maze: int = DarkRoomTasks.default_of("maze")
    name = "dark-room"
    actions = len(MOVES)
    continuous = False
    observation_size = 3
    observation_bounds = (0.0, 1.0)
    noise_size = 0
    written = range(0)

    @property
    def steps(self) -> int:
        """T = K · L."""
        return self.episodes * self.episode_steps

    @property
    def ends_early(self) -> bool:
        """Whether the goal ends an episode."""
        return self.ends_at_goal

    @property
    def task_size(self) -> int:
        """2 for the goal, and `size`² for random walls."""
        return 2 + self.size**2 * (self.walls == "random")

    @property
    def start_size(self) -> int:
        """One uniform for the square if the start is random."""
        return int(self.random_start)

    @property
    def held_out(self) -> bool:
        """Whether each task has its own walls; else there are fewer than `size`²."""
        return self.walls == "random"

    @property
    def middle(self) -> int:
        """The middle square's number, row by row."""
        return self.size // 2 * self.size + self.size // 2

    def draw_tasks(self, generator: torch.Generator, count: int) -> Tensor:
        """Returns `[count, task_size]`: the goal, then random walls (1.0)."""
        drawn = torch.rand(count, self.task_size, generator=generator)
        allowed = torch.ones(count, self.size**2, dtype=torch.bool)
        if self.walls == "random":
            allowed = ~draw_walls(drawn[:, 2:].view(-1, self.size, self.size), self.wall_share, self.middle).flatten(1)
            drawn[:, 2:] = (~allowed).float()
        elif self.walls == "fixed":
            allowed = allowed & ~self._fixed_walls
        allowed[:, self.middle] = False
        drawn[:, :2] = self.place(pick(allowed, drawn[:, 0])) / (self.size - 1)
        return drawn

    def first(self, tasks: Tensor, start: Tensor) -> tuple[Tensor, Tensor]:
        """Returns the position `[..., 2]` (row, column) and the observation."""
        state = self._start(tasks, start)
        return state, self._seen(tasks, state)

    def next_episode(self, tasks: Tensor, state: Tensor, start: Tensor) -> tuple[Tensor, Tensor]:
        """Returns a new start: positions do not outlast an episode."""
        return self.first(tasks, start)

    def step(self, tasks: Tensor, state: Tensor, action: Tensor, noise: Tensor) -> Step:
        """Moves the agent, then pays for its square."""
        state = self.moved(tasks, state, action)
        reached = self._on_goal(tasks, state)
        reward = reached.to(tasks.dtype)
        never = torch.zeros_like(reached)
        ends = reached if self.ends_at_goal else never
        return Step(state, self._seen(tasks, state), action, reward, reward, ends, never)

    def moved(self, tasks: Tensor, position: Tensor, action: Tensor) -> Tensor:
        """Returns where a move leads, `[..., 2]`."""
        moves = constant(MOVES, position)
        there = (position + moves[action]).clamp_(0, self.size - 1)
        if self.walls == "none":
            return there
        square = self.square(there).unsqueeze(-1)
        return torch.where(self._walls(tasks).gather(-1, square), position, there)

    def best_episode_return(self, tasks: Tensor) -> Tensor | None:
        """Returns the shortest way's return, `[...]`, unless the start is random."""
        if self.random_start:
            return None
        return self.paid(self.ways(tasks)[..., self.middle])

    def ways(self, tasks: Tensor) -> Tensor:
        """Returns squares' steps to the goal, `[..., n²]`; infinity in walls."""
        goal = torch.zeros(*tasks.shape[:-1], self.size**2, dtype=torch.bool, device=tasks.device)
        goal.scatter_(-1, self.square(self._goal(tasks)).unsqueeze(-1), True)
        shape = (*tasks.shape[:-1], self.size, self.size)
        return distances(~self._walls(tasks).view(shape), goal.view(shape)).flatten(-2)

    def paid(self, distance: Tensor) -> Tensor:
        """Returns an episode's return on a way of `distance` steps."""
        steps_paid = (self.episode_steps + 1 - distance).clamp(min=0)
        return steps_paid.clamp(max=1) if self.ends_at_goal else steps_paid

    def square(self, position: Tensor) -> Tensor:
        """Returns the square's number `[...]` (int64) at `[..., 2]` (row, column)."""
        return (position[..., 0] * self.size + position[..., 1]).long()

    def place(self, square: Tensor) -> Tensor:
        """Returns row and column, `[..., 2]`, of squares `[...]`."""
        return torch.stack([square // self.size, square % self.size], dim=-1).float()

    @cached_property
    def _fixed_walls(self) -> Tensor:
        """The walls of number `maze`, `[n²]` (bool)."""
        drawn = torch.rand(self.size, self.size, generator=torch.Generator().manual_seed(self.maze))
        return draw_walls(drawn, self.wall_share, self.middle).flatten()

    def _walls(self, tasks: Tensor) -> Tensor:
        """Returns where walls are, `[..., n²]` (bool)."""
        if self.walls == "random":
            return tasks[..., 2:] > 0.5
        shape = (*tasks.shape[:-1], self.size**2)
        if self.walls == "fixed":
            return self._fixed_walls.to(tasks.device).expand(shape)
        return torch.zeros(shape, dtype=torch.bool, device=tasks.device)

    def _goal(self, tasks: Tensor) -> Tensor:
        return (tasks[..., :2] * (self.size - 1)).round()

    def _on_goal(self, tasks: Tensor, state: Tensor) -> Tensor:
        return (state == self._goal(tasks)).all(-1)

    def _start(self, tasks: Tensor, start: Tensor) -> Tensor:
        if not self.random_start:
            return torch.full_like(tasks[..., :2], self.size // 2)
        allowed = ~self._walls(tasks)
        allowed.scatter_(-1, self.square(self._goal(tasks)).unsqueeze(-1), False)
        return self.place(pick(allowed, start[..., 0]))

    def _seen(self, tasks: Tensor, state: Tensor) -> Tensor:
        position = state / (self.size - 1) if self.position_shown else torch.zeros_like(state)
        on_goal = self._on_goal(tasks, state).to(state.dtype).unsqueeze(-1)
        return torch.cat([position, on_goal if self.goal_shown else torch.zeros_like(on_goal)], dim=-1)
