"""The 2⁴ design: main effects and interactions, by hand."""

from __future__ import annotations

import pytest
from judgement_cases import ALL_CELLS, cell, judge

from ingredients.grid import INGREDIENTS, Cell
from ingredients.judgement import CellInput, FactorialEffect

R, A, M, T = INGREDIENTS


def effects(cells: list[CellInput]) -> dict[tuple[str, ...], FactorialEffect]:
    """Returns the effects of a study by the ingredients that they are of."""
    return {effect.names: effect for effect in judge(*cells).factorial}


def scored(late: dict[Cell, float]) -> list[CellInput]:
    """Returns the sixteen cells with two equal runs; those that are not named score 0."""
    return [cell(which, [late.get(which, 0.0)] * 2) for which in ALL_CELLS]


def test_one_cell_of_sixteen_by_hand() -> None:
    """Only the full cell scores, .8: every main effect is its mean of eight, .1, and so is every interaction."""
    found = effects(scored({Cell(True, True, True, True): 0.8}))
    assert len(found) == 15
    assert [effect.effect.mean for effect in found.values()] == pytest.approx([0.1] * 15)


def test_additive_ingredients_do_not_interact() -> None:
    """Memory adds .5 and reward .25 wherever they are: main effects .5 and .25, and nothing else."""
    late = {which: 0.5 * bool(which.memory) + 0.25 * bool(which.reward_observation) for which in ALL_CELLS}
    found = {names: effect.effect.mean for names, effect in effects(scored(late)).items()}
    assert found[(M,)] == pytest.approx(0.5)
    assert found[(R,)] == pytest.approx(0.25)
    assert [mean for names, mean in found.items() if names not in ((M,), (R,))] == pytest.approx([0.0] * 13, abs=1e-12)


def test_an_interaction_is_half_of_what_one_does_more_with_the_other() -> None:
    """Memory is worth .6 with reward and .2 without: main effect .4, interaction (.6 − .2) / 2 = .2."""
    worth = {True: 0.6, False: 0.2}
    late = {which: worth[bool(which.reward_observation)] * bool(which.memory) for which in ALL_CELLS}
    found = effects(scored(late))
    assert found[(M,)].effect.mean == pytest.approx(0.4)
    assert found[(R, M)].effect.mean == pytest.approx(0.2)
    assert found[(R, M, T)].effect.mean == pytest.approx(0.0, abs=1e-12)


def test_ingredients_that_undo_each_other_have_a_negative_interaction() -> None:
    """.4 with either and 0 with both or neither: no main effect, and an interaction of −.4."""
    late = {which: 0.4 * (bool(which.memory) != bool(which.action_observation)) for which in ALL_CELLS}
    found = effects(scored(late))
    assert found[(M,)].effect.mean == pytest.approx(0.0, abs=1e-12)
    assert found[(A, M)].effect.mean == pytest.approx(-0.4)


def test_effects_are_taken_seed_by_seed() -> None:
    """Memory is worth .5 in seed 0 and .7 in seed 1: mean .6, bounds ± .1 · 12.7062 (one degree of freedom)."""
    cells = [cell(which, [0.5 * bool(which.memory), 0.7 * bool(which.memory)]) for which in ALL_CELLS]
    effect = effects(cells)[(M,)].effect
    assert effect.seeds == 2
    assert effect.mean == pytest.approx(0.6)
    assert effect.low == pytest.approx(0.6 - 1.27062, abs=1e-5)
    assert effect.high == pytest.approx(0.6 + 1.27062, abs=1e-5)


def test_only_seeds_that_finished_every_cell_count() -> None:
    """A design with holes is not balanced: a seed that one cell lacks is left out of all."""
    cells = [cell(which, [0.5 * bool(which.memory)] * (3 if which.memory else 2)) for which in ALL_CELLS]
    assert {effect.effect.seeds for effect in effects(cells).values()} == {2}


def test_without_the_whole_grid_there_are_no_effects() -> None:
    """Fifteen cells are no 2⁴ design; nor are sixteen without a seed in common."""
    assert effects(scored({})[1:]) == {}
    assert effects([*scored({})[1:], CellInput(ALL_CELLS[0])]) == {}
