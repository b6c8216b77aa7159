"""The essay's claims C1 and C2: what a study says of them (DESIGN §1; §2, trap 8).

Comes in: the judged cells, the ingredients, what the environment was measured to leak. Goes out: a `Claim` each.

C1 (in-context learning requires all four ingredients) speaks of observations that correlate with reward and action,
explicit or leaked, and a grid switches the explicit ones. So a cell that learns with a channel off counts against it
only where the environment does not leak the same. How much is leaked is said with it: a leak counts from a tenth on,
and so weak a one need not be what the cell learned by. Where reward is neither shown nor leaked, a cell that learns
has seen the task itself; observations that show it are another thing than the essay's, and the sentence says so. C2
(leaks are the default, and are enough) is put to the test where there is a leak: with those channels off, does
learning still appear?
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

from ingredients.grid import INGREDIENTS, Cell
from ingredients.judgement.conclusions import FULL
from ingredients.judgement.findings import Calibration, Claim, IngredientResult
from ingredients.judgement.inputs import CHANNELS, Leak
from ingredients.judgement.results import CellResult
from ingredients.judgement.words import listed, listed_cells
from ingredients.study import Ingredient

REQUIRED = "all four ingredients are required"
WEAK, PART = 0.3, 0.7  # of what there is to tell: a leak below is called weak, or partial
ENOUGH = "what an environment leaks of reward and action is enough"


@dataclass(frozen=True, eq=False)
class Grounds:
    """What claims rest on: the judged cells, the ingredients, the gate, and the leaks (empty: not measured).

    `task_may_show` says that observations may tell tasks apart (`References.floor_without_rewards` is False).
    """

    cells: Mapping[Cell, CellResult]
    ingredients: Mapping[str, IngredientResult]
    calibration: Calibration
    leakage: Mapping[Ingredient, Leak]
    task_may_show: bool = False

    @property
    def any_run(self) -> bool:
        """Whether some run has finished."""
        return any(result.seeds for result in self.cells.values())

    def leaks(self, ingredient: Ingredient) -> bool | None:
        """Returns whether the environment shows of itself what a channel shows; None where that is not known."""
        leak = self.leakage.get(ingredient)
        return None if leak is None else leak.leaks


def described_leaks(leakage: Mapping[Ingredient, Leak], names: Sequence[Ingredient] = CHANNELS) -> str:
    """Returns the measured leaks in words: `reward leaks (0.95 [0.93, 0.98]); action does not leak (0.00 [...])`."""
    return "; ".join(_described(name.removesuffix("_observation"), leakage[name]) for name in names if name in leakage)


def _described(what: str, leak: Leak) -> str:
    if leak.leak is None or leak.low is None or leak.high is None:
        return f"{what} could not be decoded ({leak.reason})"
    verb = f"leaks{_strength(leak.leak)}" if leak.leaks else "does not leak"
    mean, low, high = (f"{round(value, 2) + 0.0:.2f}" for value in (leak.leak, leak.low, leak.high))
    return f"{what} {verb} ({mean} [{low}, {high}] of what there is to tell)"


def _strength(leak: float) -> str:
    if leak >= PART:
        return ""
    return " in part" if leak >= WEAK else " weakly"


def _caution(leaked: Sequence[Ingredient], leakage: Mapping[Ingredient, Leak]) -> str:
    """Returns that a weak leak is counted as one, but need not be the reason; nothing where all are stronger."""
    weak = [name.removesuffix("_observation") for name in leaked if (leakage[name].leak or 0) < WEAK]
    return f" So weak a leak of {listed(weak)} need not be what it learned by." if weak else ""


# C1


def claim(grounds: Grounds) -> Claim:
    """Returns what the study says of C1, on observations that are explicit or leaked."""
    lacking = {name: FULL.lacking(name) for name in INGREDIENTS}
    if not grounds.calibration.passed:
        return Claim("not applicable", f"C1 ({REQUIRED}) cannot be judged on these tasks.", ())
    if FULL not in grounds.cells or any(cell not in grounds.cells for cell in lacking.values()):
        return Claim(
            "not applicable", f"C1 ({REQUIRED}) is not tested: the grid lacks one of the five cells it needs.", ()
        )
    if not grounds.any_run:
        return Claim("undecided", "C1 is undecided: no run has finished.", ())
    needless: list[Ingredient] = [name for name in INGREDIENTS if grounds.ingredients[name].necessary is False]
    leaked = [name for name in needless if grounds.leaks(name)]
    if against := [name for name in needless if name not in leaked]:
        return Claim("fails", _fails(against, leaked, grounds), tuple(lacking[name] for name in against))
    if all(grounds.ingredients[name].necessary or name in leaked for name in INGREDIENTS):
        return Claim("holds", _holds(leaked, grounds), (FULL, *lacking.values()))
    return _undecided(grounds, leaked)


def _holds(leaked: Sequence[Ingredient], grounds: Grounds) -> str:
    if not leaked:
        return "C1 holds here: with all four ingredients the agent learns in context, without any one not."
    others = listed([name for name in INGREDIENTS if name not in leaked])
    head = f"C1 holds here for what is explicit or leaked: without {others} the agent does not learn"
    return f"{head}; {_excused(leaked, grounds)}"


def _excused(leaked: Sequence[Ingredient], grounds: Grounds) -> str:
    """Returns why a cell that learns with a channel off does not count against C1, and how far that carries."""
    cells = listed_cells([FULL.lacking(name) for name in leaked])
    learns = "learn" if len(leaked) > 1 else "learns"
    leaks = described_leaks(grounds.leakage, leaked)
    return f"{cells} {learns} by what the environment leaks: {leaks}.{_caution(leaked, grounds.leakage)}"


def _fails(against: Sequence[Ingredient], leaked: Sequence[Ingredient], grounds: Grounds) -> str:
    cells = listed_cells([FULL.lacking(name) for name in against])
    channels = [name for name in against if name in CHANNELS]
    tail = f" Not against it: {_excused(leaked, grounds)}" if leaked else ""
    if len(channels) < len(against):
        head = f"C1 fails here, because of {cells}: it learns in context without an ingredient that C1 requires."
        return f"{head}{_outside(against, grounds)}{_shows(channels, grounds)}{tail}"
    head = f"C1 fails here for explicit channels, because of {cells}: it learns in context."
    if any(grounds.leaks(name) is None for name in channels):
        return (
            f"{head} What other observations leak, and what memory infers, is not measured, so the claim on leaked "
            f"observations stays open.{tail}"
        )
    inferred = " An agent with memory can work out what it did." if CHANNELS[1] in channels else ""
    needed = "channels are" if len(channels) > 1 else "channel is"
    found = described_leaks(grounds.leakage, channels)
    told = f"The {needed} not needed, and nothing was measured to leak: {found}."
    return f"{head} {told}{_shows(channels, grounds)}{inferred}{tail}"


def _shows(channels: Sequence[Ingredient], grounds: Grounds) -> str:
    """Returns how a cell can learn that sees no reward, shown or leaked: it sees the task, where that can be seen."""
    if CHANNELS[0] not in channels or grounds.leaks(CHANNELS[0]) is not False or not grounds.task_may_show:
        return ""
    return " The task shows through observations that are no leak of reward."


def _outside(against: Sequence[Ingredient], grounds: Grounds) -> str:
    """Returns, of an agent without memory that stores things in its environment, that this is its memory (C3)."""
    stores = "memory" in against and grounds.cells[FULL.lacking("memory")].storage == "environment"
    return " Its memory is the environment, as C3 has it: what is not needed is one inside the agent." if stores else ""


def _undecided(grounds: Grounds, leaked: Sequence[Ingredient]) -> Claim:
    full = grounds.cells[FULL]
    if full.verdict in ("none", "reactive") or full.in_context_excluded:
        itself = full.verdict if full.verdict != "undecided" else "none or reactive"
        sentence = f"C1 is undecided: the cell with all four ingredients is {itself} itself, so nothing follows."
        return Claim("undecided", sentence, (FULL,))
    asked = (FULL, *(FULL.lacking(name) for name in INGREDIENTS if name not in leaked))
    open_ = tuple(
        cell
        for cell in asked
        if grounds.cells[cell].verdict == "undecided" and not grounds.cells[cell].in_context_excluded
    )
    return Claim("undecided", f"C1 is undecided: more seeds of {listed_cells(open_)} would tell.", open_)


# C2


def leak_claim(grounds: Grounds) -> Claim:
    """Returns what the study says of C2: with the channels off whose content leaks, does learning still appear?"""
    leaked = [name for name in CHANNELS if grounds.leaks(name)]
    if not grounds.calibration.passed:
        return Claim("not applicable", f"C2 ({ENOUGH}) cannot be judged on these tasks.", ())
    if not leaked:
        found = described_leaks(grounds.leakage) or "no leak was measured"
        return Claim("not applicable", f"C2 ({ENOUGH}) is not tested: {found}.", ())
    cell = replace(FULL, **{name: False for name in leaked})
    if cell not in grounds.cells:
        return Claim("not applicable", f"C2 ({ENOUGH}) is not tested: the grid lacks {listed_cells([cell])}.", ())
    return _leaks_judged(cell, f"{listed_cells([cell])}", described_leaks(grounds.leakage, leaked), grounds)


def _leaks_judged(cell: Cell, named: str, leaks: str, grounds: Grounds) -> Claim:
    verdict, full = grounds.cells[cell].verdict, grounds.cells.get(FULL)
    if verdict == "in-context":
        leaked = [name for name in CHANNELS if grounds.leaks(name)]
        if caution := _caution(leaked, grounds.leakage):
            sentence = f"C2 is open: {named} learns in context where the environment leaks ({leaks}).{caution}"
            return Claim("undecided", sentence, (cell,))
        sentence = f"Supports C2: {named} learns in context by what the environment leaks ({leaks})."
        return Claim("holds", sentence, (cell,))
    if verdict == "undecided":
        return Claim(
            "undecided", f"C2 is undecided: {named} is undecided, although the environment leaks ({leaks}).", (cell,)
        )
    if full is None or full.verdict != "in-context":
        return Claim(
            "undecided", f"C2 is undecided: {named} is {verdict}, and so may be any cell of this agent.", (cell,)
        )
    return Claim(
        "fails", f"Speaks against C2: {named} is {verdict}, although the environment leaks ({leaks}).", (FULL, cell)
    )
