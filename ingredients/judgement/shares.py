"""Exact inference on shares of runs, with repeated looks (docs/verdict.md).

Sources: Clopper & Pearson (1934) for bounds; Lan & DeMets (1983) and Jennison & Turnbull (2000, §12.1) for α-spending.
"""

from __future__ import annotations

import itertools
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import scipy.stats
from scipy import special

from ingredients.judgement.results import Share

HALF = 0.5
_SHARES = 1001


@dataclass(frozen=True)
class Look:
    """A look at n runs; `needed` of one kind (None: not even all) decide at this one-sided `level`."""

    runs: int
    needed: int | None
    level: float


def looks(sizes: Sequence[int], confidence: float) -> Look:
    """Returns the last of the looks at growing numbers of runs `sizes`.

    If half of all runs are of a kind, any look decides for it with probability at most 1 - confidence.
    """
    assert all(before < after for before, after in itertools.pairwise(sizes)), "looks do not grow"
    alpha = 1 - confidence
    spent = 0.0
    before = 0
    open_ = [1.0]  # the chance of each count so far, among the ways in which no look has decided
    look = Look(0, None, alpha)
    for runs in sizes:
        first = spent == 0
        budget = alpha if first else (alpha - spent) / 2
        open_ = _convolved(open_, runs - before)
        needed = _needed(open_, runs, budget)
        level = budget
        if needed is not None:
            spent += float(sum(open_[needed:]))
            open_ = open_[:needed]
            level = budget if first else max(budget, _at_least(needed, runs))
        look = Look(runs, needed, level)
        before = runs
    return look


def share(count: int, look: Look) -> Share:
    """Returns k of n with its bounds."""
    if look.runs == 0:
        return Share(count, 0, 0.0, 1.0)
    return Share(count, look.runs, lower(count, look.runs, look.level), upper(count, look.runs, look.level))


def lower(count: int, of: int, level: float) -> float:
    """Returns the smallest share with P(`count` or more) ≥ `level`."""
    return 0.0 if count == 0 else float(special.betaincinv(count, of - count + 1, level))


def upper(count: int, of: int, level: float) -> float:
    """Returns the largest share with P(`count` or fewer) ≥ `level`."""
    return 1.0 if count == of else float(special.betaincinv(count + 1, of - count, 1 - level))


def p_most(count: int, of: int) -> float:
    """Returns P(`count` or more of `of`) for a share of a half."""
    return _at_least(count, of) if of else 1.0


def p_more(first: Share, second: Share) -> float | None:
    """Returns Boschloo's (1970) exact one-sided p that the first runs learn no more often than the second."""
    if not first.of or not second.of:
        return None
    if first.count * second.of <= second.count * first.of:
        return 1.0
    one, other = np.arange(first.of + 1)[:, None], np.arange(second.of + 1)[None]
    fisher = np.asarray(scipy.stats.hypergeom.sf(one - 1, first.of + second.of, first.of, one + other))
    extreme = (fisher <= fisher[first.count, second.count] * (1 + 1e-9)).astype(np.float64)
    common = np.linspace(0, 1, _SHARES)[:, None]
    of_one = np.asarray(scipy.stats.binom.pmf(one.T, first.of, common))
    of_other = np.asarray(scipy.stats.binom.pmf(other, second.of, common))
    return float(np.einsum("sa,ab,sb->s", of_one, extreme, of_other).max())


def _convolved(chances: Sequence[float], runs: int) -> list[float]:
    """Returns each count's probability after `runs` more at a half."""
    more = np.asarray(scipy.stats.binom.pmf(np.arange(runs + 1), runs, HALF)).tolist()
    return [
        sum(chances[before] * more[count - before] for before in range(len(chances)) if 0 <= count - before <= runs)
        for count in range(len(chances) + runs)
    ]


def _needed(open_: Sequence[float], runs: int, budget: float) -> int | None:
    """Returns the least count whose tail is within the budget."""
    tail = 0.0
    needed = len(open_)
    for count in range(len(open_) - 1, -1, -1):
        tail += open_[count]
        if tail > budget:
            break
        needed = count
    return needed if needed <= runs else None


def _at_least(count: int, of: int) -> float:
    return float(scipy.stats.binom.sf(count - 1, of, HALF))
