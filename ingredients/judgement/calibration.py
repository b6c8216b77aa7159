"""The calibration gate: before any cell is judged, the rule has to name policies that are known (DESIGN §2, Verdict).

Comes in: the references' curves. Goes out: what floor, reactive and yardstick come out as, and whether the study
applies. Where exploring does not pay within the lifetime, or the task is visible at once, even the best policy shows
no gain: "none" for an agent would then be a statement about the tasks. Such a study is not applicable, which is
another thing than `none`.

The gate closes where a reference came out as what it is known not to be, or where the yardstick is shown not to be
`in-context`. One of these two that is `undecided` contradicts nothing: its interval is wide because it was played on
few tasks. Then cells are judged, and `doubt` says what is open. An undecided floor closes the gate, for it is the zero
of every score, and so does a single simulated run, which gives no interval.

The reactive reference may also come out as `none`. On 2 arms × 100 pulls (the setting of Wang et al. 2016) or 5 × 100
the best reactive policy, win-stay-lose-shift, settles within the first fifth of the lifetime, so the windows of the
rule see a gain of .03 to .07 in it. The rule does not mistake it there for in-context learning, which is what the gate
has to see to; a reactive cell may then come out as `none` too, and a note of the report says so.

A yardstick that is shown the task (`informed`) adapts to nothing, so the rule has nothing to find in it. It is asked
for what the scale needs: that it ends above the floor, by the lower bound over its runs. Where it does not, the task
was not worth finding out either.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

import numpy as np

from ingredients.judgement.findings import Calibration
from ingredients.judgement.inputs import INFORMED, ReferenceCurves, References
from ingredients.judgement.not_shown import worth_not_shown
from ingredients.judgement.results import Verdict
from ingredients.judgement.scores import Hurdle, Scale, late, score
from ingredients.judgement.statistics import t_interval
from ingredients.judgement.verdict import Decision, Evidence, RunEvidence, decide
from ingredients.study import Criterion

EXPECTED: Final[dict[str, Verdict]] = {"floor": "none", "reactive": "reactive", "yardstick": "in-context"}
ALLOWED: Final[dict[str, tuple[Verdict, ...]]] = {
    **{role: (v,) for role, v in EXPECTED.items()},
    "reactive": ("reactive", "none"),
}


def scale_of(references: References) -> Scale:
    """Returns the scale between the floor's mean curve and the yardstick's late mean."""
    roles = references.roles
    return Scale(roles["floor"].curve, late(roles["yardstick"].curve))


def reactive_late(references: References, scale: Scale) -> float | None:
    """Returns the reactive reference's normalised late score, the hurdle of a study; None where the family has none."""
    reactive = references.roles.get("reactive")
    return None if reactive is None else scale.normalise(late(reactive.curve))


def calibrate(references: References, scale: Scale, criterion: Criterion) -> Calibration:
    """Returns what the references come out as under the rule of the cells and, if the study does not apply, why.

    They are judged one by one: Holm's correction is for the claims of the study, and these are checks of its
    instrument.
    """
    if not scale.usable:
        return Calibration(
            dict.fromkeys(references.roles), passed=False, reason=_no_scale(references, scale, criterion)
        )
    evidence = {
        role: reference_evidence(reference, references, scale)
        for role, reference in references.roles.items()
        if reference.name != INFORMED
    }
    decisions = {role: decide(shown, criterion) for role, shown in evidence.items()}
    wrong = [role for role, decision in decisions.items() if _contradicts(role, decision, len(evidence[role].runs))]
    verdicts = {role: decisions[role].verdict if role in decisions else None for role in references.roles}
    unsure = verdicts["yardstick"] is None or (not wrong and verdicts["yardstick"] == "undecided")
    if unsure and not _ends_above(references, scale, criterion):
        return Calibration(verdicts, passed=False, reason=_no_scale(references, scale, criterion))
    return Calibration(
        verdicts=verdicts,
        passed=not wrong,
        reason=_misjudged(wrong[0], decisions[wrong[0]], references, scale, criterion.gain_above) if wrong else None,
        doubt=None if wrong else _doubt(decisions, references),
    )


def reference_evidence(reference: ReferenceCurves, references: References, scale: Scale) -> Evidence:
    """Returns G, D and C of each simulated run of a reference, as if it were a cell without a memory-off sibling.

    Its hurdle is the reactive reference; where the family has none, nothing is there that it could have to clear.
    """
    hurdle = Hurdle(reactive_late(references, scale), demanded=references.reactive is not None)
    scores = [score(run, scale) for run in reference.runs]
    runs = tuple(RunEvidence(run.gain, hurdle.beyond(run), run.carried) for run in scores)
    return Evidence(runs, hurdle.demanded)


def _contradicts(role: str, decision: Decision, runs: int) -> bool:
    """Returns whether a reference is shown not to be what it is known to be, or says nothing where it must."""
    if decision.verdict == "undecided":
        return runs < 2 or role == "floor" or (role == "yardstick" and decision.p_not is not None)
    return decision.verdict not in ALLOWED[role]


def _doubt(decisions: Mapping[str, Decision], references: References) -> str | None:
    """Returns which references are undecided, and why; None where none is."""
    open_ = [
        f"{_named(role, references)}, known to be {EXPECTED[role]}, is undecided ({_advice(decision.reason or '')})"
        for role, decision in decisions.items()
        if decision.verdict == "undecided"
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


def _misjudged(role: str, decision: Decision, references: References, scale: Scale, delta: float) -> str:
    """Why the study does not apply and, where there is one, the way out."""
    reference = references.roles[role]
    gain = float(np.mean([scale.gain(run.plain) for run in reference.runs]))
    came_out = decision.verdict if decision.reason is None else f"{decision.verdict} ({_advice(decision.reason)})"
    named = _named(role, references)
    text = f"the rule cannot tell here what agents do: {named}, known to be {EXPECTED[role]}, came out as {came_out}"
    if decision.verdict != "none":
        return text
    return f"{text}, with a gain of {gain:.3f} where {delta:g} is asked; shorter lifetimes may show more"


def _named(role: str, references: References) -> str:
    name = references.roles[role].name
    return f"the {role}" if name == role else f"the {role} ({name})"


def _advice(reason: str) -> str:
    """Returns the reason with what would help: a reference's runs are simulated, so it lacks tasks, not seeds."""
    return reason.replace("more seeds would tell", "more evaluation.tasks would tell")
