"""Bernoulli bandits: independent arms, p ~ U[0, 1]; an episode is one pull (Duan et al. 2016, §3.1).

Observation: one number that is always 0. The environment leaks neither reward nor action, so the two explicit
channels are the only way to them: bandits are the essay's named exception (claim 2).
Reward: 1 with probability p of the arm that was pulled, else 0.
Action noise: with probability `action_noise` the pull goes to an arm drawn uniformly from all (the intended one
included). The action channel shows the arm that was pulled.
Forced pulls: the first `forced_pulls` pulls of a lifetime go to arms drawn uniformly, whatever the agent intends, and
the action channel alone tells which; after them rewards are paid but can be observed by nobody. Who does not see the
actions then knows nothing of the arms, not even by remembering what he intended (docs/design.md §5, trap 2).
Termination: every pull terminates its episode; nothing is truncated. The agent can write on no state: where pulls are
forced, the state counts the pulls, else there is none. Tasks can be held out. Adaptation axis: the pulls of a lifetime.
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
    forced_pulls: int = 0
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

    @property
    def cube_size(self) -> int:
        """Returns how many uniforms make a task."""
        return self.arms

    def draw_tasks(self, generator: torch.Generator, count: int) -> Tensor:
        """Returns `[count, arms]` probabilities, uniform and independent."""
        return self.from_cube(torch.rand(count, self.cube_size, generator=generator))

    def from_cube(self, points: Tensor) -> Tensor:
        """Returns the tasks `[N, arms]` that points of the unit cube, `[N, cube_size]`, stand for."""
        return points

    def first(self, tasks: Tensor, start: Tensor) -> tuple[Tensor, Tensor]:
        """Returns the state, pulls so far `[..., 1]` or nothing `[..., 0]`, and the blank observation `[..., 1]`."""
        blank = self._blank(tasks)
        return blank if self.forced_pulls else tasks[..., :0], blank

    def next_episode(self, tasks: Tensor, state: Tensor, start: Tensor) -> tuple[Tensor, Tensor]:
        """Returns the state as it is: nothing but the number of pulls outlasts one."""
        return state, self._blank(tasks)

    def step(self, tasks: Tensor, state: Tensor, action: Tensor, noise: Tensor) -> Step:
        """Pulls an arm. `noise[..., 0]` pays, `noise[..., 1]` decides on a slip, `noise[..., 2]` where it goes."""
        elsewhere = (noise[..., 2] * self.arms).long().clamp_(max=self.arms - 1)
        strays, expected = noise[..., 1] < self.action_noise, self.expected_reward(tasks, action)
        observed = None
        if self.forced_pulls:
            forced = state[..., 0] < self.forced_pulls
            strays, expected = strays | forced, torch.where(forced, tasks.mean(-1), expected)
            state, observed = state + 1, forced.to(tasks.dtype)
        pulled = torch.where(strays, elsewhere, action)
        paid = (noise[..., 0] < _at(tasks, pulled)).to(tasks.dtype)
        ends = torch.ones_like(action, dtype=torch.bool)
        return Step(state, self._blank(tasks), pulled, paid, expected, ends, ~ends, observed)

    def expected_reward(self, tasks: Tensor, action: Tensor) -> Tensor:
        """Returns E[r | p, intended arm] = (1 − ε) p_a + ε mean(p), `[...]`, of a pull that is not forced."""
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
