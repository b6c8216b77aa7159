"""All that is said of one cell: its scores, intervals, ceiling, probes and runs, beside the decision on it.

Comes in: the court, a cell and its decision. Goes out: a `CellResult`.
"""

from __future__ import annotations

import math
import statistics
from collections.abc import Iterable, Iterator, Sequence

import numpy as np

from ingredients.judgement.calibration import reactive_late
from ingredients.judgement.ceilings import Grounds, ceiling
from ingredients.judgement.court import Court, by_seed, run_evidence
from ingredients.judgement.emergence import Bar, Bars, bar_at_points, emergence
from ingredients.judgement.inputs import CellInput, RunCurves
from ingredients.judgement.probes import probe_results
from ingredients.judgement.results import Ceiling, CellResult, Emergence, Interval, RunResult
from ingredients.judgement.scores import Hurdle, Scores, late
from ingredients.judgement.statistics import bca_interval, crossed_interval, iqm_interval, t_interval
from ingredients.judgement.verdict import Decision, Evidence, learned, passes

_HUMPS_MATTER_BELOW = 10


def cell_result(cell: CellInput, decision: Decision, court: Court) -> CellResult:
    """Returns everything that is said of a cell."""
    runs, confidence = tuple(_run_results(cell, court)), court.criterion.confidence
    evidence = court.evidence(cell) if court.scale.usable else Evidence(())
    in_context, passed = decision.verdict == "in-context", learned(evidence, court.criterion)
    lates = [run.late for run in runs if run.late is not None]
    memorised = _interval(map(_memorised, by_seed(cell)), court)
    top = ceiling(
        cell.cell, cell.memory_kind, Grounds(court.references, court.scale, court.criterion.gain_above, court.writable)
    )
    return CellResult(
        cell=cell.cell,
        seeds=len(cell.runs),
        failed=cell.failed,
        return_=_interval([run.return_ for run in runs], court),
        early=_interval([run.early for run in runs], court),
        late=_interval(lates, court),
        gain=_interval([run.gain for run in runs], court),
        iqm=iqm_interval(lates, confidence),
        bca=bca_interval(lates, confidence),
        crossed=_crossed(cell, confidence),
        gap=_gap(runs, top, court),
        memorised=memorised,
        memorises=_memorises(memorised, court),
        beyond=_interval(evidence.beyond, court) if evidence.beyond else None,
        carried={carrier: _interval(values, court) for carrier, values in evidence.carried.items()},
        ceiling=top,
        learned=passed,
        verdict=decision.verdict,
        storage=decision.storage,
        reason=decision.reason,
        p=decision.p,
        p_holm=decision.p_holm,
        in_context_excluded=decision.excluded,
        emerges_at_step=_median([run.emergence.at for run in runs]) if in_context else None,
        probes=probe_results(by_seed(cell), court.scale, confidence),
        statistics=_statistics(cell, court),
        warnings=(*_warnings(passed, len(cell.runs)), *_beside_ceiling(top, runs, decision, court)),
        runs=runs,
    )


def _run_results(cell: CellInput, court: Court) -> Iterator[RunResult]:
    if not court.scale.usable:
        for run in by_seed(cell):
            earned = float(run.plain.sum())
            yield RunResult(run.seed, earned, None, None, None, None, {}, False, _training_late(run), Emergence())
        return
    hurdle = court.hurdle(cell)
    end = Bar(court.scale, reactive_late(court.references, court.scale))
    bars = Bars(bar_at_points(court.references, end), end, court.criterion.gain_above)
    for run, scores in zip(by_seed(cell), court.scores[cell.cell], strict=True):
        yield _run_result(run, scores, hurdle, bars, court)


def _run_result(run: RunCurves, scores: Scores, hurdle: Hurdle, bars: Bars, court: Court) -> RunResult:
    learned_alone = passes(run_evidence(scores, hurdle), hurdle.demanded, court.criterion)
    emerged = emergence(run.points, bars, hurdle.sibling.get(run.seed))
    return RunResult(
        seed=run.seed,
        return_=float(run.plain.sum()),
        early=scores.early,
        late=scores.late,
        gain=scores.gain,
        beyond=hurdle.beyond(scores),
        carried=scores.carried,
        learned=learned_alone,
        training_late=_training_late(run),
        emergence=emerged if learned_alone or emerged.transient else Emergence(),
    )


