"""The finite-horizon Gittins index of a Bernoulli arm (Gittins 1979; Lattimore 2016).

The index of an arm with s successes, f failures and m pulls left is the highest price λ per pull at which it is worth
pulling: the interpolated zero of gain on a grid of prices. The value W of an arm that may be given up solves

    gain_m(s, f; λ) = p − λ + p W_{m−1}(s + 1, f) + (1 − p) W_{m−1}(s, f + 1),   p = (s + 1) / (s + f + 2),
    W_m = max(gain_m, 0),   W_0 = 0.

It is close to Bayes-optimal.
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
    """Returns the preference (counts `[N, A, 2]`, t) -> indices `[N, A]`."""
    tables = gittins_indices(pulls)

    def index(counts: Tensor, pulls_so_far: int) -> Tensor:
        arm_pulls = counts.sum(-1).long()
        return tables[pulls - pulls_so_far][arm_pulls, counts[..., 0].long()]

    return index


def gittins_indices(pulls: int) -> list[Tensor]:
    """Returns for each number m of pulls left the indices `[n, s]` after n ≤ pulls − m pulls with s successes.

    Entries with s > n are meaningless. Errors are at most .005.
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
    """Turns `values` `[λ, n, s]` from W_{m−1} into W_m in place for n < `size`, and returns the indices `[n, s]`."""
    indices = torch.zeros(size, size)
    for start in range(0, size, ROWS_AT_ONCE):
        stop = min(start + ROWS_AT_ONCE, size)
        p, after = means[start:stop, :stop], values[:, start + 1 : stop + 1, : stop + 1]
        gain = torch.lerp(after[..., :-1], after[..., 1:], p).add_(p).sub_(prices)
        indices[start:stop, :stop] = _zero(gain)
        torch.clamp(gain, min=0, out=values[:, start:stop, :stop])
    return indices


def _zero(gain: Tensor) -> Tensor:
    """Returns the price where `gain` `[λ, ...]`, falling in λ, crosses 0."""
    above, below = gain[:-1], gain[1:]
    return (above / (above - below)).clamp_(0, 1).sum(0) / (PRICES - 1)
