"""Main effects and interactions of the 2⁴ design on the late score (Box, Hunter & Hunter 2005, §5).

With x = ±1 for on and off, the effect of a set U is Σ_cells (Π_{i ∈ U} x_i) · y / 8.
"""

from __future__ import annotations

import itertools
from collections.abc import Mapping, Sequence

import numpy as np

from ingredients.grid import INGREDIENTS, Cell
from ingredients.judgement.findings import FactorialEffect
from ingredients.judgement.results import CellResult, Effect
from ingredients.judgement.statistics import p_against, t_interval
from ingredients.study import Ingredient

_GRID = tuple(Cell(*levels) for levels in itertools.product((False, True), repeat=len(INGREDIENTS)))


def factorial(cells: Mapping[Cell, CellResult], confidence: float) -> tuple[FactorialEffect, ...]:
    """Returns main effects, then interactions, if a seed finished all cells."""
    if not all(cell in cells for cell in _GRID):
        return ()
    lates = [{run.seed: run.late for run in cells[cell].runs if run.late is not None} for cell in _GRID]
    seeds = sorted(set.intersection(*(set(of_cell) for of_cell in lates)))
    if not seeds:
        return ()
    scores = np.array([[of_cell[seed] for seed in seeds] for of_cell in lates])
    return tuple(
        FactorialEffect(names, _effect(scores, names, confidence))
        for count in range(1, len(INGREDIENTS) + 1)
        for names in itertools.combinations(INGREDIENTS, count)
    )


def _effect(scores: np.ndarray, names: Sequence[Ingredient], confidence: float) -> Effect:
    """Returns one effect of scores `[16, R]`, over seeds."""
    signs = np.array([np.prod([1 if cell.level(name) else -1 for name in names]) for cell in _GRID])
    of_seed = signs @ scores / (len(_GRID) / 2)
    interval = t_interval(of_seed, confidence)
    return Effect(interval.mean, interval.low, interval.high, p_against(of_seed, 0.0), of_seed.size)
