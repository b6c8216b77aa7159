"""Columns of tables of cells."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from functools import partial
from typing import NamedTuple

from ingredients.judgement import CellResult
from ingredients.judgement.cell_numbers import CellNumber, brief_numbers, numbers_in
from ingredients.judgement.words import describe
from ingredients.report import wording
from ingredients.study import INGREDIENTS, Ingredient


class CellColumn(NamedTuple):
    """A column's title, and its text for a cell."""

    title: str
    text: Callable[[CellResult], str]


CELL = CellColumn("cell", lambda result: describe(result.cell))
LATE = CellColumn("late score", lambda result: wording.interval(result.late))
GAIN = CellColumn("gain", lambda result: wording.interval(result.gain))


def heads(columns: Sequence[CellColumn]) -> list[str]:
    """Returns the titles."""
    return [column.title for column in columns]


def table_rows(columns: Sequence[CellColumn], results: Iterable[CellResult]) -> list[list[str]]:
    """Returns a row for each cell."""
    return [[column.text(result) for column in columns] for result in results]


def scores() -> list[CellColumn]:
    """Returns the columns of verdict and evidence."""
    return [
        CELL,
        CellColumn("verdict", wording.outcome),
        LATE,
        CellColumn("greedy actions", greedy),
        GAIN,
        *map(_further, numbers_in("scores")),
        CellColumn("lost by the swap", _carried),
        CellColumn("learned", wording.learners),
        CellColumn("p", lambda result: wording.p_text(result.p)),
        CellColumn("p (Holm)", lambda result: wording.p_text(result.p_holm)),
    ]


def ceilings() -> list[CellColumn]:
    """Returns the columns of return, ceiling, gap, and the ceiling's basis."""
    return [
        CELL,
        CellColumn("return", lambda result: wording.interval(result.return_, 1)),
        CellColumn("ceiling", ceiling),
        *map(_further, numbers_in("ceilings")),
        CellColumn("ceiling rests on", _information),
        CellColumn("method", _method),
        CellColumn("incentive to learn it", _incentive),
    ]


def courses() -> list[CellColumn]:
    """Returns the columns on training: when runs adapt, lose it, and do better on own tasks."""
    return [
        CELL,
        CellColumn("median step", _median_step),
        CellColumn("runs", wording.emergence),
        *map(_further, numbers_in("emergence")),
    ]


def brief() -> list[CellColumn]:
    """Returns the columns of Markdown's one table of cells."""
    return [
        *(CellColumn(wording.INGREDIENT_WORDS[name], partial(_level, name)) for name in INGREDIENTS),
        LATE,
        CellColumn("greedy actions", greedy),
        GAIN,
        *map(_further, brief_numbers()),
        CellColumn("learned", wording.learners),
        CellColumn("return / ceiling", judged_by_ceiling),
        CellColumn("emerges at step", _median_step),
        CellColumn("verdict", _verdict_in_bold),
    ]


def greedy(result: CellResult) -> str:
    """Returns the late score with greedy actions."""
    return wording.interval(result.probes["greedy"].late) if "greedy" in result.probes else wording.NOTHING


def ceiling(result: CellResult) -> str:
    """Returns the highest raw return that a cell's information allows."""
    return wording.number(result.ceiling.return_, 1) if result.ceiling else wording.NOTHING


def of_ceiling(result: CellResult) -> str:
    """Returns a lifetime's raw return beside its ceiling."""
    return f"{wording.number(result.return_.mean, 1)} / {ceiling(result)}"


def judged_by_ceiling(result: CellResult) -> str:
    """Returns `of_ceiling`, and whether a return above the ceiling is noise."""
    return f"{of_ceiling(result)}{_above(result)}"


def _above(result: CellResult) -> str:
    """Returns how far a printed return is above its ceiling, or that this is noise."""
    gap = result.numbers["gap"]
    if result.ceiling is None or gap is None or gap.mean is None or result.return_.mean is None:
        return ""
    if round(result.return_.mean, 1) <= round(result.ceiling.return_, 1):
        return ""
    if gap.low is None or gap.high is None or gap.high >= 0:
        return " (within noise)"
    luck = ", by the luck of these tasks" if result.ceiling.method == "exact" else ""
    return f" ({wording.bounded(-gap.mean, -gap.high, -gap.low, 1)} above{luck})"


def _further(number: CellNumber) -> CellColumn:
    return CellColumn(number.title, lambda result: wording.interval(result.numbers[number.key], number.digits))


def _level(name: Ingredient, result: CellResult) -> str:
    return wording.level(result.cell, name)


def _carried(result: CellResult) -> str:
    lost = ", ".join(f"{wording.interval(value)} ({carrier})" for carrier, value in result.carried.items())
    return lost or wording.NOTHING


def _information(result: CellResult) -> str:
    return result.ceiling.information if result.ceiling else wording.NOTHING


def _method(result: CellResult) -> str:
    return wording.METHODS[result.ceiling.method] if result.ceiling else wording.NOTHING


def _incentive(result: CellResult) -> str:
    if result.ceiling is None:
        return wording.NOTHING
    return "yes" if result.ceiling.trainable_incentive else "no: one task can be learned by heart"


def _median_step(result: CellResult) -> str:
    return wording.NOTHING if result.emerges_at_step is None else f"{result.emerges_at_step:,}"


def _verdict_in_bold(result: CellResult) -> str:
    verdict = wording.outcome(result)
    return f"**{verdict}**" if result.verdict == "in-context" else verdict
