"""A report without verdicts is short: what was earned beside the references, what to do next, what failed; no tables.

Comes in: the evidence and a judgement whose gate is closed. Goes out: titles with a few lines each, for every format.
"""

from __future__ import annotations

import shlex
from collections.abc import Iterator

from ingredients.judgement import Judgement
from ingredients.judgement.words import describe
from ingredients.report import rows, wording
from ingredients.report.assemble import Evidence, go_on
from ingredients.study.tasks import family_key, is_foreign

ENOUGH_SEEDS = 5
_KEPT = ("Tasks", rows.FAILED, "Missing runs")
_MOST = 3
_ROLES = ("floor", "reactive", "yardstick")


def is_short(judgement: Judgement) -> bool:
    """Returns whether no cell is judged because the references did not come out as what they are known to be."""
    return bool(judgement.references) and not judgement.calibration.passed


def sections(evidence: Evidence, judgement: Judgement) -> list[tuple[str, list[str]]]:
    """Returns all that such a report has beside its first sentence."""
    others = [(title, lines) for title, lines in rows.lists(evidence, judgement) if title in _KEPT]
    named = [("Return of a lifetime", list(_earned(evidence, judgement))), ("What to do next", list(_next(evidence)))]
    return [(title, lines) for title, lines in [*named, *others] if lines]


def _earned(evidence: Evidence, judgement: Judgement) -> Iterator[str]:
    finished = [result for result in rows.ordered(judgement) if result.seeds]
    for result in finished[:_MOST]:
        runs = f"{result.seeds} run" + ("" if result.seeds == 1 else "s")
        yield f"{describe(result.cell)}: {wording.interval(result.return_, 1)} ({runs})"
    if len(finished) > _MOST:
        yield f"and {len(finished) - _MOST} more cells, see report.json"
    for role in _ROLES:
        if reference := judgement.references.get(evidence.references.get(role) or ""):
            yield f"{role} ({reference.name}): {wording.number(reference.return_, 1)}"


def _next(evidence: Evidence) -> Iterator[str]:
    study = evidence.study
    if is_foreign(study.tasks):
        key = family_key(study.tasks)
        name = shlex.quote(("own:" if key == "own" else "") + str(getattr(study.tasks, key)))
        yield f"see in seconds what varies, what does not, and what could: ingredients check {name}"
    again = go_on(evidence.directory).removeprefix("go on: ")
    if study.seeds.count < ENOUGH_SEEDS:
        yield f"more seeds, what is finished is kept: {again} --seeds {ENOUGH_SEEDS}"
    steps = study.learner.train_steps * 10
    longer = again.partition(" --out ")[0] + f" --set learner.train_steps={steps} --out another-folder"
    yield f"longer training, which is another study: {longer}"
