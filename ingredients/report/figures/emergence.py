"""`emergence`: when runs come to adapt to new tasks, beside their score on their own."""

from __future__ import annotations

import math

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.lines import Line2D
from matplotlib.ticker import FuncFormatter, MaxNLocator

from ingredients.judgement import CellResult
from ingredients.judgement.words import describe
from ingredients.report import wording
from ingredients.report.curves import TrainingCurve
from ingredients.report.figures.drawn import Words
from ingredients.report.figures.panel import INK, VERDICT_COLOURS, write_title
from ingredients.report.figures.sentences import wrapped
from ingredients.report.figures.spots import say_at
from ingredients.report.figures.view import NARROW, View, blank
from ingredients.study.axis import Axis

_COLUMNS, _HIGH, _FOOT, _MOST = 2, 1.75, 0.55, 6
_OWN = "#009e73"
_LONGEST = 27
_NEXT_LINE = 0.14  # inches that each further line of a name takes


def shown(view: View) -> list[CellResult]:
    """Returns the cells to show: learners, those that lost it, memorisers, others."""
    with_points = [result for result in view.cells if view.curves.course(result.cell, "held_out")]
    learned = [result for result in with_points if result.verdict == "in-context"]
    lost = [result for result in with_points if result.transient and result not in learned]
    memorised = [result for result in with_points if result.memorises and result not in learned + lost]
    rest = [result for result in with_points if result not in learned + lost + memorised]
    chosen = [*learned[:3], *lost[:2], *memorised[:1], *rest[:2]][:_MOST]
    return [result for result in view.cells if result in chosen]


def words(view: View) -> Words:
    """Returns the picture's texts."""
    said = "; ".join(f"{describe(result.cell)}: {wording.emergence(result)}" for result in shown(view))
    return Words("emergence", "When in training it appears", f"Late return against training steps. {said}.")


def figure(view: View) -> Figure:
    """Returns a panel per cell, in two columns, with a legend."""
    results = shown(view)
    rows = math.ceil(len(results) / _COLUMNS)
    breaks = max(wrapped(describe(result.cell), _LONGEST).count("\n") for result in results)
    panel = _HIGH + breaks * _NEXT_LINE
    height = rows * panel + _FOOT
    made = blank(NARROW, height)
    low, high = _limits(view, results)
    for place, result in enumerate(results):
        row, column = divmod(place, _COLUMNS)
        left, bottom = 0.095 + column * 0.475, height - (row + 1) * panel + 0.2
        axes = made.add_axes((left, bottom / height, 0.4, (_HIGH - 0.62) / height))
        _panel(axes, view, result)
        axes.set_ylim(low, high)
        axes.tick_params(length=2.5, labelsize=7, labelleft=column == 0)
    _legend(made, height, view.curves.axis)
    return made


def _panel(axes: Axes, view: View, result: CellResult) -> None:
    for role, style in (("floor", "-"), ("yardstick", (0, (5, 2)))):
        axes.axhline(view.curves.late_of(role), color="#8a8a8a", linewidth=0.8, linestyle=style, zorder=0)
    for tasks, colour in (("training", _OWN), ("held_out", VERDICT_COLOURS["in-context"])):
        course = view.curves.course(result.cell, tasks)
        if course is not None:
            axes.plot(course.steps, course.runs.T, color=colour, linewidth=0.6, alpha=0.45, zorder=2)
            axes.plot(course.steps, course.mean, color=colour, linewidth=1.8, zorder=3, marker="o", markersize=2.2)
    course = view.curves.course(result.cell, "held_out")
    assert course is not None, "cells without points are not shown"
    for each in result.runs:
        if each.emergence.at is not None:
            axes.plot([each.emergence.at], [0.03], "^", transform=axes.get_xaxis_transform(), color=INK, markersize=4)
        if each.emergence.lost_at is not None:
            axes.plot([each.emergence.lost_at], [0.03], "x", transform=axes.get_xaxis_transform(), color=INK, ms=4)
    _scale(axes, course)
    _say(axes, course, view.curves.course(result.cell, "training"))
    write_title(axes, wrapped(describe(result.cell), _LONGEST), wording.emergence(result))


def _say(axes: Axes, course: TrainingCurve, own: TrainingCurve | None) -> None:
    """Adds the means at evaluation points for the pointer."""
    edges = [axes.get_xlim()[0], *(course.steps[1:] + course.steps[:-1]) / 2, axes.get_xlim()[1]]
    trained = {} if own is None else dict(zip(own.steps.tolist(), own.mean.tolist(), strict=True))
    for place, (step, late) in enumerate(zip(course.steps.tolist(), course.mean.tolist(), strict=True)):
        beside = f"; own training tasks {wording.number(trained[step])}" if step in trained else ""
        said = f"step {step:,}: held-out tasks {wording.number(late)}{beside}"
        say_at(axes, (edges[place], edges[place + 1]), None, said)


def _scale(axes: Axes, course: TrainingCurve) -> None:
    """Sets a logarithmic x axis with the point before training at 0."""
    first = next((step for step in course.steps if step), 1)
    axes.set_xscale("symlog", linthresh=float(first), linscale=0.5)
    top = int(course.steps[-1])
    powers = [10**power for power in range(3, 13) if first <= 10**power < top / 2]
    ticks = [0, *powers, top]
    axes.set_xticks(ticks)
    axes.xaxis.set_major_formatter(FuncFormatter(lambda value, _: wording.steps_text(int(value))))
    axes.minorticks_off()
    axes.set_xlim(-0.15 * first, top * 1.08)
    axes.yaxis.set_major_locator(MaxNLocator(nbins=4, steps=[1, 2, 5, 10]))


def _limits(view: View, results: list[CellResult]) -> tuple[float, float]:
    courses = [view.curves.course(result.cell, tasks) for result in results for tasks in ("held_out", "training")]
    values = [view.curves.late_of(role) for role in ("floor", "yardstick")]
    values += [float(bound(course.runs)) for course in courses if course for bound in (np.min, np.max)]
    margin = 0.06 * (max(values) - min(values)) or 0.1
    return min(values) - margin, max(values) + margin


def _legend(made: Figure, height: float, axis: Axis) -> None:
    handles = [
        Line2D([], [], color=VERDICT_COLOURS["in-context"], linewidth=1.8, label="held-out tasks"),
        Line2D([], [], color=_OWN, linewidth=1.8, label="own training tasks"),
        Line2D([], [], color=INK, marker="^", linestyle="", markersize=4, label="a run adapts from here on"),
        Line2D([], [], color=INK, marker="x", linestyle="", markersize=4, label="a run adapts no longer"),
    ]
    made.legend(handles=handles, loc="lower left", bbox_to_anchor=(0.08, 0.0), ncols=2, frameon=False, fontsize=7)
    made.text(
        0.5,
        0.4 / height,
        f"training steps of a run (vertical axis: late return {axis.of_each})",
        ha="center",
        fontsize=7.5,
    )
