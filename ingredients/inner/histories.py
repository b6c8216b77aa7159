"""Lifetimes by episode: one decision, what it paid, and what else was seen; their order tells nothing of the task."""

from __future__ import annotations

from typing import NamedTuple

import torch
from torch import Tensor


class Histories(NamedTuple):
    """Whole lifetimes; or one episode of each, without T.

    Attributes:
        actions: `[S, N, T]` (int64).
        rewards: 0 or 1, `[S, N, T]` (float32).
        rest: number of what else an episode showed (`models.Course`), `[S, N, T]` (int64).
    """

    actions: Tensor
    rewards: Tensor
    rest: Tensor

    @property
    def shape(self) -> tuple[int, int, int]:
        """S, N and T."""
        runs, lifetimes, pulls = self.actions.shape
        return runs, lifetimes, pulls

    def at(self, t: int) -> Histories:
        """Returns one episode, `[S, N]`."""
        return Histories(*(part[..., t] for part in self))

    def followed_by(self, others: Histories) -> Histories:
        """Returns these, then other lifetimes of the same runs, `[S, N + M, T]`."""
        return Histories(*(torch.cat(pair, 1) for pair in zip(self, others, strict=True)))

    def of_runs(self, runs: int) -> Histories:
        """Returns one run's lifetimes, repeated for S runs."""
        return Histories(*(part.expand(runs, -1, -1) for part in self))

    def reordered(self, order: Tensor) -> Histories:
        """Returns the lifetimes with their first t episodes in the order `[S, N, t]`."""
        return Histories(*(part.gather(2, order) for part in self))


def of_pulls(actions: Tensor, rewards: Tensor) -> Histories:
    """Returns lifetimes on a bandit."""
    return Histories(actions, rewards, torch.zeros_like(actions))
