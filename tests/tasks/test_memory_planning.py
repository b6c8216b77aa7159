"""The memory & planning game: what is drawn, what a step does, and what knowing the map is worth."""

from __future__ import annotations

import itertools
import math

import pytest
import torch
from torch import Tensor

from ingredients.agent.memory.transitions import Transitions
from ingredients.errors import StudyError
from ingredients.study import parse_study
from ingredients.tasks.memory_planning import COLLECT, MemoryPlanning
from ingredients.tasks.torus import DOWN, LEFT, RIGHT, UP, distances, draw_graph, neighbours
from ingredients.training.setup import prepare

BACK = {UP: DOWN, DOWN: UP, LEFT: RIGHT, RIGHT: LEFT}


def mazes(family: MemoryPlanning, count: int) -> Tensor:
    """Returns `[count, D]` tasks."""
    return family.draw_tasks(torch.Generator().manual_seed(0), count)


def game(size: int, walls: int, episodes: int = 10) -> MemoryPlanning:
    """Returns a game of 10 steps a stretch."""
    return MemoryPlanning(episodes, 10, size, walls)


def test_moves_lead_around_the_torus() -> None:
    """On 3 × 3 places the first row is above the second and below the third; so with columns."""
    around = neighbours(3)
    assert around[0].tolist() == [6, 3, 2, 1]
    assert around[8].tolist() == [5, 2, 7, 6]


@pytest.mark.parametrize(("size", "walls"), [(3, 0), (3, 10), (4, 0), (4, 12), (4, 17), (5, 26)])
def test_a_way_leads_everywhere_among_as_many_walls_as_are_asked_for(size: int, walls: int) -> None:
    """Of 300 mazes each has exactly so many closed edges, closed from both ends; all places are in reach."""
    graph = draw_graph(torch.rand(300, size**2, 2, generator=torch.Generator().manual_seed(1)), walls)
    place, around = torch.arange(size**2).unsqueeze(-1), neighbours(size)
    shut = graph == place
    assert (shut.sum((1, 2)) == 2 * walls).all()
    assert torch.equal(torch.where(shut, around, graph), around.expand_as(graph))
    for move, back in BACK.items():
        assert torch.equal(shut[:, :, move], shut[:, around[:, move], back])
    assert distances(graph).isfinite().all()
    if walls:
        assert len({tuple(maze.flatten().tolist()) for maze in graph}) > 290


def test_every_edge_is_closed_as_often_as_any_other() -> None:
    """The torus looks the same from everywhere: over 4000 mazes 12 of 32 edges are closed, whichever edge one takes."""
    graph = draw_graph(torch.rand(4000, 16, 2, generator=torch.Generator().manual_seed(2)), 12)
    share = (graph == torch.arange(16).unsqueeze(-1)).double().mean(0)
    assert (share - 12 / 32).abs().max() < 4.5 * math.sqrt(12 / 32 * 20 / 32 / 4000)


def test_labels_are_shuffled_for_every_lifetime() -> None:
    """Of 2000 open mazes a label has each other label on its right equally often, and moves still undo one another."""
    family = game(3, 0)
    graph = family.graph(mazes(family, 2000))
    share = torch.bincount(graph[:, 4, RIGHT], minlength=9).double() / 2000
    assert share[4] == 0
    assert (share[share > 0] - 1 / 8).abs().max() < 4.5 * math.sqrt(7 / 64 / 2000)
    there = graph[:, :, RIGHT]
    assert torch.equal(graph[:, :, LEFT].gather(1, there), torch.arange(9).expand(2000, -1))


def test_distances_are_those_counted_by_hand() -> None:
    """On 3 × 3, closed all around but for one way: 0 to 4 is two steps in the open and six by that way."""
    around = neighbours(3)
    assert distances(around)[0].tolist() == [0, 1, 1, 1, 2, 2, 1, 2, 2]
    way = [0, 1, 2, 5, 8, 7, 4, 3, 6]
    graph = torch.arange(9).unsqueeze(-1).repeat(1, 4)
    for here, there in itertools.pairwise(way):
        move = around[here].tolist().index(there)
        graph[here, move], graph[there, BACK[move]] = there, here
    assert distances(graph)[0].tolist() == [0, 1, 2, 7, 6, 3, 8, 5, 4]


def test_a_step_moves_collects_or_does_nothing() -> None:
    """A wall stops; collecting pays on the goal alone, and then another place is the goal; nobody is moved by it."""
    family = game(4, 12)
    task = mazes(family, 1)[0]
    graph = family.graph(task)
    here, wall = (int(part) for part in torch.nonzero(graph == torch.arange(16).unsqueeze(-1))[0])
    goal = (here + 1) % 16
    state, luck = torch.tensor([float(here), float(goal)]), torch.tensor([0.999])
    for move in range(4):
        step = family.step(task, state, torch.tensor(move), luck)
        assert step.state.tolist() == [float(graph[here, move]), float(goal)]
        assert step.reward == 0
    assert family.step(task, state, torch.tensor(wall), luck).state[0] == here
    assert family.step(task, state, torch.tensor(COLLECT), luck).state.tolist() == state.tolist()
    on_goal = torch.tensor([float(goal), float(goal)])
    paid = family.step(task, on_goal, torch.tensor(COLLECT), luck)
    assert paid.reward == 1
    assert paid.state.tolist() == [float(goal), 15.0 if goal != 15 else 14.0]
    assert torch.nonzero(paid.observation).flatten().tolist() == [goal, 16 + int(paid.state[1])]


