"""Facts of the tasks: adaptation axis, new tasks, writable state, leaks."""

from __future__ import annotations

from collections.abc import Iterator

from ingredients.decoding.leak_text import leak_text
from ingredients.judgement_input.gather import Evidence
from ingredients.judgement_input.references import References
from ingredients.study.axis import Axis, axis_of

NOT_NEW = "evaluation tasks are not new, because the family has only few"


def facts(evidence: Evidence) -> list[str]:
    """Returns the facts, one a line."""
    return list(_facts(evidence.references, axis_of(evidence.study.tasks))) if evidence.references else []


def new_tasks(evidence: Evidence) -> bool:
    """Returns whether evaluation tasks are new to agents; True if unknown."""
    return evidence.references is None or evidence.references.held_out


def _facts(references: References, axis: Axis) -> Iterator[str]:
    steps = references.episode_steps
    of_steps = "" if steps is None else " of one step each" if steps == 1 else f" of at most {steps} steps each"
    if axis.of_steps:
        most = "" if steps is None else f" of at most {steps}"
        yield (
            f"a lifetime has {axis.whole}, all on one task; an episode{most} that ends is followed by the next at "
            "once, and half-way a new one begins"
        )
    else:
        yield f"a lifetime has {axis.whole}{of_steps}, all on one task"
    if not references.held_out:
        yield NOT_NEW
    if references.writable:
        yield "the agent can write on its environment, so what it wrote is swapped as its memory is"
    for name, leak in (references.measured_leakage or {}).items():
        yield f"{name} leak: {leak_text(leak)}"
