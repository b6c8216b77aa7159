"""Intervals, tests and Holm's correction, against numbers worked out by hand."""

from __future__ import annotations

import math

import numpy as np
import numpy.typing as npt
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import stats

from ingredients.judgement import Interval
from ingredients.judgement.statistics import (
    bca_interval,
    crossed_interval,
    holm,
    iqm_interval,
    p_against,
    paired,
    probability_of_improvement,
    t_interval,
)

SCORES = st.lists(st.floats(-10, 10), min_size=2, max_size=20)


def test_t_interval_of_five_values_by_hand() -> None:
    """Mean 3, s = √2.5, t(4) = 2.776445: the half width is 1.963243."""
    interval = t_interval([1, 2, 3, 4, 5], 0.95)
    assert interval.mean == 3
    assert interval.low == pytest.approx(3 - 1.963243, abs=1e-6)
    assert interval.high == pytest.approx(3 + 1.963243, abs=1e-6)


def test_t_interval_of_two_values_uses_the_cauchy_quantile() -> None:
    """One degree of freedom: t = tan(0.475 π) = 12.7062, times s/√2 = 0.5."""
    assert t_interval([0, 1], 0.95).high == pytest.approx(0.5 + 0.5 * math.tan(0.475 * math.pi))


def test_t_interval_narrows_with_less_confidence() -> None:
    """The 90% quantile t(4) = 2.131847 gives a half width of 1.507443."""
    assert t_interval([1, 2, 3, 4, 5], 0.90).low == pytest.approx(3 - 1.507443, abs=1e-6)


def test_interval_without_variance_is_its_mean() -> None:
    """Equal values collapse to exactly that value, whatever rounding the mean would bring."""
    assert t_interval([0.1] * 3, 0.95) == Interval(0.1, 0.1, 0.1)


def test_one_value_has_a_mean_and_no_bounds() -> None:
    """A single run says nothing about the next."""
    assert t_interval([0.7], 0.95) == Interval(0.7, None, None)


def test_no_value_has_nothing() -> None:
    """An empty cell has no mean either."""
    assert t_interval([], 0.95) == Interval(None, None, None)


@pytest.mark.parametrize("seeds", [5, 10])
def test_nominal_95_percent_covers_94_to_96(seeds: int) -> None:
    """Over 4,000 repetitions on normal data the interval holds the true mean as often as it claims (s.e. 0.34%)."""
    data = np.random.default_rng(7 + seeds).normal(0.3, 0.2, size=(4_000, seeds))
    intervals = [t_interval(row, 0.95) for row in data]
    covered = np.mean([i.low is not None and i.high is not None and i.low <= 0.3 <= i.high for i in intervals])
    assert 0.94 <= covered <= 0.96


def test_p_by_hand() -> None:
    """Five values, mean 3, against 1: t = 2 / 0.707107 = 2.828427 with 4 degrees of freedom, p = 0.047421."""
    assert p_against([1, 2, 3, 4, 5], 1.0) == pytest.approx(0.047421, abs=1e-6)


def test_p_is_scipys() -> None:
    """The one-sample t-test is the textbook's."""
    data = [0.31, 0.12, 0.44, 0.2]
    assert p_against(data, 0.1) == pytest.approx(float(stats.ttest_1samp(data, 0.1).pvalue), rel=1e-12)


@pytest.mark.parametrize(("values", "p"), [([0.1, 0.1], 1.0), ([0.2, 0.2], 0.0), ([0.2], None), ([], None)])
def test_p_without_variance_or_without_runs(values: list[float], p: float | None) -> None:
    """Equal values are at the criterion or they are not; fewer than two values have no p."""
    assert p_against(values, 0.1) == p


@settings(deadline=None, derandomize=True)
@given(SCORES, st.floats(-1, 1))
def test_interval_and_p_say_the_same(values: list[float], delta: float) -> None:
    """The interval leaves δ out where p is below 1 - confidence, and holds it where p is above."""
    interval, p = t_interval(values, 0.95), p_against(values, delta)
    assert interval.low is not None
    assert interval.high is not None
    assert p is not None
    if abs(p - 0.05) > 1e-9:
        assert (p < 0.05) == (delta < interval.low or delta > interval.high)


@settings(deadline=None, derandomize=True)
@given(SCORES, st.data())
def test_order_of_runs_changes_no_bit(values: list[float], data: st.DataObject) -> None:
    """An interval and a p depend on the set of runs, not on how they are listed."""
    shuffled = data.draw(st.permutations(values))
    assert t_interval(shuffled, 0.95) == t_interval(values, 0.95)
    assert p_against(shuffled, 0.1) == p_against(values, 0.1)


def test_holm_by_hand() -> None:
    """Sorted .01 .02 .03 .04 times 4 3 2 1, made monotone: .04 .06 .06 .06, in the order given."""
    assert holm([0.04, 0.01, 0.03, 0.02]) == pytest.approx([0.06, 0.04, 0.06, 0.06])


def test_holm_never_exceeds_one() -> None:
    """Three times .5 is still a probability."""
    assert holm([0.5, 0.5, 0.5]) == (1.0, 1.0, 1.0)


def test_holm_of_nothing_is_nothing() -> None:
    """A study in which every cell is undecided claims nothing."""
    assert holm([]) == ()


def test_paired_differences_are_over_common_seeds_in_order() -> None:
    """Seed 2 is missing on one side and seed 5 on the other."""
    assert paired({3: 1.0, 1: 0.5, 2: 9.0}, {1: 0.25, 3: 0.5, 5: 7.0}) == (0.25, 0.5)


