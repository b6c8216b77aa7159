"""Intervals, tests and Holm's correction, against numbers worked out by hand."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import stats

from ingredients.judgement import Interval
from ingredients.judgement.statistics import holm, p_against, paired, t_interval

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
