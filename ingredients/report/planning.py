"""Texts and rows on signs of planning, for every cell."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from ingredients.grid import Cell
from ingredients.judgement import Judgement
from ingredients.judgement.planning import SIGNS, PlanningResult
from ingredients.judgement.words import describe
from ingredients.report import wording
from ingredients.report.rows import ordered

TITLE: Final = "Signs of planning"
MEASURES: Final = (
    "Composition: does the agent begin the shortest way to a new goal over passages that it has seen, but never walked "
    "in a row? The control is how often the best of three players who plan nothing makes these moves.",
    "Devaluation: a passage is found closed, far from where the agent then has to choose. Its first move should change "
    "at once, and more than wrong moves do where the passage is on no way to the goal.",
    "Computation: the agent waits three steps longer before its first move, and nothing new is shown. Waiting should "
    "help, the more the farther the goal; it can change nothing without memory.",
    "Content: a linear decoder reads from the memory where the agent will stand two steps later. It should read more "
    "than from the untrained network, and more than from the labels in view.",
    "Cause: the memory's output is pushed along that decoder, towards another place. The moves that lead there should "
    "become likelier than by the best of 20 random pushes of the same length.",
)
HEAD: Final = ("cell", "verdict", *SIGNS)


def found(judgement: Judgement) -> list[tuple[Cell, PlanningResult]]:
    """Returns the cells with measured signs, the fullest first."""
    cells = [result.cell for result in ordered(judgement)]
    return [(cell, judgement.planning[cell]) for cell in cells if cell in judgement.planning]


def row(cell: Cell, result: PlanningResult) -> list[str]:
    """Returns a row under `HEAD`."""
    numbers = [", ".join(map(wording.interval, result.effects[sign].values())) for sign in SIGNS]
    shown = [f"{result.signs[sign]}: {number}" for sign, number in zip(SIGNS, numbers, strict=True)]
    return [describe(cell), verdict(result), *shown]


def verdict(result: PlanningResult) -> str:
    """Returns the verdict on the signs, or why there is none."""
    said = result.verdict or "no verdict"
    return f"{said}: {result.reason}" if result.reason else said


def lines(judgement: Judgement) -> Sequence[str]:
    """Returns the fullest cell's answer, in lines."""
    measured = found(judgement)
    if not measured:
        return []
    cell, result = measured[0]
    signs = ", ".join(f"{sign} {result.signs[sign]}" for sign in SIGNS)
    return [f"{describe(cell)}: {verdict(result)}", signs]
