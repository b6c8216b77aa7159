"""The essay's claims 1 to 3 (docs/design.md §2; §5, trap 8; statuses: docs/reports.md)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

from ingredients.grid import INGREDIENTS, Cell
from ingredients.judgement.conclusions import FULL
from ingredients.judgement.findings import Calibration, Claim, IngredientResult
from ingredients.judgement.results import CellResult
from ingredients.judgement.route_results import RouteResult
from ingredients.judgement.route_words import bounded, measured
from ingredients.judgement.routes import NEEDLESS, OUTSIDE, by_no_route, named
from ingredients.judgement.words import describe, is_boolean, listed, listed_cells, was_run
from ingredients.judgement_input.references import CHANNELS, Leak
from ingredients.study import Ingredient

REQUIRED = "Claim 1 of the essay (all four ingredients are required)"
ENOUGH = "Claim 2 of the essay (what an environment leaks of reward and action is enough)"
STORED = "Claim 3 of the essay (an agent without memory can use its environment as one)"
WEAK, PART = 0.3, 0.7  # of what there is to tell: a leak below is called weak, or partial


@dataclass(frozen=True, eq=False)
class ClaimInput:
    """Input of claims; leakage if measured; `working_memory`: a lifetime pays once."""

    cells: Mapping[Cell, CellResult]
    ingredients: Mapping[str, IngredientResult]
    calibration: Calibration
    leakage: Mapping[Ingredient, Leak]
    writable: bool = False
    working_memory: bool = False

    @property
    def any_run(self) -> bool:
        """Whether some run has finished."""
        return any(result.seeds for result in self.cells.values())

    @property
    def learners(self) -> list[CellResult]:
        """In-context cells."""
        return [result for result in self.cells.values() if result.verdict == "in-context"]

    def leaks(self, ingredient: Ingredient) -> bool | None:
        """Returns whether the environment leaks a channel; None if unknown."""
        leak = self.leakage.get(ingredient)
        return None if leak is None else leak.leaks

    def without(self, ingredient: Ingredient) -> CellResult:
        """Returns the cell that lacks this ingredient alone."""
        return self.cells[FULL.lacking(ingredient)]


def described_leaks(leakage: Mapping[Ingredient, Leak], names: Sequence[Ingredient] = CHANNELS) -> str:
    """Returns the leaks in words: `reward leaks (0.95 [0.93, 0.98], where 1 is every step)`."""
    return "; ".join(_described(name.removesuffix("_observation"), leakage[name]) for name in names if name in leakage)


def _described(what: str, leak: Leak) -> str:
    if leak.leak is None or leak.low is None or leak.high is None:
        return f"{what} could not be decoded ({leak.reason})"
    verb = f"leaks{_strength(leak.leak)}" if leak.leaks else "does not leak"
    return f"{what} {verb} ({bounded(leak.leak, leak.low, leak.high)}, where 1 is every step)"


def _strength(leak: float) -> str:
    if leak >= PART:
        return ""
    return " in part" if leak >= WEAK else " weakly"


# Claim 1


def claim(grounds: ClaimInput) -> Claim:
    """Returns the judgement on claim 1."""
    if not grounds.calibration.passed:
        return Claim("not applicable", f"{REQUIRED} cannot be judged on these tasks.", ())
    if grounds.working_memory:
        sentence = f"{REQUIRED} is not tested: a lifetime pays once, which tests working memory and not learning."
        return Claim("not applicable", sentence, ())
    if against := [result for result in grounds.learners if by_no_route(result.routes)]:
        return Claim("contradicted", _contradicted(against), tuple(result.cell for result in against))
    if FULL not in grounds.cells or any(FULL.lacking(name) not in grounds.cells for name in INGREDIENTS):
        return Claim(
            "not applicable", f"{REQUIRED} is not tested: the grid lacks one of the five cells that it needs.", ()
        )
    if not grounds.any_run:
        return Claim("undecided", f"{REQUIRED} is undecided: no run has finished.", ())
    needless: list[Ingredient] = [name for name in INGREDIENTS if grounds.ingredients[name].necessary is False]
    if unknown := [name for name in needless if named(grounds.without(name).routes, name) is None]:
        cells = tuple(FULL.lacking(name) for name in unknown)
        return Claim("undecided", _unmeasured(unknown, grounds), cells)
    if all(grounds.ingredients[name].necessary is not None for name in INGREDIENTS):
        return _settled(needless, grounds)
    return _undecided(grounds, needless)


def _settled(needless: Sequence[Ingredient], grounds: ClaimInput) -> Claim:
    """Returns claim 1 when every neighbour of the full cell is decided."""
    proof = (FULL, *(FULL.lacking(name) for name in INGREDIENTS))
    if not needless:
        sentence = (
            f"{REQUIRED} is supported here: agents with all four learn in context, agents without any one do not."
        )
        return Claim("supported", sentence, proof)
    routes = [named(grounds.without(name).routes, name) or "" for name in needless]
    status = f"channel not needed ({', '.join(dict.fromkeys(routes))})"
    others = [name for name in INGREDIENTS if name not in needless]
    rest = f" Agents without {listed(others, 'or')} do not learn in context." if others else ""
    found = " ".join(_has(name, grounds.without(name)) for name in needless)
    head = f"{REQUIRED} is not contradicted here, although agents learn in context without {listed(needless, 'or')}."
    return Claim(status, f"{head} {found}{rest}", proof)


def _has(name: Ingredient, result: CellResult) -> str:
    """Returns routes by which a cell has a channel that is off."""
    shown = _routes([route for route in result.routes[name] if route.present])
    cell = f"Cell '{describe(result.cell)}'"
    what = name.replace("_", " ")
    if named(result.routes, name) == NEEDLESS:
        return f"{cell} learns in context, and the task does not need {what}. {shown}"
    if named(result.routes, name) == OUTSIDE:
        return f"{cell} learns in context, and its memory is its environment. {shown}"
    return f"{cell} learns in context and has {what} by another route. {shown}"


def _routes(routes: Sequence[RouteResult]) -> str:
    """Returns the measurements of routes in words: `Leaked: decoder skill 0.88.`."""
    return " ".join(f"{route.route.capitalize()}: {measured(route)}." for route in routes)


def _contradicted(against: Sequence[CellResult]) -> str:
    found = [
        f"Cell '{describe(result.cell)}' learns in context and has {name.replace('_', ' ')} by no route. "
        f"{_routes(result.routes[name])}"
        for result in against
        for name in by_no_route(result.routes)
    ]
    return f"{REQUIRED} is contradicted here. {' '.join(found)}"


def _unmeasured(unknown: Sequence[Ingredient], grounds: ClaimInput) -> str:
    parts = []
    for name in unknown:
        result = grounds.without(name)
        left = _routes([route for route in result.routes[name] if route.present is None])
        cell = f"Cell '{describe(result.cell)}'"
        what = name.replace("_", " ")
        parts.append(f"{cell} learns in context, and by which route it has {what} is undecided. {left}")
    return f"{REQUIRED} is undecided, because a route to an ingredient was not measured. {' '.join(parts)}"


def _undecided(grounds: ClaimInput, needless: Sequence[Ingredient]) -> Claim:
    full = grounds.cells[FULL]
    if full.verdict in ("none", "reactive", "carried") or full.in_context_excluded:
        itself = full.verdict if full.verdict != "undecided" else "none or reactive"
        sentence = f"{REQUIRED} is undecided, because the cell with all four ingredients is {itself} itself."
        return Claim("undecided", sentence, (FULL,))
    asked = (FULL, *(FULL.lacking(name) for name in INGREDIENTS if name not in needless))
    open_ = tuple(cell for cell in asked if _open(grounds.cells[cell]))
    if not open_:
        return Claim(
            "undecided", f"{REQUIRED} is undecided: the cell with all four ingredients is {full.verdict}.", (FULL,)
        )
    return Claim("undecided", f"{REQUIRED} is undecided, because {_left_open(open_, grounds)}.", open_)


def _left_open(cells: Sequence[Cell], grounds: ClaimInput) -> str:
    """Returns what leaves a claim undecided: `cell 'all but memory' is mixed`."""
    verdicts = dict.fromkeys(_state(grounds.cells[cell]) for cell in cells)
    return f"{listed_cells(cells)} {'is' if len(cells) == 1 else 'are'} {listed(list(verdicts), 'or')}"


def _state(result: CellResult) -> str:
    if not was_run(result):
        return "not run"
    return result.verdict or "not judged"


def _open(result: CellResult) -> bool:
    return result.verdict not in ("none", "reactive", "carried", "in-context") and not result.in_context_excluded


# Claim 2


def leak_claim(grounds: ClaimInput) -> Claim:
    """Returns the judgement on claim 2."""
    if not grounds.calibration.passed:
        return Claim("not applicable", f"{ENOUGH} cannot be judged on these tasks.", ())
    if grounds.working_memory:
        return Claim("not applicable", f"{ENOUGH} is not tested: a lifetime pays once, so nothing is learned.", ())
    # a leak that only an agent knowing the task can read (`in_lifetime` is False) replaces no channel
    leaked = [name for name in CHANNELS if name in grounds.leakage and grounds.leakage[name].in_lifetime]
    if not leaked:
        found = described_leaks(grounds.leakage) or "no leak was measured"
        return Claim("not applicable", f"{ENOUGH} is not tested: {found}.", ())
    if needless := [name for name in leaked if _needless(name, grounds)]:
        found = f"{listed(needless)} leaks, and the task does not need it"
        leaked = [name for name in leaked if name not in needless]
        if not leaked:
            return Claim("not applicable", f"{ENOUGH} is not tested: {found}.", ())
    cell = replace(FULL, **dict.fromkeys(leaked, False))
    if cell not in grounds.cells:
        return Claim("not applicable", f"{ENOUGH} is not tested: the grid lacks {listed_cells([cell])}.", ())
    return _leaks_judged(cell, leaked, grounds)


def _by_its_environment(result: CellResult) -> bool:
    return result.verdict == "in-context" and result.storage == "environment"


def _needless(name: Ingredient, grounds: ClaimInput) -> bool:
    """Returns whether some cell learns without a channel that it does not need."""
    return any(
        route.route == NEEDLESS and route.present
        for result in grounds.learners
        if not result.cell.level(name)
        for route in result.routes[name]
    )


def _leaks_judged(cell: Cell, leaked: Sequence[Ingredient], grounds: ClaimInput) -> Claim:
    verdict = grounds.cells[cell].verdict
    full = grounds.cells.get(FULL)
    named_ = listed_cells([cell])
    leaks = f"Measured: {described_leaks(grounds.leakage, leaked)}."
    if verdict == "in-context":
        weak = [name.removesuffix("_observation") for name in leaked if (grounds.leakage[name].leak or 0) < WEAK]
        if weak:
            but = f"{named_} learns in context, but so weak a leak of {listed(weak)} need not be how it does so"
            return Claim("undecided", f"{ENOUGH} is undecided: {but}. {leaks}", (cell,))
        found = f"{named_} learns in context by what the environment leaks"
        return Claim("supported", f"{ENOUGH} is supported here: {found}. {leaks}", (cell,))
    if verdict not in ("none", "reactive", "carried"):
        return Claim("undecided", f"{ENOUGH} is undecided: {named_} is {verdict}. {leaks}", (cell,))
    if full is None or full.verdict != "in-context":
        either = "the cell with all four is not shown to learn in context either"
        return Claim("undecided", f"{ENOUGH} is undecided: {named_} is {verdict}, and {either}.", (cell,))
    but = "although the environment leaks what is switched off"
    return Claim("contradicted", f"{ENOUGH} is contradicted here: {named_} is {verdict}, {but}. {leaks}", (FULL, cell))


# Claim 3


def storage_claim(grounds: ClaimInput) -> Claim:
    """Returns the judgement on claim 3."""
    if not grounds.calibration.passed:
        return Claim("not applicable", f"{STORED} cannot be judged on these tasks.", ())
    if not grounds.writable:
        return Claim("not applicable", f"{STORED} is not tested: nothing can be written into this environment.", ())
    without = [r for r in grounds.cells.values() if is_boolean(r.cell) and not r.cell.memory and r.seeds]
    if stored := [result for result in without if _by_its_environment(result)]:
        return Claim("supported", _stored(stored, grounds), tuple(result.cell for result in stored))
    if not without:
        return Claim("undecided", f"{STORED} is undecided: no agent without memory has finished.", ())
    open_ = tuple(result.cell for result in without if _open(result))
    if open_:
        return Claim("undecided", f"{STORED} is undecided, because {_left_open(open_, grounds)}.", open_)
    sentence = f"{STORED} is undecided: no agent without memory did so here, which does not show that none can."
    return Claim("undecided", sentence, tuple(result.cell for result in without))


def _stored(stored: Sequence[CellResult], grounds: ClaimInput) -> str:
    costs = "; ".join(f"cell '{describe(result.cell)}' {_lost(result)}" for result in stored)
    kept = "keeps what it needs there" if grounds.working_memory else "learns in context"
    what = " as working memory (a lifetime pays once, so nothing is learned)" if grounds.working_memory else ""
    head = f"{STORED} is supported here{what}: without memory it {kept}."
    return f"{head} Score lost when what it wrote on the environment is swapped half-way: {costs}."


def _lost(result: CellResult) -> str:
    lost = result.carried["environment"]
    if lost.mean is None or lost.low is None or lost.high is None:
        return "its score"
    return bounded(lost.mean, lost.low, lost.high)
