"""The finite-horizon Gittins index of an arm with normal rewards (Gittins 1979; Lattimore 2016).

After n pulls the mean is N(x, v_n), v_n = 1 / (1 + n / σ²); a pull moves x by a normal step of deviation s_n =
√(v_n − v_{n+1}). The value W of an arm that may be given up solves

    gain_m(n, x) = x + E[W_{m−1}(n + 1, x + s_n z)],   W_m = max(gain_m, 0),   W_0 = 0.

The index is x − x*, gain_m(n, x*) = 0.
"""

from __future__ import annotations

import math
from typing import NamedTuple

import torch
from torch import Tensor

from ingredients.references.gaussian_beliefs import Belief
from ingredients.references.policy import ReferenceInput

LONGEST_LIFETIME = 500
"""Pulls up to which bonuses are computed; time grows with the square."""
WIDEST, GRID = 6.0, 481
LUCK_WIDEST, LUCK = 5.0, 41


class _Reached(NamedTuple):
    """Where a pull leads on the next row's grid: cell `[n, z, x]`, and position in it (>1: beyond)."""

    cell: Tensor
    share: Tensor


def gittins_preference(pulls: int, deviation: float) -> Belief:
    """Returns the preference for the highest index in lifetimes of `pulls`."""
    bonuses = gittins_bonuses(pulls, deviation)

    def index(beliefs: Tensor, moment: ReferenceInput) -> Tensor:
        arm_pulls = ((1 / beliefs[..., 1] - 1) * deviation**2).round().long()
        return beliefs[..., 0] + bonuses[pulls - moment.step][arm_pulls]

    return index


def gittins_bonuses(pulls: int, deviation: float) -> list[Tensor]:
    """Returns for each number m of pulls left the bonus −x* after n ≤ pulls − m pulls, `[n]`."""
    variance = 1 / (1 + torch.arange(pulls + 1.0) / deviation**2)
    grid = torch.linspace(-WIDEST, WIDEST, GRID)
    x = variance[:-1].sqrt().unsqueeze(1) * grid
    reached = _reached(variance, x)
    weights = _weights()
    values = torch.zeros(pulls + 1, GRID)
    bonuses = [torch.zeros(0)]
    for pulls_left in range(1, pulls + 1):
        rows = pulls - pulls_left + 1
        gain = x[:rows] + _expected(values[1 : rows + 1], reached, weights)
        bonuses.append(-_zero(gain, x[:rows]))
        values = torch.cat([gain.clamp(min=0), torch.zeros(1, GRID)])
    return bonuses


def _weights() -> Tensor:
    """Returns the weight of each point of z, `[z, 1]`."""
    density = torch.exp(-(torch.linspace(-LUCK_WIDEST, LUCK_WIDEST, LUCK) ** 2) / 2)
    return (density / density.sum()).unsqueeze(1)


def _reached(variance: Tensor, x: Tensor) -> _Reached:
    step = (variance[:-1] - variance[1:]).sqrt().view(-1, 1, 1)
    luck = torch.linspace(-LUCK_WIDEST, LUCK_WIDEST, LUCK).view(1, -1, 1)
    after = (x.unsqueeze(1) + step * luck) / variance[1:].sqrt().view(-1, 1, 1)
    place = ((after + WIDEST) / (2 * WIDEST) * (GRID - 1)).clamp(min=0)
    cell = place.floor().long().clamp(max=GRID - 2)
    return _Reached(cell, place - cell)


def _expected(values: Tensor, reached: _Reached, weights: Tensor) -> Tensor:
    """Returns E[W(n + 1, x + s_n z)], `[n, x]`, from the next rows' values, extrapolated linearly."""
    rows = len(values)
    cell = reached.cell[:rows]
    wide = values.unsqueeze(1).expand(-1, cell.shape[1], -1)
    low, high = wide.gather(-1, cell), wide.gather(-1, cell + 1)
    return (torch.lerp(low, high, reached.share[:rows]) * weights).sum(1)


def _zero(gain: Tensor, x: Tensor) -> Tensor:
    """Returns where `gain` `[n, x]`, rising in x, is 0, `[n]`."""
    above = (gain > 0).int().argmax(-1, keepdim=True).clamp(min=1)
    low, high = gain.gather(-1, above - 1), gain.gather(-1, above)
    share = low / (low - high)
    return torch.lerp(x.gather(-1, above - 1), x.gather(-1, above), share).squeeze(-1)


def expected_maximum(arms: int) -> float:
    """Returns E[max of `arms` standard normals]: ∫ x A φ(x) Φ(x)^{A−1} dx."""
    x = torch.linspace(-12, 12, 20_001, dtype=torch.float64)
    density = torch.exp(-x * x / 2) / math.sqrt(2 * math.pi)
    return torch.trapezoid(x * arms * density * torch.special.ndtr(x) ** (arms - 1), x).item()
