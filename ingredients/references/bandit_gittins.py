"""The finite-horizon Gittins index of a Bernoulli arm (Gittins 1979; with a horizon, Lattimore 2016).

The index of an arm with s successes, f failures and m pulls left is the highest price λ a pull at which it is still
worth starting to pull it, when one may stop at any time and at the latest after m. It is found by calibration: W, the
value of an arm that may be given up, solves

    gain_m(s, f; λ) = p − λ + p W_{m−1}(s + 1, f) + (1 − p) W_{m−1}(s, f + 1),   p = (s + 1) / (s + f + 2),
    W_m = max(gain_m, 0),   W_0 = 0,

for a grid of prices, and gain, which falls with λ, is interpolated to its zero. With several arms and a finite
lifetime the index policy is not Bayes-optimal but close: on 2 arms × 100 pulls its regret is 1.754, where 1.748 is
the least. Actuation noise leaves the index as it is.
"""

from __future__ import annotations

from collections.abc import Callable

import torch
from torch import Tensor

PRICES = 129
ROWS_AT_ONCE = 16
LONGEST_LIFETIME = 800
"""Pulls up to which indices are computed; time grows with the cube: 500 take 5 s, 0.3 GiB; 800 take 20 s, 1 GiB."""


def gittins(pulls: int) -> Callable[[Tensor, int], Tensor]:
    """Returns the preference (counts `[N, A, 2]`, t) -> indices `[N, A]` for lifetimes of `pulls` pulls."""
    tables = gittins_indices(pulls)

    def index(counts: Tensor, pulls_so_far: int) -> Tensor:
        arm_pulls = counts.sum(-1).long()
        return tables[pulls - pulls_so_far][arm_pulls, counts[..., 0].long()]

    return index


def gittins_indices(pulls: int) -> list[Tensor]:
    """Returns for each number m of pulls left the indices `[n, s]` of arms after n ≤ pulls − m pulls, s of which paid.

    Entry 0 (no pull left) is empty; entries with s > n mean nothing. Interpolation between 129 prices leaves errors
    of at most .005, which cost the policy .0002 of its return on 2 arms × 100 pulls.
    """
    prices = torch.linspace(0, 1, PRICES).view(-1, 1, 1)
    means = _means(pulls)
    values = torch.zeros(PRICES, pulls + 1, pulls + 1)
    tables = (_one_pull_more(values, means, prices, pulls - pulls_left + 1) for pulls_left in range(1, pulls + 1))
    return [torch.zeros(0, 0), *tables]


def _means(pulls: int) -> Tensor:
    """Returns E[p] = (s + 1) / (n + 2) of every `[n, s]`."""
    n = torch.arange(pulls + 1.0).unsqueeze(1)
    s = torch.arange(pulls + 1.0)
    return ((s + 1) / (n + 2)).clamp(max=1)


def _one_pull_more(values: Tensor, means: Tensor, prices: Tensor, size: int) -> Tensor:
    """Turns `values` `[λ, n, s]` from W_{m−1} into W_m in place for n < `size`, and returns the indices `[n, s]`.

    Rows are done in ascending order, a few at a time: row n of W_m needs rows n and n + 1 of W_{m−1} and fits the
    cache.
    """
    indices = torch.zeros(size, size)
    for start in range(0, size, ROWS_AT_ONCE):
        stop = min(start + ROWS_AT_ONCE, size)
        p, after = means[start:stop, :stop], values[:, start + 1 : stop + 1, : stop + 1]
        gain = torch.lerp(after[..., :-1], after[..., 1:], p).add_(p).sub_(prices)
        indices[start:stop, :stop] = _zero(gain)
        torch.clamp(gain, min=0, out=values[:, start:stop, :stop])
    return indices


def _zero(gain: Tensor) -> Tensor:
    """Returns the price where `gain` `[λ, ...]`, falling in λ, crosses 0: the sum of each interval's share above 0."""
    above, below = gain[:-1], gain[1:]
    return (above / (above - below)).clamp_(0, 1).sum(0) / (PRICES - 1)
