"""Lifetimes on a bandit: the arms pulled, what they paid, and the counts that stood before each pull.

Under a prior that is independent over arms the counts are all that a history says of the task: two histories of the
same counts differ only in their order.
"""

from __future__ import annotations

from typing import NamedTuple

import torch
from torch import Tensor
from torch.nn.functional import one_hot


class Histories(NamedTuple):
    """Whole lifetimes.

    Attributes:
        actions: the arm that each pull was carried out on, `[S, N, T]` (int64).
        rewards: what it paid, 0 or 1, `[S, N, T]` (float32).
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
        """Returns the lifetimes of one run as those of each of S runs."""
        return Histories(*(part.expand(runs, -1, -1) for part in self))

    def reordered(self, order: Tensor) -> Histories:
        """Returns the lifetimes with their pulls in another order, `[S, N, t]` of places among the first t pulls."""
        return Histories(*(part.gather(2, order) for part in self))
