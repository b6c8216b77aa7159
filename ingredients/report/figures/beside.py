"""Studies side by side: a cell's curves, and every late score, each on its own scale, floor 0 to yardstick 1."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import MaxNLocator

from ingredients.grid import Cell
from ingredients.judgement.statistics import t_interval
from ingredients.judgement.words import describe
from ingredients.judgement_input.curves import Curve, Rows
from ingredients.report import wording
from ingredients.report.figures.drawn import Picture, Words, drawn
from ingredients.report.figures.panel import QUIET
from ingredients.report.figures.sentences import wrapped
from ingredients.report.figures.spots import say_along, say_at
from ingredients.report.figures.view import NARROW, blank
from ingredients.report.side import ShownCell
from ingredients.report.side_curves import SideCurves

COLOURS = ("#0072b2", "#d55e00", "#009e73", "#7a5195", "#aa4499", "#6f6f6f")
_DASHES: tuple[Any, ...] = ("-", (0, (4, 1.2)), (0, (1.2, 1.2)), (0, (5, 1.2, 1, 1.2)))
_WIDE, _HIGH = 3.1, 1.9
_ROW, _BETWEEN, _FOOT = 0.13, 0.12, 0.45
_LINE_OF_NAME = 0.13
_NAMES = 0.45  # the share of the width that the cells' names take
_LETTERS = 36


@dataclass(frozen=True, eq=False)
class Beside:
    """What is drawn of studies side by side; curves and confidences are by study.

    `shown` has cells' findings by study, or None. `of_steps`: some curves are over steps.
    """

    names: Sequence[str]
    cells: Sequence[Cell]
    shown: Sequence[Sequence[ShownCell | None]]
    curves: Sequence[SideCurves]
    confidences: Sequence[float]
    of_steps: bool = False

    @cached_property
    def limits(self) -> tuple[float, float]:
        """Lowest and highest score of any run, 0 and 1 included, with a margin."""
        rows = [rows for curves in self.curves for rows in curves.values()]
        low = min([0.0, *(float(each.min()) for each in rows)])
        high = max([1.0, *(float(each.max()) for each in rows)])
        margin = 0.05 * (high - low)
        return low - margin, high + margin

    @cached_property
    def episodes(self) -> int | None:
        """Episodes of a lifetime; None if studies differ, or some curves are over steps."""
        if self.of_steps:
            return None
        lengths = {rows.shape[1] for curves in self.curves for rows in curves.values()}
        return lengths.pop() if len(lengths) == 1 else None

    def curves_at(self, cell: Cell) -> Iterator[tuple[int, Rows]]:
        """Yields index and curves of each study with the cell."""
        for place, curves in enumerate(self.curves):
            if cell in curves:
                yield place, curves[cell]


def curve_pictures(beside: Beside) -> list[Picture | None]:
    """Returns a small picture per cell, or None without curves."""
    return [_curve_picture(beside, place) for place in range(len(beside.cells))]


def _curve_picture(beside: Beside, place: int) -> Picture | None:
    cell = beside.cells[place]
    if not any(cell in curves for curves in beside.curves):
        return None
    late = (
        f"{name}: late score {wording.interval(found.late)}"
        for name, found in zip(beside.names, beside.shown[place], strict=True)
        if found is not None
    )
    words = Words(f"beside_{place}", describe(cell), f"{describe(cell)}: {'; '.join(late)}.")
    return drawn(words, lambda: _curves(beside, cell))


def _curves(beside: Beside, cell: Cell) -> Figure:
    figure = blank(_WIDE, _HIGH)
    axes = figure.add_axes((0.13, 0.15, 0.82, 0.82))
    for score in (0, 1):
        axes.axhline(score, color=QUIET, linewidth=0.8, zorder=0)
    for place, rows in beside.curves_at(cell):
        _study(axes, beside, place, rows)
    last = beside.episodes or 100  # per cent of the lifetime where lifetimes differ in length
    axes.set_xlim(0.5, last + 0.5)
    axes.set_ylim(*beside.limits)
    axes.xaxis.set_major_locator(MaxNLocator(nbins=5, integer=True, min_n_ticks=2))
    axes.yaxis.set_major_locator(MaxNLocator(nbins=5, steps=[1, 2, 5, 10]))
    axes.tick_params(length=2.5, labelsize=7.5)
    say_along(axes, last, lambda point: _said(beside, cell, point, last))
    return figure


def _study(axes: Axes, beside: Beside, place: int, rows: Rows) -> None:
    """Draws a study's mean with its interval."""
    count = rows.shape[1]
    points = np.arange(1, count + 1) * (1 if beside.episodes else 100 / count)
    style: dict[str, Any] = {"color": COLOURS[place % len(COLOURS)], "linestyle": _DASHES[place % len(_DASHES)]}
    axes.plot(points, rows.mean(0), linewidth=1.7, zorder=3, **style)
    low, high = _band(rows, beside.confidences[place])
    axes.fill_between(points, low, high, color=style["color"], alpha=0.15, linewidth=0, zorder=2)


