"""The memory & planning game: one goal after another in a maze with shuffled labels (after Ritter et al. 2021, §3).

The agent moves up, down, left or right on a torus of `size` × `size` places, or collects. Collecting on the goal pays 1
and draws another goal uniformly. Every lifetime has its own labels and, new here, `walls` unseen walls on its 2 ·
`size`² edges.

Observation, one-hot: the agent's label, `[size²]`; the goal's, `[size²]`. To an agent with memory the goal's change
leaks r_{t-1}, and learned moves part of a_{t-1}.

A lifetime is one game; its K episodes are stretches of L steps, without resets. Going straight to every goal is
optimal. With m steps left its values are

    V_m(p, g) = 1 + H_{m−d−1}(g) where d + 1 ≤ m, d = d(p, g), else 0;   H_m(g) = mean over g' ≠ g of V_m(g, g').
"""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor

from ingredients.study.families.memory_planning import MemoryPlanningTasks
from ingredients.tasks.family import Step
from ingredients.tasks.torus import MOVES, distances, draw_graph, relabelled

COLLECT = len(MOVES)
HERE, GOAL = range(2)  # columns of the state: labels
TASKS_AT_ONCE = 512  # mazes that are drawn or solved together


@dataclass(frozen=True)
class MemoryPlanning:
    """`episodes` of `episode_steps` steps; ψ: each move's label from each label, as shares of P, `[P · 4]`."""

    episodes: int
    episode_steps: int = MemoryPlanningTasks.default_of("episode_steps")
    size: int = MemoryPlanningTasks.default_of("size")
    walls: int = MemoryPlanningTasks.default_of("walls")
    name = "memory-planning"
    actions = len(MOVES) + 1
    ends_early = False
    continuous = False
    observation_bounds = (0.0, 1.0)
    noise_size = 1
    start_size = 2
    written = range(HERE, HERE + 1)
    held_out = True

    @property
    def steps(self) -> int:
        """T = K · L."""
        return self.episodes * self.episode_steps

    @property
    def places(self) -> int:
        """P, the number of places."""
        return self.size**2

    @property
    def labels(self) -> int:
        """Width of each of the two labels shown, for memories that know labels."""
        return self.places

    @property
    def observation_size(self) -> int:
        """Two columns for each label."""
        return 2 * self.places

    @property
    def task_size(self) -> int:
        """One label for each label and move."""
        return self.places * len(MOVES)

    def draw_tasks(self, generator: torch.Generator, count: int) -> Tensor:
        """Returns `[count, task_size]`: walls drawn, labels shuffled."""
        uniforms = torch.rand(count, 3 * self.places, generator=generator)
        return torch.cat([self._drawn(part) for part in torch.split(uniforms, TASKS_AT_ONCE)]) / self.places

    def _drawn(self, uniforms: Tensor) -> Tensor:
        edges, labels = torch.split(uniforms, [2 * self.places, self.places], dim=1)
        graph = draw_graph(edges.view(-1, self.places, 2), self.walls)
        return relabelled(graph, labels.argsort(-1)).flatten(1).float()

    def graph(self, tasks: Tensor) -> Tensor:
        """Returns the label that each move leads to from each label, `[..., P, 4]` (int64)."""
        return (tasks * self.places).round().long().view(*tasks.shape[:-1], self.places, len(MOVES))

    def first(self, tasks: Tensor, start: Tensor) -> tuple[Tensor, Tensor]:
        """Returns two different random labels, `[..., 2]`, and the observation."""
        here = (start[..., 0] * self.places).long().clamp_(max=self.places - 1)
        state = torch.stack([here, self._another(here, start[..., 1])], -1).to(tasks.dtype)
        return state, self.shown(tasks, state)

    def next_episode(self, tasks: Tensor, state: Tensor, start: Tensor) -> tuple[Tensor, Tensor]:
        """Returns the unchanged state."""
        return state, self.shown(tasks, state)

    def step(self, tasks: Tensor, state: Tensor, action: Tensor, noise: Tensor) -> Step:
        """Moves, or collects; `noise[..., 0]` draws the next goal."""
        here, goal = state.long().unbind(-1)
        moves = action < COLLECT
        towards = (here * len(MOVES) + action.clamp(max=COLLECT - 1)).unsqueeze(-1)
        led_to = (tasks.gather(-1, towards).squeeze(-1) * self.places).round().long()
        paid = ~moves & (here == goal)
        goal = torch.where(paid, self._another(here, noise[..., 0]), goal)
        state = torch.stack([torch.where(moves, led_to, here), goal], -1).to(tasks.dtype)
        reward = paid.to(tasks.dtype)
        never = torch.zeros_like(moves)
        return Step(state, self.shown(tasks, state), action, reward, reward, never, never)

    def best_episode_return(self, tasks: Tensor) -> Tensor | None:
        """Returns None: it depends on the last stretch's end."""
        return None

    def solve(self, tasks: Tensor) -> Tensor:
        """Returns ψ, distances between labels and H of 0 to T steps, flattened: `[..., 4 P + P² + (T + 1) P]`."""
        graphs = self.graph(tasks.reshape(-1, self.task_size))
        solved = [self._solved(part) for part in torch.split(graphs, TASKS_AT_ONCE)]
        return torch.cat([tasks, torch.cat(solved).view(*tasks.shape[:-1], -1)], -1)

    def _solved(self, graph: Tensor) -> Tensor:
        """Returns distances and H of graphs `[N, P, 4]`, flattened, by induction."""
        ways = distances(graph)
        later = ways.new_zeros(len(ways), self.steps + 1, self.places)
        other = (ways > 0).float() / (self.places - 1)
        for left in range(2, self.steps + 1):
            later[:, left] = (other * self._worth(later.flatten(1), ways, left, self._labels(ways))).sum(-1)
        return torch.cat([ways.flatten(1), later.flatten(1)], 1)

    def costs(self, solution: Tensor, state: Tensor, t: int) -> Tensor:
        """Returns V*(s) − Q*(s, a), `[..., 5]`, over the lifetime's remaining steps."""
        tasks, ways, later = torch.split(
            solution, [self.task_size, self.places**2, (self.steps + 1) * self.places], dim=-1
        )
        here, goal = torch.split(state.long(), 1, dim=-1)
        led_to = tasks.gather(-1, here * len(MOVES) + self._labels(here)[: len(MOVES)]) * self.places
        stands = torch.cat([here, led_to.round().long(), here], -1)  # now, after each move, after collecting
        distance = ways.gather(-1, goal * self.places + stands)
        left = self.steps - t - (self._labels(here)[: self.actions + 1] > 0).long()
        worth = self._worth(later, distance, left, goal)
        collected = 1 + later.gather(-1, (self.steps - t - 1) * self.places + goal)
        worth[..., -1:] = torch.where(here == goal, collected, worth[..., -1:])
        return worth[..., :1] - worth[..., 1:]

    def _worth(self, later: Tensor, distance: Tensor, left: Tensor | int, goal: Tensor) -> Tensor:
        """Returns V for goals at `distance` with `left` steps left and H `later` `[..., (T + 1) P]`."""
        then = (left - 1 - distance).long()
        index = then.clamp(min=0) * self.places + goal
        beyond = later.gather(-1, index.flatten(later.dim() - 1)).view_as(distance)
        return (1 + beyond) * (then >= 0)

    def _labels(self, like: Tensor) -> Tensor:
        return torch.arange(self.places, device=like.device)

    def shown(self, tasks: Tensor, state: Tensor) -> Tensor:
        """Returns the observation of a state, `[..., 2 P]`."""
        return (state.unsqueeze(-1) == self._labels(state)).to(tasks.dtype).flatten(-2)

    def _another(self, label: Tensor, luck: Tensor) -> Tensor:
        """Returns another label, drawn uniformly."""
        drawn = (luck * (self.places - 1)).long().clamp(max=self.places - 2)
        return drawn + (drawn >= label).long()
