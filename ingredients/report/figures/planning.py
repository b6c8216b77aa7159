"""`planning`: a way of the fullest cell's agent, beside a search's with equal knowledge."""

from __future__ import annotations

import itertools
import math
from collections.abc import Sequence

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from ingredients.judgement.planning import PlanningResult
from ingredients.judgement.words import describe
from ingredients.report.figures.drawn import Words
from ingredients.report.figures.panel import INK
from ingredients.report.figures.view import NARROW, View, blank
from ingredients.report.planning import found

_HIGH = 3.4
_COLOURS = {"agent": "#d55e00", "search": "#0072b2"}
_OPEN, _WALL = 1, 2
_STEPS = ((-1, 0), (1, 0), (0, -1), (0, 1))  # as `tasks.torus.MOVES`, which needs torch


def drawn_result(view: View) -> PlanningResult | None:
    """Returns the fullest cell's result, if it can be drawn."""
    measured = found(view.judgement)
    return measured[0][1] if measured and measured[0][1].drawn["agent"] else None


def words(view: View) -> Words:
    """Returns the picture's texts."""
    cell, result = found(view.judgement)[0]
    took = {name: _steps(result.drawn[name]) for name in _COLOURS}
    alt = (
        f"Left: the agent's longest way to a goal in half a game, {took['agent']}. Right: the way that a searcher with "
        f"its knowledge counts on, {took['search']}. It takes what nobody tried for open."
    )
    return Words(
        "planning",
        f"The longest way that {describe(cell)} took in half a game, beside the one that search counts on",
        alt,
    )


def figure(view: View) -> Figure:
    """Returns the two panels."""
    result = drawn_result(view)
    assert result is not None
    made = blank(NARROW * 1.6, _HIGH)
    for place, name in enumerate(_COLOURS):
        axes = made.add_axes((0.06 + 0.5 * place, 0.05, 0.4, 0.8))
        _maze(axes, result.drawn["edges"])
        _way(axes, result.drawn[name], math.isqrt(len(result.drawn["edges"]) // 4), _COLOURS[name])
        axes.set_title(f"{name}: {_steps(result.drawn[name])}", fontsize=8.5, loc="left")
    return made


def _steps(places: Sequence[float]) -> str:
    """Returns a way's length in words."""
    count = len(places) - 1
    return "1 step" if count == 1 else f"{count} steps"


def _maze(axes: Axes, edges: Sequence[float]) -> None:
    """Draws a torus: seen passages grey, seen walls as bars."""
    size = math.isqrt(len(edges) // 4)
    for number, status in enumerate(edges):
        row, column = divmod(number // 4, size)
        down, right = _STEPS[number % 4]
        if status == _OPEN:
            axes.plot((column, column + right / 2), (row, row + down / 2), color="#bbbbbb", linewidth=1.2)
        if status == _WALL:
            middle = (column + right / 2, row + down / 2)
            across = (np.asarray((-0.35, 0.35)) * abs(down), np.asarray((-0.35, 0.35)) * abs(right))
            axes.plot(middle[0] + across[0], middle[1] + across[1], color=INK, linewidth=2.2)
    rows, columns = np.divmod(np.arange(size**2), size)
    axes.plot(columns, rows, "o", color="#888888", markersize=3)
    axes.set_xlim(-0.7, size - 0.3)
    axes.set_ylim(size - 0.3, -0.7)
    axes.set_aspect("equal")
    axes.set_axis_off()


def _way(axes: Axes, places: Sequence[float], size: int, colour: str) -> None:
    """Draws a way; steps over the torus's edge return opposite."""
    at = [divmod(int(place), size) for place in places]
    for (row, column), (then_row, then_column) in itertools.pairwise(at):
        down = (then_row - row + 1) % size - 1
        right = (then_column - column + 1) % size - 1
        axes.plot((column, column + right), (row, row + down), color=colour, linewidth=1.8, clip_on=True)
        axes.plot((then_column - right, then_column), (then_row - down, then_row), color=colour, linewidth=1.8)
    axes.plot(at[0][1], at[0][0], "s", color=colour, markersize=7)
    axes.plot(at[-1][1], at[-1][0], "*", color=colour, markersize=11)
