"""Memories for the memory & planning game: a chart of places, edges seen, paths walked.

Counting moves from the start gives each label's place, numbered row by row. Shapes: N lanes, P places and labels.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass

import torch
from torch import Tensor

from ingredients.references.policy import Answer
from ingredients.tasks.memory_planning import COLLECT, MemoryPlanning
from ingredients.tasks.torus import BACK, neighbours

UNKNOWN = -1.0
UNSEEN, OPEN, WALL = 0.0, 1.0, 2.0


@dataclass(frozen=True)
class Parts:
    """Names, shapes and initial values of a memory's parts."""

    shapes: Mapping[str, tuple[int, ...]]
    blank: Mapping[str, float]

    def initial(self, lanes: int) -> Tensor:
        """Returns the initial memory, `[N, M]`."""
        return self.joined({name: torch.full((lanes, *shape), self.blank[name]) for name, shape in self.shapes.items()})

    def of(self, memory: Tensor) -> dict[str, Tensor]:
        """Returns copies of the parts, `[N, ...]` each."""
        widths = [math.prod(shape) for shape in self.shapes.values()]
        cut = torch.split(memory, widths, dim=1)
        return {
            name: part.reshape(-1, *shape).clone() for (name, shape), part in zip(self.shapes.items(), cut, strict=True)
        }

    def joined(self, parts: Mapping[str, Tensor]) -> Tensor:
        """Returns the parts as a memory."""
        return torch.cat([parts[name].flatten(1) for name in self.shapes], 1)


def seen_labels(family: MemoryPlanning, observation: Tensor) -> tuple[Tensor, Tensor]:
    """Returns the labels of position and goal, `[N]` each (int64)."""
    here, goal = torch.split(observation, family.places, dim=-1)
    return here.argmax(-1), goal.argmax(-1)


@dataclass(frozen=True)
class Walked:
    """What a step showed of the map.

    Attributes:
        here, there: labels before and after, `[N]`.
        move: `[N]`; 0 where it collected.
        moved, blocked: reached another place, or a wall, `[N]` (bool).
    """

    here: Tensor
    there: Tensor
    move: Tensor
    moved: Tensor
    blocked: Tensor


def walked(family: MemoryPlanning, answer: Answer) -> Walked:
    """Returns what the last step showed."""
    here, _ = seen_labels(family, answer.observation)
    there, _ = seen_labels(family, answer.led_to)
    moves = answer.action < COLLECT
    move = torch.where(moves, answer.action, 0)
    return Walked(here, there, move, moves & (here != there), moves & (here == there))


@dataclass(frozen=True)
class Chart:
    """Places of labels: `place` `[N, P]` and the current one, `here` `[N, 1]`; −1 if unknown."""

    family: MemoryPlanning

    @property
    def shapes(self) -> dict[str, tuple[int, ...]]:
        """Parts of a memory with a chart."""
        return {"place": (self.family.places,), "here": (1,)}

    @property
    def blank(self) -> dict[str, float]:
        """Initial values: no label known, start at place 0."""
        return {"place": UNKNOWN, "here": 0.0}

    def located(self, parts: Mapping[str, Tensor], label: Tensor) -> Tensor:
        """Returns the current label's place `[N]` (int64), known or dead-reckoned."""
        known = parts["place"].gather(1, label.unsqueeze(1))
        return torch.where(known >= 0, known, parts["here"]).squeeze(1).long()

    def ends(self, parts: Mapping[str, Tensor], observation: Tensor) -> tuple[Tensor, Tensor]:
        """Returns the places of current label, `[N]`, and goal, `[N, 1]`, −1 if unknown."""
        label, goal = seen_labels(self.family, observation)
        return self.located(parts, label), parts["place"].gather(1, goal.unsqueeze(1))

    def note(self, parts: dict[str, Tensor], step: Walked) -> tuple[Tensor, Tensor]:
        """Writes a step into the chart; returns both places, `[N]`."""
        around = neighbours(self.family.size)
        here = self.located(parts, step.here)
        there = torch.where(step.moved, around[here, step.move], here)
        parts["place"].scatter_(1, step.here.unsqueeze(1), here.unsqueeze(1).float())
        parts["place"].scatter_(1, step.there.unsqueeze(1), there.unsqueeze(1).float())
        parts["here"] = there.unsqueeze(1).float()
        return here, there

    def visited(self, parts: Mapping[str, Tensor]) -> Tensor:
        """Returns which places have a known label, `[N, P]` (bool)."""
        place = parts["place"]
        spare = place.new_zeros(len(place), self.family.places + 1)  # the last column takes the unknown labels
        index = torch.where(place >= 0, place, float(self.family.places)).long()
        return spare.scatter_(1, index, 1.0)[:, :-1] > 0


def note_edge(edges: Tensor, step: Walked, here: Tensor, around: Tensor) -> None:
    """Writes into `edges` `[N, P, 4]`, at both ends, whether a move was open."""
    lanes = torch.arange(len(edges))
    back = torch.tensor(BACK)
    beyond = around[here, step.move]
    found = torch.where(step.moved, OPEN, WALL)
    tried = step.moved | step.blocked
    for place, move in ((here, step.move), (beyond, back[step.move])):
        edges[lanes, place, move] = torch.where(tried, found, edges[lanes, place, move])


def ways_to(targets: Tensor, costs: Tensor, graph: Tensor) -> Tensor:
    """Returns the cost of the cheapest way from each place to the nearest target, `[N, P]`.

    `costs` of moves are `[N, P, 4]`, infinite if impossible; `graph` are destinations, `[P, 4]` or `[N, P, 4]`.
    """
    ways = torch.where(targets, 0.0, math.inf)
    led_to = graph.expand_as(costs).flatten(1)
    for _ in range(costs.shape[1]):
        further = torch.minimum(ways, (costs + ways.gather(1, led_to).view_as(costs)).amin(-1))
        if torch.equal(further, ways):
            break
        ways = further
    return ways


def one_of(allowed: Tensor, draws: torch.Generator) -> Tensor:
    """Returns a random allowed index, `[N]`, of `[N, X]`; any if none is."""
    lots = torch.rand(allowed.shape, generator=draws)
    return (lots + allowed.float()).argmax(-1)


def cheapest(costs: Tensor, draws: torch.Generator) -> Tensor:
    """Returns a cheapest move `[N]`, for costs `[N, 4]`."""
    return one_of(costs <= costs.amin(-1, keepdim=True), draws)
