"""The calibration gate: the rule must name known policies before any cell is judged (docs/verdict.md).

It closes if the floor is `undecided`; others undecided raise a `doubt`. An `informed` yardstick must end above the
floor.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Final

import numpy as np

from ingredients.judgement.evidence import RunEvidence, run_evidence
from ingredients.judgement.findings import Calibration
from ingredients.judgement.not_shown import worth_not_shown
from ingredients.judgement.results import Verdict
from ingredients.judgement.scores import Hurdle, Scale, late, late_by_row
from ingredients.judgement.statistics import t_interval
from ingredients.judgement.verdict import RunVerdict, classify
from ingredients.judgement_input.curves import Rows
from ingredients.judgement_input.references import INFORMED, ReferenceCurves, References
from ingredients.study import Criterion

EXPECTED: Final[dict[str, Verdict]] = {"floor": "none", "reactive": "reactive", "yardstick": "in-context"}
MORE_TASKS: Final = "more evaluation.tasks would tell"
ALLOWED: Final[dict[str, tuple[Verdict, ...]]] = {
    **{role: (v,) for role, v in EXPECTED.items()},
    "reactive": ("reactive", "none"),
}


def scale_of(references: References) -> Scale:
    """Returns the scale from the references' curves."""
    roles = references.roles
    floor, yardstick = roles["floor"], roles["yardstick"]
    return Scale(floor.curve, late(yardstick.curve), floor.on_blocks.plain, references.axis.of_steps)


def reactive_late(references: References, scale: Scale) -> float | None:
    """Returns the reactive reference's normalised late score, or None."""
    reactive = references.roles.get("reactive")
    return None if reactive is None else scale.normalise(late(reactive.curve))


def calibrate(references: References, scale: Scale, criterion: Criterion) -> Calibration:
    """Returns the references' verdicts, and why the study does not apply."""
    if not scale.usable:
        return Calibration(
            dict.fromkeys(references.roles), passed=False, reason=_no_scale(references, scale, criterion)
        )
    found = {
        role: classify(reference_evidence(reference, references, scale, criterion), references.reactive is not None)
        for role, reference in references.roles.items()
        if reference.name != INFORMED
    }
    wrong = [role for role, run in found.items() if _contradicts(role, run)]
    verdicts = {role: found[role].verdict if role in found else None for role in references.roles}
    unsure = verdicts["yardstick"] is None or (not wrong and verdicts["yardstick"] != "in-context")
    if unsure and not _ends_above(references, scale, criterion):
        return Calibration(verdicts, passed=False, reason=_no_scale(references, scale, criterion))
    return Calibration(
        verdicts=verdicts,
        passed=not wrong,
        reason=_misjudged(wrong[0], found[wrong[0]], references, scale, criterion.gain_above) if wrong else None,
        doubt=None if wrong else _doubt(found, references),
    )


def reference_evidence(
    reference: ReferenceCurves, references: References, scale: Scale, criterion: Criterion
) -> RunEvidence:
    """Returns G, D and C of a reference over tasks."""
    curves = reference.on_blocks
    if reference.name == references.floor:  # minus itself the floor has no gain, however uncertain it is
        scale = replace(scale, floor_blocks=None)
    return run_evidence(curves, reactive_hurdle(references, scale).by_block(-1, len(curves.plain)), scale, criterion)


def reactive_hurdle(references: References, scale: Scale, demanded: bool = True) -> Hurdle:
    """Returns the reactive reference's hurdle, for all runs."""
    reactive = references.roles.get("reactive")
    if reactive is None:
        return Hurdle(None, demanded=demanded)
    blocks: dict[int | None, Rows] = {None: scale.normalised(late_by_row(reactive.on_blocks.plain))}
    return Hurdle(reactive_late(references, scale), demanded=demanded, blocks=blocks)


def _contradicts(role: str, found: RunVerdict) -> bool:
    """Returns whether a reference is shown to be what it is not, or wrongly undecided."""
    if found.verdict == "undecided" or (role, found.verdict) == ("yardstick", "carried"):
        return role == "floor" or (role == "yardstick" and found.excluded)
    return found.verdict not in ALLOWED[role]


def _doubt(found: Mapping[str, RunVerdict], references: References) -> str | None:
    """Returns the undecided references and why, or None."""
    open_ = [
        f"{_named(role, references)}, known to be {EXPECTED[role]}, is {run.verdict} ({_more_tasks(run)})"
        for role, run in found.items()
        if run.verdict not in ALLOWED[role]
    ]
    return "; ".join(open_) or None


def _ends_above(references: References, scale: Scale, criterion: Criterion) -> bool:
    """Returns whether the yardstick surely ends above the floor."""
    above = [late(run.plain) - late(scale.floor) for run in references.roles["yardstick"].runs]
    low = t_interval(above, criterion.confidence).low
    return low is not None and low > 0


def _no_scale(references: References, scale: Scale, criterion: Criterion) -> str:
    if references.yardstick == INFORMED:
        return worth_not_shown(references, criterion)
    return (
        f"late in a lifetime the yardstick ({references.yardstick}) earns {scale.yardstick_late:.4g} "
        f"{references.axis.each}, not surely more than the floor ({references.floor}, {late(scale.floor):.4g}): there "
        "is nothing to adapt to"
    )


def _misjudged(role: str, found: RunVerdict, references: References, scale: Scale, delta: float) -> str:
    """Returns why the study does not apply, and what helps."""
    reference = references.roles[role]
    gain = float(np.mean([scale.gain(run.plain) for run in reference.runs]))
    came_out = found.verdict if found.why is None else f"{found.verdict} ({_more_tasks(found)})"
    named = _named(role, references)
    text = f"the rule cannot tell here what agents do: {named}, known to be {EXPECTED[role]}, came out as {came_out}"
    if found.verdict != "none":
        return text
    return f"{text}, with a gain of {gain:.3f} where {delta:g} is asked; shorter lifetimes may show more"


def _named(role: str, references: References) -> str:
    name = references.roles[role].name
    return f"the {role}" if name == role else f"the {role} ({name})"


def _more_tasks(found: RunVerdict) -> str:
    """Returns why a reference is undecided, and whether more tasks help."""
    if found.why and "straddles" not in found.why:
        return found.why
    return f"{found.why}: {MORE_TASKS}" if found.why else MORE_TASKS
