"""The posterior of one coin that every episode tosses, whatever is decided.

Let q be the posterior probability that the next toss falls on side 0. Action 0 pays with probability f (`follows`) if
it does, and with 1 − f if not:

    E[r | action 0] = f q + (1 − f) (1 − q),   and with q exchanged for 1 − q for action 1.

Q* is this plus the same future for both. The coin's probability p is uniform on [0, 1], or one of two values that sum
to 1, equally likely.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property

import torch
from scipy import special
from torch import Tensor
from torch.nn.functional import one_hot

from ingredients.inner.histories import Histories
from ingredients.inner.models.model import Learner, Lesson
from ingredients.inner.values import best_share

Side = Callable[[Histories], Tensor]
"""Maps episodes to the side that each speaks for, 0 or 1, of the shape of their parts."""

RATES = (0.1, 0.2, 0.3)
"""Rates of a recency-weighted learner of a coin. From 1/2 on it would follow the last toss alone: a reactive policy."""


@dataclass(frozen=True)
class CoinBelief:
    """A coin.

    Attributes:
        decisions: T.
        lower: the smaller of two values of p; None if uniform.
        follows: f, how often an action's reward is that of its side.
    """

    decisions: int
    lower: float | None = None
    follows: float = 1.0
    parts = 1
    statistics = ("mean", "variance")
    optimal = "bayes_optimal"
    explores = False
    action_noise = 0.0

    @cached_property
    def _future(self) -> Tensor:
        """Value of all decisions after t tosses with h on side 0, `[T + 1, T + 1]`."""
        future = torch.zeros(self.decisions + 1, self.decisions + 1, dtype=torch.float64)
        for t in reversed(range(self.decisions)):
            falls = torch.arange(t + 1, dtype=torch.float64)
            counts = torch.stack((falls, t - falls), -1).unsqueeze(-2)
            q = self._next(counts)
            later = q * future[t + 1, 1 : t + 2] + (1 - q) * future[t + 1, : t + 1]
            future[t, : t + 1] = self.means(counts).amax(-1) + later
        return future

    def values(self, counts: Tensor) -> Tensor:
        """Returns each action's Q*: its reward and the future's worth."""
        falls, tosses = counts[..., 0, 0].long(), counts.sum((-1, -2)).long()
        q = self._next(counts)
        later = q * self._future[tosses + 1, falls + 1] + (1 - q) * self._future[tosses + 1, falls]
        return self.means(counts) + later.unsqueeze(-1)

    def policy(self, counts: Tensor) -> Tensor:
        """Returns the Bayes-optimal probabilities; equal actions share."""
        return best_share(self.means(counts))

    def best(self, counts: Tensor) -> Tensor:
        """Returns posterior probabilities that p is above and below 1/2."""
        falls = counts[..., 0, :].double()
        if self.lower is None:
            first = torch.as_tensor(special.betaincc(falls[..., 0].numpy() + 1, falls[..., 1].numpy() + 1, 0.5))
        else:
            first = self._higher(falls)
        return torch.stack((first, 1 - first), -1)

    def means(self, counts: Tensor) -> Tensor:
        """See `CountBelief.means`."""
        q = self._next(counts)
        first = self.follows * q + (1 - self.follows) * (1 - q)
        return torch.stack((first, 1 - first), -1)

    def told(self, counts: Tensor) -> Tensor:
        """Returns mean and variance of p, `[..., 2]`."""
        q = self._next(counts)
        if self.lower is None:
            variance = q * (1 - q) / (counts.sum((-1, -2)).double() + 3)
        else:
            higher = self._higher(counts[..., 0, :].double())
            variance = higher * (1 - higher) * (1 - 2 * self.lower) ** 2
        return torch.stack((q, variance), -1)

    def _next(self, counts: Tensor) -> Tensor:
        """Returns q, the posterior mean of p, `[...]`."""
        falls = counts[..., 0, :].double()
        if self.lower is None:
            return (falls[..., 0] + 1) / (falls.sum(-1) + 2)
        return self.lower + (1 - 2 * self.lower) * self._higher(falls)

    def _higher(self, falls: Tensor) -> Tensor:
        """Returns P(p is the higher value) after falls `[..., 2]`."""
        assert self.lower is not None
        if self.lower == 0:
            return 0.5 * (1 + (falls[..., 0] - falls[..., 1]).sign())
        return torch.sigmoid((falls[..., 0] - falls[..., 1]) * math.log((1 - self.lower) / self.lower))


def learner_of_a_coin(side: Side, rates: tuple[float, ...] = RATES) -> Learner:
    """Returns the learner of how often the coin fell on each side of late."""

    def lesson(lived: Histories) -> Lesson:
        fell = one_hot(side(lived), 2)
        return Lesson(fell.double(), torch.ones_like(fell).bool())

    return Learner(lesson, rates)
