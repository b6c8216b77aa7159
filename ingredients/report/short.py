"""The report without verdicts: returns beside references, what to do, what failed."""

from __future__ import annotations

import re
import shlex
from collections import Counter
from collections.abc import Iterator
from dataclasses import replace

import yaml

from ingredients.judgement import Judgement
from ingredients.judgement.calibration import MORE_TASKS
from ingredients.judgement.words import describe
from ingredients.judgement_input.gather import Evidence, go_on
from ingredients.report import rows, wording
from ingredients.study import EvaluationSettings
from ingredients.study.messages import several
from ingredients.study.models import FOREIGN_TASKS
from ingredients.study.seeds import MOST_INFORMED, fewest_for
from ingredients.study.tasks import Tasks, family_key, is_foreign

_KEPT = ("Tasks", rows.FAILED, "Missing runs")
_MOST = 3
_COMMAND = re.compile(r"(?<=: )ingredients [a-z-]+ .*$")
YAML_END = "\n..."  # behind a document that is a bare value
_ROLES = ("floor", "reactive", "yardstick")


def is_short(judgement: Judgement) -> bool:
    """Returns whether no cell is judged: all runs or the references' calibration failed."""
    if not any(result.seeds for result in judgement.cells) and any(result.failed for result in judgement.cells):
        return True
    return bool(judgement.references) and not judgement.calibration.passed


def reasons_first(evidence: Evidence, judgement: Judgement) -> Judgement:
    """Returns the judgement; if all ended runs failed, its sentence says only why."""
    if evidence.finished or not evidence.failures:
        return judgement
    (reason, count), *others = Counter(evidence.failures.values()).most_common()
    often = f", {count} of them so" if others else ""
    failed = f"{len(evidence.failures)} of {evidence.planned} failed{often}"
    return replace(judgement, sentence=f"No run finished; {failed}: {reason.removesuffix('.')}.")


def sections(evidence: Evidence, judgement: Judgement) -> list[tuple[str, list[str]]]:
    """Returns all after the first sentence; without finished runs, failures alone."""
    others = [(title, lines) for title, lines in rows.lists(evidence, judgement) if title in _KEPT]
    if not evidence.finished:
        return [(title, lines) for title, lines in others if lines]
    named = [
        ("Return of a lifetime", list(_earned(evidence, judgement))),
        ("What to do next", list(_next(evidence, judgement))),
    ]
    return [(title, lines) for title, lines in [*named, *others] if lines]


def split(line: str) -> tuple[str, str]:
    """Returns a line's words, and the command that ends it, if any."""
    found = _COMMAND.search(line)
    return (line[: found.start()], found.group()) if found else (line, "")


def _earned(evidence: Evidence, judgement: Judgement) -> Iterator[str]:
    finished = [result for result in rows.ordered(judgement) if result.seeds]
    for result in finished[:_MOST]:
        yield f"{describe(result.cell)}: {wording.interval(result.return_, 1)} ({several(result.seeds, 'run')})"
    if len(finished) > _MOST:
        yield f"and {several(len(finished) - _MOST, 'more cell')}, see report.json"
    for role in _ROLES:
        if reference := judgement.references.get(evidence.reference(role) or ""):
            yield f"{role} ({reference.name}): {wording.number(reference.return_, 1)}"


def _next(evidence: Evidence, judgement: Judgement) -> Iterator[str]:
    study = evidence.study
    if is_foreign(study.tasks):
        key = family_key(study.tasks)
        name = shlex.quote(("own:" if key == "own" else "") + str(getattr(study.tasks, key)))
        settings = "".join(f" --set {shlex.quote(setting)}" for setting in _settings(study.tasks))
        yield f"see in seconds what varies, what does not, and what could vary: ingredients check {name}{settings}"
    again = go_on(evidence.directory, evidence.filter).removeprefix("go on: ")
    if MORE_TASKS in (judgement.calibration.reason or ""):
        usual = FOREIGN_TASKS if is_foreign(study.tasks) else EvaluationSettings().tasks
        tasks = max(10 * study.evaluation.tasks, usual)
        yield f"evaluate on more tasks; nothing is trained again: {again} --set evaluation.tasks={tasks}"
        return
    enough = fewest_for(1, study.criterion.confidence)
    if study.seeds.count < enough:
        yield f"add seeds; finished runs are kept: {again} --seeds {enough}"
    elif _informed_lack_seeds(evidence):
        yield f"train the informed agents of the seeds that were added; finished runs are kept: {again}"
    steps = study.learner.train_steps * 10
    longer = again.partition(" --out ")[0] + f" --set learner.train_steps={steps} --out another-folder"
    yield f"train for longer, as another study: {longer}"


def _informed_lack_seeds(evidence: Evidence) -> bool:
    """Returns whether seeds were added after informed agents' training."""
    if evidence.references is None or not is_foreign(evidence.study.tasks):
        return False
    return len(evidence.references.roles["yardstick"].runs) < min(evidence.study.seeds.count, MOST_INFORMED)


def _settings(tasks: Tasks) -> Iterator[str]:
    """Yields the tasks' settings, as `--set` takes them."""
    for key, value in tasks.model_dump(exclude={family_key(tasks)}).items():
        if value not in ({}, [], "auto", "sync"):
            written = yaml.safe_dump(value, default_flow_style=True, sort_keys=False, width=10_000)
            yield f"tasks.{key}={written.partition(YAML_END)[0].strip()}"
