"""The judgement on a study, whatever the order of cells and runs."""

from __future__ import annotations

from collections.abc import Sequence

from ingredients.grid import Cell
from ingredients.judgement.beside import passed_by
from ingredients.judgement.cell_results import cell_result
from ingredients.judgement.claims import ClaimInput, claim, leak_claim, storage_claim
from ingredients.judgement.conclusions import FULL, judge_ingredients, minimal_sufficient
from ingredients.judgement.court import Court, by_seed, open_court
from ingredients.judgement.doses import dose_responses
from ingredients.judgement.factorial import factorial
from ingredients.judgement.findings import Judgement, ReferenceResult, Yardstick
from ingredients.judgement.inner import InnerResult, inner_result
from ingredients.judgement.planning import PlanningResult, planning_result
from ingredients.judgement.routes import with_routes
from ingredients.judgement.scores import late
from ingredients.judgement.sentences import notes, of_working_memory, sentence
from ingredients.judgement.unjudged import without_runs
from ingredients.judgement.verdict import Decision, corrected, decide
from ingredients.judgement_input.curves import CellInput
from ingredients.judgement_input.references import References
from ingredients.study import Criterion


def judge_study(cells: Sequence[CellInput], references: References, criterion: Criterion) -> Judgement:
    """Returns the judgement on a study so far (docs/design.md §7).

    Raises:
        StoreError: as for `judgement_input.checks`.
        ValueError: lifetimes of fewer than five episodes.
    """
    court = open_court(cells, references, criterion)
    decisions = corrected([_decision(cell, court) for cell in cells])
    results = tuple(cell_result(cell, decision, court) for cell, decision in zip(cells, decisions, strict=True))
    results = with_routes(results, court)
    by_cell = {result.cell: result for result in results}
    ingredients = judge_ingredients(results, criterion)
    said = sentence(results, ingredients, court.calibration, criterion)
    yardstick = references.roles["yardstick"]
    grounds = ClaimInput(
        by_cell,
        ingredients,
        court.calibration,
        references.leakage,
        references.writable,
        references.working_memory,
    )
    return Judgement(
        scale=court.scale,
        floor=late(court.scale.floor),
        yardstick=Yardstick(yardstick.name, yardstick.exact, court.scale.yardstick_late),
        references=_reference_results(court),
        cells=results,
        ingredients=ingredients,
        minimal_sufficient=minimal_sufficient(results),
        claim=claim(grounds),
        leak_claim=leak_claim(grounds),
        storage_claim=storage_claim(grounds),
        factorial=factorial(by_cell, criterion.confidence),
        doses=dose_responses(by_cell),
        calibration=court.calibration,
        sentence=of_working_memory(said) if references.working_memory else said,
        notes=notes(results, ingredients, court.calibration, criterion, references.leakage),
        inner=_inner(cells, criterion),
        planning=_planning(cells, criterion),
    )


def _inner(cells: Sequence[CellInput], criterion: Criterion) -> dict[Cell, InnerResult]:
    """Returns each cell's algorithm, where measured."""
    found = {cell.cell: inner_result(cell, criterion.confidence) for cell in cells}
    return {cell: result for cell, result in found.items() if result is not None}


def _planning(cells: Sequence[CellInput], criterion: Criterion) -> dict[Cell, PlanningResult]:
    """Returns each cell's signs of planning, where measured."""
    found = {cell.cell: planning_result(cell, criterion.confidence) for cell in cells}
    return {cell: result for cell, result in found.items() if result is not None}


def _decision(cell: CellInput, court: Court) -> Decision:
    """Returns the cell's decision before correction."""
    if not court.calibration.passed:
        return Decision(None, reason=f"not applicable: {court.calibration.reason}", judged=False)
    if not cell.runs:
        return Decision("undecided", reason=without_runs(cell), judged=False)
    return decide(court.classes(cell), cell.failed, court.look(cell))


def _reference_results(court: Court) -> dict[str, ReferenceResult]:
    full = by_seed(court.cells[FULL]) if FULL in court.cells else []
    return {
        name: ReferenceResult(
            name=name,
            exact=reference.exact,
            curve=tuple(reference.curve.tolist()),
            return_=float(reference.curve.sum()),
            expected_return=reference.expected_return,
            passed_by=passed_by(full, reference, court.criterion.confidence),
        )
        for name, reference in court.references.all.items()
    }
