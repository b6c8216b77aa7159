"""Which ingredients are needed, why, and which suffice (docs/verdict.md), with memories of kind `agent.memory`."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from ingredients.grid import INGREDIENTS, Cell
from ingredients.judgement.findings import Because, IngredientResult
from ingredients.judgement.results import CellResult, Effect
from ingredients.judgement.shares import p_more
from ingredients.judgement.statistics import p_against, paired, probability_of_improvement, t_interval
from ingredients.judgement.words import counted_runs, described_score, is_boolean
from ingredients.judgement_input.references import CHANNELS
from ingredients.study import Criterion, Ingredient

FULL = Cell(True, True, True, True)


def judge_ingredients(cells: Sequence[CellResult], criterion: Criterion) -> dict[str, IngredientResult]:
    """Returns each ingredient's necessity and effect."""
    by_cell = {result.cell: result for result in cells}
    return {name: _judge(name, by_cell, criterion) for name in INGREDIENTS}


def _judge(ingredient: Ingredient, cells: Mapping[Cell, CellResult], criterion: Criterion) -> IngredientResult:
    needed = necessary(ingredient, cells, criterion)
    lacking = cells.get(FULL.lacking(ingredient))
    full = cells.get(FULL)
    because = _because(ingredient, lacking) if needed and lacking else None
    proof = () if needed is None or lacking is None else (FULL, lacking.cell) if needed else (lacking.cell,)
    return IngredientResult(
        necessary=needed,
        because=because,
        proof=proof,
        sentence=_sentence(ingredient, needed, because, cells, criterion),
        effect=effect(ingredient, cells, criterion),
        improvement=(
            probability_of_improvement(list(_late(full).values()), list(_late(lacking).values()))
            if full and lacking
            else None
        ),
        learned_with=full.share if full else None,
        learned_without=lacking.share if lacking else None,
        p_share=p_more(full.share, lacking.share) if full and lacking else None,
    )


def _because(ingredient: Ingredient, lacking: CellResult) -> Because | None:
    """Returns why a cell is not in-context."""
    if lacking.ceiling is None or lacking.ceiling.suffices is None:
        return "definition" if _by_construction(ingredient, lacking) else None
    return "training" if lacking.ceiling.suffices else "information"


def _sentence(
    ingredient: Ingredient,
    needed: bool | None,
    because: Because | None,
    cells: Mapping[Cell, CellResult],
    criterion: Criterion,
) -> str:
    """Returns in words whether the ingredient is needed."""
    name = ingredient.replace("_", " ").capitalize()
    lacking = cells.get(FULL.lacking(ingredient))
    full = cells.get(FULL)
    if lacking is None or full is None:
        return f"{name} is not tested: the grid lacks the cell without it, or the one with all four."
    if needed is False:
        channel = " as an explicit channel" if ingredient in CHANNELS else ""
        return f"{name} is not needed here{channel}. {_verdict_without(lacking)}"
    if needed:
        built = _by_construction(ingredient, lacking)
        return f"{name} is needed here. {_without_needed(lacking)}{_reach(ingredient, because, lacking)}{built}"
    if not full.share.count:
        itself = full.verdict or "not judged"
        return f"{name}: nothing follows, because the cell with all four ingredients is {itself} itself."
    p = p_more(full.share, lacking.share)
    if p is not None and p <= 1 - criterion.confidence:
        return (
            f"{name} helps: runs learn in context more often with it ({_times(full)} against {_times(lacking)}, "
            f"p = {p:.2g}). That most runs do not learn without it is not shown."
        )
    if lacking.verdict in ("undecided", "mixed"):
        return f"{name} is undecided, because the cell without it is {lacking.verdict} ({_counted(lacking)})."
    return (
        f"{name} is undecided, because too few runs learn with it ({_times(full)}, and {_times(lacking)} without it)."
    )


def _without_needed(lacking: CellResult) -> str:
    """Returns in words the verdict without a needed ingredient."""
    if lacking.verdict in ("undecided", "mixed"):
        shown = f"Without it the verdict is {lacking.verdict}, but most runs are shown not to be in-context."
        return f"{shown} {described_score(lacking)}"
    return _verdict_without(lacking)


