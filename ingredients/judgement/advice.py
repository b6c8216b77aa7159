"""What a cell falls short of, and what would help: seeds, steps, evaluation tasks, or a better learner."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from ingredients.judgement.beside import passed_by
from ingredients.judgement.emergence import Bars
from ingredients.judgement.results import Ceiling, Interval
from ingredients.judgement.scores import late
from ingredients.judgement.shares import Look, looks
from ingredients.judgement.statistics import t_interval
from ingredients.judgement.verdict import DECIDED, Decision
from ingredients.judgement_input.curves import Curve, RunCurves
from ingredients.judgement_input.references import References
from ingredients.study import Criterion

PERHAPS = "perhaps "
"""How a shortfall begins that the mean alone shows, and the interval leaves open."""
_MOST_SEEDS = 60  # most that are advised


def advice(
    decision: Decision, look: Look, earlier: Sequence[int], rise: Interval, short: str | None, criterion: Criterion
) -> tuple[str, ...]:
    """Returns what would help a cell, from its `rising` and `shortfall`."""
    if not decision.judged or decision.verdict is None:
        return ()
    given = [*_seeds(decision, look, earlier, criterion), *_tasks(decision)]
    rises = rise.low is not None and rise.low > criterion.gain_above / 2
    if rises and (decision.verdict != "in-context" or short):
        given.append(
            f"more steps: between the last two points of training the late score still rose by {rise.mean:.2f}"
        )
    elif short and not short.startswith(PERHAPS):
        still = "no longer rises" if _flat(rise, criterion) else "is not shown to rise or to stay"
        given.append(f"a better learner: it returns less than it could, and its late score {still}")
    return tuple(given)


def _flat(rise: Interval, criterion: Criterion) -> bool:
    """Returns whether the rise is surely negligible."""
    return rise.high is not None and rise.high <= criterion.gain_above / 2


def _seeds(decision: Decision, look: Look, earlier: Sequence[int], criterion: Criterion) -> Iterator[str]:
    if decision.verdict == "mixed":
        low, high = decision.learners.low, decision.learners.high
        yield f"more seeds: these show only that {low:.0%} to {high:.0%} of all such runs would learn"
    if decision.verdict != "undecided":
        return
    counts = dict(decision.classes)
    agreeing = max((counts.get(name, 0) for name in DECIDED), default=0)
    if not agreeing:
        return
    sizes = [*(size for size in sorted(set(earlier)) if size < look.runs), look.runs]
    for more in range(1, _MOST_SEEDS):
        needed = looks([*sizes, look.runs + more], criterion.confidence).needed
        if needed is not None and agreeing + more >= needed:
            yield f"more seeds: {more} more would decide if all come out alike"
            return


def _tasks(decision: Decision) -> Iterator[str]:
    unsure = dict(decision.classes).get("undecided", 0)
    if unsure and decision.reason and "straddles" in decision.reason:
        runs = (
            "1 run straddles the criterion by its" if unsure == 1 else f"{unsure} runs straddle the criterion by their"
        )
        yield f"more evaluation.tasks: {runs} own tasks"


def rising(runs: Sequence[RunCurves], bars: Bars, confidence: float) -> Interval:
    """Returns how much the normalised late score rose since the last point before the end."""
    rises = [
        bars.end.scale.normalise(late(run.plain)) - bars.points.scale.normalise(late(before))
        for run in runs
        if (before := _before_the_end(run.points)) is not None
    ]
    return t_interval(rises, confidence)


def _before_the_end(points: Mapping[int, Curve]) -> Curve | None:
    steps = sorted(points)
    return points[steps[-2]] if len(steps) > 1 and steps[-2] > 0 else None


@dataclass(frozen=True)
class Standing:
    """Possible causes of a shortfall: training rewards what is evaluated, some runs adapt, no ingredient is missing."""

    rewarded: bool
    adapts: bool
    complete: bool = False


def shortfall(
    runs: Sequence[RunCurves], top: Ceiling | None, standing: Standing, references: References, criterion: Criterion
) -> str | None:
    """Returns what a cell falls short of by more than δ; it begins with "perhaps" if only the mean does."""
    if not runs or not standing.rewarded:
        return None
    floor = references.roles["floor"]
    least = criterion.gain_above * (float(references.roles["yardstick"].curve.sum()) - float(floor.curve.sum()))
    returned = f"a lifetime returns {float(np.mean([run.plain.sum() for run in runs])):.1f}"
    under = passed_by(runs, floor, criterion.confidence)
    if _under(under, least) and least > 0:
        has = f"where the floor ({floor.name}) has {float(floor.curve.sum()):.1f}"
        return f"{_surely(under, least)}not learned: {returned}, {has} ({_less(under)})"
    if top is None or (top.method == "bound" and standing.adapts) or top.reference is None:
        return None
    under = passed_by(runs, references.all[top.reference], criterion.confidence)
    if not _under(under, least):
        return None
    what = "short of its ceiling" if standing.adapts else "not learned"
    return f"{_surely(under, least)}{what}: {returned}{_of_ceiling(top, under, standing)}"


def _of_ceiling(top: Ceiling, under: Interval, standing: Standing) -> str:
    if top.method == "bound":
        return (
            f", and at most {top.return_:.1f} could be had with its information ({_less(under)}); how much of that is "
            "possible, and so how much is this learner's shortfall, is not known"
        )
    cause = "this learner's" if standing.complete else "this learner's shortfall, not the missing ingredient's"
    lacks = "the shortfall is" if standing.complete else "part of what it lacks is"
    return f" of the {top.return_:.1f} that its information allows ({_less(under)}), so {lacks} {cause}"


def _under(difference: Interval, least: float) -> bool:
    """Returns whether the mean falls short by more than `least`."""
    return difference.mean is not None and -difference.mean > least


def _surely(difference: Interval, least: float) -> str:
    """Returns `PERHAPS` unless the whole interval falls short."""
    return "" if difference.high is not None and -difference.high > least else PERHAPS


def _less(difference: Interval) -> str:
    """Returns a negative difference in words: `1.3 [1.1, 1.5] less`."""
    assert difference.mean is not None, "a difference of no run"
    if difference.low is None or difference.high is None:
        return f"{-difference.mean:.1f} less, in one run"
    return f"{-difference.mean:.1f} [{-difference.high:.1f}, {-difference.low:.1f}] less"
