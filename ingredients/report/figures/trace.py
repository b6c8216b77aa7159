"""One agent's lifetimes: policy, actions, rewards, belief, memory."""

from __future__ import annotations

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from ingredients.report.figures.drawn import Words, styled
from ingredients.report.figures.panel import INK, QUIET
from ingredients.report.figures.view import View

LINES = ("#0072b2", "#d55e00", "#009e73", "#cc79a7", "#e69f00", "#56b4e9")
MOST_LINES = len(LINES)
_WIDE, _HIGH = 9.6, 1.75


def words(view: View) -> Words:
    """Returns the texts for a report's page."""
    steps = _of_page(view)
    returns = steps.groupby("lifetime")["reward"].sum()
    several = "lifetimes" if len(returns) > 1 else "lifetime"
    told = "; ".join(f"lifetime {int(place) + 1}: return {value:.2f}" for place, value in enumerate(returns))
    title = f"What an agent with all four ingredients does in {len(returns)} new {several}"
    return Words("trace", title, f"Policy, actions, belief and memory, step by step; {told}.")


def of_page(view: View) -> Figure:
    """Returns the lifetimes on a report's page."""
    return _figure(_of_page(view), "")


def _of_page(view: View) -> pd.DataFrame:
    assert view.evidence.trace is not None, "the picture is drawn where there is something to show"
    return view.evidence.trace


def trace_figure(table: pd.DataFrame, title: str) -> Figure:
    """Returns policy, actions and rewards, belief if known, and memory of each lifetime."""
    return styled("trace", lambda: _figure(table, title))


def _figure(table: pd.DataFrame, title: str) -> Figure:
    lifetimes = list(table.groupby("lifetime"))
    parts = [part for part in ("policy", "belief", "memory") if part != "belief" or "belief_0" in table]
    figure = Figure(figsize=(_WIDE, _HIGH * len(lifetimes) + 0.9), layout="constrained")
    if title:
        figure.suptitle(title, fontsize=10, x=0.01, ha="left")
    grid = figure.subplots(len(lifetimes), len(parts), squeeze=False, sharex=True)
    for row, (_, steps) in zip(grid, lifetimes, strict=True):
        for axes, part in zip(row, parts, strict=True):
            {"policy": _policy, "belief": _belief, "memory": _memory}[part](axes, steps)
    for axes, part in zip(grid[0], parts, strict=True):
        axes.set_title(_TITLES[part], fontsize=8.5, loc="left", color=INK)
    for axes in grid[-1]:
        axes.set_xlabel("step of the lifetime", fontsize=8)
    return figure


_TITLES = {
    "policy": "policy (darker: likelier), actions: paid ●, not paid ○",
    "belief": "belief (lines) and truth (dashes): pay of each arm",
    "memory": "main components of the memory's output",
}


def _columns(steps: pd.DataFrame, name: str) -> list[str]:
    return [str(column) for column in steps if str(column).startswith(f"{name}_")]


def _policy(axes: Axes, steps: pd.DataFrame) -> None:
    shown = _columns(steps, "probability")
    t = steps["step"].to_numpy()
    if not shown:  # vectors
        for place, column in enumerate(_columns(steps, "action")[:MOST_LINES]):
            axes.plot(t, steps[column], color=LINES[place], linewidth=0.9)
        axes.set_ylabel("action", fontsize=8)
        return
    heat = steps[shown].to_numpy().T
    edges = np.append(t - 0.5, t[-1] + 0.5)
    rows = np.arange(len(shown) + 1) - 0.5
    axes.pcolormesh(edges, rows, heat, cmap="Greys", vmin=0, vmax=1.4, rasterized=True)
    paid = steps["reward"].to_numpy() > 0
    actions = steps["action"].to_numpy()
    size = float(np.clip(600 / len(t), 3, 16))
    axes.scatter(t[paid], actions[paid], s=size, color=LINES[0], linewidths=0.6, zorder=3)
    axes.scatter(t[~paid], actions[~paid], s=size, facecolors="white", edgecolors=LINES[1], linewidths=0.8, zorder=3)
    if len(shown) <= 12:
        axes.set_yticks(range(len(shown)))
    axes.set_ylabel("action", fontsize=8)


def _belief(axes: Axes, steps: pd.DataFrame) -> None:
    for place, column in enumerate(_columns(steps, "belief")[:MOST_LINES]):
        axes.plot(steps["step"], steps[column], color=LINES[place], linewidth=1.1)
        axes.axhline(steps[f"task_{place}"].iloc[0], color=LINES[place], linewidth=0.8, linestyle=(0, (2, 2)))
        axes.text(
            1.01,
            steps[column].iloc[-1],
            str(place),
            color=LINES[place],
            fontsize=7,
            va="center",
            transform=axes.get_yaxis_transform(),
        )
    axes.set_ylim(-0.03, 1.03)
    axes.set_ylabel("pay", fontsize=8)


def _memory(axes: Axes, steps: pd.DataFrame) -> None:
    for place, column in enumerate(_columns(steps, "component")):
        axes.plot(steps["step"], steps[column], color=(INK, QUIET, LINES[5])[place], linewidth=0.9)
    axes.set_ylabel("component", fontsize=8)
