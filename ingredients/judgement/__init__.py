"""From curves to conclusions; no torch.

In reading order: `statistics`, `scores`, `evidence` (over tasks), `shares` (of runs), `verdict` (the rule),
`calibration` (the gate), `court` (shared input), `ceilings`, `emergence`, `advice`, `probes`, `cell_numbers`,
`cell_results`, `routes`, `route_results`, `route_words`, `conclusions`, `claims`, `factorial`, `doses`, `words`,
`not_shown`, `sentences`, `beside`, `inner`, `planning`, `judge`, `unjudged`; output: `results`, `findings`.
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
