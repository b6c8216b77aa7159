"""Ceilings: what each cell could do with the information that it has."""

from __future__ import annotations

import pytest
from judgement_cases import (
    FULL,
    Changes,
    cell,
    jittered,
    judge,
    judge_stored,
    reference,
    references,
    shaped,
    shaped_grid,
)

from ingredients.grid import Cell
from ingredients.judgement import CellInput
from ingredients.study import MemoryKind, WipeEvery

NO_ACTION = FULL.lacking("action_observation")
NO_REWARD = FULL.lacking("reward_observation")


def test_ceilings_say_what_each_of_the_sixteen_cells_could_do() -> None:
    """No reward: the floor; no memory: the best reactive; reward and memory: the yardstick; one task: no incentive."""
    results = {result.cell: result.ceiling for result in judge(*shaped_grid({})).cells}
    for which, ceiling in results.items():
        assert ceiling is not None
        assert ceiling.trainable_incentive == which.task_distribution
        if not which.reward_observation:
            expected = ("exact", 5.0)
        elif which.memory:
            expected = ("exact" if which.action_observation else "bound", 5.0 + 0.4 * 8)
        elif which.action_observation:
            expected = ("best_found", 5.0 + 0.4 * 8 * 0.5)
        else:
            expected = ("best_found", 5.0 + 0.4 * 8 * 0.15)
        assert ceiling.method == expected[0]
        assert ceiling.return_ == pytest.approx(expected[1])
    inferred = results[NO_ACTION]
    assert inferred is not None
    assert "own actions inferred" in inferred.information


@pytest.mark.parametrize(
    ("which", "method"),
    [
        (Cell(0.5, True, True, True), "bound"),
        (Cell(True, True, True, 64), "exact"),
        (Cell(True, True, WipeEvery(4), True), "bound"),
    ],
)
def test_graded_cells_have_the_ceiling_of_the_whole_level_as_a_bound(which: Cell, method: str) -> None:
    """No reference knows half of the rewards: all of them is a bound, and nobody is blamed for being below it."""
    result = judge(shaped(which, "in-context")).cells[0]
    assert result.verdict == "in-context"
    assert result.ceiling is not None
    assert (result.ceiling.method, result.ceiling.reference) == (method, "bayes_optimal")
    assert result.ceiling.information.startswith("at most: ") == (method == "bound")
    assert judge(shaped(which, "none")).cells[0].shortfall is None


def test_where_memory_is_wiped_only_a_swap_that_costs_something_counts() -> None:
    """One that costs nothing may fall on a wipe: the reason says so, and that is neither reactive nor carried."""
    wiped = Cell(True, True, WipeEvery(5), True)
    found = judge(shaped(wiped, "reactive")).cells[0]
    assert found.verdict == "undecided"
    assert "memory is wiped every 5 steps, and the swap half-way falls on a wipe" in (found.reason or "")
    assert judge(shaped(wiped, "none")).cells[0].verdict == "none"


YARDSTICK, REACTIVE = "every reward and action of the lifetime", "the last reward and the last action"


@pytest.mark.parametrize(
    ("level", "kind", "information"),
    [
        (MemoryKind("lstm"), "lstm", YARDSTICK),
        (MemoryKind("lab.memories:Net"), "lab.memories:Net", YARDSTICK),
        (MemoryKind("lstm", carried=False), "lstm", REACTIVE),
        (MemoryKind("window", carried=False), "window", REACTIVE),
        (MemoryKind("none"), "none", REACTIVE),
        (MemoryKind("window"), "window", None),
        (True, "lstm", YARDSTICK),
        (True, "window", None),
        (True, "none", REACTIVE),
        (False, "window", REACTIVE),
    ],
)
def test_the_ceiling_is_that_of_what_the_memory_can_hold(
    level: bool | MemoryKind, kind: str, information: str | None
) -> None:
    """Every state that is carried may hold all; a window holds a part, and no reference knows half a lifetime."""
    result = judge(CellInput(Cell(True, True, level, True), memory_kind=kind)).cells[0]
    assert (result.ceiling.information if result.ceiling else None) == information


def test_a_family_without_the_reference_has_no_ceiling() -> None:
    """Reward alone without memory needs `reactive_reward_only`."""
    which = Cell(True, False, False, True)
    assert judge(cell(which, jittered(0.1)), changes={"reactive_reward_only": None}).cells[0].ceiling is None


def test_who_sees_no_reward_may_know_the_task_otherwise() -> None:
    """Where observations tell tasks apart, the floor is no ceiling of the cells without reward observation."""
    stored = references() | {"floor_without_rewards": False}
    found = judge_stored([cell(NO_REWARD, jittered(0.9)), cell(FULL, jittered(0.9))], stored).cells
    assert {result.cell: result.ceiling is None for result in found} == {NO_REWARD: True, FULL: False}


def test_where_actions_cannot_be_inferred_a_reference_says_what_rewards_alone_are_worth() -> None:
    """`rewards_only`, which a bandit with forced pulls has, is the ceiling of memory without action observation."""
    blind: Changes = {"rewards_only": reference(0.0, 0.0, exact=True)}
    found = judge(cell(NO_ACTION, jittered(0.0)), cell(FULL, jittered(0.9)), changes=blind).cells
    ceilings = {result.cell: result.ceiling for result in found}
    without, full = ceilings[NO_ACTION], ceilings[FULL]
    assert without is not None
    assert full is not None
    assert (without.reference, without.method, without.suffices) == ("rewards_only", "exact", False)
    assert "nothing of the pulls" in without.information
    assert full.reference == "bayes_optimal"
