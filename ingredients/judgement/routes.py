"""Routes by which an agent may have an ingredient, not by which it learned, and their measures (docs/reports.md).

Cost of trembles: with scores x and x′ of a lifetime without and with them, and y and y′ of the control that sees them,
the excess is (x − x′) − x (y − y′) / y: the tremble itself costs a share of the score.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from typing import Final

from ingredients.grid import INGREDIENTS, TREMBLES, Cell
from ingredients.judgement.court import Court, by_seed
from ingredients.judgement.results import CellResult, Interval
from ingredients.judgement.route_results import RouteResult
from ingredients.judgement.scores import late
from ingredients.judgement.statistics import t_interval
from ingredients.judgement_input.curves import Curve, RunCurves
from ingredients.judgement_input.references import CHANNELS, Leak
from ingredients.study import Ingredient

SHOWN = "shown"
LEAKED = "leaked"
INSIDE = "held in memory"
OUTSIDE = "environment"
NEEDLESS = "not needed by the task"
DECODED_ABOVE: Final = 0.1
"""Skill of the decoder from which on a memory is said to hold something, as for a leak."""
RELIES_ABOVE: Final = 0.02
"""Score that unseen trembles must cost beyond the control; the control holds only as far as costs are shares."""
NEARLY_ALL: Final = 0.7
"""A leak from which on an agent may ignore a channel since the environment tells the same: then no yoke can tell."""
_NOTHING = Interval(None, None, None)
FULL = Cell(True, True, True, True)

Routes = Mapping[Ingredient, tuple[RouteResult, ...]]


def with_routes(results: Sequence[CellResult], court: Court) -> tuple[CellResult, ...]:
    """Returns the cells, with routes if in-context, mixed or full."""
    verdicts = {result.cell: result.verdict for result in results}
    return tuple(
        replace(result, routes=_routes(result, verdicts, court))
        if result.seeds and (result.verdict in ("in-context", "mixed") or result.cell == FULL)
        else result
        for result in results
    )


def has(routes: Iterable[RouteResult]) -> bool | None:
    """Returns whether some route is present; None if unknown."""
    known = [route.present for route in routes]
    if True in known:
        return True
    return None if None in known else False


def _routes(result: CellResult, verdicts: Mapping[Cell, str | None], court: Court) -> Routes:
    return {
        **{name: tuple(_of_channel(name, result, verdicts, court)) for name in CHANNELS},
        "memory": tuple(_of_memory(result)),
        "task_distribution": (_of_tasks(result.cell),),
    }


def _of_memory(result: CellResult) -> Iterator[RouteResult]:
    remembers = result.cell.wipe_every != 1
    yield RouteResult(SHOWN, remembers, "memory is carried" if remembers else "no memory is carried", _NOTHING)
    if (lost := result.carried.get("environment")) is not None:
        present = result.storage in ("environment", "both") if result.storage else None
        yield RouteResult(OUTSIDE, present, "score lost by the swap of what it wrote there", lost)


def _of_tasks(cell: Cell) -> RouteResult:
    if cell.training_tasks is None:
        return RouteResult(SHOWN, True, "every training lifetime draws a task", _NOTHING)
    if cell.task_distribution is False:
        return RouteResult(SHOWN, False, "one training task", _NOTHING)
    return RouteResult(SHOWN, True, f"a narrow distribution: {cell.texts()['task_distribution']}", _NOTHING)


def _of_channel(
    name: Ingredient, result: CellResult, verdicts: Mapping[Cell, str | None], court: Court
) -> Iterator[RouteResult]:
    shown = result.cell.reward_shown if name == CHANNELS[0] else result.cell.action_shown
    leak = court.references.leakage.get(name)
    sometimes = f"the channel is on {shown:.0%} of the steps"
    said = {0.0: "the channel is off", 1.0: "the channel is on"}.get(shown, sometimes)
    yield RouteResult(SHOWN, shown > 0, said, _NOTHING)
    yield _leaked(leak)
    yield _decoded(name, result, court)
    witness = replace(result.cell, **{name: True})
    if name == CHANNELS[1] and not shown and result.cell.wipe_every != 1:
        yield _trembles(result.cell, witness, court)
    if name in court.references.unneeded and result.cell.wipe_every != 1:
        yield RouteResult(NEEDLESS, True, f"{court.references.yardstick}, which is exact, does not use it", _NOTHING)
    yield _yoked(name, witness, verdicts.get(witness), leak, court)


def _leaked(leak: Leak | None) -> RouteResult:
    if leak is None:
        return RouteResult(LEAKED, None, "the leak was not measured", _NOTHING)
    if leak.leak is None:
        return RouteResult(LEAKED, None, f"nothing could be decoded ({leak.reason})", _NOTHING)
    value = Interval(leak.leak, leak.low, leak.high)
    said = "decoder skill on what the environment shows"
    if leak.leaks and leak.in_lifetime is False:
        said += " (told the task, so an agent can read it once it knows the task)"
    return RouteResult(LEAKED, leak.leaks, said, value)


def _decoded(name: Ingredient, result: CellResult, court: Court) -> RouteResult:
    """Returns whether the memory tells more than schedule and untrained network."""
    if result.cell.wipe_every == 1:
        return RouteResult(INSIDE, False, "no memory is carried", _NOTHING)
    what = name.removesuffix("_observation")
    inside = [run.inside for run in by_seed(court.cells[result.cell])]
    skills = [found[what] for found in inside if what in found]
    if not skills or len(skills) < len(inside):
        return RouteResult(INSIDE, None, "what the memory holds was not measured", _NOTHING)
    value = t_interval(skills, court.criterion.confidence)
    untrained = t_interval([found.get(f"{what}_untrained", 0.0) for found in inside], court.criterion.confidence)
    bar = max(DECODED_ABOVE, untrained.mean or 0.0)
    said = f"decoder skill on the memory's output (before training {untrained.mean:.2f})"
    return RouteResult(INSIDE, _above(value, bar), said, value)


def _trembles(cell: Cell, control: Cell, court: Court) -> RouteResult:
    """Returns the score lost to unseen trembles beyond seen ones."""
    own, others = (_tremblers(which, court) for which in (cell, control))
    common = sorted(own.keys() & others.keys())
    if len(common) < 2 or min(others[seed][0] for seed in common) < court.criterion.gain_above:
        return RouteResult(INSIDE, None, "the cost of replaced actions was not measured", _NOTHING)
    excess = [_excess(*own[seed], *others[seed]) for seed in common]
    value = t_interval(excess, court.criterion.confidence)
    said = f"score lost when {TREMBLES:.0%} of its actions are replaced unseen, beyond the loss of agents that see it"
    return RouteResult(INSIDE, _above(value, RELIES_ABOVE), said, value)


def _excess(own: float, own_trembling: float, control: float, control_trembling: float) -> float:
    return own - own_trembling - own * (control - control_trembling) / control


def _tremblers(cell: Cell, court: Court) -> dict[int, tuple[float, float]]:
    """Returns a lifetime's score without and with trembles, by seed."""
    if cell not in court.cells:
        return {}
    runs = [run for run in by_seed(court.cells[cell]) if "action_tremble" in run.probes]
    return {run.seed: (_mean(run.plain, court), _mean(run.probes["action_tremble"], court)) for run in runs}


