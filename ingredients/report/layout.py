"""The order of cells, and the layout of panels."""

from __future__ import annotations

import itertools
import math
from collections.abc import Sequence
from dataclasses import dataclass

from ingredients.grid import Cell
from ingredients.judgement.doses import strength
from ingredients.study import INGREDIENTS, Ingredient, MemoryKind

MOST_COLUMNS = 4


@dataclass(frozen=True)
class PanelLayout:
    """Panels in rows, the last perhaps shorter.

    `by_row` and `by_column` are the ingredients whose levels name rows and columns, if any.
    """

    rows: tuple[tuple[Cell, ...], ...]
    by_row: tuple[Ingredient, ...]
    by_column: tuple[Ingredient, ...]

    @property
    def columns(self) -> int:
        """Number of panels in the widest row."""
        return max(len(row) for row in self.rows)

    @property
    def varied(self) -> tuple[Ingredient, ...]:
        """Ingredients with more than one level."""
        cells = [cell for row in self.rows for cell in row]
        return tuple(name for name in INGREDIENTS if len({cell.level(name) for cell in cells}) > 1)

    @property
    def fixed(self) -> tuple[Ingredient, ...]:
        """Ingredients with one level."""
        return tuple(name for name in INGREDIENTS if name not in self.varied)

    @property
    def is_matrix(self) -> bool:
        """Whether rows and columns have a meaning."""
        return bool(self.by_row or self.by_column)


def fullest_first(cells: Sequence[Cell]) -> list[Cell]:
    """Returns the cells by the strength of each level in turn."""
    return sorted(cells, key=_weakness)


def layout(cells: Sequence[Cell]) -> PanelLayout:
    """Returns a grid's panels as a matrix; in lines of `MOST_COLUMNS` if at most one ingredient varies."""
    varied = [name for name in INGREDIENTS if len({cell.level(name) for cell in cells}) > 1]
    if len(varied) < 2:
        return PanelLayout(_batched(fullest_first(cells), min(len(cells), MOST_COLUMNS)), (), ())
    by_column = _columns(cells, varied)
    by_row = tuple(name for name in varied if name not in by_column)
    ordered = sorted(cells, key=lambda cell: (_weakness(cell, by_row), _weakness(cell, by_column)))
    return PanelLayout(_batched(ordered, _levels(cells, by_column)), by_row, by_column)


def _columns(cells: Sequence[Cell], varied: Sequence[Ingredient]) -> tuple[Ingredient, ...]:
    """Returns the ingredients for columns: the most that fit, of equal choices the later."""
    choices = [some for count in range(1, len(varied)) for some in itertools.combinations(varied, count)]
    fitting = [some for some in choices if _levels(cells, some) <= MOST_COLUMNS]
    if not fitting:
        return min(choices, key=lambda some: _levels(cells, some))
    return max(fitting, key=lambda some: (_levels(cells, some), [INGREDIENTS.index(name) for name in some]))


def _levels(cells: Sequence[Cell], ingredients: Sequence[Ingredient]) -> int:
    return math.prod(len({cell.level(name) for cell in cells}) for name in ingredients)


def _batched(cells: Sequence[Cell], width: int) -> tuple[tuple[Cell, ...], ...]:
    return tuple(tuple(cells[start : start + width]) for start in range(0, len(cells), width))


_Weakness = tuple[float, bool, str]


def _weakness(cell: Cell, ingredients: Sequence[Ingredient] = INGREDIENTS) -> list[_Weakness]:
    """Returns a sort key, smaller for a cell with more of each ingredient; siblings stand below their kinds."""
    kind = cell.memory.kind if isinstance(cell.memory, MemoryKind) else ""
    other = {"memory": (kind == "none", kind)}  # it has no cell with memory on above it
    return [(-strength(cell, name), *other.get(name, (False, ""))) for name in ingredients]
