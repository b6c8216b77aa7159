"""The answer in words: the sentence of the first screen, and the notes without which it would be misread.

Comes in: the judged cells and ingredients. Goes out: plain text. A null result is said with the same care as a
finding, and what is undecided is never said to be absent.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace

from ingredients.grid import INGREDIENTS, Cell
from ingredients.judgement.conclusions import FULL, boolean
from ingredients.judgement.results import Calibration, CellResult, IngredientResult
from ingredients.study import Criterion, Ingredient, MemoryKind, level_text

_CHANNELS: tuple[Ingredient, ...] = ("reward_observation", "action_observation")
_MOST_NAMED = 4


def sentence(cells: Sequence[CellResult], ingredients: Mapping[str, IngredientResult], calibration: Calibration) -> str:
    """Returns the answer to the study's question in one to a few sentences."""
    if not calibration.passed:
        return f"Not applicable: {calibration.reason}. Scores are shown, verdicts are not given."
    if not any(result.seeds for result in cells):
        return "No run has finished, so there is nothing to judge yet."
    by_cell = {result.cell: result for result in cells}
    full = by_cell.get(FULL)
    parts = [_appeared(cells)]
    if full is None:
        parts.append("The cell with all four ingredients on is not in the grid, so none can be called needed or not.")
    elif full.verdict == "in-context":
        parts.extend(_needs(by_cell, ingredients))
    else:
        parts.append(_full_cell_did_not(full))
    return " ".join(parts)


def notes(
    cells: Sequence[CellResult],
    ingredients: Mapping[str, IngredientResult],
    calibration: Calibration,
    criterion: Criterion,
) -> tuple[str, ...]:
    """Returns what a reader must know to read the sentence rightly, most important first."""
    found = (
        _undecided_note(cells),
        _failures_note(cells),
        _channels_note(ingredients),
        _one_task_note(cells),
        _reactive_note(cells, criterion),
        _early_note(calibration, criterion),
        _missing_note(cells),
    )
    return tuple(note for note in found if note is not None)


def describe(cell: Cell) -> str:
    """Returns a cell in words: `all four ingredients [lstm]`, `all but memory`, `memory only`, or its label.

    The kind of memory stands behind it where it is not that of `agent.memory`.
    """
    as_agents = _as_agents(cell)
    if as_agents != cell and boolean(as_agents):
        return f"{describe(as_agents)} [{level_text(cell.memory)}]"
    if not boolean(cell):
        return cell.label()
    on = [name for name in INGREDIENTS if cell.level(name)]
    off = [name for name in INGREDIENTS if not cell.level(name)]
    if len(off) <= 1:
        return f"all but {listed(off)}" if off else "all four ingredients"
    return f"{listed(on)} only" if on else "none of the four ingredients"


def _as_agents(cell: Cell) -> Cell:
    """Returns the cell that has the memory of `agent.memory` on or off where this one has another kind."""
    return replace(cell, memory=cell.memory.remembers) if isinstance(cell.memory, MemoryKind) else cell


def listed(names: Sequence[str]) -> str:
    """Returns names in words: `memory`, `memory and task distribution`, `a, b and c`."""
    words = [name.replace("_", " ") for name in names]
    return " and ".join(part for part in (", ".join(words[:-1]), words[-1]) if part)


def _appeared(cells: Sequence[CellResult]) -> str:
    shown = _in_reading_order(result.cell for result in cells if result.verdict == "in-context")
    undecided = sum(result.verdict == "undecided" and result.seeds > 0 for result in cells)
    if not shown:
        run = sum(result.seeds > 0 for result in cells)
        where = "the one cell of the grid" if len(cells) == 1 else f"any of the {len(cells)} cells"
        if run < len(cells):
            where = "the one cell that was run" if run == 1 else f"any of the {run} cells that were run"
        also = f"; {undecided} of them undecided" if undecided and len(cells) > 1 else ""
        return f"In-context learning was not shown in {where}{also}."
    named = "; ".join(describe(cell) for cell in shown[:_MOST_NAMED])
    more = f"; and {len(shown) - _MOST_NAMED} more" if len(shown) > _MOST_NAMED else ""
    return f"In-context learning appeared in {len(shown)} of {_count(len(cells), 'cell')} ({named}{more})."


