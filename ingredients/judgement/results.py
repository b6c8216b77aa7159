"""What a judgement says of a cell: frozen dataclasses, each with the JSON that the report writes (docs/design.md §10).

A number that does not exist (the bounds of a single run, a score where the study has no scale) is None, never NaN or
infinity, so that everything here is JSON.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Literal

from ingredients.grid import Cell
from ingredients.study import Ingredient

if TYPE_CHECKING:
    from ingredients.judgement.route_results import RouteResult

RunClass = Literal["none", "reactive", "carried", "in-context", "undecided"]
Verdict = Literal["none", "reactive", "carried", "in-context", "mixed", "undecided"]
Storage = Literal["internal", "environment", "both"]
Method = Literal["exact", "best_found", "bound"]


@dataclass(frozen=True)
class Interval:
    """A mean over runs with the bounds of its confidence interval; bounds are None for fewer than two runs."""

    mean: float | None
    low: float | None
    high: float | None

    def json(self) -> dict[str, float | None]:
        """Returns mean, low and high."""
        return {"mean": self.mean, "low": self.low, "high": self.high}


@dataclass(frozen=True)
class Share:
    """k of n with exact one-sided bounds on the share: each holds at the level that this look may use."""

    count: int
    of: int
    low: float
    high: float

    def json(self) -> dict[str, float | int]:
        """Returns of, low and high; the count stands beside it as `learned`."""
        return {"of": self.of, "low": self.low, "high": self.high}


@dataclass(frozen=True)
class Effect:
    """What switching one ingredient off costs: late score of the full cell less that of the cell that lacks it.

    Paired over the `seeds` that both cells finished; `p` is two-sided against no difference, not corrected for
    multiplicity.
    """

    mean: float | None
    low: float | None
    high: float | None
    p: float | None
    seeds: int

    def json(self) -> dict[str, float | int | None]:
        """Returns mean, low, high and p, then the number of paired seeds."""
        return {"mean": self.mean, "low": self.low, "high": self.high, "p": self.p, "seeds": self.seeds}


@dataclass(frozen=True)
class Ceiling:
    """The most that the information of a cell allows, as raw return of a lifetime.

    Attributes:
        information: in words, what the cell has to go on and which reference sets the ceiling.
        method: `exact` where that reference is proven best, `best_found` where it is the best found.
        return_: of a lifetime, on the evaluation tasks.
        trainable_incentive: whether training rewards the use of that information (one training task does not).
        reference: the reference that attains it.
        suffices: whether it lies above the hurdle by more than δ: below that, nothing could be `in-context` (the rule's
            D), so a cell that is not has failed at nothing. None where there is no scale, and where the ceiling is the
            hurdle itself: to compare it with itself shows nothing.
    """

    information: str
    method: Method
    return_: float
    trainable_incentive: bool
    reference: str
    suffices: bool | None = None

    def json(self) -> dict[str, Any]:
        """Returns information, method, return and trainable_incentive."""
        return {
            "information": self.information,
            "method": self.method,
            "return": self.return_,
            "trainable_incentive": self.trainable_incentive,
        }


@dataclass(frozen=True)
class Emergence:
    """When in training a run adapted: gained within a lifetime, beyond the hurdle (`emergence.emergence`).

    Attributes:
        at: evaluation point from which on it did, to the end of training; None if it never does. The end itself where
            it did only there: that one is on all evaluation tasks.
        lost_from, lost_at: where it does not at the end: the first stretch of two points or more in which it did, and
            the point at which that was lost ("transient"); else None.
    """

    at: int | None = None
    lost_from: int | None = None
    lost_at: int | None = None

    @property
    def transient(self) -> bool:
        """Whether the run adapted, and lost it again."""
        return self.lost_at is not None

    def json(self) -> dict[str, int | None]:
        """Returns `emerges_at_step`, `transient_from` and `transient_until`."""
        return {"emerges_at_step": self.at, "transient_from": self.lost_from, "transient_until": self.lost_at}


@dataclass(frozen=True)
class ProbeResult:
    """What one probe shows of a cell, over runs: normalised, None where the study has no scale.

    Attributes:
        curve: mean over runs `[K]`, raw.
        early, late, gain: as of a plain curve.
        after: the first ⌈K/5⌉ episodes that the probe touches: after half-way, or from the start.
        first_after: the first episode that it touches.
        cost: the score lost against the plain lifetimes over the episodes that it touches.
    """

    curve: tuple[float, ...]
    early: Interval
    late: Interval
    gain: Interval
    after: Interval
    first_after: Interval
    cost: Interval

    def json(self) -> dict[str, Any]:
        """Returns every attribute."""
        intervals = ("early", "late", "gain", "after", "first_after", "cost")
        return {"curve": list(self.curve), **{name: getattr(self, name).json() for name in intervals}}


@dataclass(frozen=True)
class RunResult:
    """The scores of one finished run: return raw, the others normalised (None where the study has no scale).

    Attributes:
        gain: G, what the lifetime adds: late less early, less the same of the floor.
        beyond: D, late less the hurdle (memory-off sibling of this seed, reactive reference); None without a hurdle.
        carried: C for each carrier, the score lost when it is swapped half-way.
        verdict: what the run is by its own interval over tasks; None where the study is not applicable.
        why: what keeps it undecided.
        intervals: G, D and C (`carried (internal)`) over tasks, by name, as far as they are known.
        training_late: raw late mean on the run's own training tasks; None where it was not taken.
        emergence: when in training it adapted.
    """

    seed: int
    return_: float
    early: float | None
    late: float | None
    gain: float | None
    beyond: float | None
    carried: Mapping[str, float]
    training_late: float | None
    emergence: Emergence
    verdict: RunClass | None = None
    why: str | None = None
    intervals: Mapping[str, Interval] = field(default_factory=dict)

    @property
    def learned(self) -> bool:
        """Whether the run learns in context by its own evidence."""
        return self.verdict == "in-context"

    def json(self) -> dict[str, Any]:
        """Returns every attribute, `return_` as return and the emergence spread out."""
        return {
            "seed": self.seed,
            "return": self.return_,
            "early": self.early,
            "late": self.late,
            "gain": self.gain,
            "beyond": self.beyond,
            "carried": dict(self.carried),
            "learned": self.learned,
            "training_late": self.training_late,
            **self.emergence.json(),
            "verdict": self.verdict,
            "why": self.why,
            "intervals": {name: interval.json() for name, interval in self.intervals.items()},
        }


@dataclass(frozen=True)
class CellResult:
    """The judgement on one cell.

    Attributes:
        cell: the cell.
        seeds: finished runs, on which every mean here rests.
        failed: failed runs, counted beside them.
        return_: raw, summed over a lifetime.
        early, late, gain: normalised, over runs.
        numbers: the further numbers by their keys, as `cell_numbers` declares them.
        memorises: whether `memorised` of these is more than δ of the scale, beyond doubt.
        carried: C over runs for each carrier.
        ceiling: what the cell's information allows; None where no reference says.
        learned: how many runs learn in context by their own evidence.
        share: the same count of all runs, failed ones among them, with exact one-sided bounds on the share.
        classes: how many runs are of each class.
        verdict: the class of most runs, `mixed`, `undecided`; None where the study is not applicable.
        storage: which carrier holds the past, for `in-context` and `carried` cells.
        reason: why the verdict is `mixed`, `undecided` or None.
        p: exact, against half of all runs being of the verdict's class; None where no class decides.
        p_holm: the same, adjusted for all the verdicts of the study.
        in_context_excluded: whether most runs are shown not to be in-context.
        emerges_at_step: median over runs; None for cells that are not in-context.
        probes: what each probe shows, by name.
        statistics: the family's own analysis over runs, by name; empty where it has none.
        warnings: what makes an interval of this cell doubtful, one sentence each.
        shortfall: what the cell falls short of by more than δ: its ceiling, or the floor; None where it does not.
        advice: what would help, one line each.
        looks: at how many runs it has been judged so far, the present look last.
        runs: the scores of each run, by seed.
        routes: of each ingredient, by which it has it; empty where it is neither in-context nor the full one.
    """

    cell: Cell
    seeds: int
    failed: int
    return_: Interval
    early: Interval
    late: Interval
    gain: Interval
    numbers: Mapping[str, Interval | None]
    memorises: bool
    carried: Mapping[str, Interval]
    ceiling: Ceiling | None
    learned: int
    share: Share
    classes: Mapping[RunClass, int]
    verdict: Verdict | None
    storage: Storage | None
    reason: str | None
    p: float | None
    p_holm: float | None
    in_context_excluded: bool
    emerges_at_step: int | None
    probes: Mapping[str, ProbeResult]
    statistics: Mapping[str, Interval]
    warnings: tuple[str, ...]
    runs: tuple[RunResult, ...]
    routes: Mapping[Ingredient, tuple[RouteResult, ...]] = field(default_factory=dict)
    shortfall: str | None = None
    advice: tuple[str, ...] = ()
    looks: tuple[int, ...] = ()

    @property
    def transient(self) -> int:
        """How many runs adapted during training and lost it again."""
        return sum(run.emergence.transient for run in self.runs)

    def json(self) -> dict[str, Any]:
        """Returns the cell's entry of `report.json`: the keys of docs/design.md §10, then the evidence behind them."""
        return {
            "cell": self.cell.json(),
            "seeds": self.seeds,
            "failed": self.failed,
            "return": self.return_.json(),
            "early": self.early.json(),
            "late": self.late.json(),
            "gain": self.gain.json(),
            "ceiling": self.ceiling.json() if self.ceiling else None,
            "learned": self.learned,
            "verdict": self.verdict,
            "share": self.share.json(),
            "storage": self.storage,
            "reason": self.reason,
            "emerges_at_step": self.emerges_at_step,
            "classes": dict(self.classes),
            "p": self.p,
            "p_holm": self.p_holm,
            "in_context_excluded": self.in_context_excluded,
            "carried": {carrier: interval.json() for carrier, interval in self.carried.items()},
            **{key: number.json() if number else None for key, number in self.numbers.items()},
            "memorises": self.memorises,
            "transient": self.transient,
            "probes": {name: probe.json() for name, probe in self.probes.items()},
            "statistics": {name: interval.json() for name, interval in self.statistics.items()},
            "warnings": list(self.warnings),
            "routes": {name: [route.json() for route in routes] for name, routes in self.routes.items()},
            "shortfall": self.shortfall,
            "advice": list(self.advice),
            "looks": list(self.looks),
            "runs": [run.json() for run in self.runs],
        }
