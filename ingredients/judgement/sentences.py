"""The answer in words, and its notes; what is undecided is never called absent."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from ingredients.grid import INGREDIENTS, Cell
from ingredients.judgement.advice import PERHAPS
from ingredients.judgement.claims import described_leaks
from ingredients.judgement.conclusions import FULL
from ingredients.judgement.findings import Calibration, IngredientResult
from ingredients.judgement.not_shown import reaction_suffices
from ingredients.judgement.results import CellResult
from ingredients.judgement.verdict import together_from
from ingredients.judgement.words import MOST_NAMED, describe, few, in_reading_order, listed
from ingredients.judgement_input.references import CHANNELS, Leak
from ingredients.study import Criterion, Ingredient
from ingredients.study.messages import several

FEW_SEEDS = 5
NOTHING_TO_JUDGE = "No run has finished, so there is nothing to judge yet."


def sentence(
    cells: Sequence[CellResult],
    ingredients: Mapping[str, IngredientResult],
    calibration: Calibration,
    criterion: Criterion,
) -> str:
    """Returns the answer to the study's question."""
    if not any(result.seeds for result in cells):
        return NOTHING_TO_JUDGE
    if not calibration.passed:
        scored = any(result.late.mean is not None for result in cells)
        given = "Scores are shown, verdicts are not given" if scored else "Neither scores nor verdicts are given"
        return f"Not applicable: {calibration.reason}. {given}."
    by_cell = {result.cell: result for result in cells}
    full = by_cell.get(FULL)
    parts = [_appeared(cells)]
    if full is None:
        parts.append("The cell with all four ingredients on is not in the grid, so none can be called needed.")
    elif full.verdict == "in-context":
        parts.extend(_needs(by_cell, ingredients))
    elif full.verdict in ("mixed", "undecided") and full.learned:
        found = full.reason if full.verdict == "mixed" else f"it is undecided ({full.reason})"
        parts.extend([f"With all four ingredients on {found}.", *_needs(by_cell, ingredients)])
    else:
        parts.append(_full_cell_did_not(full, calibration, reaction_suffices(by_cell, criterion)))
    return " ".join([*parts, *_short(cells)])


def notes(
    cells: Sequence[CellResult],
    ingredients: Mapping[str, IngredientResult],
    calibration: Calibration,
    criterion: Criterion,
    leakage: Mapping[Ingredient, Leak],
) -> tuple[str, ...]:
    """Returns notes, the most important first."""
    found = (
        _doubt_note(calibration),
        _undecided_note(cells),
        _seeds_note(cells),
        _family_note(cells, criterion),
        _looks_note(cells, criterion),
        _failures_note(cells),
        _channels_note(ingredients, leakage),
        _one_task_note(cells, ingredients),
        _at_once_note(cells, criterion),
        _early_note(calibration, criterion),
        _missing_note(cells),
    )
    return tuple(note for note in found if note is not None)


def _appeared(cells: Sequence[CellResult]) -> str:
    shown = [result.cell for result in cells if result.verdict == "in-context"]
    undecided = sum(result.verdict == "undecided" and result.seeds > 0 for result in cells)
    if not shown:
        run = sum(result.seeds > 0 for result in cells)
        where = "the one cell of the grid" if len(cells) == 1 else f"any of the {len(cells)} cells"
        if run < len(cells):
            where = "the one cell that was run" if run == 1 else f"any of the {run} cells that were run"
        also = f"; {undecided} of them undecided" if undecided and len(cells) > 1 else ""
        if some := _in_some_runs(cells):
            return f"In-context learning appeared {some}; that most runs learn was not shown in {where}{also}."
        return f"In-context learning was not shown in {where}{also}."
    found = _in_some_runs(cells)
    some = f" It appeared also {found}, too few to show that most such runs would learn." if found else ""
    return f"In-context learning was shown in {len(shown)} of {several(len(cells), 'cell')} ({few(shown)}).{some}"


def _in_some_runs(cells: Sequence[CellResult]) -> str:
    """Returns the open cells in which some runs learn."""
    open_ = ("mixed", "undecided")
    by_cell = {result.cell: result for result in cells if result.verdict in open_ and result.learned}
    if not by_cell:
        return ""
    found = [by_cell[cell] for cell in in_reading_order(by_cell)]
    named = "; ".join(f"{describe(each.cell)}: {each.learned} of {each.share.of}" for each in found[:MOST_NAMED])
    more = f"; and {len(found) - MOST_NAMED} more" if len(found) > MOST_NAMED else ""
    return f"in some runs of {several(len(found), 'cell')} ({named}{more})"


