"""`inner`: value that the fullest cell's agents lose at each pull; a decoded belief beside the exact posterior."""

from __future__ import annotations

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import MaxNLocator

from ingredients.judgement.inner import InnerResult
from ingredients.judgement.words import describe
from ingredients.report import wording
from ingredients.report.figures.drawn import Words
from ingredients.report.figures.panel import INK
from ingredients.report.figures.view import NARROW, View, blank
from ingredients.report.inner import found

_HIGH = 3.6
_BESIDE = {"greedy": "#0072b2", "thompson": "#d55e00", "recency": "#009e73"}
_ARMS = ("#0072b2", "#d55e00", "#009e73", "#cc79a7")


def words(view: View) -> Words:
    """Returns the picture's texts."""
    cell, result = found(view.judgement)[0]
    lost = result.lost["own"]
    said = ", ".join(f"{name} {wording.number(lost[name].mean, 4)}" for name in ("agent", *_BESIDE) if name in lost)
    alt = (
        f"Left: value lost at each decision of a lifetime; means: {said}. Right: the posterior mean of each arm over "
        "one lifetime, exact and as a linear decoder reads it from the memory."
    )
    return Words("inner", f"What {describe(cell)} loses, and what it believes", alt)


def figure(view: View) -> Figure:
    """Returns the two panels."""
    _, result = found(view.judgement)[0]
    made = blank(NARROW * 1.6, _HIGH)
    _losses(made.add_axes((0.085, 0.15, 0.39, 0.74)), result)
    _belief(made.add_axes((0.575, 0.15, 0.39, 0.74)), result)
    return made


def _losses(axes: Axes, result: InnerResult) -> None:
    by_pull = result.by_pull["own"]
    pulls = np.arange(1, len(by_pull["agent"]) + 1)
    for name, colour in ((name, colour) for name, colour in _BESIDE.items() if name in by_pull):
        axes.plot(pulls, by_pull[name], color=colour, linewidth=1.1, label=name)
    axes.plot(pulls, by_pull["agent"], color=INK, linewidth=1.9, label="agents")
    axes.xaxis.set_major_locator(MaxNLocator(integer=True))
    axes.set_title("value lost per decision, own lifetimes", fontsize=8.5, loc="left")
    axes.set_xlabel("decision of the lifetime", fontsize=8)
    axes.set_ylim(bottom=0)
    axes.legend(frameon=False, fontsize=7.2)


def _belief(axes: Axes, result: InnerResult) -> None:
    drawn = result.drawn
    arms = [name.removeprefix("exact.") for name in drawn if name.startswith("exact.")]
    for arm, colour in zip(arms, _ARMS, strict=False):
        pulls = np.asarray(drawn["pull"]) + 1
        axes.plot(pulls, drawn[f"exact.{arm}"], color=colour, linewidth=1.4, label=f"arm {arm}, exact")
        told = drawn[f"told.{arm}"]
        axes.plot(pulls, told, color=colour, linewidth=1.0, linestyle=(0, (2, 2)), label=f"arm {arm}, read off")
    axes.xaxis.set_major_locator(MaxNLocator(integer=True))
    axes.set_title("posterior means over one lifetime", fontsize=8.5, loc="left")
    axes.set_xlabel("decision of the lifetime", fontsize=8)
    axes.set_ylim(0, 1)
    axes.legend(frameon=False, fontsize=7.2, ncols=2)
