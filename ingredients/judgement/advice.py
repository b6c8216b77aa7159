"""What would help a cell, and what it falls short of: three kinds of advice, each given only where it is true.

Comes in: a cell's runs, its decision, its ceiling. Goes out: sentences.

- *More seeds*: the runs agree and are too few, or they differ and the share is still wide.
- *More steps*: the score still rises at the end of training.
- *A better learner*: it returns less than its information allows, or than the floor has, and no longer rises.

A run whose own interval straddles δ lacks evaluation tasks, and is told so.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

import numpy as np

from ingredients.judgement.emergence import Bars
from ingredients.judgement.inputs import Curve, References, RunCurves
from ingredients.judgement.results import Ceiling, Interval
from ingredients.judgement.scores import late
from ingredients.judgement.shares import Look, looks
from ingredients.judgement.statistics import t_interval
from ingredients.judgement.verdict import DECIDED, Decision
from ingredients.study import Criterion

KINDS = ("more seeds", "more evaluation.tasks", "more steps", "a better learner")
_MOST_SEEDS = 60  # nobody is told to train more


def advice(
    decision: Decision, look: Look, earlier: Sequence[int], rise: Interval, short: str | None, criterion: Criterion
) -> tuple[str, ...]:
    """Returns what would help a cell; nothing where it is in-context and not short of anything.

    Args:
        decision: on the cell.
        look: the present one.
        earlier: numbers of runs at the looks before it.
        rise: by how much the normalised late score rose since the last evaluation point (`rising`).
        short: what it falls short of (`shortfall`); None where it does not.
        criterion: δ and the confidence.
    """
    if not decision.judged or decision.verdict is None:
        return ()
    given = [*_seeds(decision, look, earlier, criterion), *_tasks(decision)]
    rises = rise.low is not None and rise.low > criterion.gain_above / 2
    if rises and (decision.verdict != "in-context" or short):
        given.append(
            f"more steps: the late score still rose by {rise.mean:.2f} since the evaluation point before the end"
        )
    elif short:
        still = "no longer rises" if _flat(rise, criterion) else "whether it still rises is not known"
        given.append(f"a better learner: it falls short and {still}")
    return tuple(given)


def _flat(rise: Interval, criterion: Criterion) -> bool:
    """Returns whether the score is shown to rise by no more than counts as rising: few points or runs show nothing."""
    return rise.high is not None and rise.high <= criterion.gain_above / 2


def _seeds(decision: Decision, look: Look, earlier: Sequence[int], criterion: Criterion) -> Iterator[str]:
    if decision.verdict == "mixed":
        low, high = decision.learners.low, decision.learners.high
        yield f"more seeds: the share of learners is known no closer than {low:.0%} to {high:.0%}"
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
    """Returns by how much the normalised late score rose from the evaluation point before the end to the end.

    Over runs, so that one run alone says nothing. Points are taken on few tasks and scored by what the references earn
    on those.
    """
    rises = [
        bars.end.scale.normalise(late(run.plain)) - bars.points.scale.normalise(late(before))
        for run in runs
        if (before := _before_the_end(run.points)) is not None
    ]
    return t_interval(rises, confidence)


def _before_the_end(points: Mapping[int, Curve]) -> Curve | None:
    steps = sorted(points)
    return points[steps[-2]] if len(steps) > 1 and steps[-2] > 0 else None


def shortfall(
    returns: Sequence[float],
    top: Ceiling | None,
    rewarded: bool,
    adapts: bool,
    references: References,
    delta: float,
    complete: bool = False,
) -> str | None:
    """Returns what a cell falls short of by more than δ of what lies between floor and yardstick; None where nothing.

    "The ingredient was missing" and "the optimiser failed" look alike; this is where it was the latter.

    Args:
        returns: of each run, raw, of a lifetime.
        top: the cell's ceiling; None where no reference says.
        rewarded: whether training rewards doing well on held-out tasks (one training task does not).
        adapts: whether some of its runs adapt by what they carry, so that what it lacks is not learning as such.
        references: floor and yardstick.
        delta: of the criterion.
        complete: whether the cell has every ingredient, so that nothing that it lacks can be the cause.
    """
    if not returns or not rewarded:
        return None
    returned, floor = float(np.mean(returns)), float(references.roles["floor"].curve.sum())
    least = delta * (float(references.roles["yardstick"].curve.sum()) - floor)
    if floor - returned > least > 0:
        return f"not learned: a lifetime returns {returned:.1f}, where the floor ({references.floor}) has {floor:.1f}"
    reached = top is not None and (top.method != "bound" or not adapts)
    if top is None or not reached or top.return_ - returned <= least:
        return None
    what = "short of its ceiling" if adapts else "not learned"
    if top.method == "bound":
        return (
            f"{what}: a lifetime returns {returned:.1f}, and at most {top.return_:.1f} could be had with its "
            "information; how much of that is possible, and so how much is this learner's shortfall, is not known"
        )
    cause = "this learner's" if complete else "this learner's shortfall, not the missing ingredient's"
    lacks = "the shortfall is" if complete else "part of what it lacks is"
    return (
        f"{what}: a lifetime returns {returned:.1f} of the {top.return_:.1f} that its information allows, so {lacks} "
        f"{cause}"
    )
