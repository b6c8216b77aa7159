"""Results of a study, with their JSON."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Literal

from ingredients.grid import Cell
from ingredients.judgement.inner import InnerResult
from ingredients.judgement.planning import PlanningResult
from ingredients.judgement.results import CellResult, Effect, Interval, Share, Verdict
from ingredients.judgement.scores import Scale
from ingredients.study import Ingredient

Because = Literal["information", "training", "definition"]
Status = str
"""`supported`, `contradicted`, `channel not needed (route)`, `not applicable` or `undecided` (see `claims`)."""


@dataclass(frozen=True)
class ReferenceResult:
    """A reference on the evaluation tasks: mean curve `[K]` and return, raw.

    `expected_return`: under the prior. `passed_by`: what the full cell returns more.
    """

    name: str
    exact: bool
    curve: tuple[float, ...]
    return_: float
    expected_return: float | None
    passed_by: Interval

    def json(self) -> dict[str, Any]:
        """Returns its JSON."""
        return {
            "curve": list(self.curve),
            "return": self.return_,
            "exact": self.exact,
            "expected_return": self.expected_return,
            "passed_by": self.passed_by.json(),
        }


@dataclass(frozen=True)
class Yardstick:
    """The best reference known; `late` is raw."""

    name: str
    exact: bool
    late: float

    def json(self) -> dict[str, Any]:
        """Returns its JSON."""
        return {"name": self.name, "exact": self.exact, "late": self.late}


@dataclass(frozen=True)
class IngredientResult:
    """Whether in-context learning needs one ingredient here, and what lacking it costs.

    Attributes:
        necessary: None if unknown.
        because: why the lacking cell could not be in-context: `information`, `definition`, or only `training`.
        proof: cells on which `necessary` rests.
        effect: what it adds to the late score.
        improvement: P(a run of the full cell ends above one of the lacking cell).
        learned_with, learned_without: in-context runs.
        p_share: exact, one-sided (Boschloo).
    """

    necessary: bool | None
    because: Because | None
    proof: tuple[Cell, ...]
    sentence: str
    effect: Effect
    improvement: float | None
    learned_with: Share | None = None
    learned_without: Share | None = None
    p_share: float | None = None

    def json(self) -> dict[str, Any]:
        """Returns its JSON."""
        return {
            "necessary": self.necessary,
            "effect": self.effect.json(),
            "because": self.because,
            "proof": [cell.json() for cell in self.proof],
            "sentence": self.sentence,
            "probability_of_improvement": self.improvement,
            "learned_with": _counted(self.learned_with),
            "learned_without": _counted(self.learned_without),
            "p_share": self.p_share,
        }


def _counted(share: Share | None) -> dict[str, Any] | None:
    return {"count": share.count, **share.json()} if share else None


@dataclass(frozen=True)
class FactorialEffect:
    """A main effect (one name) or interaction on the late score."""

    names: tuple[Ingredient, ...]
    effect: Effect

    def json(self) -> dict[str, Any]:
        """Returns its JSON."""
        return {"ingredients": list(self.names), **self.effect.json()}


@dataclass(frozen=True)
class Dose:
    """One level of a graded ingredient, all others on."""

    level: str
    cell: Cell
    late: Interval
    verdict: Verdict | None

    def json(self) -> dict[str, Any]:
        """Returns its JSON."""
        return {"level": self.level, "late": self.late.json(), "verdict": self.verdict}


@dataclass(frozen=True)
class DoseResponse:
    """How much of one ingredient is enough, with all others on.

    Attributes:
        doses: weakest first.
        appears_at: weakest level from which on all are in-context.
    """

    ingredient: Ingredient
    doses: tuple[Dose, ...]
    appears_at: str | None
    sentence: str

    def json(self) -> dict[str, Any]:
        """Returns every attribute."""
        doses = [dose.json() for dose in self.doses]
        return {
            "ingredient": self.ingredient,
            "doses": doses,
            "appears_at": self.appears_at,
            "sentence": self.sentence,
        }


@dataclass(frozen=True)
class Claim:
    """The judgement on a claim, and the `cells` that support it."""

    status: Status
    sentence: str
    cells: tuple[Cell, ...]

    def json(self) -> dict[str, Any]:
        """Returns its JSON."""
        return {"status": self.status, "sentence": self.sentence, "cells": [cell.json() for cell in self.cells]}


@dataclass(frozen=True)
class Calibration:
    """The calibration gate.

    Attributes:
        verdicts: by role (floor, reactive, yardstick).
        reason: why the study is not applicable.
        doubt: references left undecided.
    """

    verdicts: Mapping[str, Verdict | None]
    passed: bool
    reason: str | None
    doubt: str | None = None

    def json(self) -> dict[str, Any]:
        """Returns its JSON."""
        return {**self.verdicts, "passed": self.passed, "reason": self.reason, "doubt": self.doubt}


@dataclass(frozen=True)
class Judgement:
    """All results of a study under its criterion.

    Attributes:
        floor: its raw late mean, a score of 0.
        minimal_sufficient: smallest sets of ingredients with an in-context cell.
        claim, leak_claim, storage_claim: claims 1, 2 and 3.
        factorial: empty without the whole 2⁴ grid.
        inner, planning: by cell, if measured.
    """

    scale: Scale | None = field(compare=False)
    floor: float | None
    yardstick: Yardstick | None
    references: Mapping[str, ReferenceResult]
    cells: tuple[CellResult, ...]
    ingredients: Mapping[str, IngredientResult]
    minimal_sufficient: tuple[tuple[str, ...], ...]
    claim: Claim
    leak_claim: Claim
    storage_claim: Claim
    factorial: tuple[FactorialEffect, ...]
    doses: tuple[DoseResponse, ...]
    calibration: Calibration
    sentence: str
    notes: tuple[str, ...]
    inner: Mapping[Cell, InnerResult] = field(default_factory=dict)
    planning: Mapping[Cell, PlanningResult] = field(default_factory=dict)

    def json(self) -> dict[str, Any]:
        """Returns the judged part of `report.json`."""
        return {
            "floor": self.floor,
            "yardstick": self.yardstick.json() if self.yardstick else None,
            "references": {name: reference.json() for name, reference in self.references.items()},
            "cells": [{**cell.json(), **self._inner_json(cell.cell)} for cell in self.cells],
            "ingredients": {name: result.json() for name, result in self.ingredients.items()},
            "minimal_sufficient": [list(names) for names in self.minimal_sufficient],
            "claim": self.claim.json(),
            "factorial": [effect.json() for effect in self.factorial],
            "doses": [dose.json() for dose in self.doses],
            "calibration": self.calibration.json(),
            "sentence": self.sentence,
            "notes": list(self.notes),
            "leak_claim": self.leak_claim.json(),
            "storage_claim": self.storage_claim.json(),
        }

    def _inner_json(self, cell: Cell) -> dict[str, Any]:
        named = {"inner_algorithm": self.inner.get(cell), "planning": self.planning.get(cell)}
        return {name: result.json() for name, result in named.items() if result is not None}
