"""The essay's claim 1, why an ingredient is needed, and what makes an interval doubtful."""

from __future__ import annotations

from dataclasses import replace

import pytest
from judgement_cases import ALL_CELLS, FULL, Changes, cell, jittered, judge, shaped, shaped_grid, stored_outside

from ingredients.grid import INGREDIENTS, Cell
from ingredients.judgement import CellInput, Claim, Judgement

R, A, M, T = INGREDIENTS
NO_ACTION = FULL.lacking(A)
OUTSIDE = cell(FULL.lacking(M), jittered(0.95))
ALL_LEARN = shaped_grid({FULL: "in-context", OUTSIDE.cell: "reactive"})


def claimed(shapes: dict[Cell, str]) -> Claim:
    """Returns the claim on the sixteen cells; those that are not named are `none`."""
    return judge(*shaped_grid(shapes)).claim


def test_claim_1_is_supported_where_no_cell_learns_without_an_ingredient() -> None:
    """The full cell and its four neighbours prove it."""
    claim = claimed({FULL: "in-context", FULL.lacking(M): "reactive"})
    assert claim.status == "supported"
    assert claim.cells == (FULL, *(FULL.lacking(name) for name in INGREDIENTS))
    assert claim.sentence == (
        "Claim 1 of the essay (all four ingredients are required) is supported here: agents with all four learn in "
        "context, agents without any one do not."
    )


def test_a_channel_whose_routes_were_not_measured_leaves_claim_1_open() -> None:
    """The cell learns without the explicit channel; how it has the ingredient was not measured, and is not guessed."""
    claim = claimed({FULL: "in-context", NO_ACTION: "in-context"})
    assert (claim.status, claim.cells) == ("undecided", (NO_ACTION,))
    assert "by which route it has action observation is undecided. Leaked: the leak was not measured." in claim.sentence


def test_claim_1_is_contradicted_where_one_training_task_is_enough() -> None:
    """It learns in context without a distribution, and there is no other route to one."""
    claim = claimed({FULL: "in-context", FULL.lacking(T): "in-context"})
    assert (claim.status, claim.cells) == ("contradicted", (FULL.lacking(T),))
    assert claim.sentence.endswith("has task distribution by no route. Shown: one training task.")


def test_an_agent_without_memory_whose_environment_is_its_memory_has_one_by_that_route() -> None:
    """It learns with memory off by what it has written outside: that contradicts nothing, and supports claim 3."""
    runs = [stored_outside(each) for each in OUTSIDE.runs]
    cells = [replace(OUTSIDE, runs=tuple(runs)) if each.cell == OUTSIDE.cell else each for each in ALL_LEARN]
    found = judge(*cells, writable=True)
    assert found.claim.status == "channel not needed (environment)"
    assert "learns in context, and its memory is its environment. Environment: score lost by" in found.claim.sentence
    assert (found.storage_claim.status, found.storage_claim.cells) == ("supported", (OUTSIDE.cell,))


def test_an_undecided_neighbour_leaves_claim_1_open() -> None:
    """That cell leaves it open."""
    claim = claimed({FULL: "in-context", FULL.lacking(R): "undecided"})
    assert (claim.status, claim.cells) == ("undecided", (FULL.lacking(R),))
    assert "is undecided, because cell 'all but reward observation' is mixed." in claim.sentence


@pytest.mark.parametrize(("shape", "itself"), [("none", "none"), ("reactive", "reactive")])
def test_a_full_cell_that_does_not_learn_proves_nothing(shape: str, itself: str) -> None:
    """All that can be said is that this agent did not learn."""
    claim = claimed({FULL: shape})
    assert (claim.status, claim.cells) == ("undecided", (FULL,))
    assert f"is {itself} itself" in claim.sentence


def test_a_full_cell_that_can_only_be_none_or_reactive_asks_for_no_seeds() -> None:
    """Its gain straddles δ, but D is far below: in-context is ruled out, whatever more seeds would say."""
    cells = [cell(which, [0.05, 0.2] * 3) if which == FULL else shaped(which, "none") for which in ALL_CELLS]
    judged = judge(*cells)
    full = next(result for result in judged.cells if result.cell == FULL)
    assert (full.verdict, full.in_context_excluded) == ("mixed", True)
    assert (full.reason or "").startswith("runs differ: 3 reactive, 3 none")
    assert judged.claim.status == "undecided"


