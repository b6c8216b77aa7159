"""Players of the memory & planning game do what their names say."""

from __future__ import annotations

import pytest
import torch
from torch import Tensor

from ingredients.references import references_for
from ingredients.references.planning_policies import MazeSearch, MazeWanderer, Oracle, Replay, VectorNavigator
from ingredients.references.policy import Answer, ReferenceInput, ReferencePolicy
from ingredients.references.simulation import mean_return
from ingredients.tasks.memory_planning import COLLECT, MemoryPlanning
from ingredients.tasks.torus import DOWN, LEFT, RIGHT, UP, distances, neighbours

FAMILY = MemoryPlanning(10)
OPEN = MemoryPlanning(10, walls=0)
DRAWS = torch.Generator().manual_seed(0)


def mazes(family: MemoryPlanning, count: int) -> Tensor:
    """Returns `[count, D]` tasks."""
    return family.draw_tasks(torch.Generator().manual_seed(5), count)


def plain(family: MemoryPlanning) -> Tensor:
    """Returns the map `[1, D]` on which each label is its place's number."""
    return neighbours(family.size).flatten().unsqueeze(0).float() / family.places


def led(
    family: MemoryPlanning, policy: ReferencePolicy, task: Tensor, start: int, moves: list[int]
) -> tuple[Tensor, int]:
    """Returns a policy's memory after it was led along moves, and the label where it stands."""
    memory, state = policy.initial(1), torch.tensor([[float(start), float((start + 7) % family.places)]])
    for t, move in enumerate(moves):
        action = torch.tensor([move])
        step = family.step(task, state, action, torch.zeros(1, 1))
        before = family.shown(task, state)
        never = torch.zeros(1, dtype=torch.bool)
        memory = policy.update(memory, Answer(t, before, action, step.reward, step.observation, never, never, DRAWS))
        state = step.state
    return memory, int(state[0, 0])


def choices(
    family: MemoryPlanning, policy: ReferencePolicy, task: Tensor, memory: Tensor, here: int, goal: int
) -> set[int]:
    """Returns what the policy does there when asked fifty times."""
    seen = family.shown(task, torch.tensor([[float(here), float(goal)]]))
    nothing = torch.zeros(1)
    return {
        int(policy.act(memory, ReferenceInput(9, task, seen, nothing, torch.tensor([-1]), DRAWS))) for _ in range(50)
    }


def test_everybody_collects_on_the_goal() -> None:
    """Standing on the goal, each of them collects, whatever it knows."""
    for policy in (MazeWanderer(FAMILY), Replay(FAMILY), VectorNavigator(FAMILY), MazeSearch(FAMILY), Oracle(FAMILY)):
        assert choices(FAMILY, policy, mazes(FAMILY, 1), policy.initial(1), 3, 3) == {COLLECT}


def test_replay_repeats_paths_and_composes_none() -> None:
    """Led 0→1→2→3, round and back to 2: from 2 it replays the move to 3, not the shorter way to 1 that it can infer."""
    replay = Replay(OPEN)
    task = plain(OPEN)
    memory, here = led(OPEN, replay, task, 0, [RIGHT, RIGHT, DOWN])  # 0, 1, 2, 6
    assert here == 6
    assert choices(OPEN, replay, task, memory, 0, 6) == {RIGHT}
    assert choices(OPEN, replay, task, memory, 2, 6) == {DOWN}
    assert choices(OPEN, replay, task, memory, 6, 0) == {UP, DOWN, LEFT, RIGHT}  # it has never walked that way
    memory, _ = led(OPEN, replay, task, 6, [UP, LEFT, LEFT, DOWN, DOWN, RIGHT])  # 6 2 1 0 4 8 9
    assert choices(OPEN, replay, task, memory, 2, 9) == {LEFT}  # five steps of its own, not three along the chart


