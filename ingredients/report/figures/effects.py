"""`effects`, `runs` and `doses`: late scores as dots with intervals."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from ingredients.judgement import CellResult
from ingredients.judgement.words import describe
from ingredients.report import wording
from ingredients.report.figures.drawn import Words
from ingredients.report.figures.panel import INK, VERDICT_COLOURS
from ingredients.report.figures.sentences import wrapped
from ingredients.report.figures.sheet import Line, broken
from ingredients.report.figures.spots import say_at
from ingredients.report.figures.view import NARROW, View, blank
from ingredients.report.wording import INGREDIENT_WORDS
from ingredients.study import INGREDIENTS, Ingredient

_ROW, _HEAD, _FOOT = 0.2, 0.34, 0.42
_LINE_OF_NAME = 0.13  # inches of each line of the longest name, where it has several
_SOFT, _LINE = "#5f5f5f", "#8a8a8a"
_LONGEST = 36
_NAME_SHARE = 0.2  # of the axis that the name of a reference takes


class _Dot(NamedTuple):
    """A row: label, mean with bounds, colour, single values."""

    label: str
    mean: float | None
    low: float | None
    high: float | None
    colour: str = INK
    values: tuple[float, ...] = ()


def effects_words(view: View) -> Words:
    """Returns the texts of the picture of effects."""
    said = "; ".join(f"{row.label} {wording.bounded(row.mean, row.low, row.high)}" for row in _simple(view))
    title = "Late score lost without each ingredient"
    return Words("effects", title, f"Late score lost without each ingredient, all others on: {said}.")


def effects(view: View) -> Figure:
    """Returns simple effects at the full cell, then the design's main effects and interactions."""
    blocks = [("late score lost without one ingredient, all others on (paired over seeds)", _simple(view))]
    if view.judgement.factorial:
        rows = [
            _Dot(_short(effect.names), effect.effect.mean, effect.effect.low, effect.effect.high)
            for effect in view.judgement.factorial
        ]
        blocks.append(("main effects and interactions over all sixteen cells (a description)", rows))
    height = sum(_HEAD + _ROW * len(rows) + _FOOT for _, rows in blocks)
    made = blank(NARROW, height)
    down = 0.0
    for title, rows in blocks:
        high = _ROW * len(rows)
        axes = made.add_axes((0.36, 1 - (down + _HEAD + high) / height, 0.6, high / height))
        _dots(axes, rows, (0.0,))
        made.text(0.02, 1 - (down + _HEAD - 0.1) / height, title, fontsize=7.8, fontweight="bold")
        axes.set_xlabel("late score (0 is the floor, 1 the yardstick)", fontsize=7.5)
        down += _HEAD + high + _FOOT
    return made


def runs_words(view: View) -> Words:
    """Returns the texts of the picture of runs."""
    said = "; ".join(
        f"{describe(result.cell)} {', '.join(wording.number(run.late) for run in result.runs)}"
        for result in view.cells[:16]
    )
    return Words("runs", "Late score of every run", f"One dot a run. {said}.")


def runs(view: View) -> Figure:
    """Returns every cell's runs as dots, with means, intervals, known ceilings."""
    rows = [_of_cell(result) for result in view.cells]
    lines = 1 + max((each.label.count("\n") for each in rows), default=0)
    row = max(_ROW, _LINE_OF_NAME * lines)
    head = 0.4
    foot = 0.72
    high = row * len(rows)
    height = head + high + foot
    made = blank(NARROW, height)
    axes = made.add_axes((0.47, foot / height, 0.5, high / height))
    marks = {role: view.curves.normalised_late(ref.curve) for role, ref in view.curves.references.roles.items()}
    known = {role: mark for role, mark in marks.items() if mark is not None}
    _dots(axes, rows, tuple(known.values()))
    for place, result in enumerate(view.cells):
        top = view.curves.ceiling(result)
        if top is not None:
            axes.plot([top, top], [place - 0.38, place + 0.38], color="#009e73", linewidth=3, alpha=0.5, zorder=1)
    low, high = axes.get_xlim()
    last = low - (high - low)
    up = False
    for role, mark in sorted(known.items(), key=lambda item: item[1]):
        up = not up and mark - last < _NAME_SHARE * (high - low)  # beside another name it stands above it
        last = mark
        axes.annotate(
            role,
            (mark, 1),
            xytext=(0, 11 if up else 3),
            xycoords=("data", "axes fraction"),
            textcoords="offset points",
            fontsize=6.8,
            color=_SOFT,
            ha="center",
            va="bottom",
        )
    axes.set_xlabel("late score (green: the ceiling)", fontsize=7.5)
    return made


