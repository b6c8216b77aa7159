"""What a judgement says: frozen dataclasses, each with the JSON that the report writes (DESIGN §3).

Comes in: nothing. Goes out: `Judgement` and its parts. A number that does not exist (the bounds of a single run, a
score where the study has no scale) is None, never NaN or infinity, so that everything here is JSON.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal

from ingredients.grid import Cell

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
    computable.
    """

    name: str
    exact: bool
    curve: tuple[float, ...]
    return_: float
    expected_return: float | None

    def json(self) -> dict[str, Any]:
        """Returns curve, return, exact and expected_return."""
        return {
            "curve": list(self.curve),
            "return": self.return_,
            "exact": self.exact,
            "expected_return": self.expected_return,
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
    """

    information: str
    method: Method
    return_: float
    trainable_incentive: bool
    reference: str

    def json(self) -> dict[str, Any]:
        """Returns information, method, return and trainable_incentive."""
        return {
            "information": self.information,
            "method": self.method,
            "return": self.return_,
            "trainable_incentive": self.trainable_incentive,
        }


@dataclass(frozen=True)
class RunResult:
    """The scores of one finished run: return raw, the others normalised (None where the study has no scale).

    Attributes:
        gain: G, what the lifetime adds: late less early, less the same of the floor.
        beyond: D, late less the hurdle (memory-off sibling of this seed, reactive reference); None without a hurdle.
        carried: C for each carrier, the score lost when it is swapped half-way.
        learned: whether G, D and C (some carrier) of this run are each above the criterion.
        emerges_at_step: evaluation point from which this run meets the criterion to the end; None if it never does.
    """

    seed: int
    return_: float
    early: float | None
    late: float | None
    gain: float | None
    beyond: float | None
    carried: Mapping[str, float]
    learned: bool
    emerges_at_step: int | None

    def json(self) -> dict[str, Any]:
        """Returns every attribute, `return_` as return."""
        return {
            "seed": self.seed,
            "return": self.return_,
            "early": self.early,
            "late": self.late,
            "gain": self.gain,
            "beyond": self.beyond,
            "carried": dict(self.carried),
            "learned": self.learned,
            "emerges_at_step": self.emerges_at_step,
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
        runs: the scores of each run, by seed.
    """

    cell: Cell
    seeds: int
    failed: int
    return_: Interval
    early: Interval
    late: Interval
    gain: Interval
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
    runs: tuple[RunResult, ...]

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
            "runs": [run.json() for run in self.runs],
        }


@dataclass(frozen=True)
class IngredientResult:
    """Whether in-context learning needs one ingredient here (None: not known), and what lacking it costs."""

    necessary: bool | None
    effect: Effect

    def json(self) -> dict[str, Any]:
        """Returns necessary and effect."""
        return {"necessary": self.necessary, "effect": self.effect.json()}


@dataclass(frozen=True)
class Calibration:
    """The calibration gate: known policies put through the rule of the cells before any cell is judged.

    Attributes:
        verdicts: for each role that the family has (floor, reactive, yardstick) what it came out as.
        passed: whether each came out as `none`, `reactive` (or `none`, see `calibration`) and `in-context`.
        reason: why the study is not applicable; None where the gate passed.
    """

    verdicts: Mapping[str, Verdict | None]
    passed: bool
    reason: str | None

    def json(self) -> dict[str, Any]:
        """Returns the verdict of each role, then passed and reason."""
        return {**self.verdicts, "passed": self.passed, "reason": self.reason}


@dataclass(frozen=True)
class Judgement:
    """Everything that a study's curves say under its criterion.

    Attributes:
        floor: raw mean of the floor over the late episodes: a normalised score of 0.
        yardstick: the best reference known: a normalised score of 1.
        references: every reference on the evaluation tasks, by name.
        cells: in the order they came in.
        ingredients: for each of the four ingredients.
        minimal_sufficient: the smallest sets of ingredients whose cell is in-context.
        calibration: the gate.
        sentence: the answer to the study's question, for the first screen.
        notes: what a reader must know to read the sentence rightly, one sentence each; may be empty.
    """

    floor: float
    yardstick: Yardstick
    references: Mapping[str, ReferenceResult]
    cells: tuple[CellResult, ...]
    ingredients: Mapping[str, IngredientResult]
    minimal_sufficient: tuple[tuple[str, ...], ...]
    calibration: Calibration
    sentence: str
    notes: tuple[str, ...]

    def json(self) -> dict[str, Any]:
        """Returns the judged part of `report.json`: what follows study, tasks, criterion, complete and runs."""
        return {
            "floor": self.floor,
            "yardstick": self.yardstick.json(),
            "references": {name: reference.json() for name, reference in self.references.items()},
            "cells": [cell.json() for cell in self.cells],
            "ingredients": {name: result.json() for name, result in self.ingredients.items()},
            "minimal_sufficient": [list(names) for names in self.minimal_sufficient],
            "calibration": self.calibration.json(),
            "sentence": self.sentence,
            "notes": list(self.notes),
        }
