"""Exact Q*(c, a) of every arm a after counts c: expected reward of the pulls left, Bayes-optimal after this one."""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor

from ingredients.references.bandit_dynamic_programming import arm_values, count_states, rank

TIE = 1e-9  # difference up to which values are equal, as sums are rounded


@dataclass(frozen=True)
class ActionValues:
    """Exact values of a bandit with independent uniform priors.

    Attributes:
        table: Q* of executed arms, `[M_0 + ... + M_{T−1}, A]`, by number of pulls.
        starts: first row for t pulls, `[T]`.
        binomials: as in `CountStates`.
    """

    table: Tensor
    starts: Tensor
    binomials: Tensor

    def of(self, counts: Tensor) -> Tensor:
        """Returns Q* of executed arms, `[..., A]` (float64), after `counts` `[..., A, 2]`."""
        t = counts.sum((-1, -2)).long()
        return self.table[self.starts[t] + rank(counts, self.binomials)]

    def policy(self, counts: Tensor) -> Tensor:
        """Returns Bayes-optimal probabilities, `[..., A]`; the best arms share."""
        return best_share(self.of(counts))


def action_values(arms: int, pulls: int, action_noise: float = 0.0) -> ActionValues:
    """Returns the values of all histories, by backward induction."""
    states = count_states(arms, pulls)
    after = torch.zeros(states.size(pulls), dtype=torch.float64)
    tables = []
    for t in reversed(range(pulls)):
        tables.append(arm_values(states, t, after))
        after = (1 - action_noise) * tables[-1].amax(-1) + action_noise * tables[-1].mean(-1)
    starts = [0, *(states.size(t) for t in range(pulls - 1))]
    table = torch.cat(tables[::-1])
    return ActionValues(table, torch.tensor(starts).cumsum(0), states.binomials)


def best_share(preferences: Tensor) -> Tensor:
    """Returns probabilities `[..., A]` shared by the best, within `TIE`."""
    best = (preferences > preferences.amax(-1, keepdim=True) - TIE).double()
    return best / best.sum(-1, keepdim=True)
