"""Lifetimes by episode: what was decided, what it paid, and what else was seen.

Every family analysed here has one decision an episode, and episodes whose order says nothing about the task. So counts
of what was seen are sufficient (`models`), and histories of equal counts differ in what the belief leaves out.
"""

from __future__ import annotations

from typing import NamedTuple

import torch
from torch import Tensor


class Histories(NamedTuple):
    """Whole lifetimes; or one episode of each, without T.

    Attributes:
        actions: the decisions, such as pulled arms, `[S, N, T]` (int64).
        rewards: 0 or 1, of the episode, `[S, N, T]` (float32).
        rest: what else the episode showed, as a number of the family's (`models.Course`), `[S, N, T]` (int64).
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
        """Returns these lifetimes and then others of the same runs, `[S, N + M, T]`."""
        return Histories(*(torch.cat(pair, 1) for pair in zip(self, others, strict=True)))

    def of_runs(self, runs: int) -> Histories:
        """Returns one run's lifetimes, repeated for S runs."""
        return Histories(*(part.expand(runs, -1, -1) for part in self))

    def reordered(self, order: Tensor) -> Histories:
        """Returns the lifetimes with episodes reordered by `order` `[S, N, t]`, indices among the first t."""
        return Histories(*(part.gather(2, order) for part in self))


def of_pulls(actions: Tensor, rewards: Tensor) -> Histories:
    """Returns lifetimes on a bandit, which shows nothing but arms and rewards."""
    return Histories(actions, rewards, torch.zeros_like(actions))
