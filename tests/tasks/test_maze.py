"""Mazes: shortest ways counted by hand, and walls that leave no square out of reach."""

from __future__ import annotations

import math

import pytest
import torch
from torch import Tensor

from ingredients.study import parse_study
from ingredients.tasks import make_family
from ingredients.tasks.dark_room import DOWN, LEFT, RIGHT, UP, DarkRoom
from ingredients.tasks.maze import distances, draw_walls, pick

NO = math.inf


def drawn(*rows: str) -> Tensor:
    """Returns where a drawing has a wall, `#`."""
    return torch.tensor([[letter == "#" for letter in row] for row in rows])


def at(row: int, column: int, size: int) -> Tensor:
    """Returns one target."""
    target = torch.zeros(size, size, dtype=torch.bool)
    target[row, column] = True
    return target


def test_ways_around_a_wall_are_those_counted_by_hand() -> None:
    """A wall makes the way round; what is shut in is out of reach; all rooms of a batch are searched at once."""
    walls = torch.stack([drawn("....", "###.", "....", ".###"), drawn("..#.", "..#.", "..##", "....")])
    goals = torch.stack([at(2, 0, 4), at(0, 0, 4)])
    assert distances(~walls, goals).tolist() == [
        [[8, 7, 6, 5], [NO, NO, NO, 4], [0, 1, 2, 3], [1, NO, NO, NO]],
        [[0, 1, NO, NO], [1, 2, NO, NO], [2, 3, NO, NO], [3, 4, 5, 6]],
    ]


def test_several_targets_give_the_way_to_the_nearest_and_none_gives_none() -> None:
    """Two targets share the squares between them; a target in a wall cannot be reached."""
    open_squares = torch.ones(3, 3, dtype=torch.bool)
    both = at(0, 0, 3) | at(2, 2, 3)
    assert distances(open_squares, both).tolist() == [[0, 1, 2], [1, 2, 1], [2, 1, 0]]
    shut = open_squares & ~at(0, 0, 3)
    assert distances(shut, at(0, 0, 3)).isinf().all()


def test_walls_leave_no_square_out_of_reach() -> None:
    """From the middle a way leads to every open square, in a thousand dense mazes; what none leads to is wall."""
    walls = draw_walls(torch.rand(1000, 5, 5, generator=torch.Generator().manual_seed(0)), 0.45, 12)
    ways = distances(~walls, at(2, 2, 5).expand(1000, 5, 5))
    assert torch.equal(ways.isfinite(), ~walls)
    assert not walls[:, 2, 2].any()
    assert not walls[:, 1, 2].any()
    shut_in = torch.ones(3, 3)
    shut_in[0, 0] = shut_in[1, 0] = shut_in[0, 1] = 0.0
    corner = draw_walls(shut_in, 0.5, 4)
    assert corner.tolist() == drawn("#..", "#..", "...").tolist()  # the square above the middle stays open


def test_pick_is_uniform_over_what_is_allowed() -> None:
    """Equal shares of [0, 1) go to the allowed squares, in their order."""
    allowed = torch.tensor([False, True, False, True, True]).expand(6, 5)
    uniform = torch.tensor([0.0, 0.33, 0.34, 0.66, 0.67, 0.9999999])
    assert pick(allowed, uniform).tolist() == [1, 1, 3, 3, 4, 4]


def maze(**settings: object) -> DarkRoom:
    """Returns a dark room of a study."""
    tasks = {"family": "dark-room", "episodes": 5, **settings}
    family = make_family(parse_study({"name": "t", "tasks": tasks, "ingredients": {}}, "test").tasks)
    assert isinstance(family, DarkRoom)
    return family


def test_a_wall_stops_the_agent_and_is_not_seen() -> None:
    """Hand-made maze: down is blocked, so the agent stays where it is; the way round earns what its length allows."""
    family = maze(size=3, walls="random", episode_steps=8)
    walls = drawn("...", "...", "##.")
    task = torch.cat([torch.tensor([0.5, 0.0]), walls.flatten().float()])
    state, seen = family.first(task, torch.empty(0))
    blocked = family.step(task, state, torch.tensor(DOWN), torch.empty(0))
    assert (blocked.state.tolist(), blocked.reward.item()) == ([1.0, 1.0], 0.0)
    assert torch.equal(blocked.observation, seen)
    moved = family.step(task, state, torch.tensor(RIGHT), torch.empty(0))
    assert moved.state.tolist() == [1.0, 2.0]
    reached = family.step(task, state, torch.tensor(LEFT), torch.empty(0))
    assert reached.reward.item() == 1.0
    best = family.best_episode_return(task)
    assert best is not None
    assert best.item() == 8.0


def test_the_best_return_is_by_the_way_round() -> None:
    """A goal two squares off as the crow flies and four by the only way: of 8 steps 5 are paid, or 1 at the end."""
    walls = drawn("...#.", "...#.", "...#.", ".....", ".....")
    task = torch.cat([torch.tensor([2 / 4, 4 / 4]), walls.flatten().float()])
    paying, ending = (maze(size=5, walls="random", episode_steps=8, ends_at_goal=ends) for ends in (False, True))
    for family, worth in ((paying, 5.0), (ending, 1.0)):
        best = family.best_episode_return(task)
        assert best is not None
        assert best.item() == worth


def test_tasks_of_a_maze_put_the_goal_where_a_way_leads() -> None:
    """Fixed or random walls: a goal is open, reachable and not the middle; fixed walls are the maze's number."""
    for family in (maze(walls="fixed", maze=1), maze(walls="random")):
        tasks = family.draw_tasks(torch.Generator().manual_seed(0), 300)
        ways = family.ways(tasks)[:, family.middle]
        assert ways.isfinite().all()
        assert (ways > 0).all()
    one, other = (maze(walls="fixed", maze=number).ways(torch.tensor([0.25, 0.5])) for number in (1, 2))
    assert not torch.equal(one.isinf(), other.isinf())


@pytest.mark.parametrize("walls", ["none", "fixed", "random"])
def test_a_random_start_is_any_open_square_but_the_goal(walls: str) -> None:
    """Over many episodes on one task every such square occurs, and no other."""
    family = maze(walls=walls, random_start=True)
    task = family.draw_tasks(torch.Generator().manual_seed(2), 1).expand(3000, -1)
    state, _ = family.first(task, torch.rand(3000, 1, generator=torch.Generator().manual_seed(3)))
    ways = family.ways(task[0])
    assert set(family.square(state).tolist()) == set(torch.nonzero(ways.isfinite() & (ways > 0)).flatten().tolist())


def test_up_and_down_are_rows() -> None:
    """Row 0 is at the top."""
    family = maze(size=3)
    state, _ = family.first(torch.tensor([1.0, 1.0]), torch.empty(0))
    assert family.moved(torch.tensor([1.0, 1.0]), state, torch.tensor(UP)).tolist() == [0.0, 1.0]
