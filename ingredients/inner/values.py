"""Q* of every arm after every history: what is at stake in a decision, and what exploring is worth in it.

After counts c, with n pulls left, Q*(c, a) is what a lifetime earns from there on if arm a is pulled now and the
Bayes-optimal arm ever after (`references.bandit_dynamic_programming`). The optimal-advantage gap of an arm is
max_b Q*(c, b) − Q*(c, a); where pulls slip with probability ε, intending an arm costs (1 − ε) of that.
"""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor

from ingredients.references.bandit_dynamic_programming import arm_values, count_states, rank

TIE = 1e-9  # arms whose values differ by less are equally good: the sums of the program are rounded


@dataclass(frozen=True)
class ActionValues:
    """Exact values of a bandit of independent arms with uniform priors.

    Attributes:
        arms: A.
        pulls: T.
        action_noise: ε, with which a pull goes to any arm.
        table: Q* of carrying out each arm, `[M_0 + ... + M_{T−1}, A]`, histories of t pulls after those of fewer.
        starts: where those of t pulls start, `[T]`.
        binomials: as in `CountStates`.
    """

    arms: int
    pulls: int
    action_noise: float
    table: Tensor
    starts: Tensor
    binomials: Tensor

    def of(self, counts: Tensor) -> Tensor:
        """Returns Q* of carrying out each arm, `[..., A]` (float64), after `counts` `[..., A, 2]`."""
        t = counts.sum((-1, -2)).long()
        return self.table[self.starts[t] + rank(counts, self.binomials)]

    def gaps(self, counts: Tensor) -> Tensor:
        """Returns what intending each arm costs, `[..., A]`: 0 for the best."""
        values = self.of(counts)
        return (1 - self.action_noise) * (values.amax(-1, keepdim=True) - values)


def action_values(arms: int, pulls: int, action_noise: float = 0.0) -> ActionValues:
    """Returns the values of all histories, by backward induction from the last pull."""
    states = count_states(arms, pulls)
    after = torch.zeros(states.size(pulls), dtype=torch.float64)
    tables = []
    for t in reversed(range(pulls)):
        tables.append(arm_values(states, t, after))
        after = (1 - action_noise) * tables[-1].amax(-1) + action_noise * tables[-1].mean(-1)
    starts = [0, *(states.size(t) for t in range(pulls - 1))]
    table = torch.cat(tables[::-1])
    return ActionValues(arms, pulls, action_noise, table, torch.tensor(starts).cumsum(0), states.binomials)


def best_share(preferences: Tensor) -> Tensor:
    """Returns chances `[..., A]` of the best arms, equal ones alike; preferences within `TIE` are equal."""
    best = (preferences > preferences.amax(-1, keepdim=True) - TIE).double()
    return best / best.sum(-1, keepdim=True)
