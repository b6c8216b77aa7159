"""The posterior of independent arms: a Beta distribution for each."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import torch
from torch import Tensor

from ingredients.inner.pair_values import PairValues, pair_values
from ingredients.inner.values import ActionValues, action_values
from ingredients.references.bandit_dynamic_programming import MOST_STATES, Chances, number_of_states
from ingredients.references.bandit_policies import posterior_mean
from ingredients.references.bandit_thompson import thompson_chances


@dataclass(frozen=True)
class IndependentArms:
    """Arms (`parts`) with independent uniform priors, of `decisions` pulls."""

    parts: int
    decisions: int
    action_noise: float = 0.0
    statistics = ("mean", "variance", "count")
    explores = True

    @property
    def exact(self) -> bool:
        """Whether there are few enough counts for exact values."""
        return number_of_states(self.parts, self.decisions) <= MOST_STATES

    @property
    def optimal(self) -> str:
        """See `CountBelief.optimal`."""
        return "bayes_optimal" if self.exact else "gittins"

    @cached_property
    def known(self) -> ActionValues | PairValues:
        """The values, computed when first asked for."""
        return (action_values if self.exact else pair_values)(self.parts, self.decisions, self.action_noise)

    @cached_property
    def _thompson(self) -> Chances:
        return thompson_chances(self.parts, self.decisions)

    def values(self, counts: Tensor) -> Tensor:
        """See `CountBelief.values`."""
        return self.known.of(counts)

    def policy(self, counts: Tensor) -> Tensor:
        """See `CountBelief.policy`."""
        return self.known.policy(counts)

    def best(self, counts: Tensor) -> Tensor:
        """See `CountBelief.best`."""
        rows = counts.flatten(0, -3)
        return self._thompson(rows, 0).double().view(counts.shape[:-1])

    def means(self, counts: Tensor) -> Tensor:
        """See `CountBelief.means`."""
        return posterior_mean(counts.double())

    def told(self, counts: Tensor) -> Tensor:
        """Returns each arm's mean, variance and count, `[..., 3 A]`."""
        n = counts.sum(-1).double()
        mean = self.means(counts)
        return torch.cat((mean, mean * (1 - mean) / (n + 3), n), -1)
