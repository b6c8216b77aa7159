"""Claim 5 over runs: which algorithm a cell's agents run inside (rule and gate: docs/inner-algorithm.md).

A candidate must win every pair, so pairs need no correction.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final, Literal

import numpy as np

from ingredients.grid import Cell
from ingredients.inner.names import CANDIDATES, KNOWN, Candidate
from ingredients.judgement.results import Interval
from ingredients.judgement.statistics import t_interval
from ingredients.judgement_input.curves import CellInput

InnerVerdict = Candidate | Literal["undecided"]
Measured = Mapping[str, Sequence[float]]

NEGLIGIBLE: Final = 0.005  # of a distance, whose highest is 1
BY_COUNTS: Final = ("bayes_optimal", "gittins", "thompson", "greedy")
HALF, LEAST_R2, LEAST_SAVED = 0.5, 0.1, 0.2  # of the final change; changes that are smaller have no time


@dataclass(frozen=True)
class InnerResult:
    """The algorithm of a cell's agents and its evidence (docs/inner-algorithm.md); intervals are over runs.

    Attributes:
        verdict: None if the gate failed, or the agents cannot follow others' lifetimes.
        explained: share of the policy's use of history that the nearest candidate explains, at most 1.
        distances: from each candidate, 0 to 1.
        lost: value lost per decision, of `agent` and known algorithms, on own (`own`) and Bayes-optimal lifetimes
            (`bayes`).
        by_pull: the same at each pull, means over runs.
        by_worth: the same by worth of exploring (nothing, up to .01, more), and each `share`.
        order: change (total variation) under a reordered past, another lifetime's (`other`), other actions that tell
            the same (`same`); of a recency-weighted learner (`recency`).
        belief: R² by posterior statistic, decoder and source.
        cause: slopes of `inner.cause`; empty in older runs.
        first: number of runs by `came_first`.
        drawn: posterior means of one lifetime, exact and decoded.
    """

    verdict: InnerVerdict | None
    reason: str | None
    explained: Interval
    distances: Mapping[str, Interval]
    lost: Mapping[str, Mapping[str, Interval]]
    by_pull: Mapping[str, Mapping[str, list[float]]]
    by_worth: Mapping[str, Mapping[str, list[float]]]
    order: Mapping[str, Interval]
    belief: Mapping[str, Interval]
    cause: Mapping[str, Interval]
    first: Mapping[str, int]
    drawn: Mapping[str, list[float]]

    def json(self) -> dict[str, Any]:
        """Returns its part of `report.json`."""
        return {
            "verdict": self.verdict,
            "reason": self.reason,
            "explained": self.explained.json(),
            "distances": _json(self.distances),
            "lost": {place: _json(named) for place, named in self.lost.items()},
            "by_pull": self.by_pull,
            "by_worth": self.by_worth,
            "order": _json(self.order),
            "belief": _json(self.belief),
            "cause": _json(self.cause),
            "first": dict(self.first),
            "drawn": self.drawn,
        }


def inner_result(cell: CellInput, confidence: float) -> InnerResult | None:
    """Returns a cell's inner algorithm, if measured in every run."""
    runs = [run.analysis for run in sorted(cell.runs, key=lambda run: run.seed)]
    if not runs or not all("distance.history-free" in run for run in runs):
        return None
    candidates = [name for name in CANDIDATES if f"distance.{name}" in runs[0]]
    distances: dict[str, list[float]] = {name: [run[f"distance.{name}"][0] for run in runs] for name in candidates}
    failure = gate_failure(runs[0], confidence) or misled(cell.cell)
    verdict = nearest(distances, confidence)
    shown = min(candidates, key=lambda name: float(np.mean(distances[name]))) if verdict == "undecided" else verdict
    told = [1 - one / max(free, 1e-12) for one, free in zip(distances[shown], distances["history-free"], strict=True)]
    return InnerResult(
        verdict=None if failure else verdict,
        reason=failure or _undecided(distances, confidence),
        explained=t_interval(told if shown != "history-free" else [], confidence),
        distances={name: t_interval(values, confidence) for name, values in distances.items()},
        lost={place: _over_runs(runs, f"lost.{place}.", confidence) for place in ("own", "bayes")},
        by_pull={place: _means(runs, f"lost.{place}.") for place in ("own", "bayes")},
        by_worth={place: _means(runs, f"worth.{place}.") for place in ("own", "bayes")},
        order=_over_runs(runs, "order.", confidence),
        belief=_over_runs(runs, "belief.", confidence),
        cause=_over_runs(runs, "cause.", confidence),
        first=dict(Counter(map(came_first, runs))),
        drawn={name: list(numbers) for name, numbers in _named(runs[0], "drawn.")},
    )