def test_claim_1_needs_five_cells() -> None:
    """A grid without a neighbour does not test it; neither does one whose references failed the gate."""
    assert judge(shaped(FULL, "in-context")).claim.status == "not applicable"
    flat: Changes = {"bayes_optimal": {"exact": True, "expected_return": None, "curves": {"none": [[0.5] * 10]}}}
    assert judge(*shaped_grid({}), changes=flat).claim.status == "not applicable"


def needs(shapes: dict[Cell, str]) -> Judgement:
    """Returns the judgement on sixteen cells of which the full one learns."""
    return judge(*shaped_grid({FULL: "in-context", **shapes}))


def test_why_an_ingredient_is_needed() -> None:
    """By information where the ceiling is no higher than the hurdle, by training where it is and was not reached.

    Without memory the ceiling *is* the hurdle: to compare it with itself shows nothing. It is so by definition.
    """
    found = needs({FULL.lacking(M): "reactive"}).ingredients
    assert [found[name].because for name in INGREDIENTS] == ["information", "training", "definition", "training"]
    assert found[M].sentence.startswith("Memory is needed here. Without it")
    assert found[T].proof == (FULL, FULL.lacking(T))
    assert found[R].sentence.endswith("With the information that is left, no policy could do better than a reaction.")
    assert found[T].sentence.endswith("training on one task gives it no reason to adapt.")
    assert "The information that is left would allow more, and training did not bring it about." in found[A].sentence


def test_an_ingredient_that_is_not_needed_has_one_cell_as_proof() -> None:
    """The cell that learns without it; for a channel the sentence says that only the explicit one was off."""
    found = needs({NO_ACTION: "in-context"}).ingredients[A]
    assert (found.necessary, found.because, found.proof) == (False, None, (NO_ACTION,))
    assert found.sentence.startswith("Action observation is not needed here as an explicit channel. Without it")


def test_probability_of_improvement_stands_beside_the_effect() -> None:
    """Every run of the full cell is above every run without memory."""
    assert needs({}).ingredients[M].improvement == 1.0


def test_sentences_where_nothing_can_be_concluded() -> None:
    """A neighbour that is not in the grid, one that is undecided, and a full cell that did not learn."""
    assert "not tested" in judge(shaped(FULL, "in-context")).ingredients[M].sentence
    undecided = needs({FULL.lacking(R): "undecided"}).ingredients[R].sentence
    assert "undecided, because the cell without it is mixed (3 in-context, 2 none of 5 runs)" in undecided
    assert "nothing follows" in judge(*shaped_grid({})).ingredients[M].sentence


def test_a_cell_of_learners_and_others_is_mixed() -> None:
    """Three of five learned: both groups are shown, with what that says of the share of learners."""
    result = judge(shaped(FULL, "undecided")).cells[0]
    assert (result.verdict, result.learned, dict(result.classes)) == ("mixed", 3, {"in-context": 3, "none": 2})
    assert (result.share.low, result.share.high) == pytest.approx((0.189, 0.924), abs=1e-3)
    assert any(line.startswith("more seeds: these show only that ") for line in result.advice)
    assert judge(shaped(FULL, "in-context")).cells[0].advice == ()


def test_a_cell_far_below_its_ceiling_is_the_learners_shortfall() -> None:
    """Without memory .5 can be had: none is warned of, reactive near it is not, nor cells of one task or no rewards."""
    cells = {FULL: "in-context", FULL.lacking(A): "in-context", FULL.lacking(M): "none"}
    by_cell = {result.cell: result for result in judge(*shaped_grid(cells)).cells}
    (warning,) = by_cell[FULL.lacking(M)].warnings
    assert warning.startswith("not learned: a lifetime returns 5.0 of the 6.6 that its information allows")
    warned = {which for which, result in by_cell.items() if result.warnings}
    assert warned == {FULL.lacking(M), FULL.lacking(M).lacking(A)}
    reactive = judge(*shaped_grid({**cells, FULL.lacking(M): "reactive"})).cells
    assert {result.cell for result in reactive if result.warnings} == {FULL.lacking(M).lacking(A)}


def test_few_seeds_are_noted() -> None:
    """Below five no count says what most runs would be."""
    three = judge(CellInput(FULL, cell(FULL, [0.9, 0.95, 0.92], carried=0.5).runs))
    assert any(note.startswith("Some cell has only 3 seeds") for note in three.notes)
    one = judge(CellInput(FULL, cell(FULL, [0.9], carried=0.5).runs))
    assert any("one seed" in note for note in one.notes)
    assert not any("Some cell has" in note for note in judge(cell(FULL, jittered(0.9), carried=0.5)).notes)
