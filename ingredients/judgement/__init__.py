"""From curves to conclusions; no torch.

In reading order: `statistics`, `scores` (G, D, C), `evidence` (intervals over tasks), `shares` (counts of runs, looks),
`verdict` (the rule), `calibration` (the gate), `court` (shared input), `ceilings`, `emergence`, `advice`, `probes`,
`cell_numbers`, `cell_results`, `routes` (to an ingredient), `route_results`, `route_words`, `conclusions`
(ingredients), `claims`, `factorial`, `doses`, `words`, `not_shown`, `sentences`, `beside` (agents minus references),
`inner` (which algorithm), `planning`, `judge` (a whole study), `unjudged` (without references); `results` and
`findings` are the output.
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
