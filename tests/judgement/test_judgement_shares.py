"""Exact shares: bounds, looks, two shares compared; and how often the rule is wrong under every mixture of V2."""

from __future__ import annotations

import itertools

import numpy as np
import numpy.typing as npt
import pytest
import scipy.stats

from ingredients.judgement.shares import looks, lower, p_more, p_most, share, upper
from ingredients.study.seeds import fewest_for

ALPHA = 0.05
SHARES = (0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8, 0.9)
SIZES = (3, 5, 10)


def pmf(of: int, truth: float) -> npt.NDArray[np.float64]:
    """Returns the chance of each count."""
    return np.asarray(scipy.stats.binom.pmf(np.arange(of + 1), of, truth))


@pytest.mark.parametrize(
    ("count", "of", "low", "high"),
    [(5, 5, 0.549, 1.0), (0, 5, 0.0, 0.451), (3, 3, 0.368, 1.0), (3, 5, 0.189, 0.924), (9, 10, 0.606, 0.995)],
)
def test_bounds_are_those_of_clopper_and_pearson(count: int, of: int, low: float, high: float) -> None:
    """One-sided at 95%: "0 of 5" bounds the share at .451, "5 of 5" at .549."""
    found = share(count, looks([of], 0.95))
    assert (found.low, found.high) == pytest.approx((low, high), abs=1e-3)


@pytest.mark.parametrize("of", [1, 3, 5, 10])
def test_bounds_cover(of: int) -> None:
    """Whatever the share, a bound is wrong in at most 5% of all counts: summed exactly."""
    for truth in np.linspace(0, 1, 101):
        chances = pmf(of, float(truth))
        above = [lower(k, of, ALPHA) > truth + 1e-9 for k in range(of + 1)]
        below = [upper(k, of, ALPHA) < truth - 1e-9 for k in range(of + 1)]
        assert chances @ above <= ALPHA + 1e-9
        assert chances @ below <= ALPHA + 1e-9


def test_what_decides_at_a_first_look() -> None:
    """5 of 5, 7 of 8, 9 of 10, 15 of 20; nothing below five runs."""
    needed = {of: looks([of], 0.95).needed for of in (1, 3, 4, 5, 7, 8, 10, 20)}
    assert needed == {1: None, 3: None, 4: None, 5: 5, 7: 7, 8: 7, 10: 9, 20: 15}
    assert all(n is None or lower(n, of, ALPHA) > 0.5 for of, n in needed.items())


@pytest.mark.parametrize("sizes", [(5,), (5, 10), (5, 10, 15, 20), tuple(range(3, 21)), (10, 20), tuple(range(1, 41))])
def test_all_looks_together_spend_the_level_once(sizes: tuple[int, ...]) -> None:
    """The chance that some look calls half a share "most" is summed exactly along all paths; V3 had 11.4%."""
    open_, wrong, before = np.ones(1), 0.0, 0
    for place, runs in enumerate(sizes):
        open_ = np.convolve(open_, pmf(runs - before, 0.5))
        needed = looks(sizes[: place + 1], 0.95).needed
        if needed is not None:
            wrong, open_ = wrong + open_[needed:].sum(), open_[:needed]
        before = runs
    assert wrong <= ALPHA


def test_a_look_that_cannot_decide_costs_nothing_and_a_later_one_pays() -> None:
    """Three seeds, then five: 5 of 5 decide. After looks at five and ten 12 of 15 do no longer, 13 do."""
    assert looks([3, 5], 0.95).needed == 5
    assert looks([15], 0.95).needed == 12
    assert looks([5, 10, 15], 0.95).needed == 13
    assert looks([5, 10], 0.95).level < ALPHA


def wrong_verdict(of: int, truth: float) -> float:
    """Returns the chance that a cell is called by a class that fewer than half of its runs are of."""
    needed = looks([of], 0.95).needed
    if needed is None:
        return 0.0
    learners, others = p_tail(needed, of, truth), p_tail(needed, of, 1 - truth)
    return float((truth < 0.5) * learners + (truth > 0.5) * others)


def p_tail(needed: int, of: int, truth: float) -> float:
    """Returns the chance of so many of a kind."""
    return float(scipy.stats.binom.sf(needed - 1, of, truth))


@pytest.mark.parametrize("of", SIZES)
def test_most_runs_is_wrong_at_most_one_time_in_twenty(of: int) -> None:
    """For every share of learners: V2 had .17 a cell. At a half neither claim is wrong: at least half are."""
    assert max(wrong_verdict(of, truth) for truth in SHARES) <= ALPHA
    assert p_tail(looks([of], 0.95).needed or of + 1, of, 0.5) <= ALPHA


@pytest.mark.parametrize("of", SIZES)
def test_a_family_that_is_claimed_is_wrong_at_most_one_time_in_twenty(of: int) -> None:
    """Sixteen cells of the same mixture, independent: claimed together only where Holm's p allows; V2 had .95."""
    together = of >= fewest_for(16, 0.95)
    for truth in SHARES:
        k = np.arange(of + 1)
        claimed = np.array([p_most(int(count), of) * 16 <= ALPHA for count in k])
        wrong = (claimed & (truth < 0.5)) * pmf(of, truth) + (claimed & (truth > 0.5)) * pmf(of, 1 - truth)
        assert 1 - (1 - wrong.sum()) ** 16 <= ALPHA
        assert claimed.any() == together


@pytest.mark.parametrize("of", SIZES)
def test_necessary_is_wrong_at_most_one_time_in_twenty(of: int) -> None:
    """Every pair of shares, exactly: wrong where half or more learn without it, or no more with it than without."""
    look = looks([of], 0.95)
    claims = {
        (with_, without)
        for with_, without in itertools.product(range(of + 1), repeat=2)
        if look.needed is not None and of - without >= look.needed
        if (p := p_more(share(with_, look), share(without, look))) is not None and p <= ALPHA
    }
    for first, second in itertools.product(SHARES, repeat=2):
        if second >= 0.5 or first <= second:
            one, other = pmf(of, first), pmf(of, second)
            assert sum(one[with_] * other[without] for with_, without in claims) <= ALPHA
    assert ((of, 0) in claims) == (of >= 5)


def test_two_shares_are_compared_exactly() -> None:
    """As scipy's Boschloo test: 5 of 5 against none .00098, 4 against none .0107; no more is no evidence."""
    look = looks([5], 0.95)
    five, four, none = (share(count, look) for count in (5, 4, 0))
    assert p_more(five, none) == pytest.approx(scipy.stats.boschloo_exact([[5, 0], [0, 5]], "greater").pvalue, rel=1e-3)
    assert p_more(four, none) == pytest.approx(scipy.stats.boschloo_exact([[4, 0], [1, 5]], "greater").pvalue, rel=1e-3)
    assert p_more(none, none) == p_more(none, five) == 1.0
    assert p_more(share(0, looks([], 0.95)), five) is None
