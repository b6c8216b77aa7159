"""A causal bandit: intervene on a small causal graph, then use what was learned (after Dasgupta et al. 2019).

`nodes` variables in causal order: x_j = Σ_{i<j} w_ij x_i + `noise` · N(0, 1); each weight is −1, 0 or 1 with equal
odds. The first K // 2 episodes are the *information* phase, the others the *goal* phase.

An episode is two steps, act and look. Information: the chosen node is set to 1. Goal: a random node is set to −1; the
chosen node's value is the reward, 0 on average without information. Looking shows all values; its action is only a
note.

Observation: the nodes' values while looking; the node set to −1; goal and look, 0 or 1. Values leak a_{t-1} in the
information phase, and r_{t-1} in the goal phase, if the choice is remembered.
"""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor

from ingredients.study.families.causal_bandit import CausalBanditTasks
from ingredients.tasks.family import Step

SET, SET_OUTSIDE = 1.0, -1.0  # to which value a node is set by the agent, and in the goal phase
RAREST = 1e-7  # the tail of the normal distribution that never occurs
LARGEST = 6.0  # more than any luck in deviations


@dataclass(frozen=True)
class CausalBandit:
    """`episodes` interventions on `nodes` nodes; ψ = the weights w_ij, i < j, row by row, `[n(n − 1)/2]`."""

    nodes: int
    episodes: int
    noise: float = CausalBanditTasks.default_of("noise")
    name = "causal-bandit"
    episode_steps = 2
    ends_early = False
    continuous = False
    start_size = 1
    written = range(0)

    @property
    def steps(self) -> int:
        """T = 2 K."""
        return 2 * self.episodes

    @property
    def goal_episodes(self) -> int:
        """K − K // 2 episodes of the goal phase."""
        return self.episodes - self.episodes // 2

    @property
    def actions(self) -> int:
        """Number of nodes."""
        return self.nodes

    @property
    def observation_size(self) -> int:
        """2 n + 2: values, node set, goal, look."""
        return 2 * self.nodes + 2

    @property
    def observation_bounds(self) -> tuple[float, float]:
        """Bounds of a value, which may double at each node."""
        most = 2 ** (self.nodes - 1) * max(SET, LARGEST * self.noise)
        return -most, most

    @property
    def task_size(self) -> int:
        """Number of weights."""
        return self.nodes * (self.nodes - 1) // 2

    @property
    def noise_size(self) -> int:
        """One uniform for each node."""
        return self.nodes

    @property
    def held_out(self) -> bool:
        """Whether most graphs of an evaluation are new: five nodes have 59,049."""
        return self.nodes > 4

    def draw_tasks(self, generator: torch.Generator, count: int) -> Tensor:
        """Returns `[count, n(n − 1)/2]` weights."""
        return (torch.rand(count, self.task_size, generator=generator) * 3).floor().clamp_(max=2) - 1

    def first(self, tasks: Tensor, start: Tensor) -> tuple[Tensor, Tensor]:
        """Returns state `[..., 2 n + 2]` (values, node set, episodes over, look) and observation."""
        return self._begun(start, torch.zeros(tasks.shape[:-1], dtype=tasks.dtype, device=tasks.device))

    def next_episode(self, tasks: Tensor, state: Tensor, start: Tensor) -> tuple[Tensor, Tensor]:
        """Returns state and observation; `start` draws a goal episode's node."""
        return self._begun(start, state[..., -2] + 1)

    def step(self, tasks: Tensor, state: Tensor, action: Tensor, noise: Tensor) -> Step:
        """Acts, which gives all nodes values, or looks."""
        n = self.nodes
        look = state[..., -1:] > 0
        outside = state[..., n : 2 * n]
        goal = state[..., -2] >= self.episodes // 2
        chosen = torch.nn.functional.one_hot(action, n).to(state.dtype)
        at = torch.where(goal.unsqueeze(-1), outside, chosen)
        to = torch.where(goal, SET_OUTSIDE, SET)
        luck = self.noise * torch.special.ndtri(noise.clamp(RAREST, 1 - RAREST))
        values, means = self.values(tasks, at, to, luck), self.values(tasks, at, to, torch.zeros_like(luck))
        pays = (goal & ~look.squeeze(-1)).to(state.dtype)
        shown = torch.where(look, torch.zeros_like(values), values)
        after = torch.cat([shown, outside, state[..., -2:-1], 1 - state[..., -1:]], dim=-1)
        never = torch.zeros_like(goal)
        paid, expected = ((of * chosen).sum(-1) * pays for of in (values, means))
        return Step(after, self._seen(after), action, paid, expected, never, never)

    def values(self, weights: Tensor, at: Tensor, to: Tensor, luck: Tensor) -> Tensor:
        """Returns x `[..., n]` under do(x_at = to), with `at` `[..., n]` one-hot and `to` `[...]`.

        `luck` `[..., n]` is added to other nodes.
        """
        nodes: list[Tensor] = []
        for j in range(self.nodes):
            value = luck[..., j]
            for i, parent in enumerate(nodes):
                value = value + weights[..., self.weight(i, j)] * parent
            nodes.append(torch.where(at[..., j] > 0, to, value))
        return torch.stack(nodes, dim=-1)

    def weight(self, i: int, j: int) -> int:
        """Returns the index of w_ij in ψ, i < j."""
        return i * self.nodes - i * (i + 1) // 2 + j - i - 1

    def best_episode_return(self, tasks: Tensor) -> Tensor | None:
        """Returns None: it depends on the set node."""
        return None

    def _begun(self, start: Tensor, episode: Tensor) -> tuple[Tensor, Tensor]:
        node = (start[..., 0] * self.nodes).long().clamp_(max=self.nodes - 1)
        outside = torch.nn.functional.one_hot(node, self.nodes).to(episode.dtype)
        outside = outside * (episode >= self.episodes // 2).unsqueeze(-1)
        numbers = torch.stack([episode, torch.zeros_like(episode)], dim=-1)
        state = torch.cat([torch.zeros_like(outside), outside, numbers], dim=-1)
        return state, self._seen(state)

    def _seen(self, state: Tensor) -> Tensor:
        goal = state[..., -2:-1] >= self.episodes // 2
        return torch.cat([state[..., :-2], goal.to(state.dtype), state[..., -1:]], dim=-1)
