"""Intervals and tests over runs: pure functions on arrays, the run as the unit.

Comes in: one number a run. Goes out: a mean with its interval, a p, p's adjusted for a family. A lifetime or a task
is never the unit: ten thousand evaluation tasks make a run's score precise, but say nothing about the next seed.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence

import numpy as np
import numpy.typing as npt
from scipy import special
from statsmodels.stats.multitest import multipletests

from ingredients.judgement.results import Interval

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


def p_against(values: Values, delta: float) -> float | None:
    """Returns the two-sided p of a one-sample t-test of the mean against `delta`; None for fewer than two values.

    It is below 1 - confidence exactly where `t_interval` leaves `delta` out. Equal values: 1 if they equal `delta`,
    else 0.
    """
    data = np.sort(np.asarray(values, dtype=np.float64))
    if data.size < 2:
        return None
    distance, error = abs(_mean(data) - delta), _standard_error(data)
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
