"""Dose and response: how much of a graded ingredient is enough."""

from __future__ import annotations

from dataclasses import replace

import pytest
from judgement_cases import FULL, judge, shaped

from ingredients.grid import Cell
from ingredients.judgement import DoseResponse
from ingredients.study import Ingredient, MemoryKind, WipeEvery


def response(ingredient: Ingredient, shapes: dict[object, str]) -> DoseResponse:
    """Returns the one dose-response curve of a study with these levels of one ingredient, all others on."""
    cells = [shaped(replace(FULL, **{ingredient: level}), shape) for level, shape in shapes.items()]  # type: ignore[arg-type]
    (curve,) = judge(*cells).doses
    return curve


def test_the_level_at_which_in_context_learning_appears() -> None:
    """Weakest first, whatever the order of the cells; it appears where every stronger level has it."""
    curve = response(
        "task_distribution", {True: "in-context", 64: "in-context", 16: "none", False: "none", 256: "in-context"}
    )
    assert [dose.level for dose in curve.doses] == ["off", "16", "64", "256", "on"]
    assert curve.appears_at == "64"
    assert curve.sentence == "Task distribution: in-context learning appears between 16 (none) and 64."


def test_a_level_above_which_it_is_lost_is_not_where_it_appears() -> None:
    """In-context at .25, not at .5, again when always shown: it appears for good only at the last."""
    curve = response("reward_observation", {0.25: "in-context", 0.5: "none", True: "in-context"})
    assert curve.appears_at == "on"


def test_what_is_lost_at_the_strongest_level_was_shown_all_the_same() -> None:
    """In-context at .25 and .5, not when always shown: it is not said to be absent."""
    curve = response("reward_observation", {0.25: "in-context", 0.5: "in-context", True: "none"})
    assert curve.appears_at is None
    assert curve.sentence == (
        "Reward observation: in-context learning was shown at 0.25, 0.5, not at the strongest, on (none)."
    )


@pytest.mark.parametrize(
    ("shape", "appears_at", "words"),
    [
        ("none", None, "was not shown at any level tried, and so not at the strongest, on (none)"),
        ("undecided", None, "not at the strongest, on (mixed)"),
        ("in-context", "0.25", "at every level tried"),
    ],
)
def test_nowhere_and_everywhere(shape: str, appears_at: str | None, words: str) -> None:
    """Both ends are said for what they are."""
    curve = response("reward_observation", {0.25: shape, 0.5: shape, True: shape})
    assert curve.appears_at == appears_at
    assert words in curve.sentence


def test_wipes_are_doses_and_kinds_of_memory_are_not() -> None:
    """A state that is wiped every four steps is less than one that is wiped every twenty; an LSTM is another agent."""
    levels = (WipeEvery(20), False, True, MemoryKind("lstm"), WipeEvery(4))
    (curve,) = judge(*(shaped(Cell(True, True, level, True), "none") for level in levels)).doses
    assert [dose.level for dose in curve.doses] == ["off", "wipe_every=4", "wipe_every=20", "on"]


def test_wipes_are_said_in_words() -> None:
    """A sentence for people names no key of a study; memory off is `off`, not a wipe before each step."""
    curve = response("memory", {False: "none", WipeEvery(4): "in-context", True: "in-context"})
    assert curve.sentence == "Memory: in-context learning appears between off (none) and a wipe every 4 steps."


def test_on_and_off_are_no_doses() -> None:
    """Two levels make no curve."""
    assert judge(shaped(FULL, "none"), shaped(FULL.lacking("memory"), "none")).doses == ()


def test_a_grid_without_the_other_ingredients_has_no_doses() -> None:
    """Where no cell has all the others on, there is no level to speak of: nothing is said, and nothing raised."""
    assert judge(shaped(Cell(False, False, True, True), "none")).doses == ()
    assert judge(*(shaped(Cell(0.5, True, level, True), "none") for level in (False, True))).doses == ()


def test_levels_without_the_other_ingredients_are_left_out() -> None:
    """Half of the rewards without memory says nothing of how much reward a learner needs."""
    cells = [Cell(level, True, memory, True) for level in (False, 0.5, True) for memory in (True, False)]
    (curve,) = judge(*(shaped(which, "none") for which in cells)).doses
    assert {dose.cell.memory for dose in curve.doses} == {True}