def _counted(lacking: CellResult) -> str:
    return counted_runs(lacking) if lacking.classes else lacking.reason or "nothing was judged"


def _verdict_without(lacking: CellResult) -> str:
    return f"Without it the verdict is {lacking.verdict}. {described_score(lacking)}"


def _by_construction(ingredient: Ingredient, lacking: CellResult) -> str:
    """Returns that without memory no cell is in-context, unless it can write."""
    if ingredient != "memory" or "environment" in lacking.carried:
        return ""
    return (
        " Without memory nothing is carried here, so by definition such an agent is not in-context. What was measured "
        "is how much less it earns."
    )


def _times(result: CellResult) -> str:
    return f"{result.share.count} of {result.share.of}"


def _reach(ingredient: Ingredient, because: Because | None, lacking: CellResult) -> str:
    """Returns in words why a needed ingredient is missed."""
    if because == "information":
        known = "could do" if lacking.ceiling and lacking.ceiling.method == "exact" else "that is known does"
        return f" With the information that is left, no policy {known} better than a reaction."
    if because != "training":
        return ""
    if ingredient == "task_distribution" and lacking.ceiling and not lacking.ceiling.trainable_incentive:
        return " The agent sees as much as before, but training on one task gives it no reason to adapt."
    return " The information that is left would allow more, and training did not bring it about."


def necessary(ingredient: Ingredient, cells: Mapping[Cell, CellResult], criterion: Criterion) -> bool | None:
    """Returns whether in-context learning needs the ingredient here (docs/verdict.md); None if unknown.

    Each of its tests has at most the study's error rate.
    """
    full = cells.get(FULL)
    lacking = [cells[cell] for cell in sorted(cells, key=Cell.label) if lacks_only(cell, ingredient)]
    if any(result.verdict == "in-context" for result in lacking):
        return False
    if full is None or not lacking:
        return None
    return True if all(_needed_beside(full, result, criterion) for result in lacking) else None


def _needed_beside(full: CellResult, lacking: CellResult, criterion: Criterion) -> bool:
    """Returns whether most runs of a cell do not learn, fewer than of the full cell."""
    p = p_more(full.share, lacking.share)
    cannot = lacking.in_context_excluded or lacking.verdict in ("none", "reactive", "carried")
    return cannot and p is not None and p <= 1 - criterion.confidence


def lacks_only(cell: Cell, ingredient: Ingredient) -> bool:
    """Returns whether the cell lacks this ingredient and has the others in full."""
    return all(cell.level(name) is (name != ingredient) for name in INGREDIENTS)


def effect(ingredient: Ingredient, cells: Mapping[Cell, CellResult], criterion: Criterion) -> Effect:
    """Returns late(full cell) − late(cell without the ingredient), normalised, paired by seed."""
    full, lacking = cells.get(FULL), cells.get(FULL.lacking(ingredient))
    differences = () if full is None or lacking is None else paired(_late(full), _late(lacking))
    interval = t_interval(differences, criterion.confidence)
    return Effect(interval.mean, interval.low, interval.high, p_against(differences, 0.0), len(differences))


def minimal_sufficient(cells: Sequence[CellResult]) -> tuple[tuple[str, ...], ...]:
    """Returns the smallest sets of ingredients with an in-context cell, without supersets."""
    sufficient = {
        _ingredients_on(result.cell) for result in cells if result.verdict == "in-context" and is_boolean(result.cell)
    }
    smallest = [names for names in sufficient if not any(other < names for other in sufficient)]
    in_order = [tuple(name for name in INGREDIENTS if name in names) for names in smallest]
    return tuple(sorted(in_order, key=lambda names: (len(names), [INGREDIENTS.index(name) for name in names])))


def _ingredients_on(cell: Cell) -> frozenset[Ingredient]:
    return frozenset(name for name in INGREDIENTS if cell.level(name) is True)


def _late(result: CellResult) -> dict[int, float]:
    return {run.seed: run.late for run in result.runs if run.late is not None}