def nearest(distances: Mapping[str, Sequence[float]], confidence: float) -> InnerVerdict:
    """Returns the candidate surely nearer than every other, from distances by run."""
    for name in (name for name in CANDIDATES if name in distances):
        if all(_wins(name, other, distances, confidence) for other in distances if other != name):
            return name
    return "undecided"


def came_out(run: Measured, known: str, confidence: float) -> InnerVerdict | None:
    """Returns how the gate names a known algorithm, if it was there."""
    found: dict[str, Sequence[float]] = {
        name: run[f"gate.{known}.{name}"] for name in CANDIDATES if f"gate.{known}.{name}" in run
    }
    return nearest(found, confidence) if found else None


def gate_failure(run: Measured, confidence: float) -> str | None:
    """Returns which known algorithm failed the gate, or None."""
    for name, verdict in KNOWN.items():
        found = came_out(run, name, confidence)
        if found not in (verdict, None):
            return f"the gate failed: {name} came out as {found}"
    moved = [name for name in BY_COUNTS if any(run.get(f"gate.{name}.order", ()))]
    habit = t_interval(run["gate.recency.order"], confidence)
    if moved or habit.low is None or habit.low <= 0:
        return f"the gate failed: another order of the past moves {', '.join(moved) or 'no habit'}"
    return None


def misled(cell: Cell) -> str | None:
    """Returns why agents cannot follow others' lifetimes."""
    if cell.action_shown == 1 or cell.wipe_every == 1:
        return None
    return "its agents do not see their actions, so lifetimes that they did not live mislead them"


def came_first(run: Measured) -> str:
    """Returns what was half-way to its final value first: `belief`, `behaviour`, `together`.

    `untrained`: a decoder reads as much before training. `neither`: no final belief, or value lost hardly fell.
    """
    belief, lost = (np.asarray(run[f"course.{name}"]) for name in ("mean", "lost"))
    if belief[-1] < LEAST_R2 or lost[0] - lost[-1] < LEAST_SAVED * lost[0]:
        return "neither"
    if belief[-1] - belief[0] < LEAST_R2:
        return "untrained"
    known = int(np.argmax(belief - belief[0] >= HALF * (belief[-1] - belief[0])))
    done = int(np.argmax(lost[0] - lost >= HALF * (lost[0] - lost[-1])))
    return "together" if known == done else "belief" if known < done else "behaviour"


def _wins(name: str, other: str, distances: Mapping[str, Sequence[float]], confidence: float) -> bool:
    """Returns whether a candidate is nearer than another beyond doubt."""
    nearer = t_interval(np.subtract(distances[other], distances[name]), confidence)
    if nearer.low is None:
        return False
    if (name, other) == ("reactive", "history-free"):
        return nearer.low > NEGLIGIBLE
    if (name, other) == ("history-free", "reactive"):
        return nearer.low > -NEGLIGIBLE
    return nearer.low > 0


def _undecided(distances: Mapping[str, Sequence[float]], confidence: float) -> str | None:
    """Returns which candidates are not told apart, if none wins."""
    if nearest(distances, confidence) != "undecided":
        return None
    best = min(distances, key=lambda name: float(np.mean(distances[name])))
    left = [other for other in distances if other != best and not _wins(best, other, distances, confidence)]
    return f"nearest on average is {best}, but its runs do not tell it from {', '.join(left)}"


def _named(run: Measured, prefix: str) -> Iterator[tuple[str, Sequence[float]]]:
    return ((name.removeprefix(prefix), numbers) for name, numbers in run.items() if name.startswith(prefix))


def _over_runs(runs: Sequence[Measured], prefix: str, confidence: float) -> dict[str, Interval]:
    """Returns intervals over runs of each number's mean over pulls."""
    names = [name for name, _ in _named(runs[0], prefix)]
    return {name: t_interval([float(np.mean(run[prefix + name])) for run in runs], confidence) for name in names}


def _means(runs: Sequence[Measured], prefix: str) -> dict[str, list[float]]:
    return {name: np.mean([run[prefix + name] for run in runs], axis=0).tolist() for name, _ in _named(runs[0], prefix)}


def _json(intervals: Mapping[str, Interval]) -> dict[str, Any]:
    return {name: interval.json() for name, interval in intervals.items()}
