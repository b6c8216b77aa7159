"""The calibration gate: before any cell is judged, the rule has to name policies that are known (docs/design.md §7).

Where exploring does not pay within the lifetime, or the task is visible at once, even the best policy shows no gain:
"none" for an agent would then be a statement about the tasks. Such a study is not applicable, which is another thing
than `none`.

The gate closes where a reference came out as what it is known not to be, or where the yardstick is shown not to be
`in-context`. One of these two that is `undecided` contradicts nothing: its interval is wide because it was played on
few tasks. Then cells are judged, and `doubt` says what is open. An undecided floor closes the gate, for it is the zero
of every score.

The reactive reference may also come out as `none`, where a reaction to the last step is worth little. The rule does
not mistake it there for in-context learning, which is what the gate has to see to; a reactive cell may then come out as
`none` too, and a note of the report says so.

A yardstick that is shown the task (`informed`) adapts to nothing, so the rule has nothing to find in it. It is asked
for what the scale needs: that it ends above the floor, by the lower bound over its runs. Where it does not, the task
was not worth finding out either.
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
    """Returns the scale between the floor's mean curve and the yardstick's late mean."""
    roles = references.roles
    return Scale(roles["floor"].curve, late(roles["yardstick"].curve), roles["floor"].on_blocks.plain)


def reactive_late(references: References, scale: Scale) -> float | None:
    """Returns the reactive reference's normalised late score, the hurdle of a study; None where the family has none."""
    reactive = references.roles.get("reactive")
    return None if reactive is None else scale.normalise(late(reactive.curve))


def calibrate(references: References, scale: Scale, criterion: Criterion) -> Calibration:
    """Returns what the references come out as under the rule of the cells and, if the study does not apply, why.

    Each is classified as a run is, by its interval over tasks; its simulated runs are luck, not other policies.
    """
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
    """Returns G, D and C of a reference over tasks, as if it were a run without a memory-off sibling.

    Its hurdle is the reactive reference; where the family has none, nothing is there that it could have to clear.
    """
    curves = reference.on_blocks
    if reference.name == references.floor:  # less itself it would gain nothing, however little its zero is known
        scale = replace(scale, floor_blocks=None)
    return run_evidence(curves, reactive_hurdle(references, scale).by_block(-1, len(curves.plain)), scale, criterion)


def reactive_hurdle(references: References, scale: Scale, demanded: bool = True) -> Hurdle:
    """Returns the hurdle that the reactive reference sets for every run; none where the family has none."""
    reactive = references.roles.get("reactive")
    if reactive is None:
        return Hurdle(None, demanded=demanded)
    blocks: dict[int | None, Rows] = {None: scale.normalised(late_by_row(reactive.on_blocks.plain))}
    return Hurdle(reactive_late(references, scale), demanded=demanded, blocks=blocks)


def _contradicts(role: str, found: RunVerdict) -> bool:
    """Returns whether a reference is shown not to be what it is known to be, or says nothing where it must."""
    if found.verdict == "undecided" or (role, found.verdict) == ("yardstick", "carried"):
        return role == "floor" or (role == "yardstick" and found.excluded)
    return found.verdict not in ALLOWED[role]


def _doubt(found: Mapping[str, RunVerdict], references: References) -> str | None:
    """Returns which references are undecided, and why; None where none is."""
    open_ = [
        f"{_named(role, references)}, known to be {EXPECTED[role]}, is {run.verdict} ({_more_tasks(run)})"
        for role, run in found.items()
        if run.verdict not in ALLOWED[role]
    ]
    return "; ".join(open_) or None


def _ends_above(references: References, scale: Scale, criterion: Criterion) -> bool:
    """Returns whether the yardstick's late score is above the floor's, by the lower bound over its runs."""
    above = [late(run.plain) - late(scale.floor) for run in references.roles["yardstick"].runs]
    low = t_interval(above, criterion.confidence).low
    return low is not None and low > 0


def _no_scale(references: References, scale: Scale, criterion: Criterion) -> str:
    if references.yardstick == INFORMED:
        return worth_not_shown(references, criterion)
    return (
        f"late in a lifetime the yardstick ({references.yardstick}) earns {scale.yardstick_late:.4g} an episode, not "
        f"surely more than the floor ({references.floor}, {late(scale.floor):.4g}): there is nothing to adapt to"
    )


def _misjudged(role: str, found: RunVerdict, references: References, scale: Scale, delta: float) -> str:
    """Why the study does not apply and, where there is one, the way out."""
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
    """Returns what keeps a reference undecided, with what would help: simulated, it lacks tasks, not seeds.

    Tasks help where an interval straddles the criterion, and nowhere else.
    """
    if found.why and "straddles" not in found.why:
        return found.why
    return f"{found.why}: {MORE_TASKS}" if found.why else MORE_TASKS
