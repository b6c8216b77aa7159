"""Five signs of planning in a stack's agents (claim 6), by run (docs/planning.md).

Shapes: S runs, N decisions or games, T steps, A actions.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial
from typing import Final

import torch
from torch import Tensor

from ingredients.inner import planning_inside as inside
from ingredients.inner.examinees import Agents, Responses
from ingredients.inner.planning_decisions import Composition, News
from ingredients.inner.planning_drawn import paths
from ingredients.inner.planning_grounds import DECISIONS, by_moves, disturbed, gate, grounds, heeded
from ingredients.inner.planning_walks import Walks, flags
from ingredients.seeds import Purpose, generator
from ingredients.tasks.memory_planning import MemoryPlanning
from ingredients.training.draws import evaluation_tasks
from ingredients.training.evaluation import lanes_at_once
from ingredients.training.trainer import Setup

TICKS: Final = 4  # idle ones; the first is what the last is compared with
OWN_GAMES: Final = 256
SHOWN: Final = 6  # walks for each decision: of the first sign twice, of the second for two worlds and two goals
PLAYED: Final = 3  # times that a game of its own is gone through: played, and shown to two networks


def planning(setup: Setup, policies: Sequence[Tensor], tasks: int) -> list[dict[str, Sequence[float]]]:
    """Returns each run's measurements, lists of numbers by name.

    `policies` are weights `[S, P]` at the evaluation points, the first untrained.
    """
    family = setup.family
    assert isinstance(family, MemoryPlanning), "the study refuses others"
    most, games = _sizes(setup, tasks)
    on = grounds(family, most, setup.stream)
    agents = Agents(setup, policies[-1])
    mazes = evaluation_tasks(family, games, setup.stream)
    own = inside.own_games(agents, mazes.expand(len(setup.runs), -1, -1))
    numbers = {
        **composed(family, agents, on.composed),
        **told(family, agents, on.heard),
        **within(family, agents, Agents(setup, policies[0]), mazes, own),
    }
    drawn = paths(family, own)
    players = gate(family, most, setup.stream)
    return [
        {**{name: part[run].reshape(-1).tolist() for name, part in numbers.items()}, **drawn[run], **players}
        for run in range(len(setup.runs))
    ]


def steps_asked(setup: Setup, tasks: int) -> int:
    """Returns each run's steps, for an estimate of the time."""
    most, games = _sizes(setup, tasks)
    return setup.family.steps * (most * SHOWN + games * PLAYED)


def _sizes(setup: Setup, tasks: int) -> tuple[int, int]:
    """Returns the number of decisions per sign, and of own games."""
    return min(DECISIONS, tasks, lanes_at_once(setup)), min(OWN_GAMES, tasks, lanes_at_once(setup))


def composed(family: MemoryPlanning, agents: Agents, at: Composition) -> dict[str, Tensor]:
    """Returns numbers of composition and computation, `[S]` each."""
    walks = at.walks.waiting(TICKS)
    moves = at.planned.double()
    likely = by_moves(_after_ticks(family, agents, walks), moves)  # [S, ticks, N]
    frozen = by_moves(_after_ticks(family, agents, walks, walks.decides), moves)
    gain = likely[:, -1] - likely[:, 1]
    far = at.distance.double() - at.distance.double().mean()
    return {
        "composition.agent": likely[:, 0].mean(1),
        "computation.gain": gain.mean(1),
        "computation.slope": (gain * far).sum(1) / far.square().sum().clamp(min=1e-12),
        "computation.frozen": (frozen[:, -1] - frozen[:, 1]).abs().amax(1),
    }


def told(family: MemoryPlanning, agents: Agents, heard: News) -> dict[str, Tensor]:
    """Returns the numbers of devaluation, `[S]` each."""
    worlds = (heard.opened.walks, heard.closed.walks)
    own = [_at_decision(family, agents, walks) for walks in worlds]
    control = [_at_decision(family, agents, walks.towards(heard.control)) for walks in worlds]
    return {
        "devaluation.agent": heeded(own[0], own[1], heard).mean(1),
        "devaluation.control": disturbed(control[0], control[1], heard).mean(1),
    }


def within(
    family: MemoryPlanning, agents: Agents, untrained: Agents, mazes: Tensor, games: inside.OwnGames
) -> dict[str, Tensor]:
    """Returns content and cause in own games on mazes `[N, D]`, `[S]` or `[S, X]`."""
    when = inside.new_goals(games)
    shown = [_shown_games(family, each, games) for each in (agents, untrained)]
    trained, before = (inside.at_moments(each.outputs, when.at) for each in shown)
    decoder, r2 = inside.content(family, {"trained": trained, "untrained": before}, when)
    half = trained.shape[1] // 2
    rows = trained[:, half:].flatten(1, 2)
    graph = family.graph(mazes)[half:].repeat_interleave(inside.MOMENTS, 0).expand(len(rows), -1, -1, -1)
    draws = generator(0, Purpose.REFERENCES, 3)
    turned = inside.turns(
        graph,
        when.here[:, half:].flatten(1, 2),
        agents.of_outputs(rows),
        draws,
    )
    moved = inside.cause(agents, decoder, rows, when.ahead[:, half:].flatten(1, 2), turned, draws)
    return {f"content.{name}": part for name, part in r2.items()} | {
        f"cause.{name}": part for name, part in moved.items()
    }


def _shown(family: MemoryPlanning, agents: Agents, walks: tuple[Tensor, ...], held: Tensor | None = None) -> Responses:
    """Returns responses to walks, whose parts are shown as `[S, N, T]`."""
    return agents.following(partial(_past, family, walks), _shape(walks[0]), held)


def _shape(part: Tensor) -> tuple[int, int, int]:
    runs, lanes, steps = part.shape
    return runs, lanes, steps


def _past(family: MemoryPlanning, walks: tuple[Tensor, ...], t: int) -> tuple[Tensor, ...]:
    """Returns the parts of `Past` before step t."""
    here, goal, action, reward, flagged = walks
    seen = family.shown(reward, torch.stack([here[..., t], goal[..., t]], -1).float())
    nothing = torch.zeros_like(reward[..., :1])
    before = slice(t - 1, t)
    starts = flagged[..., t : t + 1]
    if t == 0:
        return seen, nothing + 1, starts, nothing, nothing.long()
    return seen, nothing, starts, reward[..., before], action[..., before]


def _of_walks(walks: Walks, agents: Agents) -> tuple[Tensor, ...]:
    return tuple(part.expand(len(agents.policy), -1, -1) for part in walks[:5])


def _at_decision(family: MemoryPlanning, agents: Agents, walks: Walks) -> Tensor:
    """Returns the probabilities at the decision, `[S, N, A]`."""
    chances = _shown(family, agents, _of_walks(walks, agents)).chances
    return chances[:, walks.rows, walks.decides]


def _after_ticks(family: MemoryPlanning, agents: Agents, walks: Walks, held: Tensor | None = None) -> Tensor:
    """Returns probabilities at the decision and after idle ticks, `[S, 1 + ticks, N, A]`."""
    chances = _shown(family, agents, _of_walks(walks, agents), held).chances
    return torch.stack([chances[:, walks.rows, walks.decides + tick] for tick in range(TICKS + 1)], 1)


def _shown_games(family: MemoryPlanning, agents: Agents, games: inside.OwnGames) -> Responses:
    """Returns responses to their own games."""
    _, lanes, steps = games.here.shape
    flagged = flags(family, lanes, steps).expand_as(games.reward)
    return _shown(family, agents, (*games, flagged))