def _band(rows: Rows, confidence: float) -> tuple[Curve, Curve]:
    """Returns the interval over runs by episode; NaN for one run."""
    found = [t_interval(each, confidence) for each in rows.T]
    low, high = np.array([(each.low, each.high) for each in found], dtype=np.float64).T
    return low, high


def _said(beside: Beside, cell: Cell, point: int, last: int) -> str:
    """Returns each study's mean at a point of the x axis, 0 to `last` - 1."""
    where = f"episode {point + 1}" if beside.episodes else f"{point + 1}% of the lifetime"
    said = []
    for place, rows in beside.curves_at(cell):
        episode = min((point * rows.shape[1]) // last, rows.shape[1] - 1)
        said.append(f"{beside.names[place]} {wording.number(float(rows[:, episode].mean()))}")
    return f"{where}: {'; '.join(said)}"


def scores_picture(beside: Beside) -> Picture:
    """Returns each cell's late score in each study, with intervals."""
    said = f"Late score of {len(beside.cells)} cells in {len(beside.names)} studies; the table below has the numbers."
    words = Words("beside_scores", "Late score of every cell in every study", said)
    return drawn(words, lambda: _scores(beside))


def _scores(beside: Beside) -> Figure:
    studies = len(beside.names)
    names = [wrapped(describe(cell), _LETTERS) for cell in beside.cells]
    row = max(studies * _ROW, _LINE_OF_NAME * (1 + max(name.count("\n") for name in names))) + _BETWEEN
    height = row * len(beside.cells) + _FOOT
    figure = blank(NARROW, height)
    axes = figure.add_axes((_NAMES, _FOOT / height, 0.98 - _NAMES, 1 - (_FOOT + 0.06) / height))
    for score in (0, 1):
        axes.axvline(score, color=QUIET, linewidth=0.8, zorder=0)
    for place, results in enumerate(beside.shown):
        if place % 2:
            axes.axhspan(place - 0.5, place + 0.5, color="#f1f0ec", linewidth=0, zorder=0)
        for study, result in enumerate(results):
            if result is not None:
                _score(axes, beside, study, place + (study - (studies - 1) / 2) * _ROW / row, result)
    axes.set_yticks(range(len(beside.cells)), names)
    axes.set_ylim(len(beside.cells) - 0.5, -0.5)
    axes.tick_params(length=2.5, labelsize=7)
    axes.margins(x=0.04)
    axes.set_xlabel("late score (0 is the floor, 1 the yardstick)", fontsize=7.5)
    return figure


def _score(axes: Axes, beside: Beside, study: int, height: float, result: ShownCell) -> None:
    """Draws one study's late score of one cell."""
    colour = COLOURS[study % len(COLOURS)]
    late = result.late
    if late.low is not None and late.high is not None:
        axes.plot([late.low, late.high], [height, height], color=colour, linewidth=1.6, zorder=3)
    if late.mean is not None:
        axes.plot([late.mean], [height], "D", color=colour, markersize=3.6, zorder=4)
    half = 0.5 / max(len(beside.names), 1)
    said = f"{beside.names[study]}: {wording.verdict_text(result.verdict)}, late score {wording.interval(late)}"
    say_at(axes, None, (height - half * 0.8, height + half * 0.8), said)
