"""Players of the memory & planning game, which collect on goals, and explore until they know a way."""

from __future__ import annotations

import math
from dataclasses import dataclass
from functools import cached_property

import torch
from torch import Tensor
from torch.nn.functional import one_hot

from ingredients.references.planning_maps import (
    OPEN,
    WALL,
    Chart,
    Parts,
    cheapest,
    note_edge,
    one_of,
    seen_labels,
    walked,
    ways_to,
)
from ingredients.references.policy import Answer, ReferenceInput
from ingredients.tasks.memory_planning import COLLECT, MemoryPlanning
from ingredients.tasks.torus import BACK, MOVES, distances, neighbours

NONE = -1.0


def collects(family: MemoryPlanning, moment: ReferenceInput, move: Tensor) -> Tensor:
    """Returns the action: collect on the goal, else the move."""
    here, goal = seen_labels(family, moment.observation)
    return torch.where(here == goal, COLLECT, move)


@dataclass(frozen=True)
class MazeWanderer:
    """Moves at random, or straight on with probability `straight`; with `forward` never turns back."""

    family: MemoryPlanning
    straight: float = 0.0
    forward: bool = False

    def initial(self, lanes: int) -> Tensor:
        """Returns no memory."""
        return torch.empty(lanes, 0)

    def act(self, memory: Tensor, moment: ReferenceInput) -> Tensor:
        """See `ReferencePolicy.act`."""
        last = moment.action_tm1
        moved = (last >= 0) & (last < COLLECT)
        last = torch.where(moved, last, 0)
        allowed = torch.ones(len(last), len(MOVES), dtype=torch.bool)
        if self.forward:
            allowed = ~(one_hot(torch.tensor(BACK)[last], len(MOVES)).bool() & moved.unsqueeze(-1))
        move = one_of(allowed, moment.generator)
        keeps = torch.rand(last.shape, generator=moment.generator) < self.straight
        return collects(self.family, moment, torch.where(moved & keeps, last, move))

    def update(self, memory: Tensor, answer: Answer) -> Tensor:
        """Returns no memory."""
        return memory


@dataclass(frozen=True)
class Replay:
    """Repeats the shortest path walked in one piece from here to the goal, else the least tried move."""

    family: MemoryPlanning

    @cached_property
    def parts(self) -> Parts:
        """Parts of its memory."""
        labels = self.family.places
        shapes = {"length": (labels, labels), "move": (labels, labels), "left": (labels,), "by": (labels,)}
        blank = {"length": math.inf, "move": 0.0, "left": -math.inf, "by": 0.0, "tries": 0.0, "moves": 0.0}
        return Parts({**shapes, "tries": (labels, len(MOVES)), "moves": (1,)}, blank)

    def initial(self, lanes: int) -> Tensor:
        """Returns no paths."""
        return self.parts.initial(lanes)

    def act(self, memory: Tensor, moment: ReferenceInput) -> Tensor:
        """Returns the stored path's first move, if any."""
        parts = self.parts.of(memory)
        here, goal = seen_labels(self.family, moment.observation)
        lanes = torch.arange(len(here))
        stored = parts["move"][lanes, here, goal].long()
        new = cheapest(parts["tries"][lanes, here], moment.generator)
        known = parts["length"][lanes, here, goal].isfinite()
        return collects(self.family, moment, torch.where(known, stored, new))

    def update(self, memory: Tensor, answer: Answer) -> Tensor:
        """Returns the memory with the paths that end here."""
        parts = self.parts.of(memory)
        step = walked(self.family, answer)
        lanes = torch.arange(len(memory))
        parts["tries"][lanes, step.here, step.move] += (step.moved | step.blocked).float()
        parts["left"][lanes, step.here] = torch.where(step.moved, parts["moves"][:, 0], parts["left"][lanes, step.here])
        parts["by"][lanes, step.here] = torch.where(step.moved, step.move.float(), parts["by"][lanes, step.here])
        parts["moves"] += step.moved.unsqueeze(1).float()
        length = parts["moves"] - parts["left"]
        shorter = step.moved.unsqueeze(1) & (length < parts["length"][lanes, :, step.there])
        for name, found in (("length", length), ("move", parts["by"])):
            before = parts[name][lanes, :, step.there]
            parts[name][lanes, :, step.there] = torch.where(shorter, found, before)
        return self.parts.joined(parts)