def _training_late(run: RunCurves) -> float | None:
    return late(run.training_points[max(run.training_points)]) if run.training_points else None


def _memorised(run: RunCurves) -> float | None:
    trained = _training_late(run)
    return None if trained is None else trained - late(run.plain)


def _memorises(memorised: Interval, court: Court) -> bool:
    """Returns whether a cell does better on its own training tasks by more than δ, beyond doubt.

    They are other tasks than the held-out ones, and by chance as many hundredths easier or harder.
    """
    least = court.criterion.gain_above * court.scale.span if court.scale.usable else 0.0
    return memorised.low is not None and memorised.low > least


def _gap(runs: Sequence[RunResult], top: Ceiling | None, court: Court) -> Interval:
    return _interval([top.return_ - run.return_ for run in runs] if top else [], court)


def _crossed(cell: CellInput, confidence: float) -> Interval | None:
    """Returns the interval with the tasks drawn, too; None where some run lacks its blocks."""
    blocks = [run.blocks for run in by_seed(cell) if run.blocks is not None]
    if not blocks or len(blocks) < len(cell.runs) or len({block.size for block in blocks}) > 1:
        return None
    return crossed_interval(np.stack(blocks), confidence)


def _statistics(cell: CellInput, court: Court) -> dict[str, Interval]:
    """Returns the family's own numbers over runs; a number that some runs lack is over those that have it."""
    runs = by_seed(cell)
    names = dict.fromkeys(name for run in runs for name in run.statistics)
    return {name: _interval((run.statistics.get(name) for run in runs), court) for name in names}


def _warnings(passed: int, seeds: int) -> Iterator[str]:
    """Yields why an interval over these runs may not be what it says."""
    if 0 < passed < seeds < _HUMPS_MATTER_BELOW:
        yield (
            f"{passed} of {seeds} runs learned and the others did not: between two humps an interval of few runs "
            "misses the mean far more often than it says (of three runs, about three times in ten)"
        )


def _beside_ceiling(top: Ceiling | None, runs: Sequence[RunResult], decision: Decision, court: Court) -> Iterator[str]:
    yield from _missed(top, runs, decision, court)
    yield from _exceeded(top, runs, court)


def _missed(top: Ceiling | None, runs: Sequence[RunResult], decision: Decision, court: Court) -> Iterator[str]:
    """Yields that a cell that is not in-context stays well below what its information allows and training asks for.

    "The ingredient was missing" and "the optimiser failed" look alike; this is where it was the latter, by more than δ
    of the return that lies between floor and yardstick.
    """
    ruled_out = decision.verdict in ("none", "reactive") or decision.excluded
    if top is None or not top.trainable_incentive or not runs or not ruled_out:
        return
    returned = float(np.mean([run.return_ for run in runs]))
    roles = court.references.roles
    worth = float(roles["yardstick"].curve.sum() - roles["floor"].curve.sum())
    if top.return_ - returned > court.criterion.gain_above * worth:
        yield (
            f"not learned: a lifetime returns {returned:.1f} of the {top.return_:.1f} that its information allows, so "
            "part of what it lacks is this learner's shortfall, not the missing ingredient's"
        )


def _exceeded(top: Ceiling | None, runs: Sequence[RunResult], court: Court) -> Iterator[str]:
    """Yields that a cell is above its ceiling, by the bound of its interval: a policy that was found is no proof."""
    gap = _gap(runs, top, court)
    if top is not None and top.method != "exact" and gap.high is not None and gap.high < 0:
        returned = float(np.mean([run.return_ for run in runs]))
        yield (
            f"above its ceiling: a lifetime returns {returned:.1f}, the best policy known with its information "
            f"({top.reference}) {top.return_:.1f}; the ceiling is higher than that"
        )


def _interval(values: Iterable[float | None], court: Court) -> Interval:
    return t_interval([value for value in values if value is not None], court.criterion.confidence)


def _median(steps: Sequence[int | None]) -> int | None:
    """The median over runs, where a run in which it never emerges counts as later than any step."""
    median = statistics.median(math.inf if step is None else step for step in steps)
    return None if math.isinf(median) else int(median)