def test_the_vector_navigator_subtracts_and_does_not_see_walls_afar() -> None:
    """Led down, right and right, it knows where it came from but does not turn round, nor look ahead for walls."""
    navigator = VectorNavigator(OPEN)
    task = plain(OPEN)
    memory, here = led(OPEN, navigator, task, 0, [DOWN, RIGHT, RIGHT])
    assert here == 6
    assert choices(OPEN, navigator, task, memory, 6, 0) == {UP, RIGHT}
    assert choices(OPEN, navigator, task, memory, 5, 0) == {UP}
    shut = OPEN.graph(task)
    for place, move in ((1, LEFT), (0, RIGHT)):  # the edge between 0 and 1
        shut[0, place, move] = place
    walled = shut.flatten(1).float() / 16
    path = [DOWN, RIGHT, UP, LEFT, DOWN, RIGHT]  # 0 4 5 1, into the wall, 5 6
    memory, here = led(OPEN, navigator, walled, 0, path)
    assert here == 6
    assert choices(OPEN, navigator, walled, memory, 5, 0) == {UP}
    assert LEFT not in choices(OPEN, navigator, walled, memory, 1, 0)
    search = MazeSearch(OPEN)
    memory, _ = led(OPEN, search, walled, 0, path)
    assert choices(OPEN, search, walled, memory, 5, 0) == {LEFT}


def test_search_takes_the_newest_news_of_an_edge() -> None:
    """An edge that it has walked and then runs into counts as a wall, and the other way round."""
    search = MazeSearch(OPEN)
    open_, shut = plain(OPEN), OPEN.graph(plain(OPEN))
    shut[0, 1, LEFT], shut[0, 0, RIGHT] = 1, 0
    walled = shut.flatten(1).float() / 16
    memory, _ = led(OPEN, search, open_, 0, [RIGHT])
    edges = search.parts.of(memory)["edges"]
    assert edges[0, [0, 1], [RIGHT, LEFT]].tolist() == [1, 1]
    never = torch.zeros(1, dtype=torch.bool)
    seen = OPEN.shown(walled, torch.tensor([[1.0, 8.0]]))
    after = search.update(memory, Answer(1, seen, torch.tensor([LEFT]), torch.zeros(1), seen, never, never, DRAWS))
    edges = search.parts.of(after)["edges"]
    assert edges[0, [0, 1], [RIGHT, LEFT]].tolist() == [2, 2]


def test_the_oracle_earns_what_the_map_is_worth() -> None:
    """Over 2000 mazes its return is the exact value, and each of its moves is on a shortest way."""
    tasks = mazes(FAMILY, 2000)
    worth = FAMILY.solve(tasks)[:, -16:].mean(1)  # H of 100 steps: the start is any place, the goal any other
    assert mean_return(FAMILY, Oracle(FAMILY), tasks, 0) == pytest.approx(float(worth.mean()), abs=0.15)
    state, _ = FAMILY.first(tasks, torch.rand(2000, 2, generator=DRAWS))
    here, goal = state.long().unbind(-1)
    lanes, ways = torch.arange(2000), distances(FAMILY.graph(tasks))
    seen = FAMILY.shown(tasks, state)
    action = Oracle(FAMILY).act(
        torch.empty(2000, 0), ReferenceInput(0, tasks, seen, torch.zeros(2000), torch.full((2000,), -1), DRAWS)
    )
    there = FAMILY.graph(tasks)[lanes, here, action]
    assert torch.equal(ways[lanes, there, goal], ways[lanes, here, goal] - 1)


def test_each_does_better_than_those_that_know_less() -> None:
    """Among walls replay and the navigator are far below search; without walls, coordinates are as good."""
    tasks = mazes(FAMILY, 150)
    among = {each.name: sum(each.curves(tasks, 0).none) for each in references_for(FAMILY).all}
    order = ["random", "wander", "reactive", "replay", "vector_navigator", "search", "oracle"]
    assert list(among) == order == sorted(among, key=among.__getitem__)
    assert among["search"] > 1.5 * among["vector_navigator"] > 1.6 * among["replay"]
    open_mazes = mazes(OPEN, 300)
    found = [mean_return(OPEN, policy, open_mazes, 0) for policy in (VectorNavigator(OPEN), MazeSearch(OPEN, 1.5))]
    assert found[0] == pytest.approx(found[1], abs=0.7)
