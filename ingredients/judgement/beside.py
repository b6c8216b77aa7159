"""How much more agents return than a reference on the same tasks."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
import numpy.typing as npt
from scipy import special

from ingredients.judgement.results import Interval
from ingredients.judgement.statistics import t_interval
from ingredients.judgement_input.curves import RunCurves
from ingredients.judgement_input.references import ReferenceCurves

Blocks = npt.NDArray[np.float64]


def passed_by(runs: Sequence[RunCurves], reference: ReferenceCurves, confidence: float) -> Interval:
    """Returns how much more `runs` return than `reference`, raw.

    Without stored blocks of tasks the interval is over runs alone.
    """
    agents, policy = _stacked(runs), _stacked(reference.runs)
    if agents is None or policy is None or agents.shape[1] != policy.shape[1]:
        earned = np.array([run.plain.sum() for run in runs])
        return t_interval(earned - float(reference.curve.sum()), confidence)
    return paired_interval(agents, policy, confidence)


def paired_interval(first: Blocks, second: Blocks, confidence: float) -> Interval:
    """Returns mean(first) − mean(second) for `[R, G]` and `[L, G]` on the same G blocks, rows and blocks random.

    The variance, for x = μ + row + block + rest, is

        σ²_row(first) / R + σ²_row(second) / L + s² / G,

    with s² that over blocks of the difference of means, and σ²_row = (MS_rows − MS_rest) / G or 0. Degrees of freedom:
    Satterthwaite (1946). Fewer than two runs or blocks: no bounds.
    """
    difference = first.mean(0) - second.mean(0)
    mean = float(difference.mean())
    blocks = difference.size
    if first.shape[0] < 2 or blocks < 2:
        return Interval(mean, None, None)
    terms = [*_row_terms(first), *_row_terms(second), _Term(float(difference.var(ddof=1)) / blocks, blocks - 1.0)]
    variance = sum(term.variance for term in terms)
    if variance <= 0:
        return Interval(mean, mean, mean)
    freedom = variance**2 / sum(term.variance**2 / term.freedom for term in terms)
    half = float(special.stdtrit(freedom, (1 + confidence) / 2)) * math.sqrt(variance)
    return Interval(mean, mean - half, mean + half)


class _Term(NamedTuple):
    variance: float
    freedom: float


def _row_terms(scores: Blocks) -> tuple[_Term, ...]:
    """Returns the rows' part of the variance; none if not positive."""
    rows, blocks = scores.shape
    if rows < 2:
        return ()
    of_row = scores.mean(1) - scores.mean()
    rest = scores - scores.mean(1, keepdims=True) - scores.mean(0) + scores.mean()
    by_row = blocks * float((of_row**2).sum()) / (rows - 1)
    left = float((rest**2).sum()) / ((rows - 1) * (blocks - 1))
    if by_row <= left:
        return ()
    return _Term(by_row / (rows * blocks), rows - 1.0), _Term(-left / (rows * blocks), (rows - 1.0) * (blocks - 1.0))


def _stacked(runs: Sequence[RunCurves]) -> Blocks | None:
    """Returns the blocks of all runs, `[R, G]`, if stored and of equal size."""
    blocks = [run.blocks for run in runs if run.blocks is not None]
    if not blocks or len(blocks) < len(runs) or len({block.size for block in blocks}) > 1:
        return None
    return np.stack(blocks)
