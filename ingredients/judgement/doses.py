"""Dose and response: how much of one ingredient is enough, with all others on."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence

from ingredients.grid import INGREDIENTS, Cell
from ingredients.judgement.findings import Dose, DoseResponse
from ingredients.judgement.results import CellResult
from ingredients.study import Ingredient, MemoryKind, level_text
from ingredients.study.levels import OneTask, TasksLevel

_FEWEST_LEVELS = 3
_NARROW: Mapping[TasksLevel, float] = {OneTask.RANDOM_START: 0.25, OneTask.RANDOM_MEMORY: 0.5}  # of a second task


def dose_responses(cells: Mapping[Cell, CellResult]) -> tuple[DoseResponse, ...]:
    """Returns the ingredients that have at least three levels."""
    graded = {name: [cell for cell in cells if _along(cell, name)] for name in INGREDIENTS}
    return tuple(_response(name, along, cells) for name, along in graded.items() if len(along) >= _FEWEST_LEVELS)


def strength(cell: Cell, ingredient: Ingredient) -> float:
    """Returns a cell's amount of an ingredient: a probability, steps between wipes, or tasks."""
    strengths: dict[Ingredient, float] = {
        "reward_observation": cell.reward_shown,
        "action_observation": cell.action_shown,
        "memory": cell.wipe_every or math.inf,
        "task_distribution": (cell.training_tasks or math.inf) + _NARROW.get(cell.task_distribution, 0.0),
    }
    return strengths[ingredient]


def _response(ingredient: Ingredient, graded: Sequence[Cell], cells: Mapping[Cell, CellResult]) -> DoseResponse:
    doses = tuple(
        Dose(level_text(cell.level(ingredient)), cell, cells[cell].late, cells[cell].verdict)
        for cell in sorted(graded, key=lambda cell: strength(cell, ingredient))
    )
    enough = [dose.verdict == "in-context" for dose in doses]
    first = next((place for place in range(len(doses)) if all(enough[place:])), None)
    appears_at = None if first is None else doses[first].level
    return DoseResponse(ingredient, doses, appears_at, _sentence(ingredient, doses, first))


def _along(cell: Cell, ingredient: Ingredient) -> bool:
    """Returns whether a cell has all other ingredients and `agent.memory`."""
    if isinstance(cell.level(ingredient), MemoryKind):
        return False
    return all(cell.level(name) is True for name in INGREDIENTS if name != ingredient)


def _sentence(ingredient: Ingredient, doses: tuple[Dose, ...], first: int | None) -> str:
    words = ingredient.replace("_", " ")
    if first is None:
        strongest = doses[-1]
        shown = [_said(dose) for dose in doses if dose.verdict == "in-context"]
        where = f"was shown at {', '.join(shown)}, not" if shown else "was not shown at any level tried, and so not"
        return (
            f"{words.capitalize()}: in-context learning {where} at the strongest, {_said(strongest)} "
            f"({strongest.verdict or 'not applicable'})."
        )
    if first == 0:
        return f"{words.capitalize()}: in-context learning is there at every level tried, from {_said(doses[0])} on."
    below = doses[first - 1]
    verdict = below.verdict or "not applicable"
    return (
        f"{words.capitalize()}: in-context learning appears between {_said(below)} ({verdict}) and "
        f"{_said(doses[first])}."
    )


def _said(dose: Dose) -> str:
    """Returns a level in words."""
    steps = dose.cell.wipe_every or 1  # memory off is wiped before each step, and has a name
    return f"a wipe every {steps} steps" if steps > 1 else dose.level
