"""The small figure of a study in the list of all reports: its cells as tiles, and the curve of its fullest cell.

It is made of a few hundred numbers and drawn by the page itself, so that a page of many studies stays small.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import NamedTuple

import numpy as np

from ingredients.grid import Cell
from ingredients.judgement.words import describe
from ingredients.judgement_input.curves import Curve
from ingredients.report import wording
from ingredients.report.layout import PanelLayout, layout
from ingredients.report.side import Published, ShownCell

WIDE, HIGH = 200, 110  # of the curve, in units of its own
_MOST_POINTS = 50
_LOWEST, _HIGHEST = -0.3, 1.15  # scores that are shown; what lies beyond is cut there


class Tile(NamedTuple):
    """A cell: the class of its colour, its mark with its late score, and its name with the whole verdict."""

    verdict_class: str
    text: str
    name: str


class Polyline(NamedTuple):
    """A curve of the small figure: the class of its colour and its points as SVG has them."""

    line_class: str
    points: str


class SmallFigure(NamedTuple):
    """What is drawn of a study.

    Attributes:
        columns: number of tiles in a row.
        tiles: row by row.
        key: what rows and columns stand for.
        lines: the yardstick and the fullest cell; none where no curves are there.
        name: the fullest cell.
    """

    columns: int
    tiles: Sequence[Tile]
    key: str
    lines: Sequence[Polyline]
    name: str


def small_figure(study: Published) -> SmallFigure:
    """Returns the figure of a study.

    Raises:
        StoreError: `report.json` or the table of curves is damaged.
    """
    arrangement = layout(list(study.cells))
    first = arrangement.rows[0][0]
    tiles = [_tile(cell, study.cells[cell]) for row in arrangement.rows for cell in row]
    lines = list(_lines(study, first))
    return SmallFigure(arrangement.columns, tiles, _key(arrangement), lines, describe(first))


def _tile(cell: Cell, found: ShownCell) -> Tile:
    mark = wording.VERDICT_MARKS[found.verdict]
    late = wording.number(found.late.mean)
    whole = f"{describe(cell)}: {wording.verdict_text(found.verdict)}, late score {wording.interval(found.late)}"
    return Tile(found.verdict or "null", f"{mark} {late}", whole)


def _key(arrangement: PanelLayout) -> str:
    """Returns what rows and columns of the tiles stand for; nothing where they follow one another."""
    if not arrangement.is_matrix:
        return ""
    rows, columns = (
        " and ".join(wording.INGREDIENT_WORDS[name] for name in names)
        for names in (arrangement.by_row, arrangement.by_column)
    )
    return f"Down: {rows}. Across: {columns}."


def _lines(study: Published, cell: Cell) -> Iterator[Polyline]:
    """Yields the yardstick's curve and that of a cell, on the study's scale."""
    if cell not in study.curves:
        return
    low, high = study.json["floor"], study.json["yardstick"]["late"]
    yardstick = np.array(study.json["references"][study.json["yardstick"]["name"]]["curve"])
    yield Polyline("yardstick", _points((yardstick - low) / (high - low)))
    yield Polyline(study.cells[cell].verdict or "null", _points(study.curves[cell].mean(0)))


def _points(curve: Curve) -> str:
    """Returns a curve of scores as points of the small figure, at most fifty of them."""
    chosen = np.unique(np.linspace(0, curve.size - 1, min(curve.size, _MOST_POINTS)).round().astype(int))
    across = (chosen + 0.5) / curve.size * WIDE
    return " ".join(f"{x:.0f},{height(float(y)):.1f}" for x, y in zip(across, curve[chosen], strict=True))


def height(score: float) -> float:
    """Returns how far below the upper edge of the small figure a score stands."""
    inside = min(max(score, _LOWEST), _HIGHEST)
    return (_HIGHEST - inside) / (_HIGHEST - _LOWEST) * HIGH
