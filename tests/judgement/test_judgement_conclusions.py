"""Ingredients, minimal sufficient sets and sentences, on hand-made maps of verdicts."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace

import numpy as np
import pytest
import scipy.stats
from judgement_cases import (
    ALL_CELLS,
    FULL,
    REACTIVE_LATE,
    cell,
    jittered,
    judge_stored,
    references,
    run,
    shaped,
    shaped_grid,
)

from ingredients.grid import INGREDIENTS, Cell
from ingredients.judgement import CellInput, Judgement
from ingredients.judgement.words import describe, listed
from ingredients.judgement_input.curves import BlockCurves
from ingredients.study import Ingredient, MemoryKind, WipeEvery

R, A, M, T = INGREDIENTS


def without(*names: Ingredient) -> Cell:
    """Returns the full cell without these ingredients."""
    cell = FULL
    for name in names:
        cell = cell.lacking(name)
    return cell


def judge(cells: Iterable[CellInput]) -> Judgement:
    """Judges cells with the made-up references."""
    return judge_stored(list(cells), references())


def necessary(judgement: Judgement) -> list[bool | None]:
    """Returns what is necessary, in the order of the ingredients."""
    return [judgement.ingredients[name].necessary for name in INGREDIENTS]


def of_kind(kind: str, carried: bool = True, which: Cell = FULL) -> Cell:
    """Returns a cell with another kind of memory."""
    return replace(which, memory=MemoryKind(kind, carried))


FLAGSHIP = {FULL: "in-context", without(A): "in-context", without(M): "reactive"}


def test_what_the_essay_expects() -> None:
    """Only the full cell learns: all four are necessary, and nothing less suffices."""
    judgement = judge(shaped_grid({FULL: "in-context", without(M): "reactive"}))
    assert necessary(judgement) == [True, True, True, True]
    assert judgement.minimal_sufficient == (INGREDIENTS,)
    assert judgement.sentence == (
        "In-context learning was shown in 1 of 16 cells (all four ingredients). Reward observation, action "
        "observation, memory and task distribution are needed here. Not learned, below the floor or the ceiling, in 2 "
        "cells (all but action observation; reward observation and task distribution only)."
    )


def test_an_ingredient_that_is_not_needed() -> None:
    """It also learns without seeing its actions: so much for the channel, and a note says what that does not mean."""
    judgement = judge(shaped_grid(FLAGSHIP))
    assert necessary(judgement) == [True, False, True, True]
    assert judgement.minimal_sufficient == ((R, M, T),)
    assert judgement.sentence == (
        "In-context learning was shown in 2 of 16 cells (all four ingredients; all but action observation). "
        "Reward observation, memory and task distribution are needed here. "
        "Action observation is not needed as an explicit channel. "
        "Not learned, below the floor or the ceiling, in 1 cell (reward observation and task distribution only)."
    )
    channels = next(note for note in judgement.notes if "A channel is" in note)
    assert "a channel that is not needed does not refute the essay" in channels
    assert channels.endswith("The leak is not measured here.")


def test_an_undecided_cell_leaves_its_ingredient_open() -> None:
    """Neither needed nor not; the sentence says how many runs are what."""
    judgement = judge(shaped_grid(FLAGSHIP | {without(A): "undecided"}))
    assert necessary(judgement) == [True, None, True, True]
    assert "Action observation is undecided (without it: mixed, 3 of 5 runs learned)." in judgement.sentence
    assert not any("would help" in note for note in judgement.notes), "it stands in the list of advice, once"


def test_two_minimal_sets_and_none_that_holds_another() -> None:
    """With {r, m, t} and {r, a, t} sufficient, the full set and {r, a, t} plus anything are not minimal."""
    shapes = {FULL: "in-context", without(A): "in-context", without(A, R): "in-context", without(T): "in-context"}
    assert judge(shaped_grid(shapes)).minimal_sufficient == ((M, T), (R, A, M))


def test_a_graded_cell_is_in_no_minimal_set() -> None:
    """Half of the rewards is neither with nor without."""
    half = Cell(0.5, True, True, True)
    judgement = judge([shaped(half, "in-context")])
    assert judgement.minimal_sufficient == ()
    assert judgement.sentence.startswith(
        "In-context learning was shown in 1 of 1 cell (reward 0.5 · action on · memory on · tasks on)."
    )


@pytest.mark.parametrize(
    ("shape", "words"),
    [
        ("none", "the agent shows no gain within a lifetime (0 of 5 runs learned)"),
        ("reactive", "the agent reacts but does not learn in context (0 of 5 runs learned)"),
    ],
)
def test_nothing_is_necessary_where_the_full_cell_did_not_learn(shape: str, words: str) -> None:
    """What is absent with all four cannot be missed with three; the null result gets the same care."""
    judgement = judge(shaped_grid({FULL: shape}))
    assert necessary(judgement) == [None] * 4
    assert judgement.sentence.startswith("In-context learning was not shown in any of the 16 cells")
    assert words in judgement.sentence
    assert "nothing follows about the ingredients" in judgement.sentence


def test_a_mixed_full_cell_is_a_finding_and_an_exact_test_says_what_it_lacks() -> None:
    """Three of five learn with all four, none of five without: that is more than luck (Boschloo)."""
    judgement = judge(shaped_grid({FULL: "undecided"}))
    assert "With all four ingredients on runs differ: 3 in-context, 2 none of 5." in judgement.sentence
    memory = judgement.ingredients[M]
    assert (memory.learned_with, memory.learned_without) != (None, None)
    assert memory.p_share == pytest.approx(scipy.stats.boschloo_exact([[3, 0], [2, 5]], "greater").pvalue, rel=1e-2)
    assert memory.necessary is (True if (memory.p_share or 1) <= 0.05 else None)
    two = judge([mixed(FULL, 2, 3), *(shaped(which, "none") for which in ALL_CELLS if which != FULL)]).ingredients[M]
    assert two.necessary is None
    assert "too few runs learn with it (2 of 5, and 0 of 5 without it)" in two.sentence


def test_a_mixed_cell_stands_as_a_finding() -> None:
    """Four of five learn: that is said first, and what the fifth lacks is neither "not learned" nor "not shown"."""
    carried = run(4, REACTIVE_LATE, 0.0, 0.4)
    learners = tuple(run(seed, 0.8, 0.0, 0.5, step_1=0.8, step_2=0.8) for seed in range(4))
    judgement = judge([CellInput(FULL, (*learners, carried))])
    (found,) = judgement.cells
    assert (found.verdict, dict(found.classes)) == ("mixed", {"in-context": 4, "carried": 1})
    assert found.reason == (
        "runs differ: 4 in-context, 1 carried of 5; all improve by what they carry, and not all are "
        "shown to earn more than a reaction could"
    )
    assert judgement.sentence.startswith(
        "In-context learning appeared in some runs of 1 cell (all four ingredients: 4 of 5); that most runs learn was "
        "not shown in the one cell of the grid."
    )
    assert "Not learned" not in judgement.sentence
    assert "Perhaps below the floor or the ceiling, not shown, in 1 cell (all four ingr" in judgement.sentence
    assert (found.shortfall or "").startswith("perhaps short of its ceiling: ")  # one run of five makes it wide
    assert "missing ingredient" not in (found.shortfall or "")  # none is missing
    assert not any("undecided" in note for note in judgement.notes)


def test_four_that_learn_beside_one_that_is_open_are_said_first() -> None:
    """Four of five learn, and the fifth may: the answer does not begin with "not shown in any"."""
    open_ = run(4, REACTIVE_LATE + 0.1, 0.0, 0.4)  # it earns just as much more than a reaction as is asked
    learners = tuple(run(seed, 0.8, 0.0, 0.5) for seed in range(4))
    judgement = judge([CellInput(FULL, (*learners, open_))])
    (found,) = judgement.cells
    assert (found.verdict, dict(found.classes)) == ("undecided", {"in-context": 4, "undecided": 1})
    assert judgement.sentence.startswith(
        "In-context learning appeared in some runs of 1 cell (all four ingredients: 4 of 5); that most runs learn was "
        "not shown in the one cell of the grid. With all four ingredients on it is undecided (4 in-context, 1 undecided"
    )


def test_memory_is_needed_by_what_the_word_means_and_that_is_said() -> None:
    """Runs without memory that are open carry nothing all the same: the report says what is found, and what is not."""
    shapes = shaped_grid({FULL: "in-context"})
    rows = np.linspace(-1, 1, 10)[:, None] * np.array([0.0] * 2 + [0.01] * 8)  # some tasks gain more, some less
    of_runs = [replace(each, on_blocks=BlockCurves(each.plain + rows)) for each in (run(s, 0.1) for s in range(5))]
    open_ = CellInput(FULL.lacking(M), tuple(of_runs))
    judgement = judge([open_ if each.cell == open_.cell else each for each in shapes])
    lacking = next(each for each in judgement.cells if each.cell == open_.cell)
    memory = judgement.ingredients[M]
    assert (lacking.verdict, lacking.in_context_excluded, memory.necessary) == ("undecided", True, True)
    assert "but most runs are shown not to be in-context. The late score is" in memory.sentence
    assert memory.sentence.endswith("What was measured is how much less it earns.")
    assert "by definition" not in judgement.ingredients[A].sentence


def test_an_ingredient_that_only_helps_is_not_called_needed() -> None:
    """Ten of ten learn with it and three of ten without: more often beyond doubt, but not needed by all."""
    cells = [mixed(FULL, 10, 0), mixed(without(A), 3, 7)]
    found = judge(cells).ingredients[A]
    assert found.necessary is None
    assert found.sentence.startswith("Action observation helps: runs learn in context more often with it (10 of 10")


def mixed(which: Cell, learners: int, others: int) -> CellInput:
    """Returns a cell of so many runs that learn and so many on the floor."""
    lates = [0.95] * learners + [0.0] * others
    return CellInput(which, tuple(run(seed, late, 0.0, late / 2) for seed, late in enumerate(lates)))


def test_a_grid_without_the_full_cell_concludes_nothing_about_needs() -> None:
    """A filter that leaves the memory-off half."""
    judgement = judge(shaped(which, "none") for which in ALL_CELLS if not which.memory)
    assert necessary(judgement) == [None] * 4
    assert "The cell with all four ingredients on is not in the grid" in judgement.sentence


def test_a_single_cell() -> None:
    """The full cell alone: it learns, and nothing was tested by leaving it out."""
    judgement = judge([shaped(FULL, "in-context")])
    assert judgement.sentence == (
        "In-context learning was shown in 1 of 1 cell (all four ingredients). Reward observation, action "
        "observation, memory and task distribution are not tested."
    )


def test_a_graded_level_proves_nothing_about_need() -> None:
    """The cell that lacks memory decides, not one that is wiped every four steps; other graded levels do not count."""
    wiped, half = Cell(True, True, WipeEvery(4), True), Cell(0.5, True, False, True)
    judgement = judge([shaped(FULL, "in-context"), shaped(wiped, "in-context"), shaped(half, "in-context")])
    assert judgement.ingredients[M].necessary is None
    assert judgement.sentence.endswith(f"{listed(INGREDIENTS).capitalize()} are not tested.")


def test_other_kinds_of_memory_conclude_nothing_about_the_ingredients() -> None:
    """With the 2^4 grid as expected, kinds that learn, with a channel off too, change no ingredient and no set."""
    grid = shaped_grid({FULL: "in-context", without(M): "reactive"})
    kinds = [of_kind("lstm"), of_kind("window", which=without(R)), of_kind("lstm", carried=False), of_kind("none")]
    shapes = ["in-context", "in-context", "none", "none"]
    judgement = judge([*grid, *map(shaped, kinds, shapes)])
    alone = judge(grid)
    assert judgement.ingredients == alone.ingredients
    assert judgement.minimal_sufficient == alone.minimal_sufficient == (INGREDIENTS,)
    assert [result.verdict for result in judgement.cells[16:]] == shapes
    assert judgement.sentence == (
        "In-context learning was shown in 3 of 20 cells (all four ingredients; all four ingredients [lstm]; all but "
        "reward observation [window]). Reward observation, action observation, memory and task distribution are needed "
        "here. Not learned, below the floor or the ceiling, in 4 cells (all but action observation; all but memory "
        "[lstm-off]; all but memory [none]; and 1 more)."
    )


def test_a_kind_in_place_of_the_full_cell_concludes_nothing() -> None:
    """Where only the LSTM's pair is in the grid, the cell of the agent's own memory is missed."""
    judgement = judge([shaped(of_kind("lstm"), "in-context"), shaped(of_kind("lstm", carried=False), "none")])
    assert necessary(judgement) == [None] * 4
    assert "The cell with all four ingredients on is not in the grid" in judgement.sentence


def test_an_unfinished_study_says_so() -> None:
    """No run at all, and a cell that is still missing."""
    assert judge([CellInput(FULL)]).sentence == "No run has finished, so there is nothing to judge yet."
    assert "1 cell has no finished run." in judge([shaped(FULL, "in-context"), CellInput(without(M))]).notes


def test_failures_are_noted() -> None:
    """They are in no mean, so they are counted in words."""
    notes = judge([cell(FULL, jittered(0.0), failed=2)]).notes
    assert any(note.startswith("2 of 7 runs failed. They are in no mean") for note in notes)


def test_effects_are_paired_over_common_seeds() -> None:
    """Late .9, .8, .7 against .4, .5 for seeds 0 and 1: differences .5 and .3, mean .4, t(1) = 12.7062 times .1."""
    judgement = judge([cell(FULL, [0.9, 0.8, 0.7], carried=0.5), cell(without(M), [0.4, 0.5])])
    effect = judgement.ingredients[M].effect
    assert effect.seeds == 2
    assert effect.mean == pytest.approx(0.4)
    assert effect.low == pytest.approx(0.4 - 12.706205 * 0.1)
    assert effect.p == pytest.approx(0.155958, abs=1e-6)
    assert judgement.ingredients[R].effect.json() == {"mean": None, "low": None, "high": None, "p": None, "seeds": 0}


@pytest.mark.parametrize(
    ("which", "words"),
    [
        (FULL, "all four ingredients"),
        (without(M), "all but memory"),
        (without(R, A), "memory and task distribution only"),
        (without(A, M, T), "reward observation only"),
        (Cell(False, False, False, False), "none of the four ingredients"),
        (Cell(True, True, True, 64), "reward on · action on · memory on · tasks 64"),
        (of_kind("lstm"), "all four ingredients [lstm]"),
        (of_kind("lstm", carried=False), "all but memory [lstm-off]"),
        (of_kind("none", which=without(A)), "reward observation and task distribution only [none]"),
        (Cell(True, True, MemoryKind("lstm"), 64), "reward on · action on · memory lstm · tasks 64"),
    ],
)
def test_cells_in_words(which: Cell, words: str) -> None:
    """Short enough for a sentence."""
    assert describe(which) == words


def test_many_cells_are_not_all_named() -> None:
    """Four are named, fullest first; the rest is counted."""
    judgement = judge(shaped_grid({which: "in-context" for which in ALL_CELLS if which.memory}))
    assert judgement.sentence.startswith("In-context learning was shown in 8 of 16 cells (all four ingredients; ")
    assert "; and 5 more)" in judgement.sentence
