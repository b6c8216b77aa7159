"""What a judgement says of a cell: frozen dataclasses, each with the JSON that the report writes (DESIGN §3).

Comes in: nothing. Goes out: `CellResult` and its parts; what is said of the whole study is in `findings`. A number that
does not exist (the bounds of a single run, a score where the study has no scale) is None, never NaN or infinity, so
that everything here is JSON.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Literal

from ingredients.grid import Cell
from ingredients.study import Ingredient

if TYPE_CHECKING:
    from ingredients.judgement.route_results import RouteResult

Verdict = Literal["none", "reactive", "in-context", "undecided"]
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
class ReferenceResult:
    """A reference policy on the evaluation tasks: its curve `[K]` (mean over simulated runs) and summed return, raw.

    `exact` says that the policy is proven to be what its name claims; `expected_return` is under the prior, where
    computable. `passed_by` is how much more the runs with all ingredients return on the same tasks, raw: no number
    where there are none.
    """

    name: str
    exact: bool
    curve: tuple[float, ...]
    return_: float
    expected_return: float | None
    passed_by: Interval

    def json(self) -> dict[str, Any]:
        """Returns curve, return, exact, expected_return and passed_by."""
        return {
            "curve": list(self.curve),
            "return": self.return_,
            "exact": self.exact,
            "expected_return": self.expected_return,
            "passed_by": self.passed_by.json(),
        }


@dataclass(frozen=True)
class Yardstick:
    """The best reference known; `late` is its raw mean over the late episodes: a normalised score of 1."""

    name: str
    exact: bool
    late: float

    def json(self) -> dict[str, Any]:
        """Returns name, exact and late."""
        return {"name": self.name, "exact": self.exact, "late": self.late}


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
            D), so a cell that is not has failed at nothing; None where there is no scale.
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
        learned: whether G, D and C (some carrier) of this run are each above the criterion.
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
    learned: bool
    training_late: float | None
    emergence: Emergence

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
        iqm: of the late score: the interquartile mean with its interval, which one odd run does not move.
        bca: of the late score: the mean with its bootstrap interval (BCa), from 20 runs on; else None.
        crossed: as `return_`, with the tasks counted as drawn, too, not the runs alone.
        gap: what the cell's ceiling is above its return, raw; no number where there is no ceiling.
        memorised: raw late mean on own training tasks less that on held-out tasks.
        memorises: whether that is more than δ of the scale, beyond doubt.
        beyond: D over the runs that have a hurdle; None if none has.
        carried: C over runs for each carrier.
        ceiling: what the cell's information allows; None where no reference says.
        learned: how many of `seeds` pass on their own.
        verdict: None where the study is not applicable (calibration gate).
        storage: which carrier holds the past, for `in-context` cells.
        reason: why the verdict is `undecided` or None.
        p: of the verdict, the largest of its components; None where there is no decided verdict by the intervals.
        p_holm: the same, adjusted for all the verdicts of the study.
        in_context_excluded: whether an undecided cell can only be `none` or `reactive`.
        emerges_at_step: median over runs; None for cells that are not in-context.
        probes: what each probe shows, by name.
        statistics: the family's own analysis over runs, by name; empty where it has none.
        warnings: what makes an interval of this cell doubtful, one sentence each.
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
    iqm: Interval
    bca: Interval | None
    crossed: Interval | None
    gap: Interval
    memorised: Interval
    memorises: bool
    beyond: Interval | None
    carried: Mapping[str, Interval]
    ceiling: Ceiling | None
    learned: int
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

    @property
    def transient(self) -> int:
        """How many runs adapted during training and lost it again."""
        return sum(run.emergence.transient for run in self.runs)

    def json(self) -> dict[str, Any]:
        """Returns the cell's entry of `report.json`: the keys of DESIGN §3, then the evidence behind them."""
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
            "storage": self.storage,
            "reason": self.reason,
            "emerges_at_step": self.emerges_at_step,
            "p": self.p,
            "p_holm": self.p_holm,
            "in_context_excluded": self.in_context_excluded,
            "beyond": self.beyond.json() if self.beyond else None,
            "carried": {carrier: interval.json() for carrier, interval in self.carried.items()},
            "iqm": self.iqm.json(),
            "bca": self.bca.json() if self.bca else None,
            "crossed": self.crossed.json() if self.crossed else None,
            "gap": self.gap.json(),
            "memorised": self.memorised.json(),
            "memorises": self.memorises,
            "transient": self.transient,
            "probes": {name: probe.json() for name, probe in self.probes.items()},
            "statistics": {name: interval.json() for name, interval in self.statistics.items()},
            "warnings": list(self.warnings),
            "routes": {name: [route.json() for route in routes] for name, routes in self.routes.items()},
            "runs": [run.json() for run in self.runs],
        }
