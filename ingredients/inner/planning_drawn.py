"""One way of each run for a figure, beside a searcher's with the same past."""

from __future__ import annotations

import itertools
from collections.abc import Sequence

import torch
from torch import Tensor

from ingredients.inner.planning_decisions import Knowledge, known, ways
from ingredients.inner.planning_inside import OwnGames
from ingredients.inner.planning_walks import Walks, flags
from ingredients.tasks.memory_planning import MemoryPlanning
from ingredients.tasks.torus import neighbours


def paths(family: MemoryPlanning, games: OwnGames) -> list[dict[str, Sequence[float]]]:
    """Returns each run's longest way to a goal in the second half of its last game.

    `drawn.agent` and `drawn.search` are places, `drawn.edges` each place's four edges as known at first (0 unseen, 1
    open, 2 wall).
    """
    return [_path(family, OwnGames(*(part[run, -1:] for part in games))) for run in range(len(games.here))]


def _path(family: MemoryPlanning, game: OwnGames) -> dict[str, Sequence[float]]:
    steps = game.here.shape[1]
    paid = torch.nonzero(game.reward[0]).flatten().tolist()
    spans = [(one + 1, other) for one, other in itertools.pairwise(paid) if other >= steps // 2]
    if not spans:
        return {"drawn.agent": [], "drawn.search": [], "drawn.edges": []}
    start, end = max(spans, key=lambda span: span[1] - span[0])
    walks = Walks(*game, flags(family, 1, steps), torch.tensor([start]))
    then = known(family, walks)
    place = known(family, walks._replace(decides=torch.tensor([steps - 1]))).place[0]
    walked = place[game.here[0, start : end + 1]].tolist()
    return {
        "drawn.agent": walked,
        "drawn.search": _searched(family, then, place[game.goal[0, start]]),
        "drawn.edges": then.edges[0].flatten().tolist(),
    }


def _searched(family: MemoryPlanning, then: Knowledge, goal: Tensor) -> list[float]:
    """Returns a shortest way's places, over known or untried edges."""
    around = neighbours(family.size)
    begins = ways(then.edges, guess=True).begins[0]
    now = int(then.here[0])
    path = [float(now)]
    while now != int(goal):
        now = int(around[now, begins[now, :, goal].float().argmax()])
        path.append(float(now))
    return path
