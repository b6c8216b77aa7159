"""Routes: how agents get each ingredient."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from ingredients.judgement import CellResult
from ingredients.judgement.route_words import SWITCHED_ON, route_words
from ingredients.judgement.routes import SHOWN
from ingredients.judgement.words import describe

ROUTES = ("cell", "has reward by", "has action by", "has memory by", "has tasks by")


def routed(results: Sequence[CellResult]) -> list[CellResult]:
    """Returns the cells with known routes."""
    return [result for result in results if result.routes]


def route_row(result: CellResult) -> list[str]:
    """Returns a cell's routes of each ingredient."""
    return [describe(result.cell), *route_words(result).values()]


def route_lines(results: Sequence[CellResult]) -> list[str]:
    """Returns a line per cell that lacks a channel or memory."""
    lacking = [result for result in routed(results) if not result.cell.is_full]
    words = ("reward", "action", "memory", "tasks")
    return [
        f"{describe(each.cell)}: {'; '.join(f'{name} {found}' for name, found in _not_shown(each, words))}"
        for each in lacking
        if list(_not_shown(each, words))
    ]


def _not_shown(result: CellResult, words: Sequence[str]) -> Iterator[tuple[str, str]]:
    found = zip(words, route_words(result).values(), strict=True)
    return ((name, how) for name, how in found if how not in (SHOWN, SWITCHED_ON))
