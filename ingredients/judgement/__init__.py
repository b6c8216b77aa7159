"""From curves to conclusions: arrays in, numbers and verdicts out; no torch.

In reading order: `inputs` (curves of the runs), `statistics` (intervals, tests), `scores` (windows, normalisation, G,
D, C), `verdict` (the rule), `calibration` (the gate), `ceilings` (what a cell's information allows), `conclusions`
(ingredients), `sentences` (the same in words), `judge` (all of it on a study), `results` (what comes out).
"""

from __future__ import annotations

from ingredients.judgement.inputs import ENVIRONMENT, INTERNAL, CellInput, Curve, RunCurves
from ingredients.judgement.judge import judge_study
from ingredients.judgement.results import (
    Calibration,
    Ceiling,
    CellResult,
    Effect,
    IngredientResult,
    Interval,
    Judgement,
    ReferenceResult,
    RunResult,
    Verdict,
    Yardstick,
)

__all__ = [
    "ENVIRONMENT",
    "INTERNAL",
    "Calibration",
    "Ceiling",
    "CellInput",
    "CellResult",
    "Curve",
    "Effect",
    "IngredientResult",
    "Interval",
    "Judgement",
    "ReferenceResult",
    "RunCurves",
    "RunResult",
    "Verdict",
    "Yardstick",
    "judge_study",
]