def test_the_next_goal_is_any_other_place() -> None:
    """Over 3000 draws each of the fifteen others is the goal equally often, and the place itself never."""
    family = game(4, 12)
    tasks = mazes(family, 1).expand(3000, -1)
    luck = torch.rand(3000, 1, generator=torch.Generator().manual_seed(3))
    goals = family.step(tasks, torch.full((3000, 2), 7.0), torch.full((3000,), COLLECT), luck).state[:, 1]
    share = torch.bincount(goals.long(), minlength=16).double() / 3000
    assert share[7] == 0
    assert (share[share > 0] - 1 / 15).abs().max() < 4.5 * math.sqrt(14 / 225 / 3000)


def test_a_stretch_goes_on_where_the_last_one_ended_and_the_position_is_what_is_written() -> None:
    """Nothing is reset; what another lifetime has written is its position, whose label is then seen."""
    family = game(4, 12)
    tasks = mazes(family, 2)
    state = torch.tensor([[3.0, 4.0], [5.0, 6.0]])
    after, seen = family.next_episode(tasks, state, torch.rand(2, 2))
    assert torch.equal(after, state)
    assert torch.nonzero(seen)[:, 1].tolist() == [3, 16 + 4, 5, 16 + 6]
    assert list(family.written) == [0]


@pytest.mark.parametrize(
    ("size", "steps", "rate", "goals"), [(3, 2.5, 40.0, 39.72), (4, 3.133, 31.9, 31.61), (5, 3.5, 28.6, 28.25)]
)
def test_the_oracle_without_walls_is_that_of_the_published_game(
    size: int, steps: float, rate: float, goals: float
) -> None:
    """Steps a goal and goals in 100 steps of a long life are the known ones; the first 100 steps end within a goal."""
    family = game(size, 0)
    places = size**2
    tasks = mazes(family, 3)
    found = distances(family.graph(tasks)).sum((1, 2)) / (places * (places - 1)) + 1
    assert found.tolist() == pytest.approx([steps] * 3, abs=5e-4)
    assert (100 / found).tolist() == pytest.approx([rate] * 3, abs=0.05)
    later = family.solve(tasks)[:, -places:]  # H of 100 steps
    assert later.mean(1).tolist() == pytest.approx([goals] * 3, abs=5e-3)


def test_costs_are_what_an_action_loses() -> None:
    """Along random lives the best action costs nothing, and others the value that is lost with them, on average.

    The value is H, averaged over the luck of the next goal, by which alone it moves.
    """
    family = game(3, 8, episodes=1)
    tasks = mazes(family, 40)
    solution, draws = family.solve(tasks), torch.Generator().manual_seed(4)
    state, _ = family.first(tasks, torch.rand(40, 2, generator=draws))
    for t in range(0, family.steps - 1, 2):
        costs = family.costs(solution, state, t)
        assert torch.equal(costs.amin(-1), torch.zeros(40))
        action = torch.randint(5, (40,), generator=draws)
        goals = torch.stack(
            [family.step(tasks, state, action, torch.full((40, 1), (k + 0.5) / 8)).state for k in range(8)]
        )
        reward = family.step(tasks, state, action, torch.zeros(40, 1)).reward
        then = torch.stack([value(family, solution, each, t + 1) for each in goals]).mean(0)
        lost = value(family, solution, state, t) - reward - then
        assert costs.gather(-1, action.unsqueeze(-1)).squeeze(-1).tolist() == pytest.approx(lost.tolist(), abs=1e-4)
        state = family.step(tasks, state, action, torch.rand(40, 1, generator=draws)).state


def value(family: MemoryPlanning, solution: Tensor, state: Tensor, t: int) -> Tensor:
    """Returns what one who knows the map earns from a state on, `[N]`, found by walking there along the least costs."""
    graph = family.graph(solution[:, : family.task_size])
    here, goal = state.long().unbind(-1)
    lanes = torch.arange(len(here))
    ways = distances(graph)[lanes, here, goal].long()
    left = family.steps - t - ways - 1
    later = solution[:, -(family.steps + 1) * family.places :].view(len(here), -1, family.places)
    return torch.where(left >= 0, 1 + later[lanes, left.clamp(min=0), goal], 0.0)


def test_too_many_walls_are_refused() -> None:
    """A spanning tree of 4 × 4 places leaves 17 of 32 edges to be closed; the message says so."""
    tasks = {"family": "memory-planning", "episodes": 5, "walls": 18}
    with pytest.raises(StudyError, match="too many walls, got 18; allowed: 0 to 17"):
        parse_study({"name": "t", "tasks": tasks, "ingredients": {}}, "test")


@pytest.mark.parametrize(
    ("tasks", "columns"),
    [
        ({"family": "memory-planning", "size": 3, "walls": 7, "episodes": 5}, (18, 9)),
        ({"family": "tabular-mdp", "states": 4, "actions": 2, "episodes": 5, "episode_steps": 3}, (4, 0)),
        ({"family": "bernoulli-bandit", "arms": 2, "episodes": 5}, (1, 0)),
    ],
)
def test_a_memory_that_knows_labels_is_told_which_columns_they_are(
    tasks: dict[str, object], columns: tuple[int, int]
) -> None:
    """The maze shows two labels side by side; what other tasks show is one of its own."""
    data = {"name": "t", "tasks": tasks, "ingredients": {}, "agent": {"memory": "transitions", "hidden": 16}}
    memory = prepare(parse_study(data, "test"), ()).agent.memory
    assert isinstance(memory, Transitions)
    assert memory.shown == columns
    assert memory.label == (columns[1] or columns[0])
