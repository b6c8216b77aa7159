"""The posterior of independent arms: a Beta distribution for each, and values by `values` or `pair_values`."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import torch
from torch import Tensor

from ingredients.inner.pair_values import PairValues
from ingredients.inner.values import ActionValues
from ingredients.references.bandit_dynamic_programming import Chances
from ingredients.references.bandit_policies import posterior_mean
from ingredients.references.bandit_thompson import thompson_chances


@dataclass(frozen=True)
class IndependentArms:
    """Arms with independent uniform priors; see `model.CountBelief`."""

    known: ActionValues | PairValues
    statistics = ("mean", "variance", "count")
    explores = True

    @property
    def optimal(self) -> str:
        """Name of the best policy known."""
        return self.known.optimal

    @property
    def decisions(self) -> int:
        """Pulls of a lifetime."""
        return self.known.pulls

    @property
    def parts(self) -> int:
        """Each arm is a part."""
        return self.known.arms

    @property
    def action_noise(self) -> float:
        """Probability of a random arm instead."""
        return self.known.action_noise

    @cached_property
    def _thompson(self) -> Chances:
        return thompson_chances(self.parts, self.decisions)

    def values(self, counts: Tensor) -> Tensor:
        """Returns Q* of each executed arm, or what stands for it."""
        return self.known.of(counts)

    def policy(self, counts: Tensor) -> Tensor:
        """Returns the probabilities of the best policy known."""
        return self.known.policy(counts)

    def best(self, counts: Tensor) -> Tensor:
        """Returns the posterior probability of each arm to be the best."""
        rows = counts.flatten(0, -3)
        return self._thompson(rows, 0).double().view(counts.shape[:-1])

    def means(self, counts: Tensor) -> Tensor:
        """Returns the posterior mean of each arm."""
        return posterior_mean(counts.double())

    def told(self, counts: Tensor) -> Tensor:
        """Returns mean, variance and count of each arm, `[..., 3 A]`."""
        n = counts.sum(-1).double()
        mean = self.means(counts)
        return torch.cat((mean, mean * (1 - mean) / (n + 3), n), -1)
