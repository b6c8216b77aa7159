"""Bernoulli bandits: independent arms, p ~ U[0, 1]; an episode is one pull (Duan et al. 2016, §3.1).

Observation: one number that is always 0. The environment leaks neither reward nor action, so the two explicit
channels are the only way to them: bandits are the essay's named exception (C2).
Reward: 1 with probability p of the arm that was pulled, else 0.
Action noise: with probability `action_noise` the pull goes to an arm drawn uniformly from all (the intended one
included). The action channel shows the arm that was pulled.
Termination: every pull terminates its episode; nothing is truncated. The agent can write on no state.
"""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor

from ingredients.tasks.family import Step


@dataclass(frozen=True)
class BernoulliBandit:
    """`arms` arms, `episodes` pulls a lifetime; ψ = the arms' probabilities, `[arms]`."""

    arms: int
    episodes: int
    action_noise: float = 0.0
    name: str = "bernoulli-bandit"
    episode_steps: int = 1
    ends_early: bool = False
    continuous: bool = False
    observation_size: int = 1
    observation_bounds: tuple[float, float] = (0.0, 1.0)
    noise_size: int = 3
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
        """Returns the number of probabilities in ψ."""
        return self.arms

    def draw_tasks(self, generator: torch.Generator, count: int) -> Tensor:
        """Returns `[count, arms]` probabilities, uniform and independent."""
        return torch.rand(count, self.arms, generator=generator)

    def first(self, tasks: Tensor, start: Tensor) -> tuple[Tensor, Tensor]:
        """Returns the empty state `[..., 0]` and the blank observation `[..., 1]`."""
        return tasks[..., :0], self._blank(tasks)

    def next_episode(self, tasks: Tensor, state: Tensor, start: Tensor) -> tuple[Tensor, Tensor]:
        """Returns the same: nothing outlasts a pull."""
        return self.first(tasks, start)

    def step(self, tasks: Tensor, state: Tensor, action: Tensor, noise: Tensor) -> Step:
        """Pulls an arm. `noise[..., 0]` pays, `noise[..., 1]` decides on a slip, `noise[..., 2]` where it goes."""
        elsewhere = (noise[..., 2] * self.arms).long().clamp_(max=self.arms - 1)
        pulled = torch.where(noise[..., 1] < self.action_noise, elsewhere, action)
        paid = (noise[..., 0] < _at(tasks, pulled)).to(tasks.dtype)
        ends = torch.ones_like(action, dtype=torch.bool)
        return Step(state, self._blank(tasks), pulled, paid, self.expected_reward(tasks, action), ends, ~ends)

    def expected_reward(self, tasks: Tensor, action: Tensor) -> Tensor:
        """Returns E[r | p, intended arm] = (1 − ε) p_a + ε mean(p), `[...]`."""
        if not self.action_noise:
            return _at(tasks, action)
        return (1 - self.action_noise) * _at(tasks, action) + self.action_noise * tasks.mean(-1)

    def best_episode_return(self, tasks: Tensor) -> Tensor | None:
        """Returns (1 − ε) max(p) + ε mean(p), `[...]`."""
        return self.expected_reward(tasks, tasks.argmax(-1))

    def _blank(self, tasks: Tensor) -> Tensor:
        return tasks.new_zeros((*tasks.shape[:-1], 1))


def _at(tasks: Tensor, action: Tensor) -> Tensor:
    return tasks.gather(-1, action.unsqueeze(-1)).squeeze(-1)
