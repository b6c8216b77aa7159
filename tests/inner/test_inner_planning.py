"""Signs of planning: known players come out as what they are, decisions are what they say, agents are asked alike."""

from __future__ import annotations

from typing import Any

import pytest
import torch
from torch import Tensor
from torch.nn.functional import one_hot

from ingredients.agent.network import views
from ingredients.agent.policy import sample
from ingredients.errors import StudyError
from ingredients.experiment.tables import Policies, evaluations
from ingredients.grid import Run, cells
from ingredients.inner import planning_inside as inside
from ingredients.inner.examinees import Agents
from ingredients.inner.planning import _shown_games, composed
from ingredients.inner.planning_drawn import paths
from ingredients.inner.planning_grounds import Grounds, gate, grounds, players
from ingredients.inner.planning_walks import Walks, played
from ingredients.judgement.planning import gate_failure
from ingredients.study import Study, parse_study
from ingredients.tasks.memory_planning import COLLECT, MemoryPlanning
from ingredients.tasks.torus import distances
from ingredients.training.trainer import Setup, begin_training, prepare

FAMILY, MOST, STREAM = MemoryPlanning(10), 12, 3
LEVELS = {"reward_observation": [True], "action_observation": [True], "memory": [False, True]}
DATA: dict[str, Any] = {
    "name": "plans",
    "tasks": {"family": "memory-planning", "episodes": 10},
    "ingredients": {**LEVELS, "task_distribution": [True]},
    "seeds": 2,
    "agent": {"hidden": 16, "memory": "fast-weights"},
    "learner": {"train_steps": 400, "lifetimes": 4, "minibatches": 2},
    "evaluation": {"tasks": MOST, "points": 2, "tasks_at_points": 4, "reactive_agents": 0, "stream": STREAM},
}


@pytest.fixture(scope="module")
def on() -> Grounds:
    """Returns a few decisions of each sign."""
    return grounds(FAMILY, MOST, STREAM)


def study() -> Study:
    """Returns a study whose agents are asked."""
    return parse_study({**DATA, "evaluation": {**DATA["evaluation"], "analysis": "planning"}}, "test")


def opinionated(setup: Setup) -> Tensor:
    """Returns untrained weights whose head makes up its mind, `[S, P]`."""
    policy = begin_training(setup).policy
    views(policy, setup.agent.shapes())["head.weight"].mul_(100)
    return policy


def both_cells() -> Setup:
    """Returns a stack of an agent without memory and one with it."""
    return prepare(study(), tuple(Run(cell, 0) for cell in cells(study())))


def is_played(walks: Walks, tasks: Tensor) -> bool:
    """Returns whether every step before the decision leads where the maze says."""
    graph = FAMILY.graph(tasks)
    for t in range(int(walks.decides.max())):
        moves = walks.action[:, t] < COLLECT
        led_to = graph[walks.rows, walks.here[:, t], walks.action[:, t].clamp(max=COLLECT - 1)]
        there = torch.where(moves, led_to, walks.here[:, t])
        if not bool(((there == walks.here[:, t + 1]) | (t >= walks.decides)).all()):
            return False
    return True


def test_known_players_come_out_as_what_they_are() -> None:
    """Search and oracle show both behavioural signs, replay and the navigator neither; else the gate is closed."""
    found = gate(FAMILY, MOST, STREAM)
    assert gate_failure(found, 0.95) is None
    assert min(found["gate.search.devaluation"]) == 1
    assert set(found["gate.vector_navigator.devaluation"]) == {0.0}
    mistaken = {**found, "gate.replay.composition": found["gate.search.composition"]}
    assert gate_failure(mistaken, 0.95) == "the gate failed: composition is shown in replay"


def test_a_composed_way_is_a_shortest_one_to_a_new_goal(on: Grounds) -> None:
    """Each decision follows a goal, and each planned move brings the goal nearer in the true maze."""
    walks, rows = on.composed.walks, on.composed.walks.rows
    assert len(rows) >= 4
    assert is_played(walks, on.mazes)
    assert (walks.reward[rows, walks.decides - 1] == 1).all()
    graph, ways = FAMILY.graph(on.mazes), distances(FAMILY.graph(on.mazes))
    here, goal = walks.here[rows, walks.decides], walks.goal[rows, walks.decides]
    assert torch.equal(ways[rows, here, goal], on.composed.distance)
    assert (on.composed.distance >= 2).all()
    for move in range(4):
        nearer = ways[rows, graph[rows, here, move], goal] < ways[rows, here, goal]
        assert (nearer | ~on.composed.planned[:, move]).all()


def test_two_worlds_differ_in_one_edge_tried_far_away(on: Grounds) -> None:
    """The walks are played in their mazes, end alike, and differ by what trying the edge brought; so do right moves."""
    opened, closed = on.heard.opened, on.heard.closed
    assert len(on.heard.control) >= 4
    assert ((FAMILY.graph(opened.tasks) != FAMILY.graph(closed.tasks)).flatten(1).sum(1) == 2).all()
    assert torch.equal(opened.walks.decides, closed.walks.decides)
    assert is_played(opened.walks, opened.tasks)
    assert is_played(closed.walks, closed.tasks)
    before = torch.arange(opened.walks.here.shape[1]) < opened.walks.decides.unsqueeze(1)
    assert (((opened.walks.here != closed.walks.here) & before).sum(1) == 1).all()
    assert not (opened.planned & closed.planned).any()
    ways = distances(FAMILY.graph(closed.tasks))
    rows, at = closed.walks.rows, closed.walks.decides
    moved = torch.nonzero((opened.walks.here != closed.walks.here) & before)[:, 1]
    assert (ways[rows, closed.walks.here[rows, at], closed.walks.here[rows, moved]] >= 2).all()


