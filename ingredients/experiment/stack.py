"""The jobs of a grid, inside a worker: references, and stacks from initial weights to stored runs."""

from __future__ import annotations

import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import AbstractContextManager
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path
from typing import Any, Literal, NamedTuple

import numpy as np
import pandas as pd
import torch

from ingredients.errors import StoreError
from ingredients.experiment import Progress, Tell
from ingredients.experiment.course import (
    ResumableTraining,
    SnapshotPlan,
    begin_or_resume,
    snapshot_plan,
    snapshot_writer,
    train_to_end,
)
from ingredients.experiment.informed import train_informed
from ingredients.experiment.reference_progress import counted, in_a_row
from ingredients.experiment.tables import (
    Policies,
    RunEvaluation,
    diagnostics_tables,
    evaluations,
    loaded_policies,
    mean_diagnostics,
    stored_weights,
)
from ingredients.grid import Run, Stack, fingerprints, own_tasks, references_fingerprint
from ingredients.store import RunRecord, Store
from ingredients.store.versions import versions
from ingredients.study import Study
from ingredients.study.tasks import is_foreign
from ingredients.tasks import make_family
from ingredients.tasks.foreign import longest_episode, take_failures
from ingredients.training.draws import evaluation_tasks
from ingredients.training.trainer import Setup, Update, prepare

SECONDS_BETWEEN_MESSAGES = 0.2
STORED_AT_ONCE = 8  # runs of a large stack: each waits for the disk


def run_references(study: Study, directory: Path, device: str, tell: Tell) -> dict[str, str]:
    """Plays the family's references on evaluation tasks, measures leaks, stores both."""
    directory = directory.absolute()  # before anybody else's code runs, which may go to another folder
    Store(directory).write_references(made_references(study, device, tell))
    return {}


def made_references(study: Study, device: str, tell: Tell, leaks: bool = True) -> dict[str, Any]:
    """Returns the family's references on the study's evaluation tasks, as stored.

    They are trained, if necessary, on `device`, or the CPU without CUDA. `leaks` also measures leaks, which takes
    longer.
    """
    # what only this job needs takes a second and more to load
    from ingredients.experiment.memoryless import join_memoryless, train_memoryless
    from ingredients.references import evaluate_references
    from ingredients.training.leakage import family_leakage

    tell = in_a_row(tell)
    tell(Progress("references"))
    device = device if device != "cuda" or torch.cuda.is_available() else "cpu"
    family = make_family(study.tasks)
    settings = study.evaluation
    tasks = evaluation_tasks(family, settings.tasks, settings.stream)
    alone = device == "cpu" or is_foreign(study.tasks)  # a CPU has no core to spare, and environments are no threads'
    with _AtOnce() if alone else ThreadPoolExecutor(2) as beside:
        agents = beside.submit(train_memoryless, study, family, tasks, device, tell)
        known, decoded = (counted(tell, *part) if alone else None for part in (_KNOWN, _LEAKS))
        leakage = beside.submit(partial(family_leakage, family, told=decoded)) if leaks else None
        played = evaluate_references(family, tasks, settings.tasks_at_points, stream=settings.stream, told=known)
        if (name := played["yardstick"]) not in played["references"]:
            trained = train_informed(study, family, tasks, device, tell)
            played["references"][name], played["at_points"][name] = trained["entry"], trained["at_points"]
        join_memoryless(played, agents.result())
        told = {} if leakage is None else {"leakage": leakage.result()}
    made_of = {"evaluates": references_fingerprint(study), "own_tasks": own_tasks(study)}
    return {**played, "episode_steps": longest_episode(family), **told, **made_of}


_KNOWN = ("playing known policies", "lifetimes")
_LEAKS = ("measuring what the environment leaks", "decoders")


class _AtOnce(AbstractContextManager["_AtOnce"]):
    """An executor without threads: jobs run when results are requested."""

    def __exit__(self, *raised: object) -> None:
        """Does nothing."""

    def submit(self, function: Callable[..., Any], *arguments: object) -> _Later:
        """Returns the job, not yet run."""
        return _Later(partial(function, *arguments))


class _Later(NamedTuple):
    """A job that runs when its result is requested."""

    result: Callable[[], Any]


def run_stack(
    study: Study, stack: Stack, directory: Path, device: str, snapshot_seconds: float, tell: Tell
) -> dict[str, str]:
    """Trains, evaluates and stores the stack's runs; returns why runs failed, by id.

    Stored runs are kept, or only evaluated again; snapshots are resumed.
    """
    directory = directory.absolute()  # before anybody else's code runs, which may go to another folder
    store = Store(directory)
    states = {run: store.state(run, fingerprints(study, run)) for run in stack.runs}
    trained = tuple(run for run in stack.runs if states[run] == "trained")
    missing = tuple(run for run in stack.runs if states[run] in ("missing", "failed"))
    failed = _evaluate_again(study, trained, store, device, tell) if trained else {}
    if not missing:
        return failed
    setup = prepare(study, missing, device)
    kept = snapshot_plan(study, setup, directory, snapshot_seconds)
    failed |= _store_all(study, setup, store, _trained(setup, kept, study.evaluation.points, tell), tell)
    kept.snapshots.forget(kept.runs)
    return failed