def _mean(curve: Curve, court: Court) -> float:
    """Returns the mean above the floor over all episodes, normalised."""
    return float((curve - court.scale.floor).mean()) / court.scale.span


def _yoked(name: Ingredient, witness: Cell, verdict: str | None, leak: Leak | None, court: Court) -> RouteResult:
    """Returns a yoke's cost where the channel is seen: low if not needed."""
    probe = f"{name.removesuffix('_observation')}_yoke"
    runs = [run for run in by_seed(court.cells[witness]) if probe in run.probes] if witness in court.cells else []
    if not runs or verdict != "in-context":
        return RouteResult(NEEDLESS, None, "no agent that sees the channel and learns was tested with a yoke", _NOTHING)
    value = t_interval([_lost(run, probe, court) for run in runs], court.criterion.confidence)
    costs = _above(value, court.criterion.gain_above)
    if costs is False and leak is not None and (leak.leak or 0.0) >= NEARLY_ALL:
        return RouteResult(
            NEEDLESS, None, "a yoke tells nothing, because the environment leaks nearly all of it", value
        )
    costless = None if costs is None else not costs
    return RouteResult(NEEDLESS, costless, "score that the yoke costs the cell that sees the channel", value)


def _lost(run: RunCurves, probe: str, court: Court) -> float:
    """Returns the higher of the yoke's costs, over the lifetime and late."""
    plain, yoked = run.plain, run.probes[probe]
    return max(float((plain - yoked).mean()), late(plain) - late(yoked)) / court.scale.span


def _above(value: Interval, bar: float) -> bool | None:
    """Returns whether the interval lies above the bar; None if undecided."""
    if value.low is None or value.high is None:
        return None
    return True if value.low > bar else False if value.high < bar else None


def named(routes: Routes, ingredient: Ingredient) -> str | None:
    """Returns the present route to name first, or None."""
    present = {route.route for route in routes[ingredient] if route.present}
    return next((name for name in (SHOWN, NEEDLESS, LEAKED, INSIDE, OUTSIDE) if name in present), None)


def by_no_route(routes: Routes) -> list[Ingredient]:
    """Returns the ingredients that are absent by every route."""
    return [name for name in INGREDIENTS if has(routes[name]) is False]


def open_routes(routes: Routes) -> list[Ingredient]:
    """Returns the ingredients with no present route and an unknown one."""
    return [name for name in INGREDIENTS if has(routes[name]) is None]
