"""Results of a cell with their JSON (docs/design.md §10); missing numbers are None."""

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
    """A mean over runs with bounds; None for fewer than two runs."""

    mean: float | None
    low: float | None
    high: float | None

    def json(self) -> dict[str, float | None]:
        """Returns its JSON."""
        return {"mean": self.mean, "low": self.low, "high": self.high}


@dataclass(frozen=True)
class Share:
    """k of n with exact one-sided bounds at this look's level."""

    count: int
    of: int
    low: float
    high: float

    def json(self) -> dict[str, float | int]:
        """Returns its JSON; the count is `learned` beside it."""
        return {"of": self.of, "low": self.low, "high": self.high}


@dataclass(frozen=True)
class Effect:
    """Late score of the full cell minus that without one ingredient, paired by seed.

    `p` is two-sided, uncorrected.
    """

    mean: float | None
    low: float | None
    high: float | None
    p: float | None
    seeds: int

    def json(self) -> dict[str, float | int | None]:
        """Returns its JSON."""
        return {"mean": self.mean, "low": self.low, "high": self.high, "p": self.p, "seeds": self.seeds}


@dataclass(frozen=True)
class Ceiling:
    """The highest raw return of a lifetime that a cell's information allows.

    Attributes:
        information: in words.
        method: `exact` if the reference is proven best, `best_found`, or a `bound`.
        trainable_incentive: whether training rewards use of the information.
        suffices: whether it clears the hurdle by δ, else no run can be `in-context`; None if unknown.
    """

    information: str
    method: Method
    return_: float
    trainable_incentive: bool
    reference: str
    suffices: bool | None = None

    def json(self) -> dict[str, Any]:
        """Returns its JSON."""
        return {
            "information": self.information,
            "method": self.method,
            "return": self.return_,
            "trainable_incentive": self.trainable_incentive,
        }


@dataclass(frozen=True)
class Emergence:
    """When in training a run adapted.

    Attributes:
        at: first evaluation point since which it does.
        lost_from, lost_at: else start and loss of the first stretch of at least two points.
    """

    at: int | None = None
    lost_from: int | None = None
    lost_at: int | None = None

    @property
    def transient(self) -> bool:
        """Whether the run adapted, and lost it again."""
        return self.lost_at is not None

    def json(self) -> dict[str, int | None]:
        """Returns its JSON."""
        return {"emerges_at_step": self.at, "transient_from": self.lost_from, "transient_until": self.lost_at}


@dataclass(frozen=True)
class ProbeResult:
    """A probe over runs, normalised; None without a scale.

    Attributes:
        curve: mean over runs `[K]`, raw.
        after: the first ⌈K/5⌉ episodes affected.
        first_after: the first of them.
        cost: score lost over all affected.
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
    """Scores of a finished run: return raw, others normalised (None without a scale).

    Attributes:
        gain: G, late − early, minus the floor's.
        beyond: D, late − hurdle, if any.
        carried: C by carrier.
        verdict: None if not applicable; `why` it is undecided.
        intervals: known G, D and C (`carried (internal)`) over tasks.
        training_late: raw late mean on own training tasks.
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
        """Whether the run is in-context."""
        return self.verdict == "in-context"

    def json(self) -> dict[str, Any]:
        """Returns its JSON."""
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
    """The judgement on one cell (docs/design.md §10).

    Attributes:
        numbers: further ones by key (`cell_numbers`).
        memorises: whether `memorised` is surely above δ of the scale.
        carried: C over runs by carrier.
        share: of in-context runs among all, failed ones included.
        storage: the carrier of the past.
        p: exact, against half of all runs being of the verdict's class; `p_holm` is adjusted for all verdicts.
        in_context_excluded: whether most runs are shown not to be in-context.
        shortfall: from the ceiling or floor, by more than δ.
        looks: numbers of runs at each.
        routes: empty unless in-context, mixed or full.
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
        """Number of runs that adapted and lost it."""
        return sum(run.emergence.transient for run in self.runs)

    def json(self) -> dict[str, Any]:
        """Returns the cell's entry of `report.json` (docs/design.md §10)."""
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
