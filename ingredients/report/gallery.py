"""A study's small figure on the page of all reports: tiles, and the fullest cell's curve."""

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
    """A cell: its colour's class, mark with late score, name with verdict."""

    verdict_class: str
    text: str
    name: str


class Polyline(NamedTuple):
    """A curve: its colour's class, its points in SVG."""

    line_class: str
    points: str


class SmallFigure(NamedTuple):
    """Tiles by row, with the meaning of rows and columns as `key`.

    `lines` are the yardstick's and the fullest cell's (`name`), if known.
    """

    columns: int
    tiles: Sequence[Tile]
    key: str
    lines: Sequence[Polyline]
    name: str


def small_figure(study: Published) -> SmallFigure:
    """Returns a study's figure.

    Raises:
        StoreError: `report.json` or the curves' table is damaged.
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
    """Returns the meaning of rows and columns, if any."""
    if not arrangement.is_matrix:
        return ""
    rows, columns = (
        " and ".join(wording.INGREDIENT_WORDS[name] for name in names)
        for names in (arrangement.by_row, arrangement.by_column)
    )
    return f"Down: {rows}. Across: {columns}."


def _lines(study: Published, cell: Cell) -> Iterator[Polyline]:
    """Yields the yardstick's and a cell's curve, on the study's scale."""
    if cell not in study.curves:
        return
    low, high = study.json["floor"], study.json["yardstick"]["late"]
    yardstick = np.array(study.json["references"][study.json["yardstick"]["name"]]["curve"])
    yield Polyline("yardstick", _points((yardstick - low) / (high - low)))
    yield Polyline(study.cells[cell].verdict or "null", _points(study.curves[cell].mean(0)))


def _points(curve: Curve) -> str:
    """Returns a curve as at most fifty points."""
    chosen = np.unique(np.linspace(0, curve.size - 1, min(curve.size, _MOST_POINTS)).round().astype(int))
    across = (chosen + 0.5) / curve.size * WIDE
    return " ".join(f"{x:.0f},{height(float(y)):.1f}" for x, y in zip(across, curve[chosen], strict=True))


def height(score: float) -> float:
    """Returns a score's distance from the upper edge."""
    inside = min(max(score, _LOWEST), _HIGHEST)
    return (_HIGHEST - inside) / (_HIGHEST - _LOWEST) * HIGH
