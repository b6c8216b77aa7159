"""Intervals and tests over runs: many tasks say nothing about the next seed."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence

import numpy as np
import numpy.typing as npt
import scipy.stats
import scipy.stats.mstats
from scipy import special

from ingredients.judgement.results import Interval

BOOTSTRAP_FROM = 20
RESAMPLES = 4999
Values = Sequence[float] | npt.NDArray[np.float64]


def t_interval(values: Values, confidence: float) -> Interval:
    """Returns the mean and Student's interval: mean ± t_{n-1}((1 + confidence) / 2) · s / √n.

    It assumes one mode. One value has no bounds, none no mean.
    """
    data = np.sort(np.asarray(values, dtype=np.float64))
    if data.size == 0:
        return Interval(None, None, None)
    mean = _mean(data)
    if data.size == 1:
        return Interval(mean, None, None)
    half = float(special.stdtrit(data.size - 1, (1 + confidence) / 2)) * _standard_error(data)
    return Interval(mean, mean - half, mean + half)


def iqm_interval(values: Values, confidence: float) -> Interval:
    """Returns the mean without ⌊n/4⌋ runs at either end, with its t interval (Tukey & McLaughlin 1963)."""
    data = np.sort(np.asarray(values, dtype=np.float64))
    cut = data.size // 4
    kept = data[cut : data.size - cut]
    if cut == 0 or kept[0] == kept[-1]:
        return t_interval(kept, confidence)
    low, high = scipy.stats.mstats.trimmed_mean_ci(data, limits=(0.25, 0.25), alpha=1 - confidence)
    return Interval(_mean(kept), float(low), float(high))


def bca_interval(values: Values, confidence: float) -> Interval | None:
    """Returns the mean with its BCa bootstrap interval (Efron 1987), for 20 values or more."""
    data = np.sort(np.asarray(values, dtype=np.float64))
    if data.size < BOOTSTRAP_FROM:
        return None
    if data[0] == data[-1]:
        return t_interval(data, confidence)
    drawn = scipy.stats.bootstrap(
        (data,), np.mean, confidence_level=confidence, n_resamples=RESAMPLES, method="BCa", rng=np.random.default_rng(0)
    )
    return Interval(_mean(data), float(drawn.confidence_interval.low), float(drawn.confidence_interval.high))


def crossed_interval(scores: npt.NDArray[np.float64], confidence: float) -> Interval:
    """Returns the mean of scores `[R, G]` with the interval for random runs and random blocks of tasks.

    For x = μ + run + block + rest, Var(mean) = (MS_runs + MS_blocks − MS_rest) / RG; negative components are 0. Degrees
    of freedom: Satterthwaite (Searle, Casella & McCulloch 1992, §4). Fewer than two runs or blocks: no bounds.
    """
    mean = float(scores.mean())
    (runs, blocks) = scores.shape
    if runs < 2 or blocks < 2:
        return Interval(mean, None, None)
    of_run, of_block = scores.mean(1, keepdims=True) - mean, scores.mean(0, keepdims=True) - mean
    rest = (scores - mean - of_run - of_block).ravel()
    freedom = np.array([runs - 1.0, blocks - 1.0, (runs - 1.0) * (blocks - 1.0)])
    by_run, by_block, left = np.array([blocks * (of_run**2).sum(), runs * (of_block**2).sum(), rest @ rest]) / freedom
    counts = np.array([by_run > left or by_block <= left, by_block > left, by_run > left and by_block > left])
    squares = np.array([by_run, by_block, -left]) * counts
    if squares.sum() <= 0:
        return Interval(mean, mean, mean)
    half = special.stdtrit(squares.sum() ** 2 / (squares**2 / freedom).sum(), (1 + confidence) / 2)
    half *= math.sqrt(squares.sum() / scores.size)
    return Interval(mean, mean - float(half), mean + float(half))


def probability_of_improvement(first: Values, second: Values) -> float | None:
    """Returns P(a first run is above a second one), ties half (Mann & Whitney 1947)."""
    if not len(first) or not len(second):
        return None
    return float(scipy.stats.mannwhitneyu(first, second).statistic) / (len(first) * len(second))


def p_against(values: Values, delta: float) -> float | None:
    """Returns the two-sided p of a t-test of the mean against `delta`, matching `t_interval`."""
    data = np.sort(np.asarray(values, dtype=np.float64))
    if data.size < 2:
        return None
    distance = abs(_mean(data) - delta)
    error = _standard_error(data)
    if error == 0:
        return float(distance == 0)
    return float(2 * special.stdtr(data.size - 1, -distance / error))


def holm(ps: Sequence[float]) -> tuple[float, ...]:
    """Returns Holm's (1979) adjusted p's, which need no independence."""
    if not ps:
        return ()
    values = np.asarray(ps, dtype=np.float64)
    ascending = np.argsort(values)
    stepped = np.maximum.accumulate(values[ascending] * np.arange(values.size, 0, -1))
    adjusted = np.empty_like(values)
    adjusted[ascending] = np.minimum(stepped, 1)
    return tuple(adjusted.tolist())


def paired(first: Mapping[int, float], second: Mapping[int, float]) -> tuple[float, ...]:
    """Returns first − second by common seed, whose tasks, weights and draws cancel."""
    return tuple(first[seed] - second[seed] for seed in sorted(first.keys() & second.keys()))


def _mean(data: npt.NDArray[np.float64]) -> float:
    """Returns the mean; exact for equal values."""
    return float(data[0] if data[0] == data[-1] else data.mean())


def _standard_error(data: npt.NDArray[np.float64]) -> float:
    return 0.0 if data[0] == data[-1] else float(data.std(ddof=1)) / math.sqrt(data.size)
