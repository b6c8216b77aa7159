"""Decisions shared by all agents of a study, from games of `search`; and known players."""

from __future__ import annotations

from functools import lru_cache
from typing import Final, NamedTuple

import torch
from torch import Tensor

from ingredients.inner.names import BLIND, PLANNERS
from ingredients.inner.planning_decisions import Composition, News, composition, news
from ingredients.inner.planning_walks import Walks, choices, played
from ingredients.references.planning_maps import one_of
from ingredients.references.planning_policies import MazeSearch, MazeWanderer, Oracle, Replay, VectorNavigator
from ingredients.references.policy import ReferencePolicy
from ingredients.seeds import Purpose, generator
from ingredients.tasks.memory_planning import MemoryPlanning
from ingredients.training.draws import evaluation_tasks

DECISIONS: Final = 96  # of each sign
COMPOSED_GAMES, NEWS_GAMES = 6, 2  # for each decision, as not every game has one
GATE_RUNS: Final = 5
PRICE: Final = 1.5  # of an untried edge, for the searcher
LATE, EARLY = (0.4, 0.9), (0.25, 0.55)  # parts of a game in which decisions of the two signs are taken, or led on from


class Grounds(NamedTuple):
    """What is the same for every agent of a study.

    Attributes:
        composed: decisions of the first sign.
        mazes: theirs, `[N, D]`.
        heard: decisions of the second sign.
    """

    composed: Composition
    mazes: Tensor
    heard: News


def players(family: MemoryPlanning) -> dict[str, ReferencePolicy]:
    """Returns players of whom it is known whether they plan."""
    return {
        "wander": MazeWanderer(family),
        "replay": Replay(family),
        "vector_navigator": VectorNavigator(family),
        "search": MazeSearch(family, PRICE),
        "oracle": Oracle(family),
    }


@lru_cache(maxsize=2)
def grounds(family: MemoryPlanning, most: int, stream: int = 0) -> Grounds:
    """Returns at most `most` decisions of each sign; cached across stacks."""
    tasks = evaluation_tasks(family, COMPOSED_GAMES * most, stream)
    draws = generator(0, Purpose.REFERENCES, 2, evaluation=stream)
    games = played(family, MazeSearch(family, PRICE), tasks, stream)
    late, rows = _deciding(games, LATE, draws)
    composed = composition(family, late, draws)
    first = torch.arange(min(most, len(composed.rows)))
    composed = Composition(composed.walks.of(first), *(part[first] for part in composed[1:]))
    early, others = _deciding(games.of(torch.arange(NEWS_GAMES * most)), EARLY, draws)
    heard = news(family, early, tasks[others], draws)
    heard = heard.of(torch.arange(min(most, len(heard.control))))
    return Grounds(composed, tasks[rows[composed.rows]], heard)


def _deciding(games: Walks, part: tuple[float, float], draws: torch.Generator) -> tuple[Walks, Tensor]:
    """Returns games that decide at a new goal in a part, and indices."""
    steps = games.here.shape[1]
    t = torch.arange(steps)
    new = torch.nn.functional.pad(games.reward[:, :-1] > 0, (1, 0)) & (t >= part[0] * steps) & (t < part[1] * steps)
    rows = torch.nonzero(new.any(1)).flatten()
    return games._replace(decides=one_of(new, draws)).of(rows), rows


def by_moves(chances: Tensor, moves: Tensor) -> Tensor:
    """Returns the probability of the moves `[N, 4]`, `[..., N]`."""
    return (chances[..., : moves.shape[1]] * moves).sum(-1)


def heeded(opened: Tensor, closed: Tensor, heard: News) -> Tensor:
    """Returns how much likelier planned moves are where the edge is closed, `[..., N]`."""
    return by_moves(closed - opened, heard.closed.planned.double())


def disturbed(opened: Tensor, closed: Tensor, heard: News) -> Tensor:
    """Returns the same for as many wrong moves to the control goal, `[..., N]`."""
    wrong = ~heard.same
    share = heard.closed.planned.sum(1) / wrong.sum(1).clamp(min=1)
    return by_moves(closed - opened, wrong.double()) * share


@lru_cache(maxsize=1)
def gate(family: MemoryPlanning, most: int, stream: int = 0) -> dict[str, list[float]]:
    """Returns behavioural signs of known players, `GATE_RUNS` runs each, and the composition of blind ones."""
    on = grounds(family, most, stream)
    composed: dict[str, list[float]] = {}
    found: dict[str, list[float]] = {}
    for name, policy in players(family).items():
        first = choices(family, policy, on.composed.walks, on.mazes, GATE_RUNS)
        composed[name] = by_moves(first, on.composed.planned.double()).mean(1).tolist()
        found[f"gate.{name}.devaluation"] = _moved(family, policy, on.heard).tolist()
    blind = {name: sum(composed[name]) / GATE_RUNS for name in BLIND}
    for name in PLANNERS:
        found[f"gate.{name}.composition"] = [one - max(blind.values()) for one in composed[name]]
    return found | {f"composition.{name}": [chance] for name, chance in blind.items()}


def _moved(family: MemoryPlanning, policy: ReferencePolicy, heard: News) -> Tensor:
    """Returns news' effect on a player beyond the control, `[R]`."""
    worlds = (heard.opened, heard.closed)
    own = [choices(family, policy, each.walks, each.tasks, GATE_RUNS) for each in worlds]
    control = [choices(family, policy, each.walks.towards(heard.control), each.tasks, GATE_RUNS) for each in worlds]
    return heeded(own[0], own[1], heard).mean(1) - disturbed(control[0], control[1], heard).mean(1)