def _needs(cells: Mapping[Cell, CellResult], ingredients: Mapping[str, IngredientResult]) -> list[str]:
    needed = [name for name in INGREDIENTS if ingredients[name].necessary is True]
    not_needed = [name for name in INGREDIENTS if ingredients[name].necessary is False]
    open_ = [name for name in INGREDIENTS if ingredients[name].necessary is None and FULL.lacking(name) in cells]
    untested = [name for name in INGREDIENTS if FULL.lacking(name) not in cells]
    channels = [name for name in not_needed if name in _CHANNELS]
    others = [name for name in not_needed if name not in _CHANNELS]
    return [
        *([f"Needed here: {listed(needed)}."] if needed else []),
        *([f"Not needed as an explicit channel: {listed(channels)}."] if channels else []),
        *([f"Not needed here: {listed(others)}."] if others else []),
        *(f"Undecided: {listed([name])} (without it: {cells[FULL.lacking(name)].reason})." for name in open_),
        *([f"Not tested: {listed(untested)}."] if untested else []),
    ]


def _full_cell_did_not(full: CellResult) -> str:
    if full.verdict == "undecided":
        return f"With all four ingredients on it is undecided ({full.reason}), so none can be called needed or not."
    came_out = "shows no gain within a lifetime" if full.verdict == "none" else "reacts but does not learn in context"
    return (
        f"With all four ingredients on the agent {came_out} ({full.learned} of {_count(full.seeds, 'run')} learned). "
        "The yardstick does adapt on these tasks, so this is about the agent and its training, and nothing follows "
        "about the ingredients."
    )


def _undecided_note(cells: Sequence[CellResult]) -> str | None:
    undecided = _in_reading_order(result.cell for result in cells if result.verdict == "undecided" and result.seeds)
    if not undecided:
        return None
    named = "; ".join(describe(cell) for cell in undecided[:_MOST_NAMED])
    more = f"; and {len(undecided) - _MOST_NAMED} more" if len(undecided) > _MOST_NAMED else ""
    return f"Undecided is not absent: {_count(len(undecided), 'cell')} ({named}{more}); each says what would decide it."


def _failures_note(cells: Sequence[CellResult]) -> str | None:
    failed = sum(result.failed for result in cells)
    if not failed:
        return None
    runs = failed + sum(result.seeds for result in cells)
    return (
        f"{failed} of {_count(runs, 'run')} failed: in no mean, but no verdict stands that would not stand with them "
        "scored as the floor."
    )


def _channels_note(ingredients: Mapping[str, IngredientResult]) -> str | None:
    if all(ingredients[name].necessary is None for name in _CHANNELS):
        return None
    inferred = (
        " (an agent with memory can work out what it did)" if ingredients[_CHANNELS[1]].necessary is False else ""
    )
    return (
        "The grid switches explicit channels. The essay asks for observations that correlate with reward and with past "
        f"actions, explicit or leaked: a channel that is not needed does not refute it{inferred}, "
        "and the leak is not measured here."
    )


def _one_task_note(cells: Sequence[CellResult]) -> str | None:
    if not any(result.cell.task_distribution is False and result.seeds for result in cells):
        return None
    return (
        "With the task distribution off the agent could see as much but had no reason to look: "
        "one training task takes away the incentive, not the information."
    )


def _reactive_note(cells: Sequence[CellResult], criterion: Criterion) -> str | None:
    reactive = sum(result.verdict == "reactive" for result in cells)
    if not reactive:
        return None
    verb = "is" if reactive == 1 else "are"
    return (
        f"{_count(reactive, 'cell')} {verb} reactive: the score gains more than {criterion.gain_above:g} within the "
        "lifetime, but not beyond what the last step allows, or not through anything carried."
    )


def _early_note(calibration: Calibration, criterion: Criterion) -> str | None:
    if not calibration.passed or calibration.verdicts.get("reactive") != "none":
        return None
    return (
        "The best reactive policy settles within the first fifth of the lifetime here and gains less than "
        f"{criterion.gain_above:g} after it, so a cell that is reactive may come out as none."
    )


def _missing_note(cells: Sequence[CellResult]) -> str | None:
    missing = sum(not result.seeds for result in cells)
    return f"{_count(missing, 'cell')} without a finished run." if missing else None


def _in_reading_order(cells: Iterable[Cell]) -> list[Cell]:
    """The fullest cell first, the memory of `agent.memory` before other kinds, whatever the order of the grid."""
    return sorted(cells, key=lambda cell: (-_ingredients_on(cell), _as_agents(cell) != cell, cell.label()))


def _ingredients_on(cell: Cell) -> int:
    return sum(_as_agents(cell).level(name) is True for name in INGREDIENTS)


def _count(number: int, noun: str) -> str:
    return f"{number} {noun}" if number == 1 else f"{number} {noun}s"
