"""Intervals and tests over runs: pure functions on arrays, the run as the unit.

A lifetime or a task is never the unit: ten thousand evaluation tasks make a run's score precise, but say nothing about
the next seed.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence

import numpy as np
import numpy.typing as npt
import scipy.stats
import scipy.stats.mstats
from scipy import special
from statsmodels.stats.multitest import multipletests

from ingredients.judgement.results import Interval

BOOTSTRAP_FROM = 20
RESAMPLES = 4999
Values = Sequence[float] | npt.NDArray[np.float64]


def t_interval(values: Values, confidence: float) -> Interval:
    """Returns the mean and Student's two-sided interval: mean ± t_{n-1}((1 + confidence) / 2) · s / √n.

    It is exact for normal data at any n and keeps its coverage near nominal for the few seeds that a study can
    afford, where a percentile bootstrap is far too narrow (three runs: 75% instead of 95%). It assumes one hump: a
    mixture of runs that learned and runs that did not gives a wide interval, which is what makes such a cell
    `undecided`.

    Zero variance: two or more equal values give the interval that is just their mean. A deterministic policy on fixed
    tasks really has no spread over seeds. One value has no bounds (None), none has no mean either.
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
    """Returns the interquartile mean with its t interval: of the runs without the lowest and the highest quarter.

    One odd run moves it little, so beside the mean it shows whether the mean is that of most runs. A quarter of n runs
    is ⌊n/4⌋, so below four runs nothing is cut, and it is the mean. The standard error is that of a trimmed mean (Tukey
    & McLaughlin 1963). Equal values and single ones: as in `t_interval`.
    """
    data = np.sort(np.asarray(values, dtype=np.float64))
    cut = data.size // 4
    kept = data[cut : data.size - cut]
    if cut == 0 or kept[0] == kept[-1]:
        return t_interval(kept, confidence)
    low, high = scipy.stats.mstats.trimmed_mean_ci(data, limits=(0.25, 0.25), alpha=1 - confidence)
    return Interval(_mean(kept), float(low), float(high))


def bca_interval(values: Values, confidence: float) -> Interval | None:
    """Returns the mean with its bootstrap interval (BCa, Efron 1987), or None for fewer than 20 values.

    It needs no normal data, but with few runs it is too narrow. The same values give the same bounds.
    """
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
    """Returns the mean of scores `[R, G]` with the interval for both runs and blocks of tasks drawn at random.

    All runs meet the same tasks, so an interval over runs speaks of these tasks. This one speaks of the distribution:
    in the model x = μ + run + block + rest, Var(mean) = (MS_runs + MS_blocks − MS_rest) / RG, with Satterthwaite's
    degrees of freedom (1946; Searle, Casella & McCulloch 1992, §4). A component of variance that comes out negative is
    none. Fewer than two runs or blocks: no bounds.
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
    """Returns the chance that a run of the first is above one of the second, ties half (Mann & Whitney 1947).

    None where either has no run.
    """
    if not len(first) or not len(second):
        return None
    return float(scipy.stats.mannwhitneyu(first, second).statistic) / (len(first) * len(second))


def p_against(values: Values, delta: float) -> float | None:
    """Returns the two-sided p of a one-sample t-test of the mean against `delta`; None for fewer than two values.

    It is below 1 - confidence exactly where `t_interval` leaves `delta` out. Equal values: 1 if they equal `delta`,
    else 0.
    """
    data = np.sort(np.asarray(values, dtype=np.float64))
    if data.size < 2:
        return None
    distance = abs(_mean(data) - delta)
    error = _standard_error(data)
    if error == 0:
        return float(distance == 0)
    return float(2 * special.stdtr(data.size - 1, -distance / error))


def holm(ps: Sequence[float]) -> tuple[float, ...]:
    """Returns the p's adjusted by Holm (1979): the chance that any claim of the family is wrong stays below the level.

    Sixteen verdicts are sixteen chances of a fluke. Holm needs no independence, which cells that share seeds do not
    have.
    """
    if not ps:
        return ()
    return tuple(float(p) for p in multipletests(list(ps), method="holm")[1])


def paired(first: Mapping[int, float], second: Mapping[int, float]) -> tuple[float, ...]:
    """Returns first - second for each seed that both have, in the order of the seeds.

    Cells of a seed share tasks, initial weights and random draws, so the difference sheds what they have in common.
    """
    return tuple(first[seed] - second[seed] for seed in sorted(first.keys() & second.keys()))


def _mean(data: npt.NDArray[np.float64]) -> float:
    """The mean; of equal values exactly that value, which summing and dividing may miss by a bit."""
    return float(data[0] if data[0] == data[-1] else data.mean())


def _standard_error(data: npt.NDArray[np.float64]) -> float:
    return 0.0 if data[0] == data[-1] else float(data.std(ddof=1)) / math.sqrt(data.size)
