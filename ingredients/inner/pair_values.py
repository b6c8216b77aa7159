"""Values of a bandit too large for the exact program, by pairs of arms (docs/inner-algorithm.md).

Each arm's difference from the arm with the highest Gittins index,

    D_m(c_a, c_b) = Q*(a) − Q*(b)

with counts c_a and c_b and m pulls left, is exact for two arms only.
"""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor

from ingredients.inner.values import best_share
from ingredients.references.bandit_dynamic_programming import count_states, rank
from ingredients.references.bandit_gittins import gittins_indices
from ingredients.references.bandit_policies import posterior_mean

ROWS_AT_ONCE = 16_384


@dataclass(frozen=True)
class PairValues:
    """Values by pairs, for independent uniform priors.

    Attributes:
        differences: D, float32, by the pair's pulls n, pulls left (1 to T − n) and rank; `[C(T + 4, 5)]`.
        starts: first row for each n, `[T]`.
        sizes: states after n pulls, `[T]`.
        indices: Gittins indices `[T + 1, T, T]` by pulls left, pulls and successes.
        binomials: as in `CountStates`.
    """

    arms: int
    pulls: int
    differences: Tensor
    starts: Tensor
    sizes: Tensor
    indices: Tensor
    binomials: Tensor

    def of(self, counts: Tensor) -> Tensor:
        """Returns Q of executed arms less that of highest index, `[..., A]` (float64)."""
        rows = torch.split(counts.reshape(-1, self.arms, 2), ROWS_AT_ONCE)
        return torch.cat([self._of(each.long()) for each in rows]).view(counts.shape[:-1])

    def policy(self, counts: Tensor) -> Tensor:
        """Returns probabilities shared by arms of highest Gittins index, `[..., A]`."""
        return best_share(self._index(counts.long()).double())

    def _index(self, counts: Tensor) -> Tensor:
        left = self.pulls - counts.sum((-1, -2))
        return self.indices[left.unsqueeze(-1), counts.sum(-1), counts[..., 0]]

    def _of(self, counts: Tensor) -> Tensor:
        """Returns the same for `[R, A, 2]`."""
        best = self._index(counts).argmax(-1, keepdim=True)
        others = counts.gather(1, best.unsqueeze(-1).expand(-1, -1, 2)).expand_as(counts)
        itself = torch.zeros_like(counts[..., 0]).scatter(1, best, 1).bool()
        pair = torch.stack((counts, others), -2).masked_fill(itself.view(*itself.shape, 1, 1), 0)
        left = self.pulls - counts.sum((-1, -2)).unsqueeze(-1)
        n = pair.sum((-1, -2))
        place = self.starts[n] + (left - 1) * self.sizes[n] + rank(pair, self.binomials)
        return self.differences[place].double().masked_fill(itself, 0.0)


def pair_values(arms: int, pulls: int, action_noise: float = 0.0) -> PairValues:
    """Returns the values by backward induction over two arms.

    With action noise a random arm is one of the two.
    """
    states = count_states(2, pulls)
    after = torch.zeros(1, states.size(pulls), dtype=torch.float64)  # by pulls left, from 0
    parts = []
    for n in reversed(range(pulls)):
        p = posterior_mean(states.after(n))
        then = after[:, states.successors[: states.size(n)]]
        values = p * (1 + then[..., 0]) + (1 - p) * then[..., 1]
        now = (1 - action_noise) * values.amax(-1) + action_noise * values.mean(-1)
        after = torch.cat((torch.zeros_like(now[:1]), now))
        parts.append((values[..., 0] - values[..., 1]).float().flatten())
    sizes = torch.tensor([states.size(n) for n in range(pulls)])
    lengths = sizes * (pulls - torch.arange(pulls))
    starts = lengths.cumsum(0) - lengths
    return PairValues(arms, pulls, torch.cat(parts[::-1]), starts, sizes, _indices(pulls), states.binomials)


def _indices(pulls: int) -> Tensor:
    """Returns Gittins indices in one table, `[T + 1, T, T]`."""
    indices = torch.zeros(pulls + 1, pulls, pulls)
    for left, table in enumerate(gittins_indices(pulls)):
        indices[left, : len(table), : len(table)] = table
    return indices