def _store_all(study: Study, setup: Setup, store: Store, course: ResumableTraining, tell: Tell) -> dict[str, str]:
    """Evaluates and stores a trained stack; returns why runs failed."""
    tell(_progress(setup, "evaluating", setup.updates))
    made = evaluations(study, setup, course.policies)
    seconds = time.monotonic() - course.began
    reasons = [course.training.failed.get(index) or raised for index, raised in enumerate(_raised(setup))]
    diagnostics = diagnostics_tables(course.updates, len(setup.runs))
    policies = Policies(course.policies.train_steps, [policy.cpu() for policy in course.policies.weights])

    def store_run(index: int) -> None:
        run, reason = setup.runs[index], reasons[index]
        evaluation = _nothing(made[index]) if reason else made[index]
        weights = stored_weights(setup, policies, index)
        _store(study, store, _Result(run, reason, seconds, weights, evaluation, diagnostics[index], versions()))

    with ThreadPoolExecutor(1 if setup.device.type == "cpu" else STORED_AT_ONCE) as aside:
        for _ in aside.map(store_run, range(len(setup.runs))):
            pass
    return {run.id: reason for run, reason in zip(setup.runs, reasons, strict=True) if reason}


def _evaluate_again(study: Study, runs: tuple[Run, ...], store: Store, device: str, tell: Tell) -> dict[str, str]:
    """Evaluates stored weights again; returns why runs failed."""
    weights, failed = {}, {}
    for run in runs:
        try:
            weights[run] = store.read_weights(run)
        except StoreError as error:
            failed[run.id] = str(error)
    if weights:
        setup = prepare(study, tuple(weights), device)
        failed |= _evaluate_weights(study, setup, store, list(weights.values()), tell)
    return failed


def _evaluate_weights(
    study: Study, setup: Setup, store: Store, weights: list[dict[str, np.ndarray]], tell: Tell
) -> dict[str, str]:
    """Evaluates and stores; returns failures, whose stored results are kept."""
    tell(_progress(setup, "evaluating", setup.updates))
    made = evaluations(study, setup, loaded_policies(setup, weights))
    reasons = _raised(setup)
    for index, run in enumerate(setup.runs):
        if reasons[index] is not None:
            continue
        before = store.read_run_json(run)
        diagnostics = store.diagnostics(run)
        made_with = before["versions"] | {f"evaluation: {name}": number for name, number in versions().items()}
        again = _Result(run, None, before["seconds"], weights[index], made[index], diagnostics, made_with)
        _store(study, store, again)
    return {run.id: reason for run, reason in zip(setup.runs, reasons, strict=True) if reason}


def _raised(setup: Setup) -> list[str | None]:
    """Returns why each run's environments failed in the evaluation, or None."""
    raised = take_failures(setup.family)
    for failure in raised.values():
        failure.log()
    told = {index: f"its environment failed in the evaluation: {failure}" for index, failure in raised.items()}
    return [told.get(index) for index in range(len(setup.runs))]


@dataclass(frozen=True)
class _Result:
    """The results of one run."""

    run: Run
    reason: str | None
    seconds: float
    weights: dict[str, np.ndarray]
    evaluation: RunEvaluation
    diagnostics: pd.DataFrame
    versions: dict[str, str]


def _nothing(evaluation: RunEvaluation) -> RunEvaluation:
    """Returns the empty evaluation of a failed run."""
    return RunEvaluation(evaluation.curves.iloc[:0], ())


def _store(study: Study, store: Store, result: _Result) -> None:
    """Stores a run with its configuration, fingerprints and versions."""
    record = RunRecord(
        run=result.run,
        fingerprints=fingerprints(study, result.run),
        status="failed" if result.reason else "finished",
        reason=result.reason,
        weights=result.weights,
        curves=result.evaluation.curves,
        returns_by_block=result.evaluation.returns_by_block,
        statistics=result.evaluation.statistics,
        blocks=result.evaluation.blocks,
        inside=result.evaluation.inside,
        analysis=result.evaluation.analysis,
        diagnostics=result.diagnostics,
        resolved=study.resolved(),
        versions=result.versions,
        seconds=result.seconds,
        train_steps=int(result.weights["train_step"][-1]),
    )
    store.write_run(record)


# Training


def _trained(setup: Setup, kept: SnapshotPlan, points: int, tell: Tell) -> ResumableTraining:
    """Returns the trained stack, resumed from its snapshot if any."""

    def say(notice: str, updates: int) -> None:
        tell(replace(_progress(setup, "training", updates), notice=notice))

    course = begin_or_resume(setup, kept, say)
    tell_of = _teller(setup, tell)

    def heard(update: Update) -> None:
        while course.training.notices:
            say(course.training.notices.pop(0), update.number + 1)
        tell_of(update)

    with ThreadPoolExecutor(1) as thread:  # what it still writes is waited for: the stack forgets it when it is stored
        aside = None if setup.device.type == "cpu" else thread
        train_to_end(setup, course, evaluation_points(setup.updates, points), heard, snapshot_writer(kept, say, aside))
    return course


def evaluation_points(updates: int, points: int) -> list[int]:
    """Returns numbers of updates for evaluations: 0, then log-spaced to the last, distinct."""
    count = min(points - 1, updates)
    spaced = np.geomspace(1, updates, count).round().astype(int).tolist() if count > 1 else []
    return sorted({0, updates, *spaced})


# Progress


def _teller(setup: Setup, tell: Tell) -> Callable[[Update], None]:
    """Returns a function that reports some updates a second, and the last."""
    told_at = float("-inf")

    def heard(update: Update) -> None:
        nonlocal told_at
        if time.monotonic() - told_at >= SECONDS_BETWEEN_MESSAGES or update.number + 1 == setup.updates:
            told_at = time.monotonic()
            score = float(update.score.max()) / setup.family.episodes
            progress = _progress(setup, "training", update.number + 1, score)
            tell(replace(progress, diagnostics=mean_diagnostics(update)))

    return heard


def _progress(
    setup: Setup, phase: Literal["training", "evaluating"], updates: int, score: float | None = None
) -> Progress:
    steps = updates * setup.steps_per_update
    return Progress(phase, steps, setup.updates * setup.steps_per_update, steps * len(setup.runs), score)
