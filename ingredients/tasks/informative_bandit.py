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

from ingredients.study.families.informative_bandit import InformativeBanditTasks
from ingredients.tasks.bandit import Bandit, any_arm, blank, of_arm, pull
from ingredients.tasks.family import Step

TARGETS = 10
TARGET_PAYS, OTHERS_PAY = 5.0, 1.0


@dataclass(frozen=True)
class InformativeBandit(Bandit):
    """`episodes` pulls a lifetime; ψ = what each arm pays, `[11]`."""

    episodes: int
    action_noise: float = InformativeBanditTasks.default_of("action_noise")
    name = "informative-bandit"
    arms = TARGETS + 1
    held_out = False

    @property
    def noise_size(self) -> int:
        """Two uniforms for a slip, where pulls slip: there is no other luck."""
        return 2 if self.action_noise else 0

    def draw_tasks(self, generator: torch.Generator, count: int) -> Tensor:
        """Returns what each arm pays on `count` tasks, `[count, 11]`."""
        target = (torch.rand(count, 1, generator=generator) * TARGETS).long().clamp_(max=TARGETS - 1)
        tasks = torch.full((count, TARGETS), OTHERS_PAY).scatter_(1, target, TARGET_PAYS)
        return torch.cat([tasks, (target + 1) / TARGETS], 1)

    def step(self, tasks: Tensor, state: Tensor, action: Tensor, noise: Tensor) -> Step:
        """Pulls an arm; `noise[..., 0]` decides on a slip, `noise[..., 1]` where it goes."""
        arm = action
        if self.action_noise:
            arm = torch.where(noise[..., 0] < self.action_noise, any_arm(noise[..., 1], self.arms), action)
        return pull(state, arm, of_arm(tasks, arm), self.expected_reward(tasks, action), blank(tasks))