def bounds(interval: Interval | None) -> tuple[float, float]:
    """Returns both bounds of an interval that has them."""
    assert interval is not None
    assert interval.low is not None
    assert interval.high is not None
    return interval.low, interval.high


def test_three_runs_of_two_humps_are_covered_far_less_than_claimed() -> None:
    """Learned (1) or not (0), each with a chance of .7: three equal runs give no width, and miss the mean of .7."""
    data = (np.random.default_rng(3).random((2_000, 3)) < 0.7).astype(float)
    covered = np.mean([low <= 0.7 <= high for low, high in (bounds(t_interval(row, 0.95)) for row in data)])
    assert covered < 0.75


def test_iqm_by_hand() -> None:
    """Of 0 1 2 3 4 5 6 100 the middle four: mean 3.5; winsorised 2 2 2 3 4 5 5 5, s = √(14/7), 3 degrees of freedom.

    The standard error is s / ((1 − 2 · ¼) √8) = 1.41421 / 1.41421 = 1, and t(3) = 3.182446.
    """
    interval = iqm_interval([100, 0, 1, 2, 3, 4, 5, 6], 0.95)
    assert interval.mean == 3.5
    assert bounds(interval) == pytest.approx((3.5 - 3.182446, 3.5 + 3.182446), abs=1e-5)


def test_iqm_is_scipys_trimmed_mean() -> None:
    """The mean without the lowest and the highest quarter."""
    data = np.random.default_rng(0).normal(size=11)
    assert iqm_interval(data, 0.95).mean == pytest.approx(float(stats.trim_mean(data, 0.25)), rel=1e-12)


@pytest.mark.parametrize("values", [[], [0.7], [0.1, 0.3], [0.1, 0.2, 0.6]])
def test_iqm_of_few_runs_is_their_mean(values: list[float]) -> None:
    """A quarter of three runs is none of them."""
    assert iqm_interval(values, 0.95) == t_interval(sorted(values), 0.95)


def test_bca_is_scipys_and_repeats_itself() -> None:
    """Twenty skewed values; the bounds of scipy.stats.bootstrap, method BCa, 4,999 resamples, generator 0."""
    data = [round(math.exp(k / 5), 6) for k in range(20)]
    drawn = stats.bootstrap((np.sort(data),), np.mean, n_resamples=4999, method="BCa", rng=np.random.default_rng(0))
    ours = bounds(bca_interval(data, 0.95))
    assert ours == pytest.approx((drawn.confidence_interval.low, drawn.confidence_interval.high), rel=1e-12)
    assert ours == pytest.approx((7.5316, 18.6073), abs=1e-4)
    assert bounds(bca_interval(data[::-1], 0.95)) == ours


def test_bca_is_for_twenty_runs_and_more() -> None:
    """With few runs the bootstrap is too narrow; equal runs have no spread to draw from."""
    assert bca_interval(list(range(19)), 0.95) is None
    assert bca_interval([0.5] * 20, 0.95) == Interval(0.5, 0.5, 0.5)


def test_crossed_interval_by_hand() -> None:
    """Two runs on three blocks, 1 2 6 and 2 4 6: mean 3.5, MS of runs 1.5, of blocks 10.5, of the rest .5.

    Variance of the mean: (1.5 + 10.5 − .5) / 6 = 1.916667, with 11.5² / (1.5²/1 + 10.5²/2 + .5²/2) = 2.3 degrees.
    """
    interval = crossed_interval(np.array([[1.0, 2.0, 6.0], [2.0, 4.0, 6.0]]), 0.95)
    half = float(stats.t.ppf(0.975, 2.3)) * math.sqrt(11.5 / 6)
    assert interval.mean == 3.5
    assert bounds(interval) == pytest.approx((3.5 - half, 3.5 + half), rel=1e-5)


def test_crossed_interval_covers_where_tasks_differ() -> None:
    """Five runs on twenty blocks that differ as much: 93 to 98 of 100 intervals hold the mean of the distribution.

    That over runs alone holds it far less often, since all runs met the same tasks.
    """
    rng = np.random.default_rng(5)
    crossed, over_runs = [], []
    for _ in range(1_500):
        scores = rng.normal(size=(5, 1)) * 0.1 + rng.normal(size=(1, 20)) * 0.8 + rng.normal(size=(5, 20)) * 0.3
        low, high = bounds(crossed_interval(scores, 0.95))
        crossed.append(low <= 0 <= high)
        low, high = bounds(t_interval(scores.mean(1), 0.95))
        over_runs.append(low <= 0 <= high)
    assert 0.93 <= np.mean(crossed) <= 0.98
    assert np.mean(over_runs) < 0.8


@pytest.mark.parametrize(
    ("scores", "expected"),
    [
        (np.array([[1.0, 2.0]]), Interval(1.5, None, None)),
        (np.array([[1.0], [2.0]]), Interval(1.5, None, None)),
        (np.full((3, 4), 0.5), Interval(0.5, 0.5, 0.5)),
    ],
    ids=["one run", "one block", "no spread"],
)
def test_crossed_interval_of_too_little(scores: npt.NDArray[np.float64], expected: Interval) -> None:
    """One run or one block says nothing of others; equal scores have no spread."""
    assert crossed_interval(scores, 0.95) == expected


def test_probability_of_improvement_by_hand() -> None:
    """1 2 3 against 2 2 0: of nine pairs five are won and two tied: 6 / 9."""
    assert probability_of_improvement([1, 2, 3], [2, 2, 0]) == pytest.approx(6 / 9)
    assert probability_of_improvement([1, 2], [3, 4]) == 0.0
    assert probability_of_improvement([], [1.0]) is None
