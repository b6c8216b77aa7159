"""The references of dark rooms: sweeps counted by hand, a search that remembers, the rule's judgement on them."""

from __future__ import annotations

import pytest
import torch
from torch import Tensor

from ingredients.references import evaluate_references, references_for
from ingredients.references.dark_room import is_sweep, sweep_return
from ingredients.references.dark_room_policies import Search, Wander, ring, spiral
from ingredients.references.simulation import simulate
from ingredients.tasks.dark_room import DOWN, LEFT, MOVES, RIGHT, STAY, UP, DarkRoom


def goals(size: int) -> Tensor:
    """Returns each goal of a room once, `[n² − 1, 2]`."""
    squares = torch.tensor([square for square in range(size**2) if square != size // 2 * size + size // 2])
    return torch.stack([squares // size, squares % size], -1) / (size - 1)


def walk(table: Tensor, size: int, start: int, steps: int) -> list[int]:
    """Returns the squares on which a table's steps end."""
    square, walked = start, []
    for _ in range(steps):
        row, column = (square // size, square % size)
        by_row, by_column = MOVES[int(table[square])]
        square = (row + by_row) * size + column + by_column
        walked.append(square)
    return walked


def test_a_spiral_of_three_by_three() -> None:
    """Up, left, two down, two right, two up, and stay."""
    assert spiral(3).tolist() == [DOWN, LEFT, STAY, DOWN, UP, UP, RIGHT, RIGHT, UP]


@pytest.mark.parametrize("size", [2, 3, 4, 5, 6, 9])
def test_a_spiral_steps_on_every_other_square_once(size: int) -> None:
    """From the middle, n² − 1 steps reach n² − 1 squares."""
    middle = size // 2 * size + size // 2
    walked = walk(spiral(size), size, middle, size**2 - 1)
    assert sorted([*walked, middle]) == list(range(size**2))


@pytest.mark.parametrize("size", [2, 3, 4, 5, 6])
def test_a_ring_comes_back_only_when_it_has_been_around(size: int) -> None:
    """From any square, fewer steps than the way around has squares never step on one twice."""
    around = size * (size - size % 2)
    for start in range(size**2):
        walked = walk(ring(size), size, start, around - 1)
        assert len({start, *walked}) == around


def test_the_floor_is_the_sweep_counted_by_hand() -> None:
    """3 × 3, 4 steps: of 8 goals four are met; seen, they pay 4 + 3 + 2 + 1; unseen, 1 each; an ending pays 1."""
    seen, unseen, ending = DarkRoom(3, 5, 4, goal_shown=True), DarkRoom(3, 5, 4), DarkRoom(3, 5, 4, ends_at_goal=True)
    for family, paid in ((seen, 10.0), (unseen, 4.0), (ending, 4.0)):
        assert is_sweep(family)
        assert sweep_return(family) == pytest.approx(5 * paid / 8)
        assert simulate(family, Wander(family, spiral(3)), goals(3), 0).none == pytest.approx([paid / 8] * 5)
    assert sweep_return(DarkRoom(5, 6, 10, goal_shown=True)) == pytest.approx(6 * 55 / 24)
    assert sweep_return(DarkRoom(3, 5, 20, goal_shown=True)) == pytest.approx(5 * sum(range(13, 21)) / 8)


def test_where_nothing_tells_a_constant_move_is_the_floor() -> None:
    """No position, no goal seen: every step off the middle earns 1 / (n² − 1), whatever one does."""
    family = DarkRoom(5, 5, 6, position_shown=False)
    floor = next(reference for reference in references_for(family).all if reference.name == "wander")
    assert floor.exact
    assert floor.curves(goals(5), 0).none == pytest.approx([6 / 24] * 5)
    assert floor.expected_return == pytest.approx(5 * 6 / 24)


def test_a_reactive_wanderer_stays_where_it_is_paid() -> None:
    """r_{t-1} tells what a shown goal tells, so it earns the sweep of a room whose goal is shown."""
    family = DarkRoom(3, 5, 4)
    assert simulate(family, Wander(family, spiral(3), reads_reward=True), goals(3), 0).none == pytest.approx(
        [10 / 8] * 5
    )


@pytest.mark.parametrize(
    "family",
    [
        DarkRoom(3, 6, 4),
        DarkRoom(3, 6, 4, goal_shown=True),
        DarkRoom(3, 6, 4, position_shown=False),
        DarkRoom(3, 6, 4, random_start=True),
    ],
)
def test_a_search_remembers_and_then_takes_the_shortest_way(family: DarkRoom) -> None:
    """3 × 3, 4 steps: it begins as a sweep, after two episodes more it earns the oracle's, and a swap misleads it."""
    table = ring(3) if family.random_start else spiral(3)
    curves = simulate(family, Search(family, table), goals(3).repeat(20, 1), 0)
    oracle = next(reference for reference in references_for(family).all if reference.name == "oracle")
    best = oracle.curves(goals(3), 0).none
    if not family.random_start:
        assert curves.none[0] == pytest.approx(10 / 8)
        assert curves.none[3:] == pytest.approx([(4 * 4 + 4 * 3) / 8] * 3) == best[3:]
    assert curves.none[-1] == pytest.approx(best[-1], abs=0.15)
    assert sum(curves.memory_swap[3:]) < sum(curves.none[3:]) - 1


def test_a_search_finds_its_way_in_mazes() -> None:
    """Walls that it ran into it goes around: late it earns what the shortest way does, but for some detours."""
    for family in (DarkRoom(5, 8, 14, walls="random"), DarkRoom(5, 8, 14, walls="fixed", maze=1)):
        tasks = family.draw_tasks(torch.Generator().manual_seed(0), 200)
        best = family.best_episode_return(tasks)
        assert best is not None
        curve = simulate(family, Search(family, spiral(5)), tasks, 0).none
        assert curve[-1] > 0.97 * float(best.mean())
        assert curve[0] < 0.6 * curve[-1]


def test_an_oracle_averages_over_random_starts() -> None:
    """2 × 2, 3 steps, goal in a corner: two squares are one step away, one is two: (3 + 3 + 2) / 3."""
    family = DarkRoom(2, 5, 3, random_start=True)
    oracle = next(reference for reference in references_for(family).all if reference.name == "oracle")
    assert oracle.curves(torch.tensor([[0.0, 0.0]]), 0).none == pytest.approx([8 / 3] * 5)


def test_what_the_store_keeps() -> None:
    """Roles and labels: a sweep is exact, a search is not, and nothing can be written on."""
    family = DarkRoom(3, 5, 4, goal_shown=True)
    kept = evaluate_references(family, goals(3), at_points=8, simulated_runs=2)
    assert (kept["floor"], kept["reactive"], kept["yardstick"]) == ("wander", "reactive", "search")
    assert (kept["writable"], kept["held_out"]) == (False, False)
    assert [name for name, r in kept["references"].items() if r["exact"]] == ["wander", "oracle"]
