"""`full_cell` and the small multiples: single cells' runs."""

from __future__ import annotations

from matplotlib.axes import Axes
from matplotlib.figure import Figure

from ingredients.judgement import CellResult
from ingredients.judgement.words import describe
from ingredients.report import wording
from ingredients.report.figures.drawn import Words
from ingredients.report.figures.panel import draw_panel, label_references, legend_handles, set_scales, values_along
from ingredients.report.figures.sentences import score_in_words
from ingredients.report.figures.spots import MOST_STRIPS, say_along
from ingredients.report.figures.view import NARROW, View, blank

_HIGH = 3.5
_SHORT_NAME = 22  # characters beside the axes
_SMALL_WIDE, _SMALL_HIGH = 3.1, 1.9


def full_cell_words(view: View) -> Words:
    """Returns the texts of the fullest cell's picture."""
    late = {role: view.curves.normalised_late(each.curve) for role, each in view.curves.references.roles.items()}
    names = {role: each.name for role, each in view.curves.references.roles.items()}
    roles = ", ".join(f"{role} {names[role]} {wording.number(late[role])}" for role in names if late[role] is not None)
    shown = f"Return of {view.curves.axis.of_points} of a lifetime; {score_in_words(view.cells[0])}"
    alt = f"{shown} Late scores of references: {roles}." if roles else shown
    return Words("full_cell", f"Adaptation with {describe(view.cells[0].cell)}", alt)


def full_cell(view: View) -> Figure:
    """Returns the fullest cell's curve, with named references."""
    figure = blank(NARROW, _HIGH)
    longest = max((len(f"{role}: {each.name}") for role, each in view.curves.references.roles.items()), default=0)
    axes = figure.add_axes((0.105, 0.235, 0.615 if longest <= _SHORT_NAME else 0.56, 0.735))
    _draw(axes, view, view.cells[0], most=2 * MOST_STRIPS)
    label_references(axes, view.curves, 0.735 * _HIGH)
    axes.set_xlabel(view.curves.axis.label, fontsize=8)
    axes.set_ylabel(view.curves.axis.returned, fontsize=8)
    handles = legend_handles(view.evidence.study.criterion.confidence, view.cells[0].ceiling is not None)
    figure.legend(handles=handles, loc="lower left", bbox_to_anchor=(0.09, 0.0), ncols=3, frameon=False, fontsize=7.2)
    return figure


def small_words(view: View, place: int) -> Words:
    """Returns the texts of one cell's small picture."""
    return Words(f"cell_{place}", describe(view.cells[place].cell), score_in_words(view.cells[place]))


def small(view: View, place: int) -> Figure:
    """Returns one cell's small curve, on all cells' scales."""
    figure = blank(_SMALL_WIDE, _SMALL_HIGH)
    axes = figure.add_axes((0.13, 0.15, 0.85, 0.82))
    _draw(axes, view, view.cells[place])
    return figure


def _draw(axes: Axes, view: View, result: CellResult, most: int = MOST_STRIPS) -> None:
    draw_panel(axes, view.curves, result)
    set_scales(axes, view.curves, view.limits)
    axis = view.curves.axis
    say_along(axes, axis.points, values_along(view.curves, result), most, axis.edge)
