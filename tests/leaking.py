"""Bandits with a leak whose size is known by hand: what the test of leaks plays."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import torch
from torch import Tensor

from ingredients.tasks.bernoulli_bandit import BernoulliBandit
from ingredients.tasks.family import Step

ARMS, PULLS, KEPT = 3, 30, 4
Shown = Callable[[Tensor, Tensor, Tensor, Tensor, Tensor], Tensor]


class Leaky(BernoulliBandit):
    """A bandit that shows what `shown(task, kept, action, reward, uniforms)` gives, `late` steps late; ψ has an extra.

    The extra is a uniform, of which a family makes a polarity or a permutation.
    """

    shown: Shown
    late: int = 0

    @property
    def task_size(self) -> int:
        """Returns the number of arms and a number more."""
        return self.arms + 1

    @property
    def cube_size(self) -> int:
        """Returns the same."""
        return self.arms + 1

    def step(self, tasks: Tensor, state: Tensor, action: Tensor, noise: Tensor) -> Step:
        """Pulls an arm, and keeps what is to be shown."""
        step = super().step(tasks[..., : self.arms], state[..., :0], action, noise[..., :3])
        width = self.observation_size
        new = type(self).shown(tasks, state, action.float(), step.reward, noise[..., 3:])
        kept = torch.cat([new.view(*new.shape[:-1], width), state[..., :-width]], dim=-1)
        return step._replace(state=kept, observation=self._seen(kept))

    def first(self, tasks: Tensor, start: Tensor) -> tuple[Tensor, Tensor]:
        """Keeps nothing yet."""
        kept = torch.zeros(*tasks.shape[:-1], KEPT * self.observation_size)
        return kept, self._seen(kept)

    def next_episode(self, tasks: Tensor, state: Tensor, start: Tensor) -> tuple[Tensor, Tensor]:
        """Shows what was kept."""
        return state, self._seen(state)

    def _seen(self, kept: Tensor) -> Tensor:
        width = self.observation_size
        return kept[..., self.late * width : (self.late + 1) * width]


def leaky(shown: Callable[..., Tensor], *, late: int = 0, width: int = 1) -> Leaky:
    """Returns the bandit that shows this."""
    own = {"shown": staticmethod(shown), "late": late, "noise_size": 5, "observation_size": width}
    kind: Any = type("Shows", (Leaky,), own)
    made: Leaky = kind(ARMS, PULLS)
    return made


def one(numbers: Tensor) -> Tensor:
    """Returns numbers as one column."""
    return numbers.unsqueeze(-1)


def part_of_the_time(share: float, *, of: str) -> Leaky:
    """Shows the reward or the action (plus one) at a share of all steps, and 0 at the others."""

    def shown(task: Tensor, kept: Tensor, action: Tensor, reward: Tensor, uniform: Tensor) -> Tensor:
        value = 1 + (reward if of == "reward" else action)
        return one(torch.where(uniform[..., 0] < share, value, torch.zeros_like(value)))

    return leaky(shown)


def late_by(steps: int, *, of: str) -> Leaky:
    """Shows the reward or the action some steps late."""
    return leaky(lambda task, kept, action, reward, uniform: one(reward if of == "reward" else action), late=steps)


def _xor(task: Tensor, kept: Tensor, action: Tensor, reward: Tensor, uniform: Tensor) -> Tensor:
    coin = (uniform[..., 0] < 0.5).float()
    return torch.stack([coin, (coin != reward).float()], dim=-1)


def _difference(task: Tensor, kept: Tensor, action: Tensor, reward: Tensor, uniform: Tensor) -> Tensor:
    return kept[..., :1] + one(action) - 1.3


def _coded(task: Tensor, kept: Tensor, action: Tensor, reward: Tensor, uniform: Tensor) -> Tensor:
    codes = torch.tensor([[0, 1, 2], [0, 2, 1], [1, 0, 2], [1, 2, 0], [2, 0, 1], [2, 1, 0]]).float()
    return codes[(task[..., -1] * 6).long()].gather(-1, one(action.long()))


def _polarised(task: Tensor, kept: Tensor, action: Tensor, reward: Tensor, uniform: Tensor) -> Tensor:
    return one((reward != (task[..., -1] < 0.5).float()).float())


def _richness(task: Tensor, kept: Tensor, action: Tensor, reward: Tensor, uniform: Tensor) -> Tensor:
    return one((uniform[..., 0] < task[..., :-1].mean(-1)).float())


def _not_finite(task: Tensor, kept: Tensor, action: Tensor, reward: Tensor, uniform: Tensor) -> Tensor:
    return one(torch.where(task[..., 0] < 0.5, torch.full_like(reward, torch.nan), reward))


XOR = leaky(_xor, width=2)
DIFFERENCE = leaky(_difference)
CODE = leaky(_coded)
POLARITY = leaky(_polarised)
RICHNESS = leaky(_richness)
NOT_FINITE = leaky(_not_finite)
