"""A study judged: every cell's evidence, the gate, the verdicts with Holm's correction, and the conclusions.

Comes in: the curves of the cells, the references, the criterion. Goes out: a `Judgement`. Runs are paired by seed and
taken in the order of their seeds, so neither the order of the cells nor that of the runs changes a number.
"""

from __future__ import annotations

import math
import statistics
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from ingredients.grid import Cell
from ingredients.judgement.calibration import calibrate, reactive_late, scale_of
from ingredients.judgement.ceilings import ceiling
from ingredients.judgement.conclusions import judge_ingredients, minimal_sufficient
from ingredients.judgement.inputs import INTERNAL, CellInput, References, RunCurves, check, read_references
from ingredients.judgement.results import (
    Calibration,
    CellResult,
    Interval,
    Judgement,
    ReferenceResult,
    RunResult,
    Yardstick,
)
from ingredients.judgement.scores import Hurdle, Scale, Scores, emerges_at, late, score, score_as_floor
from ingredients.judgement.sentences import notes, sentence
from ingredients.judgement.statistics import t_interval
from ingredients.judgement.verdict import (
    Decision,
    Evidence,
    RunEvidence,
    corrected,
    decide,
    learned,
    passes,
    with_failures,
)
from ingredients.study import Criterion, WipeEvery


@dataclass(frozen=True)
class _Court:
    """What every cell of a study is judged with; `scores` by cell in the order of the seeds, empty without a scale."""

    cells: Mapping[Cell, CellInput]
    scores: Mapping[Cell, tuple[Scores, ...]]
    references: References
    scale: Scale
    calibration: Calibration
    criterion: Criterion
    writable: bool


def judge_study(
    cells: Sequence[CellInput], references: Mapping[str, Any], criterion: Criterion, writable: bool
) -> Judgement:
    """Returns the judgement on a study, as far as its runs are there (DESIGN §2).

    Args:
        cells: the study's cells, in the order in which they are to be reported; a cell may have no run yet.
        references: as the store keeps them (`references.json`).
        criterion: δ and the confidence, declared before anything ran.
        writable: whether an agent can write into the environment; then memory off is no hurdle, since it may learn by
            storing things there.

    Raises:
        StoreError: references that cannot be read; curves of unequal length, or with values that are not finite.
        ValueError: lifetimes of fewer than five episodes, which this rule does not judge.
    """
    court = _open(cells, read_references(references), criterion, writable)
    decisions = corrected([_decision(cell, court) for cell in cells], criterion)
    results = tuple(_cell_result(cell, decision, court) for cell, decision in zip(cells, decisions, strict=True))
    ingredients = judge_ingredients(results, criterion)
    yardstick = court.references.roles["yardstick"]
    return Judgement(
        floor=late(court.scale.floor),
        yardstick=Yardstick(yardstick.name, yardstick.exact, court.scale.yardstick_late),
        references=_reference_results(court.references),
        cells=results,
        ingredients=ingredients,
        minimal_sufficient=minimal_sufficient(results),
        calibration=court.calibration,
        sentence=sentence(results, ingredients, court.calibration),
        notes=notes(results, ingredients, court.calibration, criterion),
    )


def _open(cells: Sequence[CellInput], references: References, criterion: Criterion, writable: bool) -> _Court:
    check(cells, references)
    scale = scale_of(references)
    judgeable = cells if scale.usable else ()
    return _Court(
        cells={cell.cell: cell for cell in cells},
        scores={cell.cell: tuple(score(run, scale) for run in _by_seed(cell)) for cell in judgeable},
        references=references,
        scale=scale,
        calibration=calibrate(references, scale, criterion),
        criterion=criterion,
        writable=writable,
    )


def _decision(cell: CellInput, court: _Court) -> Decision:
    """The cell's own decision before any correction, or the reason why there is none."""
    if not court.calibration.passed:
        return Decision(None, reason=f"not applicable: {court.calibration.reason}", judged=False)
    if not cell.runs:
        reason = f"all runs failed ({cell.failed})" if cell.failed else "not run yet"
        return Decision("undecided", reason=reason, judged=False)
    finished = decide(_evidence(cell, court), court.criterion)
    sibling = _sibling(cell, court)
    failed = cell.failed if sibling is None or sibling is cell else cell.failed + sibling.failed
    if not failed:
        return finished
    return with_failures(finished, decide(_evidence(cell, court, failed_as_floor=True), court.criterion), failed)


def _evidence(cell: CellInput, court: _Court, failed_as_floor: bool = False) -> Evidence:
    scores = _scores(cell, court, failed_as_floor)
    hurdle = _hurdle(cell, court, failed_as_floor)
    runs = tuple(_run_evidence(run, hurdle) for run in scores)
    if isinstance(cell.cell.memory, WipeEvery):  # a swap soon before a wipe costs little, whatever was carried
        runs = tuple(replace(run, carried={}) for run in runs)
    return Evidence(runs, hurdle.demanded)


