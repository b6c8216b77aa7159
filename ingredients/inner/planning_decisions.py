"""Decisions where players who do not plan act differently, as a new goal is shown (docs/planning.md).

`planned` moves begin shortest ways over seen edges, whatever untried edges are. *Composition* is the first sign, *news*
(devaluation) the second; it leaves the ways to a control goal as they are.

Shapes: N walks, P places and labels; moves `[N, 4]` are masks.
"""

from __future__ import annotations

import math
from typing import NamedTuple

import torch
from torch import Tensor
from torch.nn.functional import one_hot

from ingredients.inner.planning_walks import Walks, flags, memories
from ingredients.references.planning_maps import OPEN, UNSEEN, WALL, one_of
from ingredients.references.planning_policies import MazeSearch, Replay, VectorNavigator
from ingredients.tasks.memory_planning import COLLECT, MemoryPlanning
from ingredients.tasks.torus import BACK, EDGES, MOVES, distances, neighbours

SAME = 1e-3  # difference up to which lengths of ways are equal
NEAREST = 2  # fewest steps to a goal, and to the news


class Knowledge(NamedTuple):
    """What a searcher knows of the maze at the decision, by place on its chart; −1 if unknown.

    Attributes:
        edges: `[N, P, 4]`: unseen, open or wall.
        place: of each label, `[N, P]`.
        label: of each place, `[N, P]` (int64).
        here: the current place, `[N]`.
    """

    edges: Tensor
    place: Tensor
    label: Tensor
    here: Tensor


def known(family: MemoryPlanning, walks: Walks) -> Knowledge:
    """Returns the knowledge at each decision."""
    search = MazeSearch(family)
    parts = search.parts.of(memories(family, search, walks))
    standing = walks.here[walks.rows, walks.decides]
    place = parts["place"].long()
    label = torch.full((len(place), family.places + 1), -1)
    index = torch.where(place >= 0, place, family.places)
    label.scatter_(1, index, torch.arange(family.places).expand_as(index))
    return Knowledge(parts["edges"], place, label[:, :-1], search.chart.located(parts, standing))


class Ways(NamedTuple):
    """Shortest ways between places: lengths `[B, P, P]`, first moves `[B, P, 4, P]`."""

    length: Tensor
    begins: Tensor


def ways(edges: Tensor, guess: bool) -> Ways:
    """Returns ways over seen edges of `[B, P, 4]`; with `guess` also untried ones."""
    places = edges.shape[1]
    around = neighbours(math.isqrt(places))
    passable = (edges == OPEN) | ((edges == UNSEEN) & guess)
    graph = torch.where(passable, around, torch.arange(places).unsqueeze(-1))
    length = distances(graph)
    onward = length[:, around] + 1  # [B, P, 4, P]
    begins = (onward - length.unsqueeze(2)).abs() < SAME
    return Ways(length, begins & passable.unsqueeze(-1) & (length >= 1).unsqueeze(2))


def planned(edges: Tensor) -> Ways:
    """Returns ways over seen edges whose length and first move no untried edge changes."""
    seen, guessed = (ways(edges, guess) for guess in (False, True))
    alike = (seen.begins == guessed.begins).all(2) & ((seen.length - guessed.length).abs() < SAME)
    return Ways(torch.where(alike, seen.length, math.inf), seen.begins & alike.unsqueeze(2))


class Composition(NamedTuple):
    """Decisions of the first sign; `rows` are indices among given walks.

    Attributes:
        walks: with their goals, `[N]`.
        planned: moves, `[N, 4]`.
        distance: to the goal.
    """

    walks: Walks
    rows: Tensor
    planned: Tensor
    distance: Tensor


def composition(family: MemoryPlanning, walks: Walks, draws: torch.Generator) -> Composition:
    """Returns a decision, at a new goal, for each walk that has one."""
    sure = known(family, walks)
    around = neighbours(family.size)
    rows = walks.rows
    found = planned(sure.edges)
    begins = found.begins[rows, sure.here]  # [N, 4, P] by place
    length = found.length[rows, sure.here]
    stored = _replayed(family, walks, sure)
    flies = distances(around)
    nearer = flies[around[sure.here]] < flies[sure.here].unsqueeze(1)
    onward = _onward(family, walks, sure)
    crow = nearer & onward.unsqueeze(-1)
    apart = ~(begins & crow).any(1) & crow.any(1) & ~(begins & stored).any(1)
    fits = apart & begins.any(1) & (length >= NEAREST) & length.isfinite() & (sure.label >= 0)
    chosen = one_of(fits, draws)
    has = fits.any(1)
    goal = sure.label[rows, chosen]
    return Composition(walks.towards(goal).of(has), rows[has], begins[rows, :, chosen][has], length[rows, chosen][has])