def doses_words(view: View) -> Words:
    """Returns the texts of the picture of doses."""
    return Words("doses", "Late score by dose", " ".join(dose.sentence for dose in view.judgement.doses))


def doses(view: View) -> Figure:
    """Returns the late score by level of graded ingredients, the weakest first."""
    curves = view.judgement.doses
    high, above, foot = 1.5, 0.2, 0.5
    titles = [broken(Line(curve.sentence, 7.2, "bold"), NARROW - 0.1) for curve in curves]
    heads = [above + sum(line.height for line in title) for title in titles]
    height = sum(heads) + len(curves) * (high + foot)
    made = blank(NARROW, height)
    top = 0.0
    for curve, title, head in zip(curves, titles, heads, strict=True):
        axes = made.add_axes((0.14, 1 - (top + head + high) / height, 0.83, high / height))
        levels = range(len(curve.doses))
        axes.plot(levels, [np.nan if d.late.mean is None else d.late.mean for d in curve.doses], color=_LINE, zorder=1)
        for level, dose in zip(levels, curve.doses, strict=True):
            _interval(axes, (dose.late.low, dose.late.high), level, VERDICT_COLOURS[dose.verdict], upright=True)
            if dose.late.mean is not None:
                axes.plot([level], [dose.late.mean], "o", color=VERDICT_COLOURS[dose.verdict], markersize=5, zorder=3)
            said = f"{dose.level}: {wording.verdict_text(dose.verdict)}, late score {wording.interval(dose.late)}"
            say_at(axes, (level - 0.5, level + 0.5), None, said)
        names = [wording.level(dose.cell, curve.ingredient).replace("_", "\n") for dose in curve.doses]
        axes.set_xticks(levels, names)
        axes.set_xlim(-0.4, len(curve.doses) - 0.6)
        axes.tick_params(length=2.5, labelsize=7.2)
        axes.set_ylabel("late score", fontsize=7.5)
        said = "\n".join(line.text for line in title)
        made.text(0.02, 1 - (top + head - 0.1) / height, said, fontsize=7.2, fontweight="bold", va="bottom")
        top += head + high + foot
    return made


def _simple(view: View) -> list[_Dot]:
    found = view.judgement.ingredients
    return [
        _Dot(name.replace("_", " "), found[name].effect.mean, found[name].effect.low, found[name].effect.high)
        for name in INGREDIENTS
    ]


def _short(names: Sequence[Ingredient]) -> str:
    return " × ".join(INGREDIENT_WORDS[name] for name in names) if len(names) < len(INGREDIENTS) else "all four"


def _of_cell(result: CellResult) -> _Dot:
    failed = f" ({result.failed} failed)" if result.failed else ""
    late = result.late
    values = tuple(run.late for run in result.runs if run.late is not None)
    colour = VERDICT_COLOURS[result.verdict]
    return _Dot(wrapped(f"{describe(result.cell)}{failed}", _LONGEST), late.mean, late.low, late.high, colour, values)


def _dots(axes: Axes, rows: Sequence[_Dot], lines: Sequence[float]) -> None:
    """Draws rows downwards; one without a number is only a label."""
    for line in lines:
        axes.axvline(line, color=_LINE, linewidth=0.7, zorder=0)
    for place, row in enumerate(rows):
        axes.plot(row.values, [place] * len(row.values), "o", color=row.colour, markersize=3.2, alpha=0.45, zorder=2)
        _interval(axes, (row.low, row.high), place, row.colour)
        if row.mean is not None:
            axes.plot([row.mean], [place], "D", color=row.colour, markersize=3.6, zorder=4)
    axes.set_yticks(range(len(rows)), [row.label for row in rows])
    axes.set_ylim(len(rows) - 0.5, -0.5)
    axes.tick_params(length=2.5, labelsize=7)
    axes.margins(x=0.06)
    for place, row in enumerate(rows):
        say_at(axes, None, (place - 0.5, place + 0.5), _in_words(row))


def _in_words(row: _Dot) -> str:
    label = " ".join(row.label.split())
    runs = f"; runs {', '.join(map(wording.number, row.values))}" if row.values else ""
    return f"{label}: {wording.bounded(row.mean, row.low, row.high)}{runs}"


def _interval(
    axes: Axes, bounds: tuple[float | None, float | None], place: float, colour: str, upright: bool = False
) -> None:
    low, high = bounds
    if low is None or high is None:
        return
    x, y = ([low, high], [place, place]) if not upright else ([place, place], [low, high])
    axes.plot(x, y, color=colour, linewidth=1.6, solid_capstyle="butt", zorder=3)