def _short(cells: Sequence[CellResult]) -> list[str]:
    """Returns which cells fall short: not learned, learned in part, or perhaps."""
    short = {result.cell: result.shortfall for result in cells if result.shortfall and result.verdict != "in-context"}
    not_learned = [cell for cell, why in short.items() if why.startswith("not learned")]
    perhaps = [cell for cell, why in short.items() if why.startswith(PERHAPS)]
    others = [cell for cell in short if cell not in (*not_learned, *perhaps)]
    kinds = {
        "Not learned, below the floor or the ceiling,": not_learned,
        "Learned in part, short of the ceiling,": others,
        "Perhaps below the floor or the ceiling, not shown,": perhaps,
    }
    return [f"{head} in {several(len(found), 'cell')} ({few(found)})." for head, found in kinds.items() if found]


def _needs(cells: Mapping[Cell, CellResult], ingredients: Mapping[str, IngredientResult]) -> list[str]:
    needed = [name for name in INGREDIENTS if ingredients[name].necessary is True]
    not_needed = [name for name in INGREDIENTS if ingredients[name].necessary is False]
    open_ = [name for name in INGREDIENTS if ingredients[name].necessary is None and FULL.lacking(name) in cells]
    untested = [name for name in INGREDIENTS if FULL.lacking(name) not in cells]
    channels = [name for name in not_needed if name in CHANNELS]
    others = [name for name in not_needed if name not in CHANNELS]
    return [
        *([f"{_are(needed)} needed here."] if needed else []),
        *([f"{_are(channels)} not needed as an explicit channel."] if channels else []),
        *([f"{_are(others)} not needed here."] if others else []),
        *(f"{_are([name])} undecided (without it: {_in_short(cells[FULL.lacking(name)])})." for name in open_),
        *([f"{_are(untested)} not tested."] if untested else []),
    ]


def _in_short(result: CellResult) -> str:
    """Returns a cell's verdict, without its reason."""
    if not result.seeds or result.verdict is None:
        return result.reason or "not judged"
    return f"{result.verdict}, {result.learned} of {several(result.share.of, 'run')} learned"


def _are(names: Sequence[str]) -> str:
    """Returns names with their verb: `Memory and task distribution are`."""
    return f"{listed(names).capitalize()} {'is' if len(names) == 1 else 'are'}"


def _full_cell_did_not(full: CellResult, calibration: Calibration, reaction: str | None) -> str:
    if full.verdict == "undecided":
        head = f"With all four ingredients on it is undecided ({full.reason}), so none can be called needed."
        return f"{head} {reaction}" if reaction else head
    came_out = {
        "none": "shows no gain within a lifetime",
        "reactive": "reacts but does not learn in context",
        "carried": "adapts by what it carries, but leads a reaction by less than the margin",
    }.get(full.verdict or "", f"is {full.verdict} ({full.reason})")
    head = (
        f"With all four ingredients on the agent {came_out} ({full.learned} of {several(full.seeds, 'run')} learned)."
    )
    if reaction:
        return f"{head} {reaction}"
    if calibration.verdicts.get("yardstick") in ("undecided", "carried"):
        return f"{head} Whether the yardstick adapts on these tasks is undecided, too, so nothing follows."
    if calibration.verdicts.get("yardstick") is None:
        return f"{head} Knowing the task helps here, but how much of it can be found out in a lifetime is not known."
    return (
        f"{head} The yardstick adapts on these tasks, so the agent or its training fell short, and nothing follows "
        "about the ingredients."
    )


def _doubt_note(calibration: Calibration) -> str | None:
    if calibration.doubt is None:
        return None
    return f"The policies of known strength leave one point of the rule undecided: {calibration.doubt}."


def _undecided_note(cells: Sequence[CellResult]) -> str | None:
    undecided = in_reading_order(result.cell for result in cells if result.verdict == "undecided" and result.seeds)
    if not undecided:
        return None
    named = "; ".join(describe(cell) for cell in undecided[:MOST_NAMED])
    more = f"; and {len(undecided) - MOST_NAMED} more" if len(undecided) > MOST_NAMED else ""
    verb = "is" if len(undecided) == 1 else "are"
    return f"{several(len(undecided), 'cell')} {verb} undecided, which does not mean absent ({named}{more})."


