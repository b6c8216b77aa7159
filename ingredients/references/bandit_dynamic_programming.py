"""Exact values on Bernoulli bandits by dynamic programming over counts (Bellman 1956; Duff 2002, §1).

A state is the counts (s₁, f₁, ..., s_A, f_A), m = 2A numbers with sum t. With partial sums P_j = c₁ + ... + c_j its
rank (combinatorial number system)

    rank(c) = Σ_{j=1}^{m−1} C(P_j + j − 1, j)

does not depend on t. So the first C(t + m − 1, m − 1) rows of one table are the states after t pulls.

With action noise ε and the value Q_a of executing arm a

    V = (1 − ε) max_a Q_a + ε mean_a Q_a.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass

import torch
from torch import Tensor
from torch.nn.functional import one_hot, pad

from ingredients.references.bandit_policies import posterior_mean
from ingredients.study.families.bernoulli_bandit import MOST_EXACT_STATES

MOST_STATES = MOST_EXACT_STATES
"""States up to which the program is run."""

Chances = Callable[[Tensor, int], Tensor]
"""Maps counts `[N, A, 2]` after t pulls, and t, to the chance that a policy intends each arm, `[N, A]`."""


@dataclass(frozen=True)
class CountStates:
    """States before a pull; M_t after t pulls.

    Attributes:
        counts: all but the last, `[M_{T−1}, 2A − 1]`.
        successors: rank after a success or failure of each arm, `[M_{T−1}, A, 2]`.
        binomials: C(a, b), `[T + 2A, 2A]`.
    """

    arms: int
    pulls: int
    counts: Tensor
    successors: Tensor
    binomials: Tensor

    def size(self, t: int) -> int:
        """Returns M_t."""
        return math.comb(t + 2 * self.arms - 1, t)

    def after(self, t: int) -> Tensor:
        """Returns counts `[M_t, A, 2]` (float64) after t pulls."""
        known = self.counts[: self.size(t)]
        last = t - known.sum(-1, keepdim=True)
        return torch.cat([known, last], -1).view(-1, self.arms, 2).double()


@dataclass(frozen=True)
class BayesOptimal:
    """The optimal policy under the prior.

    Attributes:
        best_arms: first best arm by t and state, `[M_t]` (int16).
        binomials: as in `CountStates`.
    """

    expected_return: float
    best_arms: tuple[Tensor, ...]
    binomials: Tensor

    def preference(self, counts: Tensor, pulls: int) -> Tensor:
        """Prefers the optimal arm after `counts` `[N, A, 2]`, `[N, A]`."""
        best = self.best_arms[pulls][rank(counts, self.binomials)].long()
        return one_hot(best, counts.shape[-2])


def number_of_states(arms: int, pulls: int) -> int:
    """Returns C(T + 2A, 2A), final states included."""
    return math.comb(pulls + 2 * arms, pulls)


def count_states(arms: int, pulls: int) -> CountStates:
    """Returns the states of lifetimes of `pulls` pulls."""
    sums = _partial_sums(pulls - 1, 2 * arms - 1)
    places = torch.arange(1, 2 * arms)
    binomials = _binomials(pulls + 2 * arms, 2 * arms)
    rises = binomials[sums + places - 1, places - 1]
    ups = pad(rises.flip(-1).cumsum(-1).flip(-1), (0, 1))
    successors = torch.arange(len(sums)).unsqueeze(1) + ups
    counts = torch.diff(sums, dim=1, prepend=torch.zeros(len(sums), 1, dtype=torch.int64))
    return CountStates(arms, pulls, counts, successors.view(-1, arms, 2), binomials)


def rank(counts: Tensor, binomials: Tensor) -> Tensor:
    """Returns the rank `[...]` (int64) of `counts` `[..., A, 2]` among states with as many pulls."""
    sums = counts.flatten(-2)[..., :-1].long().cumsum(-1)
    places = torch.arange(1, sums.shape[-1] + 1)
    return binomials[sums + places - 1, places].sum(-1)


def bayes_optimal(states: CountStates, action_noise: float = 0.0) -> BayesOptimal:
    """Returns the optimal policy and its return, by backward induction."""
    values = torch.zeros(states.size(states.pulls), dtype=torch.float64)
    best_arms = []
    for t in reversed(range(states.pulls)):
        of_arms = arm_values(states, t, values)
        best, best_arm = of_arms.max(-1)
        values = (1 - action_noise) * best + action_noise * of_arms.mean(-1)
        best_arms.append(best_arm.to(torch.int16))
    return BayesOptimal(values.item(), tuple(reversed(best_arms)), states.binomials)


def arm_values(states: CountStates, t: int, values: Tensor) -> Tensor:
    """Returns Q `[M_t, A]` of executed arms after t pulls, given the next `values` `[M_{t+1}]`."""
    p = posterior_mean(states.after(t))
    after = values[states.successors[: len(p)]]
    return p * (1 + after[..., 0]) + (1 - p) * after[..., 1]


def reach(states: CountStates, t: int, flows: Tensor) -> Tensor:
    """Returns P(state) `[M_{t+1}]`, given P(arm, outcome) after t pulls, `flows` `[M_t, A, 2]`."""
    reached = torch.zeros(states.size(t + 1), dtype=torch.float64)
    for flow, successor in zip(flows.flatten(1).T, states.successors[: len(flows)].flatten(1).T, strict=True):
        reached[successor] += flow  # no two states share a successor by the same outcome
    return reached


def expected_return(states: CountStates, chances: Chances, action_noise: float = 0.0) -> float:
    """Returns the exact return of a policy with probabilities `chances` under the prior."""
    reached = torch.ones(1, dtype=torch.float64)
    total = 0.0
    for t in range(states.pulls):
        counts = states.after(t)
        intended = (1 - action_noise) * chances(counts, t) + action_noise / states.arms
        pulled = reached.unsqueeze(-1) * intended
        paid = pulled * posterior_mean(counts)
        total += paid.sum().item()
        reached = reach(states, t, torch.stack((paid, pulled - paid), -1))
    return total


def best_after_watching(states: CountStates, pulls: int) -> float:
    """Returns E[max_a E[p_a | counts]] after `pulls` random pulls."""
    reached = torch.ones(1, dtype=torch.float64)
    for t in range(pulls):
        mean = posterior_mean(states.after(t))
        pulled = reached.unsqueeze(-1) / states.arms
        reached = reach(states, t, torch.stack((pulled * mean, pulled * (1 - mean)), -1))
    return (reached * posterior_mean(states.after(pulls)).amax(-1)).sum().item()


def _partial_sums(most: int, length: int) -> Tensor:
    """Returns every 0 ≤ P₁ ≤ ... ≤ P_length ≤ `most`, `[rows, length]`, by rank."""
    rows = torch.arange(most + 1).unsqueeze(1)
    for j in range(1, length):
        sizes = torch.tensor([math.comb(v + j, j) for v in range(most + 1)])
        starts = (sizes.cumsum(0) - sizes).repeat_interleave(sizes)
        earlier = rows[torch.arange(len(starts)) - starts]
        rows = torch.cat([earlier, torch.arange(most + 1).repeat_interleave(sizes).unsqueeze(1)], 1)
    return rows


def _binomials(rows: int, columns: int) -> Tensor:
    """Returns C(a, b), `[rows, columns]`, clipped to int64."""
    largest = torch.iinfo(torch.int64).max
    return torch.tensor([[min(math.comb(a, b), largest) for b in range(columns)] for a in range(rows)])
