"""`truth_table`: cells as tiles with verdict, late score, learners."""

from __future__ import annotations

import textwrap

from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.patches import Rectangle

from ingredients.judgement import CellResult
from ingredients.report import wording
from ingredients.report.figures.drawn import Words
from ingredients.report.figures.panel import INK, VERDICT_COLOURS
from ingredients.report.figures.sentences import score_in_words, verdicts_in_words
from ingredients.report.figures.spots import say_at
from ingredients.report.figures.view import View, blank
from ingredients.report.layout import PanelLayout, layout
from ingredients.study.messages import several

_TILE, _HIGH, _GAP = 1.12, 0.66, 0.05
_ROW_NAMES, _COLUMN_NAMES, _OWN_NAME = 0.95, 0.42, 0.3
_SOFT = "#5f5f5f"
_NAME_LETTERS, _OWN_NAME_LETTERS = 11, 16


def words(view: View) -> Words:
    """Returns the picture's texts."""
    return Words("truth_table", "Every cell and its verdict", verdicts_in_words(view.cells))


def figure(view: View) -> Figure:
    """Returns the tiles in named rows and columns, or each with its name."""
    arrangement = layout([result.cell for result in view.judgement.cells])
    results = {result.cell: result for result in view.judgement.cells}
    left = _ROW_NAMES if arrangement.by_row else 0.02
    top = _COLUMN_NAMES if arrangement.by_column else 0.02
    high = _HIGH + (0 if arrangement.is_matrix else _OWN_NAME)
    width, height = left + arrangement.columns * _TILE, top + len(arrangement.rows) * high
    made = blank(width, height)
    axes = made.add_axes((0, 0, 1, 1))
    axes.set(xlim=(0, width), ylim=(height, 0))
    axes.axis("off")
    for row, cells in enumerate(arrangement.rows):
        y = top + row * high
        if arrangement.by_row:
            _name(axes, wording.levels(cells[0], arrangement.by_row), left - 0.08, y + _HIGH / 2, "right")
        for column, cell in enumerate(cells):
            x = left + column * _TILE
            if row == 0 and arrangement.by_column:
                _name(axes, wording.levels(cell, arrangement.by_column), x + _TILE / 2, top / 2, "center")
            if not arrangement.is_matrix:
                _own_name(axes, results[cell], arrangement, (x, y))
            _tile(axes, results[cell], x, y + high - _HIGH)
    return made


def _tile(axes: Axes, result: CellResult, x: float, y: float) -> None:
    """Draws a tile: verdict as mark, word and colour; late score; learners."""
    colour = VERDICT_COLOURS[result.verdict]
    wide = _TILE - _GAP
    high = _HIGH - _GAP
    axes.add_patch(Rectangle((x, y), wide, high, facecolor=colour, alpha=0.14, linewidth=0))
    axes.add_patch(Rectangle((x, y), 0.045, high, facecolor=colour, linewidth=0))
    failed = wording.failures(result)
    learned = f"{result.learned}/{result.seeds} learned" if result.verdict else several(result.seeds, "run")
    lines = [
        (wording.outcome(result), 8.0, "bold", colour, 0.15),
        (wording.number(result.late.mean) if result.seeds else "no run", 9.5, "normal", INK, 0.33),
        (f"{learned}{failed}", 6.6, "normal", _SOFT, 0.5),
    ]
    for text, size, weight, ink, down in lines:
        axes.text(x + 0.1, y + down, text, fontsize=size, fontweight=weight, color=ink, va="center")
    say_at(axes, (x, x + wide), (y, y + high), score_in_words(result))


def _name(axes: Axes, text: str, x: float, y: float, align: str) -> None:
    lines = [line for level in text.split(" · ") for line in textwrap.wrap(level, _NAME_LETTERS)]
    axes.text(x, y, "\n".join(lines), fontsize=7.2, ha=align, va="center", fontweight="bold", linespacing=1.15)


def _own_name(axes: Axes, result: CellResult, arrangement: PanelLayout, at: tuple[float, float]) -> None:
    name = wording.levels(result.cell, arrangement.varied or arrangement.fixed)
    lines = textwrap.wrap(name, _OWN_NAME_LETTERS)[:2] if arrangement.varied else ["all cells alike"]
    axes.text(at[0], at[1] + _OWN_NAME - 0.03, "\n".join(lines), fontsize=7, fontweight="bold", va="bottom")
