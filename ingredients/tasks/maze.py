"""Rooms with walls; squares are `[..., n, n]` (row, column), or `[..., n²]`, row by row."""

from __future__ import annotations

import math
from itertools import count

import torch
from torch import Tensor
from torch.nn.functional import pad


def distances(open_squares: Tensor, targets: Tensor) -> Tensor:
    """Returns open squares' steps to the nearest open target, `[..., n, n]`, or infinity."""
    never = torch.full(open_squares.shape, math.inf, device=open_squares.device)
    found = never.masked_fill(targets & open_squares, 0.0)
    # on a GPU a test for convergence would wait, so all rounds are made: no way is longer than the number of squares
    rounds = count(1) if found.is_cpu else range(found.shape[-1] * found.shape[-2])
    for _ in rounds:
        beyond = pad(found, (1, 1, 1, 1), value=math.inf)
        up_down = torch.minimum(beyond[..., :-2, 1:-1], beyond[..., 2:, 1:-1])
        left_right = torch.minimum(beyond[..., 1:-1, :-2], beyond[..., 1:-1, 2:])
        through = torch.minimum(found, torch.minimum(up_down, left_right) + 1)
        further = torch.where(open_squares, through, never)
        if found.is_cpu and torch.equal(further, found):
            break
        found = further
    return found


def draw_walls(uniforms: Tensor, share: float, start: int) -> Tensor:
    """Returns walls `[..., n, n]` (bool): squares with probability `share`, and unreachable ones.

    `start` and the square above it stay open.
    """
    size = uniforms.shape[-1]
    walls = (uniforms < share).flatten(-2)
    walls[..., [start, start - size]] = False
    origin = torch.zeros_like(walls)
    origin[..., start] = True
    return distances(~walls.view(uniforms.shape), origin.view(uniforms.shape)).isinf()


def pick(allowed: Tensor, uniform: Tensor) -> Tensor:
    """Returns a random allowed square's number `[...]` (int64), of `[..., n²]` (bool)."""
    count = allowed.sum(-1)
    nth = torch.minimum((uniform * count).long(), count - 1)
    reached = allowed.cumsum(-1) > nth.unsqueeze(-1)  # true from the nth allowed square on
    return reached.to(torch.int8).argmax(-1)
