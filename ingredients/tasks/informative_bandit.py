"""Eleven arms, the last of which says which other is the one to pull (Wang et al. 2016, §3.1.3).

One of ten arms, the target, pays 5, the other nine pay 1. The eleventh pays a tenth of the target's number, .1 to 1.0:
less than any other, and all that there is to know. Best is to pull it once and the target ever after, which no
algorithm finds that weighs an arm by what it pays.

Observation: one number that is always 0. The environment leaks neither reward nor action.
Reward: as above, without luck.
Action noise: with probability `action_noise` the pull goes to an arm drawn uniformly from all. Without it a single step
is enough, in every lifetime: a_{t-1} and r_{t-1} say whether to pull what was announced or to stay, so that an agent
without memory is as good as any, and a study of it is not applicable (docs/design.md §5, trap 6). With it the
target has to be remembered over slips.
Termination: every pull terminates its episode; nothing is truncated. The agent can write on no state. There are ten
tasks, so none can be held out. Adaptation axis: the pulls of a lifetime (five in Wang et al.).
"""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor

from ingredients.tasks.family import Step

TARGETS = 10
TARGET_PAYS, OTHERS_PAY = 5.0, 1.0


@dataclass(frozen=True)
class InformativeBandit:
    """`episodes` pulls a lifetime; ψ = what each arm pays, `[11]`."""

    episodes: int
    action_noise: float = 0.0
    name: str = "informative-bandit"
    actions: int = TARGETS + 1
    task_size: int = TARGETS + 1
    episode_steps: int = 1
    ends_early: bool = False
    continuous: bool = False
    observation_size: int = 1
    observation_bounds: tuple[float, float] = (0.0, 1.0)
    start_size: int = 0
    written: range = range(0)
    held_out: bool = False

    @property
    def steps(self) -> int:
        """Returns T = K: a pull is an episode of one step."""
        return self.episodes

    @property
    def noise_size(self) -> int:
        """Returns two uniforms for a slip, where pulls slip: there is no other luck."""
        return 2 if self.action_noise else 0

    def draw_tasks(self, generator: torch.Generator, count: int) -> Tensor:
        """Returns what each arm pays on `count` tasks, `[count, 11]`."""
        target = (torch.rand(count, 1, generator=generator) * TARGETS).long().clamp_(max=TARGETS - 1)
        tasks = torch.full((count, TARGETS), OTHERS_PAY).scatter_(1, target, TARGET_PAYS)
        return torch.cat([tasks, (target + 1) / TARGETS], 1)

    def first(self, tasks: Tensor, start: Tensor) -> tuple[Tensor, Tensor]:
        """Returns the empty state `[..., 0]` and the blank observation `[..., 1]`."""
        return tasks[..., :0], torch.zeros_like(tasks[..., :1])

    def next_episode(self, tasks: Tensor, state: Tensor, start: Tensor) -> tuple[Tensor, Tensor]:
        """Returns the same: nothing outlasts a pull."""
        return self.first(tasks, start)

    def step(self, tasks: Tensor, state: Tensor, action: Tensor, noise: Tensor) -> Step:
        """Pulls an arm; `noise[..., 0]` decides on a slip, `noise[..., 1]` where it goes."""
        pulled = action
        if self.action_noise:
            elsewhere = (noise[..., 1] * self.actions).long().clamp_(max=self.actions - 1)
            pulled = torch.where(noise[..., 0] < self.action_noise, elsewhere, action)
        paid = tasks.gather(-1, pulled.unsqueeze(-1)).squeeze(-1)
        ends = torch.ones_like(action, dtype=torch.bool)
        expected = self.expected_reward(tasks, action)
        return Step(state, torch.zeros_like(tasks[..., :1]), pulled, paid, expected, ends, ~ends)

    def expected_reward(self, tasks: Tensor, action: Tensor) -> Tensor:
        """Returns (1 − ε) of what the intended arm pays + ε of the mean over arms, `[...]`."""
        pays = tasks.gather(-1, action.unsqueeze(-1)).squeeze(-1)
        return pays if not self.action_noise else (1 - self.action_noise) * pays + self.action_noise * tasks.mean(-1)

    def best_episode_return(self, tasks: Tensor) -> Tensor | None:
        """Returns what the target pays, less slips, `[...]`."""
        return self.expected_reward(tasks, tasks.argmax(-1))
