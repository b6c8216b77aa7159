"""What a published study's pictures need: curves from its tables, verdicts from `report.json`.

Inner algorithm, signs of planning and lifetimes are absent.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from ingredients.errors import StoreError
from ingredients.judgement import CellResult, Claim, Judgement, judge_study
from ingredients.judgement.doses import dose_responses
from ingredients.judgement.results import Emergence, RunResult
from ingredients.judgement_input.gather import Evidence, read_published
from ingredients.report.side import REPORT_JSON, Published
from ingredients.store import load_result

_ROLES = ("floor", "reactive", "yardstick")
_EMERGENCE = ("emerges_at_step", "transient_from", "transient_until")


def published_judgement(report: Published) -> tuple[Evidence, Judgement]:
    """Returns evidence and judgement for a published study's pictures.

    Raises:
        StoreError: a table is missing or damaged.
    """
    store, study = load_result(report.directory)
    evidence = read_published(store, study)
    if evidence.references is None:
        raise StoreError(f"{report.directory}: there are no references, so nothing can be drawn")
    judged = judge_study(evidence.cells, evidence.references, study.criterion)
    try:
        return evidence, _as_told(judged, report.json)
    except (KeyError, TypeError, ValueError) as error:
        raise StoreError(f"{report.directory / REPORT_JSON}: damaged: it lacks {error}") from error


def _as_told(judged: Judgement, told: Mapping[str, Any]) -> Judgement:
    """Returns the judgement with the report's answer, verdicts, claims."""
    cells = tuple(_cell_as_told(*each) for each in zip(judged.cells, told["cells"], strict=True))
    gate = told["calibration"]
    return replace(
        judged,
        cells=cells,
        doses=dose_responses({each.cell: each for each in cells}),
        sentence=told["sentence"],
        claim=_claim(told["claim"]),
        leak_claim=_claim(told.get("leak_claim")),
        storage_claim=_claim(told.get("storage_claim")),
        calibration=replace(judged.calibration, verdicts={role: gate[role] for role in _ROLES if role in gate}),
    )


def _claim(told: Mapping[str, Any] | None) -> Claim:
    """Returns the report's statement on a claim, if any."""
    return Claim(told["status"], told["sentence"], ()) if told else Claim("not applicable", "", ())


def _cell_as_told(result: CellResult, told: Mapping[str, Any]) -> CellResult:
    """Returns a cell with the report's verdict and classes."""
    by_seed = {run["seed"]: run for run in told["runs"]}
    return replace(
        result,
        verdict=told["verdict"],
        classes=told.get("classes") or {},
        failed=told["failed"],
        learned=told["learned"],
        emerges_at_step=told["emerges_at_step"],
        runs=tuple(_run_as_told(run, by_seed[run.seed]) for run in result.runs),
    )


def _run_as_told(run: RunResult, told: Mapping[str, Any]) -> RunResult:
    return replace(run, emergence=Emergence(*(told.get(name) for name in _EMERGENCE)))