def test_an_agent_is_shown_a_game_as_it_played_its_own() -> None:
    """Asked along its own games it says the chances by which it acted."""
    setup = both_cells()
    agents = Agents(setup, opinionated(setup))
    mazes = FAMILY.draw_tasks(torch.Generator().manual_seed(0), 6).expand(2, -1, -1)
    games = inside.own_games(agents, mazes)
    chances = _shown_games(FAMILY, agents, games).chances
    luck = agents._draws(6).action
    again = torch.stack([sample(chances[:, :, t].log().float(), luck[t]) for t in range(100)], 2)
    assert torch.equal(again, games.action)
    assert chances.std() > 0.01


def test_idle_ticks_change_nothing_without_memory_or_in_a_frozen_state(on: Grounds) -> None:
    """Exactly 0 in both cases, and something where a state goes on."""
    setup = both_cells()
    found = composed(FAMILY, Agents(setup, opinionated(setup)), on.composed)
    assert found["computation.gain"][0] == 0
    assert found["computation.gain"][1] != 0
    assert found["computation.frozen"].tolist() == [0, 0]


def test_equal_outputs_have_equal_chances_at_every_step() -> None:
    """To the last bit, of games of any number and length: what is frozen at a step answers alike from then on."""
    setup = both_cells()
    agents = Agents(setup, opinionated(setup))
    same = one_hot(torch.arange(64) % FAMILY.observation_size, FAMILY.observation_size).float().expand(2, -1, -1)
    part = torch.ones(2, 64, 1)
    shown = agents.following(lambda t: (same, part, part, part, part.long()), (2, 64, 40), torch.tensor([5] * 64))
    later = shown.outputs[:, :, 7:]
    assert torch.equal(later, later[:, :, :1].expand_as(later))
    assert torch.equal(shown.chances[:, :, 7:], shown.chances[:, :, 7:8].expand_as(shown.chances[:, :, 7:]))


def test_a_decoder_reads_the_place_to_come_where_it_is_there() -> None:
    """R² is near 1 where the features hold the label, about 0 for noise; it is that of games it was not fitted to."""
    draws = torch.Generator().manual_seed(1)
    labels = torch.randint(16, (1, 120, 8), generator=draws)
    mixed = one_hot(labels, 16).float() @ torch.randn(16, 24, generator=draws)
    assert inside.fitted(mixed, labels, 16)[1] > 0.95
    assert inside.fitted(torch.randn(1, 120, 8, 24, generator=draws), labels, 16)[1].abs() < 0.05


def test_a_push_along_what_the_policy_reads_moves_the_route() -> None:
    """Where the head reads moves from the output, the positive control moves it, and random pushes cancel out."""
    setup = both_cells()
    agents = Agents(setup, opinionated(setup))
    draws = torch.Generator().manual_seed(2)
    graph = FAMILY.graph(FAMILY.draw_tasks(draws, 300)).expand(2, -1, -1, -1)
    here = torch.randint(16, (2, 300), generator=draws)
    outputs = torch.randn(2, 300, 16, generator=draws)
    turned = inside.turns(graph, here, agents.of_outputs(outputs), draws)
    assert turned.there.any(1).all()
    for run, row in torch.nonzero(turned.there)[:20].tolist():
        first = graph[run, row, here[run, row]][turned.moves[run, row, :4]]
        assert all(turned.label[run, row] in (label, *graph[run, row, label]) for label in first)
    blank = inside.Decoder(torch.zeros(2, 1, 1, 16), torch.ones(2, 1, 1, 16), torch.randn(2, 16, 16).double())
    moved = inside.cause(agents, blank, outputs, here, turned, draws)
    assert (moved["control"] > moved["random"].max(1).values).all()
    assert moved["random"].shape == (2, inside.RANDOM)


def test_a_way_is_drawn_beside_that_of_search() -> None:
    """Of a searcher's own game the two ways end on one place, and search's is no longer than what was walked."""
    tasks = FAMILY.draw_tasks(torch.Generator().manual_seed(4), 1)
    games = inside.OwnGames(*(part.unsqueeze(0) for part in played(FAMILY, players(FAMILY)["search"], tasks, 0)[:4]))
    (drawn,) = paths(FAMILY, games)
    assert drawn["drawn.agent"][0] == drawn["drawn.search"][0]
    assert drawn["drawn.agent"][-1] == drawn["drawn.search"][-1]
    assert 1 < len(drawn["drawn.search"]) <= len(drawn["drawn.agent"])
    assert len(drawn["drawn.edges"]) == 64


def test_a_study_stores_what_is_found_of_every_run() -> None:
    """The names are those that judgement asks for, each run has its own numbers, and the gate is the same for all."""
    setup = both_cells()
    policy = begin_training(setup).policy
    made = evaluations(study(), setup, Policies([0, 400], [policy, opinionated(setup)]))
    one, other = (each.analysis for each in made)
    assert set(one) == set(other)
    assert one["gate.search.composition"] == other["gate.search.composition"]
    assert one["composition.agent"] != other["composition.agent"]
    assert len(one["cause.random"]) == inside.RANDOM


def test_only_mazes_can_be_asked() -> None:
    """On a bandit the analysis is refused, with the family that it needs."""
    tasks = {"family": "bernoulli-bandit", "arms": 2, "episodes": 5}
    with pytest.raises(StudyError, match="needs mazes: use family memory-planning, got 'planning'"):
        parse_study({**DATA, "tasks": tasks, "evaluation": {"analysis": "planning"}}, "test")
