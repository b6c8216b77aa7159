"""Shares of runs, exactly: what k of n says of the runs that were not trained; looks are counted.

Learning is often all or nothing over seeds, so a mean over five of them, with its t interval, says little about the
sixth. A count says as much as there is to say, whatever the mixture (Clopper & Pearson 1934).

Whoever trains more seeds because the first were inconclusive looks twice, and a rule that spends 5% at each look is
wrong far more often than that. So the looks of a folder are counted, and all of them together spend the level once
(α-spending: Lan & DeMets 1983; for exact binomial sequences Jennison & Turnbull 2000, §12.1). The first look
that can decide at all may spend all of it, since a study declares its seeds before anything runs. What counts of few
runs cannot spend (5 of 5 has the chance .031, 4 of 5 already .188) is left over, and each later look may spend half of
what is left.
"""

from __future__ import annotations

import itertools
import math
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
    """One look at n runs: `needed` of them of one kind decide (None: not even all do), at this one-sided `level`."""

    runs: int
    needed: int | None
    level: float


def looks(sizes: Sequence[int], confidence: float) -> Look:
    """Returns the last of some looks at growing numbers of runs; `sizes` are those numbers, the present one last.

    A kind of run is called that of most at a look if `needed` runs are of it. Were half of all runs of that kind, some
    look would say so with a chance of at most 1 - confidence; were fewer, with less.
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
    """Returns k of n with its bounds; without a run nothing is known."""
    if look.runs == 0:
        return Share(count, 0, 0.0, 1.0)
    return Share(count, look.runs, lower(count, look.runs, look.level), upper(count, look.runs, look.level))


def lower(count: int, of: int, level: float) -> float:
    """Returns the smallest share under which `count` or more of `of` still have a chance of `level` (0 for none)."""
    return 0.0 if count == 0 else float(special.betaincinv(count, of - count + 1, level))


def upper(count: int, of: int, level: float) -> float:
    """Returns the largest share under which `count` or fewer of `of` still have a chance of `level` (1 for all)."""
    return 1.0 if count == of else float(special.betaincinv(count + 1, of - count, 1 - level))


def p_most(count: int, of: int) -> float:
    """Returns the chance of `count` or more of `of` were half of all runs of the kind: the exact one-sided p."""
    return _at_least(count, of) if of else 1.0


def fewest_for(claims: int, confidence: float) -> int:
    """Returns from how many runs on, all of a kind, so many claims hold together (Bonferroni): .5^n <= α / claims."""
    return max(1, math.ceil(math.log2(max(claims, 1) / (1 - confidence)) - 1e-9))


def p_more(first: Share, second: Share) -> float | None:
    """Returns the p that runs of the first kind of cell learn no more often than runs of the second (Boschloo 1970).

    An exact test of two shares, one-sided, and at least as powerful as Fisher's: it takes the worst case over the
    common share instead of holding the total fixed, which nobody did. None where either has no run.
    """
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
    """Returns the chance of each count after `runs` more runs, each of the kind with a chance of a half."""
    more = np.asarray(scipy.stats.binom.pmf(np.arange(runs + 1), runs, HALF)).tolist()
    return [
        sum(chances[before] * more[count - before] for before in range(len(chances)) if 0 <= count - before <= runs)
        for count in range(len(chances) + runs)
    ]


def _needed(open_: Sequence[float], runs: int, budget: float) -> int | None:
    """Returns the least count whose tail is within the budget; None where that of all runs is not.

    A count that only a decided look leads to costs nothing: what decided then goes on to decide.
    """
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
