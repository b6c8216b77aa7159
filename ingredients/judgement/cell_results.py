"""All results of one cell, beside its verdict."""

from __future__ import annotations

import math
import statistics
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace

import numpy as np

from ingredients.grid import Cell
from ingredients.judgement.advice import Standing, advice, rising, shortfall
from ingredients.judgement.calibration import reactive_late
from ingredients.judgement.ceilings import CeilingInput, ceiling, graded
from ingredients.judgement.cell_numbers import CellGrounds, numbers_of, training_late
from ingredients.judgement.court import Court, by_seed
from ingredients.judgement.emergence import Bar, Bars, bar_at_points, emergence
from ingredients.judgement.evidence import RunEvidence
from ingredients.judgement.probes import probe_results
from ingredients.judgement.results import Ceiling, CellResult, Emergence, Interval, RunResult
from ingredients.judgement.scores import Hurdle, Scores
from ingredients.judgement.shares import Look, share
from ingredients.judgement.statistics import t_interval
from ingredients.judgement.verdict import Decision
from ingredients.judgement.words import as_agents
from ingredients.judgement_input.curves import CellInput, RunCurves

FULL = Cell(True, True, True, True)


def cell_result(cell: CellInput, decision: Decision, court: Court) -> CellResult:
    """Returns all results of a cell."""
    runs = tuple(_run_results(cell, court))
    confidence = court.criterion.confidence
    look = court.look(cell)
    in_context = decision.verdict == "in-context"
    delta, references = court.criterion.gain_above, court.references
    top = ceiling(cell.cell, cell.memory_kind, CeilingInput(references, court.scale, delta, court.writable))
    rewarded = cell.cell.task_distribution is True and decision.judged
    adapts = decision.adapts
    complete = as_agents(cell.cell) == FULL
    numbers = numbers_of(CellGrounds(cell, runs, top, court))
    standing = Standing(rewarded and not graded(cell.cell), adapts, complete)
    short = shortfall(by_seed(cell), top, standing, references, court.criterion)
    rise = rising(by_seed(cell), _bars(court), confidence) if court.scale.usable else t_interval([], confidence)
    return CellResult(
        cell=cell.cell,
        seeds=len(cell.runs),
        failed=cell.failed,
        return_=_interval([run.return_ for run in runs], court),
        early=_interval([run.early for run in runs], court),
        late=_interval([run.late for run in runs], court),
        gain=_interval([run.gain for run in runs], court),
        numbers=numbers,
        memorises=_memorises(numbers["memorised"], court),
        carried=_carried(runs, court),
        ceiling=top,
        learned=sum(run.learned for run in runs),
        share=share(sum(run.learned for run in runs), look),
        classes=dict(decision.classes),
        verdict=decision.verdict,
        storage=decision.storage,
        reason=decision.reason,
        p=decision.p,
        p_holm=decision.p_holm,
        in_context_excluded=decision.excluded,
        emerges_at_step=_median([run.emergence.at for run in runs]) if in_context else None,
        probes=probe_results(by_seed(cell), court.scale, confidence),
        statistics=_statistics(cell, court),
        warnings=(*((short,) if short else ()), *_exceeded(top, numbers["gap"], runs)),
        runs=runs,
        shortfall=short,
        advice=advice(decision, look, cell.looks, rise, short, court.criterion),
        looks=_looks(cell, look) if decision.judged else (),
    )


def _looks(cell: CellInput, look: Look) -> tuple[int, ...]:
    """Returns the numbers of runs at all looks that could decide."""
    now = {look.runs} if look.needed is not None else set()
    return tuple(sorted({size for size in cell.looks if size < look.runs} | now))


def _run_results(cell: CellInput, court: Court) -> Iterator[RunResult]:
    if not court.scale.usable:
        for run in by_seed(cell):
            earned = float(run.plain.sum())
            yield RunResult(run.seed, earned, None, None, None, None, {}, training_late(run), Emergence())
        return
    hurdle = court.hurdle(cell)
    bars = _bars(court)
    found = zip(by_seed(cell), court.scores[cell.cell], court.classes(cell), court.evidence(cell), strict=True)
    for run, scores, verdict, evidence in found:
        emerged = emergence(run.points, bars, hurdle.sibling.get(run.seed))
        result = _run_result(run, scores, hurdle)
        if not court.calibration.passed:
            yield result
            continue
        yield replace(
            result,
            verdict=verdict.verdict,
            why=verdict.why,
            intervals=_intervals(evidence),
            emergence=emerged if verdict.learned or emerged.transient else Emergence(),
        )


def _run_result(run: RunCurves, scores: Scores, hurdle: Hurdle) -> RunResult:
    """Returns a run's scores, without its class."""
    return RunResult(
        seed=run.seed,
        return_=float(run.plain.sum()),
        early=scores.early,
        late=scores.late,
        gain=scores.gain,
        beyond=hurdle.beyond(scores),
        carried=scores.carried,
        training_late=training_late(run),
        emergence=Emergence(),
    )


def _bars(court: Court) -> Bars:
    end = Bar(court.scale, reactive_late(court.references, court.scale))
    return Bars(bar_at_points(court.references, end), end, court.criterion.gain_above)


def _intervals(evidence: RunEvidence) -> dict[str, Interval]:
    """Returns a run's known intervals over tasks, by name."""
    named = {"gain": evidence.gain, "beyond": evidence.beyond}
    named |= {f"carried ({carrier})": quantity for carrier, quantity in evidence.carried.items()}
    return {name: quantity.interval for name, quantity in named.items() if quantity.side != "unknown"}


def _carried(runs: Sequence[RunResult], court: Court) -> dict[str, Interval]:
    """Returns C over runs, by carriers swapped in every run."""
    of_runs = [
        {name[len("carried (") : -1]: interval.mean for name, interval in run.intervals.items() if "(" in name}
        for run in runs
    ]
    carriers = set.intersection(*(set(each) for each in of_runs)) if of_runs else set()
    return {carrier: _interval([each[carrier] for each in of_runs], court) for carrier in sorted(carriers)}


def _memorises(memorised: Interval | None, court: Court) -> bool:
    """Returns whether a cell is surely better on own training tasks, by more than δ."""
    least = court.criterion.gain_above * court.scale.span if court.scale.usable else 0.0
    return memorised is not None and memorised.low is not None and memorised.low > least


def _statistics(cell: CellInput, court: Court) -> dict[str, Interval]:
    """Returns the family's own numbers over runs."""
    runs = by_seed(cell)
    names = dict.fromkeys(name for run in runs for name in run.statistics)
    return {name: _interval((run.statistics.get(name) for run in runs), court) for name in names}


def _exceeded(top: Ceiling | None, gap: Interval | None, runs: Sequence[RunResult]) -> Iterator[str]:
    """Yields a warning if a cell is above a ceiling only found."""
    if top is None or top.method == "exact" or gap is None or gap.high is None:
        return
    if gap.high < 0:
        returned = float(np.mean([run.return_ for run in runs]))
        yield (
            f"above its ceiling: a lifetime returns {returned:.1f}, the best policy known with its information "
            f"({top.reference}) {top.return_:.1f}; the ceiling is higher than that"
        )


def _interval(values: Iterable[float | None], court: Court) -> Interval:
    return t_interval([value for value in values if value is not None], court.criterion.confidence)


def _median(steps: Sequence[int | None]) -> int | None:
    """Returns the median over runs, None counting as infinity."""
    median = statistics.median(math.inf if step is None else step for step in steps)
    return None if math.isinf(median) else int(median)
