"""What a judgement says of a study: ingredients, claims, effects, doses, the gate; and the judgement itself."""

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

Because = Literal["information", "training"]
Status = str
"""`supported`, `contradicted`, `channel not needed (route)`, `not applicable` or `undecided` (see `claims`)."""


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
class IngredientResult:
    """Whether in-context learning needs one ingredient here, and what lacking it costs.

    Attributes:
        necessary: None where it is not known.
        because: of a necessary one: `information` where the cell that lacks it could not be in-context whatever it
            learned, `training` where it could and did not; None where no ceiling says.
        proof: the cells on which `necessary` rests.
        sentence: all of it in words.
        effect: late score of the full cell less that of the cell that lacks it.
        improvement: the chance that a run of the full cell ends above a run of the cell that lacks it.
        learned_with, learned_without: how many runs learn in context in either cell, with exact bounds; None where the
            cell is not there.
        p_share: exact, one-sided, against runs learning as often without it as with it (Boschloo).
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
        """Returns necessary and effect, then the others."""
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
    """A main effect (one name) or an interaction of a 2⁴ design on the late score, over seeds (`factorial`)."""

    names: tuple[Ingredient, ...]
    effect: Effect

    def json(self) -> dict[str, Any]:
        """Returns the names and the effect."""
        return {"ingredients": list(self.names), **self.effect.json()}


@dataclass(frozen=True)
class Dose:
    """One level of a graded ingredient, in the cell that has all the others."""

    level: str
    cell: Cell
    late: Interval
    verdict: Verdict | None

    def json(self) -> dict[str, Any]:
        """Returns level, late and verdict."""
        return {"level": self.level, "late": self.late.json(), "verdict": self.verdict}


@dataclass(frozen=True)
class DoseResponse:
    """How much of one ingredient is enough, all others being on.

    Attributes:
        ingredient: the graded one.
        doses: the weakest first.
        appears_at: the weakest level from which on every stronger one is in-context; None if the strongest is not.
        sentence: the same in words.
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
    """A claim of the essay: what this study says of it, in one word and in words (`claims`).

    `cells` are those by which it says so.
    """

    status: Status
    sentence: str
    cells: tuple[Cell, ...]

    def json(self) -> dict[str, Any]:
        """Returns status, sentence and cells."""
        return {"status": self.status, "sentence": self.sentence, "cells": [cell.json() for cell in self.cells]}


@dataclass(frozen=True)
class Calibration:
    """The calibration gate: known policies put through the rule of the cells before any cell is judged.

    Attributes:
        verdicts: for each role that the family has (floor, reactive, yardstick) what it came out as.
        passed: whether none contradicts what it is known to be: `none`, `reactive` (or `none`, see `calibration`) and
            `in-context`. The last two may be `undecided`, unless the yardstick is shown not to be `in-context`.
        reason: why the study is not applicable; None where the gate passed.
        doubt: where it passed, which references few tasks left undecided; None where they left none.
    """

    verdicts: Mapping[str, Verdict | None]
    passed: bool
    reason: str | None
    doubt: str | None = None

    def json(self) -> dict[str, Any]:
        """Returns the verdict of each role, then passed, reason and doubt."""
        return {**self.verdicts, "passed": self.passed, "reason": self.reason, "doubt": self.doubt}


@dataclass(frozen=True)
class Judgement:
    """Everything that a study's curves say under its criterion.

    Attributes:
        scale: that of all its scores, built once; None without references.
        floor: raw mean of the floor over the late episodes: a normalised score of 0; None without references.
        yardstick: the best reference known: a normalised score of 1; None without references.
        references: every reference on the evaluation tasks, by name.
        cells: in the order they came in.
        ingredients: for each of the four ingredients.
        minimal_sufficient: the smallest sets of ingredients whose cell is in-context.
        claim: the essay's claim 1.
        leak_claim: the essay's claim 2; not applicable where the environment was not measured to leak.
        storage_claim: the essay's claim 3; not applicable where nothing can be written into the environment.
        factorial: main effects, then interactions of two, three and four; empty without the whole 2⁴ grid.
        doses: a dose-response curve for each graded ingredient.
        calibration: the gate.
        sentence: the answer to the study's question, for the first screen.
        notes: what a reader must know to read the sentence rightly, one sentence each; may be empty.
        inner: which algorithm the agents of a cell run inside, where the study asked (`inner`).
        planning: which signs of planning they show, where it asked (`planning`).
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
        """Returns the judged part of `report.json`: what follows study, tasks, criterion, complete and runs."""
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
