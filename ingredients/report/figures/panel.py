"""One panel: a cell's runs, mean, interval and swapped memory, beside references.

Colours: Okabe and Ito; Tol.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any

import numpy as np
from matplotlib.artist import Artist
from matplotlib.axes import Axes
from matplotlib.collections import LineCollection
from matplotlib.lines import Line2D
from matplotlib.patches import Patch
from matplotlib.ticker import MaxNLocator

from ingredients.grid import Cell
from ingredients.judgement import CellResult, Curve
from ingredients.judgement_input.references import ReferenceCurves
from ingredients.report import wording
from ingredients.report.curves import ShownCurves

INK, QUIET, SHADE = "#222222", "#8a8a8a", "#f1f0ec"
VERDICT_COLOURS: dict[str | None, str] = {
    "in-context": "#0072b2",
    "carried": "#00805c",
    "reactive": "#d55e00",
    "none": "#6f6f6f",
    "mixed": "#7a5195",
    "undecided": "#aa4499",
    None: "#6f6f6f",
}
_REFERENCE_STYLES: dict[str, dict[str, Any]] = {
    "floor": {"color": "#9a9a9a", "linestyle": "-", "linewidth": 0.9},
    "reactive": {"color": "#d55e00", "linestyle": ":", "linewidth": 1.3},
    "yardstick": {"color": "#111111", "linestyle": (0, (5, 2)), "linewidth": 1.1},
}
_CEILING_STYLE: dict[str, Any] = {"color": "#009e73", "linewidth": 4.5, "alpha": 0.28, "solid_capstyle": "butt"}
_LABEL_COLOURS = {"floor": "#767676", "reactive": "#b84e00", "yardstick": "#111111"}
_FEW_POINTS = 12
_LABEL_INCHES = 0.29
_LABEL_LETTERS = 28  # that the margin holds
_BENEATH = 40  # letters of full size that fit a small panel


def draw_panel(axes: Axes, curves: ShownCurves, result: CellResult) -> None:
    """Draws one cell; without a finished run, the references alone."""
    cell, colour = result.cell, VERDICT_COLOURS[result.verdict]
    axis = curves.axis
    along = np.array(axis.middles)
    axes.axvspan(axis.edge(curves.late_from), axis.edge(axis.points), color=SHADE, zorder=0, linewidth=0)
    if result.ceiling is not None:
        axes.plot(along, curves.references.all[result.ceiling.reference].curve, zorder=1, **_CEILING_STYLE)
    for role, reference in curves.references.roles.items():
        axes.plot(along, reference.curve, zorder=2, **_REFERENCE_STYLES[role])
    mean = curves.mean(cell)
    band = curves.band(cell)
    swapped = curves.swapped(cell)
    if mean is None:
        axes.text(0.5, 0.5, "no finished run", transform=axes.transAxes, ha="center", va="center", color=QUIET)
        return
    if swapped is not None:
        half = axis.points // 2
        axes.plot(along[half:], swapped[half:], color=colour, linewidth=1.0, linestyle=(0, (2, 1.2)), zorder=3)
    lines = [np.column_stack([along, seed]) for seed in curves.seeds(cell)]
    axes.add_collection(LineCollection(lines, colors=colour, linewidths=0.6, alpha=0.45, zorder=4), autolim=False)
    if band is not None:
        axes.fill_between(along, *band, color=colour, alpha=0.18, linewidth=0, zorder=3)
    marker = "o" if axis.points <= _FEW_POINTS else ""
    axes.plot(along, mean, color=colour, linewidth=1.9, marker=marker, markersize=3.5, zorder=5)


def values_along(curves: ShownCurves, result: CellResult) -> Callable[[int], str]:
    """Returns a function from a point (0-based) to the panel's numbers."""
    mean = curves.mean(result.cell)
    swapped = curves.swapped(result.cell)
    low, high = curves.band(result.cell) or (None, None)
    others = {f"{role} {each.name}" if role != each.name else role: each.curve for role, each in _roles(curves)}

    def text(point: int) -> str:
        here, least, most = (None if each is None else float(each[point]) for each in (mean, low, high))
        said = [f"{curves.axis.place(point)}: {wording.bounded(here, least, most)}"]
        if swapped is not None and point >= curves.axis.points // 2:
            said.append(f"memory swapped {wording.number(float(swapped[point]))}")
        said += [f"{name} {wording.number(float(curve[point]))}" for name, curve in others.items()]
        return "; ".join(said)

    return text