def _seeds_note(cells: Sequence[CellResult]) -> str | None:
    run = [result.seeds for result in cells if result.seeds]
    if not run or min(run) >= FEW_SEEDS:
        return None
    if min(run) < 2:
        return "Some cell has one seed, which does not show what most runs would be."
    return (
        f"Some cell has only {min(run)} seeds, which do not show what most runs would be. {FEW_SEEDS} seeds can, if "
        "all of them agree."
    )


def _family_note(cells: Sequence[CellResult], criterion: Criterion) -> str | None:
    """Returns whether the verdicts hold together, or from how many seeds on."""
    decided = [result for result in cells if result.p is not None]
    if len(decided) < 2:
        return None
    level = f"{criterion.confidence:.0%}"
    count = len(cells)
    if all(result.p_holm is not None and result.p_holm <= 1 - criterion.confidence for result in decided):
        holm = f"hold together at {level} (Holm's correction for {count} cells)."
        if len(decided) == count:
            return f"All {count} verdicts {holm}"
        rest = count - len(decided)
        others = "The other cell has no such verdict." if rest == 1 else f"The other {rest} cells have no such verdict."
        return f"The {len(decided)} verdicts that name a class of runs {holm} {others}"
    return (
        f"Each of the {len(decided)} verdicts holds by itself at {level}, but not all of them together. For {count} "
        f"cells that takes {together_from(count, criterion)} seeds that agree."
    )


def _looks_note(cells: Sequence[CellResult], criterion: Criterion) -> str | None:
    """Returns how often runs were looked at before."""
    looked = max((result.looks for result in cells), key=len, default=())
    if len(looked) < 2:
        return None
    spent = f"{1 - criterion.confidence:.0%}"
    seeds = ", then ".join(map(str, looked))
    return (
        f"The cells were judged {len(looked)} times as seeds were added ({seeds}). All looks share one error rate of "
        f"{spent}, so a later look needs more evidence."
    )


def _failures_note(cells: Sequence[CellResult]) -> str | None:
    failed = sum(result.failed for result in cells)
    if not failed:
        return None
    runs = failed + sum(result.seeds for result in cells)
    return f"{failed} of {several(runs, 'run')} failed. They are in no mean, and count against every verdict."


def _channels_note(ingredients: Mapping[str, IngredientResult], leakage: Mapping[Ingredient, Leak]) -> str | None:
    if all(ingredients[name].necessary is None for name in CHANNELS):
        return None
    measured = f"Measured here: {described_leaks(leakage)}." if leakage else "The leak is not measured here."
    return (
        "A channel is the input that shows an agent its last reward or action. The essay speaks of the information, "
        "by whichever route the agent has it. So a channel that is not needed does not refute the essay. The table of "
        f"routes says how agents have what they are not shown. {measured}"
    )


def _one_task_note(cells: Sequence[CellResult], ingredients: Mapping[str, IngredientResult]) -> str | None:
    if ingredients["task_distribution"].because == "training":
        return None  # its sentence says so
    if not any(result.cell.task_distribution is False and result.seeds for result in cells):
        return None
    return (
        "With the task distribution off, an agent sees the same, but training on one task gives it no incentive to "
        "explore."
    )


def _at_once_note(cells: Sequence[CellResult], criterion: Criterion) -> str | None:
    """Returns which cells are none although they beat the floor."""
    found = [
        result
        for result in cells
        if result.verdict == "none" and result.late.low is not None and result.late.low > criterion.gain_above
    ]
    if not found:
        return None
    scores = "; ".join(f"{describe(each.cell)}: {each.early.mean:.2f}, then {each.late.mean:.2f}" for each in found)
    return (
        "A cell can be none and beat the floor. What it earns from the first two episodes on, by a reaction that works "
        f"at once or by a fixed habit, is no gain within a lifetime. Early and late score here: {scores}."
    )


def _early_note(calibration: Calibration, criterion: Criterion) -> str | None:
    if not calibration.passed or calibration.verdicts.get("reactive") != "none":
        return None
    return (
        "The best reactive policy gains less than "
        f"{criterion.gain_above:g} within a lifetime here, so a cell that reacts may come out as none."
    )


def _missing_note(cells: Sequence[CellResult]) -> str | None:
    missing = sum(not result.seeds for result in cells)
    has = "has" if missing == 1 else "have"
    return f"{several(missing, 'cell')} {has} no finished run." if missing else None


def of_working_memory(text: str) -> str:
    """Returns the sentence for tasks that pay once."""
    return text.replace(
        "In-context learning", "Working memory (a lifetime pays once, so nothing is learned)", 1
    ).replace("In-context learning", "Working memory")