def _replayed(family: MemoryPlanning, walks: Walks, sure: Knowledge) -> Tensor:
    """Returns stored paths' first moves, `[N, 4, P]` by the goal's place."""
    replay = Replay(family)
    parts = replay.parts.of(memories(family, replay, walks))
    standing = walks.here[walks.rows, walks.decides]
    stored = parts["move"][walks.rows, standing].long()
    moves = one_hot(stored, len(MOVES)).bool() & parts["length"][walks.rows, standing].isfinite().unsqueeze(-1)
    by_place = sure.label.clamp(min=0).unsqueeze(-1).expand(-1, -1, len(MOVES))
    return moves.gather(1, by_place).transpose(1, 2)


def _onward(family: MemoryPlanning, walks: Walks, sure: Knowledge) -> Tensor:
    """Returns moves that neither failed here nor turn back, `[N, 4]`."""
    navigator = VectorNavigator(family)
    parts = navigator.parts.of(memories(family, navigator, walks))
    return (parts["failed"][walks.rows, sure.here] == 0) & (parts["back"] != torch.arange(len(MOVES)))


class MazeWorld(NamedTuple):
    """Decisions of the second sign, with the edge open or closed.

    Attributes:
        walks: with their goals, `[N]`.
        tasks: mazes, `[N, D]`.
        planned: moves, `[N, 4]`.
    """

    walks: Walks
    tasks: Tensor
    planned: Tensor


class News(NamedTuple):
    """Decisions of the second sign, in worlds that differ in one edge.

    Attributes:
        control: label of a goal with the same planned moves in both, `[N]`.
        same: those moves, `[N, 4]`.
    """

    opened: MazeWorld
    closed: MazeWorld
    control: Tensor
    same: Tensor

    def of(self, chosen: Tensor) -> News:
        """Returns the chosen decisions."""
        opened, closed = (
            MazeWorld(each.walks.of(chosen), each.tasks[chosen], each.planned[chosen])
            for each in (self.opened, self.closed)
        )
        return News(opened, closed, self.control[chosen], self.same[chosen])


def news(family: MemoryPlanning, walks: Walks, tasks: Tensor, draws: torch.Generator) -> News:
    """Returns a decision for each walk that has one, unless it gives replaying players different paths."""
    everything = known(family, walks)
    case = _cases(family, everything, draws)
    has = case.edge[:, 0] >= 0
    sure = Knowledge(*(part[has] for part in everything))
    case = _Case(*(part[has] for part in case))
    lanes = torch.arange(len(case.at))
    worlds = []
    for status in (OPEN, WALL):
        led = _led(family, walks.of(has), sure, case, status).towards(sure.label[lanes, case.goal])
        begins = planned(_with(sure.edges, case.edge, status)).begins[lanes, case.at]
        worlds.append(MazeWorld(led, _maze(family, tasks[has], sure, case.edge, status), begins))
    opened, closed = (each._replace(planned=each.planned[lanes, :, case.goal]) for each in worlds)
    found = News(opened, closed, sure.label[lanes, case.control], worlds[0].planned[lanes, :, case.control])
    stored = [_replayed(family, each.walks, sure)[lanes, :, case.goal] for each in worlds]
    return found.of((stored[0] == stored[1]).all(1))


def _maze(family: MemoryPlanning, tasks: Tensor, sure: Knowledge, edge: Tensor, status: float) -> Tensor:
    """Returns the mazes `[N, D]` with the edge open or closed."""
    graph = family.graph(tasks).clone()
    lanes = torch.arange(len(graph))
    place, move = edge.unbind(-1)
    ends = (place, neighbours(family.size)[place, move])
    labels = [sure.label[lanes, end] for end in ends]
    for here, there, by in ((*labels, move), (*reversed(labels), torch.tensor(BACK)[move])):
        graph[lanes, here, by] = there if status == OPEN else here
    return graph.flatten(1).float() / family.places


def _with(edges: Tensor, edge: Tensor, status: float) -> Tensor:
    """Returns edges `[B, P, 4]` with one, `[B, 2]` (place, move), set at both ends."""
    made = edges.clone()
    lanes = torch.arange(len(edges))
    place, move = edge.unbind(-1)
    around = neighbours(math.isqrt(edges.shape[1]))
    made[lanes, place, move] = status
    made[lanes, around[place, move], torch.tensor(BACK)[move]] = status
    return made


class _Case(NamedTuple):
    """An edge (place and move, `[N, 2]`; −1 if none), and places `[N]` of decision, goal and control."""

    edge: Tensor
    at: Tensor
    goal: Tensor
    control: Tensor


