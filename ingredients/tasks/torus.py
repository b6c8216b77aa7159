"""Places of a torus, numbered row by row, and walls between them.

A graph `[..., P, 4]` (int64), P = n², says where each move of `MOVES` leads; into walls, to the place itself.
"""

from __future__ import annotations

import math

import torch
from torch import Tensor
from torch.nn.functional import one_hot

MOVES = ((-1, 0), (1, 0), (0, -1), (0, 1))
UP, DOWN, LEFT, RIGHT = range(4)
BACK = (DOWN, UP, RIGHT, LEFT)  # the move that undoes each move
EDGES = (DOWN, RIGHT)  # the two edges that belong to a place: each edge belongs to one


def neighbours(size: int) -> Tensor:
    """Returns the graph without walls, `[P, 4]`."""
    place = torch.arange(size**2)
    row, column = place // size, place % size
    led_to = [(row + down) % size * size + (column + right) % size for down, right in MOVES]
    return torch.stack(led_to, -1)


def draw_graph(uniforms: Tensor, walls: int) -> Tensor:
    """Returns connected graphs `[N, P, 4]` with `walls` ≤ P + 1 walls each.

    Edges outside the minimum spanning tree (Kruskal 1956, "construction A'") are closed in the order of `uniforms`
    `[N, P, 2]` (down and right of each place).
    """
    lanes, places, _ = uniforms.shape
    around = neighbours(math.isqrt(places))
    rank = uniforms.flatten(1).argsort(-1).argsort(-1)  # no two edges weigh the same
    weights = rank.view_as(uniforms).float()
    skipped = (weights == _lowest_tops(weights, around)).flatten(1)
    order = rank.masked_fill(skipped, -1).argsort(-1, descending=True)
    closed = torch.zeros_like(skipped).scatter_(1, order[:, :walls], True).view(lanes, places, 2)
    shut = torch.empty(lanes, places, len(MOVES), dtype=torch.bool)
    for column, move in enumerate(EDGES):
        shut[..., move] = closed[..., column]
        shut[..., BACK[move]] = closed[:, around[:, BACK[move]], column]
    return torch.where(shut, torch.arange(places).unsqueeze(-1), around)


def relabelled(reached: Tensor, labels: Tensor) -> Tensor:
    """Returns the graph `[N, P, 4]` whose place p is `labels[:, p]`, `[N, P]`."""
    renamed = labels.gather(1, reached.flatten(1)).view_as(reached)
    return torch.empty_like(renamed).scatter_(1, labels.unsqueeze(-1).expand_as(renamed), renamed)


def distances(reached: Tensor) -> Tensor:
    """Returns the steps between all places, `[..., P, P]` (Floyd 1962)."""
    places = reached.shape[-2]
    adjacent = one_hot(reached, places).amax(-2).bool()
    ways = torch.where(adjacent, 1.0, math.inf)
    ways.diagonal(dim1=-2, dim2=-1).zero_()
    for via in range(places):
        ways = torch.minimum(ways, ways[..., :, via : via + 1] + ways[..., via : via + 1, :])
    return ways


def _lowest_tops(weights: Tensor, around: Tensor) -> Tensor:
    """Returns each edge's least maximal weight of a way between its ends, `[N, P, 2]`."""
    lanes, places, _ = weights.shape
    here = torch.arange(places)
    tops = weights.new_full((lanes, places, places), math.inf)
    for column, move in enumerate(EDGES):
        tops[:, here, around[:, move]] = tops[:, around[:, move], here] = weights[..., column]
    for via in range(places):
        tops = torch.minimum(tops, torch.maximum(tops[..., :, via : via + 1], tops[..., via : via + 1, :]))
    return torch.stack([tops[:, here, around[:, move]] for move in EDGES], -1)
