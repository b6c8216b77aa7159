"""`probes`: each one's effect on a cell that learns (docs/design.md §8)."""

from __future__ import annotations

import math

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from ingredients.judgement import CellResult
from ingredients.judgement.probes import touched_from
from ingredients.judgement.words import describe
from ingredients.probes import spec_of_probe
from ingredients.report import wording
from ingredients.report.figures.drawn import Words
from ingredients.report.figures.panel import VERDICT_COLOURS, set_scales, write_title
from ingredients.report.figures.spots import say_along
from ingredients.report.figures.view import NARROW, View, blank

_COLUMNS, _HIGH, _FOOT = 2, 1.62, 0.3


def shown(result: CellResult) -> list[str]:
    """Returns a cell's probes, without swaps' controls."""
    return [name for name in wording.probe_names([result]) if not spec_of_probe(name).control]


def words(result: CellResult, place: int) -> Words:
    """Returns the picture's texts: each probe with its score."""
    said = "; ".join(f"{wording.probe_name(name)}: {wording.probe_score(name, result)}" for name in shown(result))
    name = "probes" if place == 0 else f"probes_{place + 1}"
    return Words(
        name, f"Probes of {describe(result.cell)}", f"Curves under {len(shown(result))} interventions. {said}."
    )


def figure(view: View, result: CellResult) -> Figure:
    """Returns a panel per probe: plain lifetime thin, probed bold, a line where the probe begins."""
    names = shown(result)
    rows = math.ceil(len(names) / _COLUMNS)
    height = rows * _HIGH + _FOOT
    made = blank(NARROW, height)
    for place, name in enumerate(names):
        row, column = divmod(place, _COLUMNS)
        left, bottom = 0.085 + column * 0.475, height - (row + 1) * _HIGH + 0.12
        axes = made.add_axes((left, bottom / height, 0.43, (_HIGH - 0.52) / height))
        _panel(axes, view, result, name)
        set_scales(axes, view.curves, view.limits)
        axes.tick_params(labelbottom=place + _COLUMNS >= len(names), labelleft=column == 0)
    made.text(
        0.5,
        0.06 / height,
        f"{view.curves.axis.label} (vertical axis: {view.curves.axis.returned})",
        ha="center",
        fontsize=7.5,
    )
    return made


def _panel(axes: Axes, view: View, result: CellResult, name: str) -> None:
    axis = view.curves.axis
    along = np.array(axis.middles)
    touched = touched_from(name, axis.points)
    colour = VERDICT_COLOURS[result.verdict]
    floor = view.curves.references.roles["floor"].curve
    axes.plot(along, floor, color="#9a9a9a", linewidth=0.9, zorder=1)
    mean = view.curves.mean(result.cell)
    if mean is not None:
        axes.plot(along, mean, color="#5f5f5f", linewidth=0.9, zorder=2)
    axes.plot(along[touched:], np.array(result.probes[name].curve)[touched:], color=colour, linewidth=1.9, zorder=3)
    if touched:
        axes.axvline(axis.edge(touched), color="#8a8a8a", linewidth=0.8, linestyle=(0, (1, 1.5)), zorder=0)
    write_title(axes, wording.probe_name(name), wording.probe_score(name, result))
    probed = result.probes[name].curve

    def text(point: int) -> str:
        under = f"; {wording.probe_name(name)} {wording.number(probed[point])}" if point >= touched else ""
        plain = wording.NOTHING if mean is None else wording.number(float(mean[point]))
        return f"{axis.place(point)}: without it {plain}{under}"

    say_along(axes, axis.points, text, edge=axis.edge)
