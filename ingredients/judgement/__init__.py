"""From curves to conclusions: arrays in, numbers and verdicts out; no torch.

In reading order: `statistics` (intervals, tests), `scores` (windows, normalisation, G, D, C), `evidence` (a run's own
intervals over tasks), `shares` (exact counts of runs, looks), `verdict` (the rule), `calibration` (the gate), `court`
(what every cell is judged with), `ceilings` (what a cell's information allows), `emergence` (when in training),
`advice` (what would help), `probes`, `cell_numbers` (the further ones, declared once), `cell_results` (all of a cell),
`routes` (by which an agent has an ingredient) with `route_results` and `route_words`, `conclusions` (ingredients),
`claims` (the essay's), `factorial`, `doses`, `words`, `not_shown` and `sentences` (the same in words), `beside` (agents
less references), `inner` (which algorithm runs inside), `planning` (which signs of planning it shows), `judge` (all of
it on a study), `unjudged` (a study whose references are not there); `results` and `findings` are what comes out.
"""

from __future__ import annotations

from ingredients.judgement.findings import (
    Calibration,
    Claim,
    Dose,
    DoseResponse,
    FactorialEffect,
    IngredientResult,
    Judgement,
    ReferenceResult,
    Yardstick,
)
from ingredients.judgement.judge import judge_study
from ingredients.judgement.results import (
    Ceiling,
    CellResult,
    Effect,
    Emergence,
    Interval,
    ProbeResult,
    RunResult,
    Verdict,
)
from ingredients.judgement.unjudged import unjudged
from ingredients.judgement_input.curves import CellInput, Curve, RunCurves
from ingredients.probes import ENVIRONMENT, INTERNAL

__all__ = [
    "ENVIRONMENT",
    "INTERNAL",
    "Calibration",
    "Ceiling",
    "CellInput",
    "CellResult",
    "Claim",
    "Curve",
    "Dose",
    "DoseResponse",
    "Effect",
    "Emergence",
    "FactorialEffect",
    "IngredientResult",
    "Interval",
    "Judgement",
    "ProbeResult",
    "ReferenceResult",
    "RunCurves",
    "RunResult",
    "Verdict",
    "Yardstick",
    "judge_study",
    "unjudged",
]