def _run_evidence(scores: Scores, hurdle: Hurdle) -> RunEvidence:
    return RunEvidence(scores.gain, hurdle.beyond(scores), scores.carried)


def _scores(cell: CellInput, court: _Court, failed_as_floor: bool) -> tuple[Scores, ...]:
    finished = court.scores[cell.cell]
    if not failed_as_floor:
        return finished
    carriers = finished[0].carried if finished else [INTERNAL]
    return (*finished, *(score_as_floor(seed, carriers, court.scale) for seed in sorted(cell.failed_seeds)))


def _hurdle(cell: CellInput, court: _Court, failed_as_floor: bool = False) -> Hurdle:
    """The reactive reference and, where nothing can be written into the environment, the memory-off sibling."""
    reactive = reactive_late(court.references, court.scale)
    sibling = _sibling(cell, court)
    late_of_sibling = {run.seed: run.late for run in _scores(sibling, court, failed_as_floor)} if sibling else {}
    return Hurdle(reactive, late_of_sibling, demanded=not court.writable or reactive is not None)


def _sibling(cell: CellInput, court: _Court) -> CellInput | None:
    """The same cell with memory off, where it is in the grid and a hurdle; for a memory-off cell, the cell itself.

    Each kind of memory has its own, of the same architecture, so that D is about what is carried and nothing else.
    """
    return None if court.writable else court.cells.get(cell.cell.lacking("memory"))


def _cell_result(cell: CellInput, decision: Decision, court: _Court) -> CellResult:
    runs = tuple(_run_results(cell, court))
    evidence = _evidence(cell, court) if court.scale.usable else Evidence(())
    in_context = decision.verdict == "in-context"
    return CellResult(
        cell=cell.cell,
        seeds=len(cell.runs),
        failed=cell.failed,
        return_=_interval([run.return_ for run in runs], court),
        early=_interval([run.early for run in runs], court),
        late=_interval([run.late for run in runs], court),
        gain=_interval([run.gain for run in runs], court),
        beyond=_interval(evidence.beyond, court) if evidence.beyond else None,
        carried={carrier: _interval(values, court) for carrier, values in evidence.carried.items()},
        ceiling=ceiling(cell.cell, cell.memory_kind, court.references, court.writable),
        learned=learned(evidence, court.criterion),
        verdict=decision.verdict,
        storage=decision.storage,
        reason=decision.reason,
        p=decision.p,
        p_holm=decision.p_holm,
        in_context_excluded=decision.excluded,
        emerges_at_step=_median([run.emerges_at_step for run in runs]) if in_context else None,
        runs=runs,
    )


def _run_results(cell: CellInput, court: _Court) -> Iterator[RunResult]:
    if not court.scale.usable:
        for run in _by_seed(cell):
            yield RunResult(run.seed, float(run.plain.sum()), None, None, None, None, {}, False, None)
        return
    hurdle = _hurdle(cell, court)
    for run, scores in zip(_by_seed(cell), court.scores[cell.cell], strict=True):
        yield _run_result(run, scores, hurdle, court)


def _run_result(run: RunCurves, scores: Scores, hurdle: Hurdle, court: _Court) -> RunResult:
    learned_alone = passes(_run_evidence(scores, hurdle), hurdle.demanded, court.criterion)
    height = hurdle.height(run.seed)
    emerged = emerges_at(run.points, court.scale, height, court.criterion.gain_above) if learned_alone else None
    return RunResult(
        seed=run.seed,
        return_=float(run.plain.sum()),
        early=scores.early,
        late=scores.late,
        gain=scores.gain,
        beyond=hurdle.beyond(scores),
        carried=scores.carried,
        learned=learned_alone,
        emerges_at_step=emerged,
    )


def _interval(values: Iterable[float | None], court: _Court) -> Interval:
    return t_interval([value for value in values if value is not None], court.criterion.confidence)


def _median(steps: Sequence[int | None]) -> int | None:
    """The median over runs, where a run in which it never emerges counts as later than any step."""
    median = statistics.median(math.inf if step is None else step for step in steps)
    return None if math.isinf(median) else int(median)


def _by_seed(cell: CellInput) -> list[RunCurves]:
    return sorted(cell.runs, key=lambda run: run.seed)


def _reference_results(references: References) -> dict[str, ReferenceResult]:
    return {
        name: ReferenceResult(
            name=name,
            exact=reference.exact,
            curve=tuple(reference.curve.tolist()),
            return_=float(reference.curve.sum()),
            expected_return=reference.expected_return,
        )
        for name, reference in references.all.items()
    }
