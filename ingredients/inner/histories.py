"""Bandit lifetimes: arms, rewards, and the counts before each pull.

If arms are independent, counts are sufficient: histories of equal counts differ in order alone.
"""

from __future__ import annotations

from typing import NamedTuple

import torch
from torch import Tensor
from torch.nn.functional import one_hot


class Histories(NamedTuple):
    """Whole lifetimes.

    Attributes:
        actions: the pulled arms, `[S, N, T]` (int64).
        rewards: 0 or 1, `[S, N, T]` (float32).
    """

    actions: Tensor
    rewards: Tensor

    @property
    def shape(self) -> tuple[int, int, int]:
        """S, N and T."""
        runs, lifetimes, pulls = self.actions.shape
        return runs, lifetimes, pulls

    def counts(self, arms: int) -> Tensor:
        """Returns successes and failures of each arm before each pull, `[S, N, T, A, 2]` (int64)."""
        paid = self.rewards.long()
        outcomes = one_hot(2 * self.actions + (1 - paid), 2 * arms)
        before = outcomes.cumsum(2) - outcomes
        return before.view(*self.shape, arms, 2)

    def followed_by(self, others: Histories) -> Histories:
        """Returns these lifetimes and then others of the same runs, `[S, N + M, T]`."""
        return Histories(*(torch.cat(pair, 1) for pair in zip(self, others, strict=True)))

    def of_runs(self, runs: int) -> Histories:
        """Returns one run's lifetimes, repeated for S runs."""
        return Histories(*(part.expand(runs, -1, -1) for part in self))

    def reordered(self, order: Tensor) -> Histories:
        """Returns the lifetimes with pulls reordered by `order` `[S, N, t]`, indices among the first t pulls."""
        return Histories(*(part.gather(2, order) for part in self))