def _roles(curves: ShownCurves) -> list[tuple[str, ReferenceCurves]]:
    """Returns the references with a role, the best first."""
    return sorted(curves.references.roles.items(), key=lambda role: -curves.late_of(role[0]))


def write_title(axes: Axes, name: str, beneath: str) -> None:
    """Writes a small panel's name, smaller if long, above a line of numbers."""
    small = 6.6 * min(1.0, _BENEATH / max(len(beneath), 1))
    for text, size, weight, ink, up in ((beneath, small, "normal", "#5f5f5f", 3), (name, 7.8, "bold", INK, 12)):
        axes.annotate(
            text,
            (0, 1),
            xytext=(0, up),
            xycoords="axes fraction",
            textcoords="offset points",
            fontsize=size,
            fontweight=weight,
            color=ink,
            va="bottom",
        )


def set_scales(axes: Axes, curves: ShownCurves, limits: tuple[float, float]) -> None:
    """Sets the scales that all panels share."""
    axes.set_xlim(curves.axis.edge(0), curves.axis.edge(curves.axis.points))
    axes.set_ylim(*limits)
    last = "upper" if curves.axis.of_steps else None  # half of it would stand beyond the panel
    axes.xaxis.set_major_locator(MaxNLocator(nbins=5, integer=True, min_n_ticks=2, prune=last))
    axes.yaxis.set_major_locator(MaxNLocator(nbins=5, steps=[1, 2, 5, 10]))
    axes.tick_params(length=2.5, labelsize=7.5)


def limits(curves: ShownCurves, cells: Iterable[Cell]) -> tuple[float, float]:
    """Returns all panels' lowest and highest y, with a margin."""
    shown: list[Curve] = [reference.curve for reference in curves.references.roles.values()]
    for cell in cells:
        swapped = curves.swapped(cell)
        shown += curves.seeds(cell) + ([] if swapped is None else [swapped])
    low = min(float(curve.min()) for curve in shown)
    high = max(float(curve.max()) for curve in shown)
    margin = 0.06 * (high - low) or 0.1
    return low - margin, high + margin


def label_references(axes: Axes, curves: ShownCurves, panel_height: float) -> None:
    """Names reference lines at their right ends, with scores."""
    low, high = axes.get_ylim()
    roles = sorted(curves.references.roles.items(), key=lambda item: float(item[1].curve[-1]))
    heights = spread([(float(ref.curve[-1]) - low) / (high - low) for _, ref in roles], _LABEL_INCHES / panel_height)
    for (role, reference), height in zip(roles, heights, strict=True):
        text = _named(role, reference.name, f"score {wording.number(curves.normalised_late(reference.curve))}")
        style: dict[str, Any] = {"color": _LABEL_COLOURS[role], "fontsize": 7.5, "linespacing": 1.1, "va": "center"}
        axes.text(1.03, height, text, transform=axes.transAxes, clip_on=False, **style)


def _named(role: str, name: str, score: str) -> str:
    """Returns a reference's two lines; the longer of its names may stand alone, so that the margin holds it."""
    if role == name:
        return f"{role}\n{score}"
    first = f"{role}: {name}"
    return f"{first}\n{score}" if len(first) <= _LABEL_LETTERS else f"{role}, {score}\n{name}"


def spread(heights: list[float], gap: float) -> list[float]:
    """Returns ascending heights moved up until neighbours are `gap` apart."""
    moved: list[float] = []
    for height in heights:
        moved.append(max(height, moved[-1] + gap) if moved else height)
    return moved


def legend_handles(confidence: float, ceilings: bool) -> list[Artist]:
    """Returns all panels' legend; `ceilings`: some panel has one."""
    colour = "#33508a"  # of no verdict: it stands for all of them
    return [
        Line2D([], [], color=colour, linewidth=0.6, alpha=0.6, label="one run"),
        Line2D([], [], color=colour, linewidth=1.9, label="mean over runs"),
        Patch(color=colour, alpha=0.18, linewidth=0, label=f"{confidence:.0%} interval"),
        Line2D([], [], color=colour, linewidth=1.0, linestyle=(0, (2, 1.2)), label="memory swapped half-way"),
        *([Line2D([], [], label="ceiling", **_CEILING_STYLE)] if ceilings else []),
        Patch(color="#e4e2dc", linewidth=0, label="last fifth (late)"),
    ]
