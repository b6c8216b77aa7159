"""Bernoulli bandits: independent arms, p ~ U[0, 1]; an episode is one pull (Duan et al. 2016, §3.1).

Observation: one number that is always 0. The environment leaks neither reward nor action, so the two explicit
channels are the only way to them: bandits are the essay's named exception (claim 2).
Reward: 1 with probability p of the arm that was pulled, else 0.
Action noise: with probability `action_noise` the pull goes to an arm drawn uniformly from all (the intended one
included). The action channel shows the arm that was pulled.
Forced pulls: the first `forced_pulls` pulls of a lifetime go to arms drawn uniformly, whatever the agent intends, and
the action channel alone tells which; after them rewards are paid but nobody observes them. An agent that does not see
its actions then knows nothing of the arms, even if it remembers what it intended (docs/design.md §5, trap 2).
Termination: every pull terminates its episode; nothing is truncated. The agent can write on no state: where pulls are
forced, the state counts the pulls, else there is none. Tasks can be held out. Adaptation axis: the pulls of a lifetime.
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
    """`arms` arms, `episodes` pulls a lifetime; ψ = the arms' probabilities, `[arms]`."""

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
        """Returns the tasks `[N, arms]` that points of the unit cube, `[N, cube_size]`, stand for."""
        return points

    def first(self, tasks: Tensor, start: Tensor) -> tuple[Tensor, Tensor]:
        """Returns the state, pulls so far `[..., 1]` or nothing `[..., 0]`, and the blank observation `[..., 1]`."""
        return blank(tasks) if self.forced_pulls else tasks[..., :0], blank(tasks)

    def step(self, tasks: Tensor, state: Tensor, action: Tensor, noise: Tensor) -> Step:
        """Pulls an arm. `noise[..., 0]` pays, `noise[..., 1]` decides on a slip, `noise[..., 2]` where it goes."""
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
