"""Cells, names and scores in words."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import replace
from typing import Protocol

from ingredients.grid import INGREDIENTS, Cell
from ingredients.judgement.results import CellResult, Share
from ingredients.study import MemoryKind, level_text
from ingredients.study.messages import several

MOST_NAMED = 3


def describe(cell: Cell) -> str:
    """Returns a cell in words: `all but memory`, `all four ingredients [lstm]` (not `agent.memory`), or its label."""
    of_agent = as_agents(cell)
    if of_agent != cell and is_boolean(of_agent):
        return f"{describe(of_agent)} [{level_text(cell.memory)}]"
    if not is_boolean(cell):
        return cell.label()
    on = [name for name in INGREDIENTS if cell.level(name)]
    off = [name for name in INGREDIENTS if not cell.level(name)]
    if len(off) <= 1:
        return f"all but {listed(off)}" if off else "all four ingredients"
    return f"{listed(on)} only" if on else "none of the four ingredients"


def as_agents(cell: Cell) -> Cell:
    """Returns the cell with `agent.memory` in place of another memory."""
    return replace(cell, memory=cell.memory.remembers) if isinstance(cell.memory, MemoryKind) else cell


def listed(names: Sequence[str], last: str = "and") -> str:
    """Returns names in words: `memory`, `a, b and c`."""
    words = [name.replace("_", " ") for name in names]
    return f" {last} ".join(part for part in (", ".join(words[:-1]), words[-1]) if part)


def in_reading_order(cells: Iterable[Cell]) -> list[Cell]:
    """Returns the fullest cell first, `agent.memory` before other kinds."""
    return sorted(cells, key=lambda cell: (-_ingredients_on(cell), as_agents(cell) != cell, cell.label()))


def _ingredients_on(cell: Cell) -> int:
    return sum(as_agents(cell).level(name) is True for name in INGREDIENTS)


def few(cells: Iterable[Cell]) -> str:
    """Returns the first cells by name, and the number of others."""
    ordered = in_reading_order(cells)
    more = f"; and {len(ordered) - MOST_NAMED} more" if len(ordered) > MOST_NAMED else ""
    return "; ".join(describe(cell) for cell in ordered[:MOST_NAMED]) + more


def listed_cells(cells: Sequence[Cell]) -> str:
    """Returns cells in words: `cells 'all but memory' and 'memory only'`."""
    names = [f"'{describe(cell)}'" for cell in cells]
    return f"cell{'s' if len(names) > 1 else ''} " + listed(names)


def described_score(result: CellResult) -> str:
    """Returns late score, how many learned, and the share's bounds."""
    late = result.late
    learned = f"{result.share.count} of {several(result.share.of, 'run')} learned in context"
    if result.share.of:
        learned += f", so {bounded_share(result.share)}"
    if late.mean is None:
        return f"{learned}."
    bounds = "" if late.low is None or late.high is None else f" [{_rounded(late.low)}, {_rounded(late.high)}]"
    return f"The late score is {_rounded(late.mean)}{bounds}. {learned}."


def counted_runs(result: CellResult) -> str:
    """Returns the runs by class: `8 in-context, 1 undecided of 9 runs`."""
    failed = [f"{result.failed} failed"] if result.failed else []
    counted = ", ".join([*(f"{count} {name}" for name, count in result.classes.items()), *failed])
    return f"{counted} of {several(result.share.of, 'run')}"


def bounded_share(share: Share) -> str:
    """Returns a share's bounds: `at most 45% of all such runs would`."""
    if share.of == 0:
        return "no run"
    if share.count == share.of:
        return f"at least {share.low:.0%} of all such runs would"
    if share.count == 0:
        return f"at most {share.high:.0%} of all such runs would"
    return f"at least {share.low:.0%} and at most {share.high:.0%} of all such runs would"


def _rounded(value: float) -> str:
    """Returns two digits, without a negative zero."""
    return f"{round(value, 2) + 0.0:.2f}"


def is_boolean(cell: Cell) -> bool:
    """Returns whether ingredients are on or off, with `agent.memory`."""
    return all(isinstance(cell.level(name), bool) for name in INGREDIENTS)


class Counted(Protocol):
    """A cell's verdict and numbers of finished, failed and in-context runs."""

    @property
    def verdict(self) -> str | None:
        """The cell's verdict."""

    @property
    def seeds(self) -> int:
        """Number of finished runs."""

    @property
    def failed(self) -> int:
        """Number of failed runs."""

    @property
    def learned(self) -> int:
        """Number of runs that are in-context."""


def was_run(result: Counted) -> bool:
    """Returns whether any run of a cell finished or failed."""
    return bool(result.seeds or result.failed)