def _cases(family: MemoryPlanning, sure: Knowledge, draws: torch.Generator) -> _Case:
    """Returns a random case for each walk, uniform over its cases."""
    walks = len(sure.here)
    places = family.places
    edges = torch.tensor([(place, move) for place in range(places) for move in EDGES])
    each = edges.repeat(walks, 1)
    many = Knowledge(*(part.repeat_interleave(len(edges), 0) for part in sure))
    opened, closed = (planned(_with(many.edges, each, status)) for status in (OPEN, WALL))
    both = opened.begins.any(2) & closed.begins.any(2) & (opened.length >= NEAREST)  # [B, P, P]
    apart = both & ~(opened.begins & closed.begins).any(2)
    named = many.label >= 0
    alike = both & (opened.begins == closed.begins).all(2) & named.unsqueeze(1)
    stand, goals = _apart_from_edge(many, each)
    fits = apart & alike.any(2, keepdim=True) & stand.unsqueeze(2) & goals.unsqueeze(1)
    by_walk = fits.view(walks, -1)
    chosen = one_of(by_walk, draws)
    row = torch.arange(walks) * len(edges) + chosen // places**2
    at = chosen // places % places
    control = one_of(alike[row, at], draws)
    edge = torch.where(by_walk.any(1, keepdim=True), each[row], -1)
    return _Case(edge, at, chosen % places, control)


def _apart_from_edge(sure: Knowledge, edge: Tensor) -> tuple[Tensor, Tensor]:
    """Returns possible places of the decision, far from the edge, and of the goal, not at it, `[B, P]` each."""
    lanes = torch.arange(len(edge))
    places = sure.edges.shape[1]
    place, move = edge.unbind(-1)
    beyond = neighbours(math.isqrt(places))[place, move]
    named = sure.label >= 0
    length = ways(sure.edges, guess=False).length
    new = (sure.edges[lanes, place, move] == UNSEEN) & named[lanes, place] & named[lanes, beyond]
    new &= length[lanes, sure.here, place].isfinite()
    far = (length[lanes, place] >= NEAREST) & length[lanes, place].isfinite()
    elsewhere = torch.arange(places) != sure.here.unsqueeze(1)
    goals = named & ~one_hot(place, places).bool() & ~one_hot(beyond, places).bool()
    return far & named & elsewhere & new.unsqueeze(1), goals


def _led(family: MemoryPlanning, walks: Walks, sure: Knowledge, case: _Case, status: float) -> Walks:
    """Returns the walks led to the edge and on to the decision's place, which is their goal meanwhile."""
    around = neighbours(family.size)
    lanes = walks.rows
    place, move = case.edge.unbind(-1)
    second = torch.tensor(BACK)[move] if status == OPEN else move
    begins = ways(sure.edges, guess=False).begins
    now = sure.here.clone()
    phase = torch.zeros_like(now)  # 0: on the way to the edge; 1, 2: at it; 3: on the way to decide; 4: there
    decides = torch.zeros_like(now)
    led = []
    for t in range(2 * family.places + 4):
        phase = torch.where((phase == 0) & (now == place), 1, phase)
        step = begins[lanes, now, :, torch.where(phase == 0, place, case.at)].float().argmax(-1)
        action = torch.where(phase == 1, move, torch.where(phase == 2, second, step))
        collects = (phase == 3) & (now == case.at)
        led.append((sure.label[lanes, now], torch.where(phase == 4, COLLECT, action), collects.float()))
        led[-1][1][collects] = COLLECT
        tries = (phase == 1) | (phase == 2)
        stays = collects | (phase == 4) | (tries & (status == WALL))
        now = torch.where(stays, now, around[now, action])
        decides = torch.where(collects, t + 1, decides)
        phase = torch.where(collects, 4, phase + tries.long())
    here, action, reward = (torch.stack(part, 1) for part in zip(*led, strict=True))
    goal = sure.label[lanes, case.at].unsqueeze(1).expand_as(here)
    return _after(family, walks, Walks(here, goal, action, reward, reward, decides))


def _after(family: MemoryPlanning, walks: Walks, led: Walks) -> Walks:
    """Returns walks continued by `led` and deciding at its end."""
    steps = walks.here.shape[1] + led.here.shape[1]
    t = torch.arange(steps).expand(len(walks.here), -1)
    since = t - walks.decides.unsqueeze(1)
    first = t.clamp(max=walks.here.shape[1] - 1)
    then = since.clamp(0, led.here.shape[1] - 1)
    parts = [
        torch.where(since < 0, old.gather(1, first), new.gather(1, then))
        for old, new in zip(walks[:4], led[:4], strict=True)
    ]
    decides = walks.decides + led.decides
    kept = int(decides.max()) + 1
    here, goal, action, reward = (part[:, :kept] for part in parts)
    return Walks(here, goal, action, reward, flags(family, len(here), kept), decides)
