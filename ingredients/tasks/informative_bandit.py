"""Eleven arms; the last one tells which of the others to pull (Wang et al. 2016, §3.1.3, with five pulls).

Of ten arms the target pays 5, the others 1. The eleventh pays a tenth of the target's number, .1 to 1.0, so no
algorithm that values an arm by its reward pulls it.

With probability `action_noise` a uniformly drawn arm is pulled. Without it a_{t-1} and r_{t-1} suffice, and a study is
not applicable (docs/design.md §5, trap 6).
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
    """`episodes` pulls a lifetime; ψ = the arms' rewards, `[11]`."""

    episodes: int
    action_noise: float = InformativeBanditTasks.default_of("action_noise")
    name = "informative-bandit"
    arms = TARGETS + 1
    held_out = False

    @property
    def noise_size(self) -> int:
        """Two uniforms for a slip if there is action noise."""
        return 2 if self.action_noise else 0

    def draw_tasks(self, generator: torch.Generator, count: int) -> Tensor:
        """Returns the arms' rewards, `[count, 11]`."""
        target = (torch.rand(count, 1, generator=generator) * TARGETS).long().clamp_(max=TARGETS - 1)
        tasks = torch.full((count, TARGETS), OTHERS_PAY).scatter_(1, target, TARGET_PAYS)
        return torch.cat([tasks, (target + 1) / TARGETS], 1)

    def step(self, tasks: Tensor, state: Tensor, action: Tensor, noise: Tensor) -> Step:
        """Pulls an arm; `noise[..., 0]` decides a slip, `noise[..., 1]` its arm."""
        arm = action
        if self.action_noise:
            arm = torch.where(noise[..., 0] < self.action_noise, any_arm(noise[..., 1], self.arms), action)
        return pull(state, arm, of_arm(tasks, arm), self.expected_reward(tasks, action), blank(tasks))