@dataclass(frozen=True)
class VectorNavigator:
    """Knows the coordinates of labels, and moves towards the goal, not where it failed, without comparing routes."""

    family: MemoryPlanning

    @property
    def chart(self) -> Chart:
        """The chart of labels."""
        return Chart(self.family)

    @cached_property
    def parts(self) -> Parts:
        """Parts of its memory."""
        shapes = {**self.chart.shapes, "failed": (self.family.places, len(MOVES)), "back": (1,)}
        return Parts(shapes, {**self.chart.blank, "failed": 0.0, "back": NONE})

    def initial(self, lanes: int) -> Tensor:
        """Returns an empty chart."""
        return self.parts.initial(lanes)

    def act(self, memory: Tensor, moment: ReferenceInput) -> Tensor:
        """Returns a move that reduces the straight distance, or explores."""
        parts = self.parts.of(memory)
        here, at = self.chart.ends(parts, moment.observation)
        around = neighbours(self.family.size)
        flies = distances(around)[at.clamp(min=0).long()].squeeze(1)  # [N, P]: to the goal, if there were no walls
        nearer = flies.gather(1, around[here]) < flies.gather(1, here.unsqueeze(1))
        new = ~self.chart.visited(parts).gather(1, around[here])
        possible = parts["failed"][torch.arange(len(here)), here] == 0
        onward = possible & (parts["back"] != torch.arange(len(MOVES)))
        wanted = torch.where(at >= 0, nearer, new)
        return collects(self.family, moment, one_of(_first_of(wanted & onward, onward, possible), moment.generator))

    def update(self, memory: Tensor, answer: Answer) -> Tensor:
        """See `ReferencePolicy.update`."""
        parts = self.parts.of(memory)
        step = walked(self.family, answer)
        here, _ = self.chart.note(parts, step)
        lanes = torch.arange(len(here))
        parts["failed"][lanes, here, step.move] += step.blocked.float()
        back = torch.tensor(BACK)[step.move].float()
        stays = torch.where(step.blocked, parts["back"].squeeze(1), NONE)
        parts["back"] = torch.where(step.moved, back, stays).unsqueeze(1)
        return self.parts.joined(parts)


@dataclass(frozen=True)
class MazeSearch:
    """Takes the cheapest way over edges seen, others at a price; to unknown goals, via the nearest unseen place."""

    family: MemoryPlanning
    price: float = 1.0

    @property
    def chart(self) -> Chart:
        """The chart of labels."""
        return Chart(self.family)

    @cached_property
    def parts(self) -> Parts:
        """Parts of its memory."""
        shapes = {**self.chart.shapes, "edges": (self.family.places, len(MOVES))}
        return Parts(shapes, {**self.chart.blank, "edges": 0.0})

    def initial(self, lanes: int) -> Tensor:
        """Returns an empty chart."""
        return self.parts.initial(lanes)

    def act(self, memory: Tensor, moment: ReferenceInput) -> Tensor:
        """Returns the first move of the cheapest way."""
        parts = self.parts.of(memory)
        here, at = self.chart.ends(parts, moment.observation)
        around = neighbours(self.family.size)
        there = at == torch.arange(self.family.places)
        targets = torch.where(at >= 0, there, ~self.chart.visited(parts))
        costs = torch.where(parts["edges"] == WALL, math.inf, torch.where(parts["edges"] == OPEN, 1.0, self.price))
        ways = ways_to(targets, costs, around)
        lanes = torch.arange(len(here))
        by_move = costs[lanes, here] + ways.gather(1, around[here])
        return collects(self.family, moment, cheapest(by_move, moment.generator))

    def update(self, memory: Tensor, answer: Answer) -> Tensor:
        """See `ReferencePolicy.update`."""
        parts = self.parts.of(memory)
        step = walked(self.family, answer)
        here, _ = self.chart.note(parts, step)
        note_edge(parts["edges"], step, here, neighbours(self.family.size))
        return self.parts.joined(parts)


@dataclass(frozen=True)
class Oracle:
    """Knows the map, and takes the shortest way."""

    family: MemoryPlanning

    def initial(self, lanes: int) -> Tensor:
        """Returns no memory."""
        return torch.empty(lanes, 0)

    def act(self, memory: Tensor, moment: ReferenceInput) -> Tensor:
        """Returns the first move of a shortest way."""
        here, goal = seen_labels(self.family, moment.observation)
        graph = self.family.graph(moment.tasks)
        ways = ways_to(one_hot(goal, self.family.places).bool(), torch.ones_like(graph, dtype=torch.float32), graph)
        after = ways.gather(1, graph[torch.arange(len(here)), here])
        return collects(self.family, moment, cheapest(after, moment.generator))

    def update(self, memory: Tensor, answer: Answer) -> Tensor:
        """Returns no memory."""
        return memory


def _first_of(*choices: Tensor) -> Tensor:
    """Returns each lane's first non-empty set of moves `[N, 4]`."""
    chosen = choices[-1]
    for choice in reversed(choices[:-1]):
        chosen = torch.where(choice.any(-1, keepdim=True), choice, chosen)
    return chosen
