"""Resumable training of a stack: interruptions change no bit of the final weights."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from concurrent.futures import Executor, Future
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
import torch

from ingredients.errors import StoreError
from ingredients.experiment.tables import Policies
from ingredients.grid import fingerprints
from ingredients.store import Snapshot, Snapshots
from ingredients.store.versions import installed
from ingredients.study import Study
from ingredients.training.snapshot import (
    restored_training,
    restored_updates,
    training_by_run,
    training_counters,
    updates_by_run,
    updates_counters,
)
from ingredients.training.trainer import Setup, Training, Update, begin_training, train


@dataclass
class ResumableTraining:
    """A stack's training so far: its state, policies at evaluation points, all updates.

    `began` is by `time.monotonic`, less earlier attempts' time.
    """

    training: Training
    policies: Policies
    updates: list[Update] = field(default_factory=list)
    began: float = field(default_factory=time.monotonic)


@dataclass(frozen=True)
class SnapshotPlan:
    """Where a stack's snapshots are kept, and the seconds between two.

    `runs` has training fingerprints by run id, `made_with` what else determines bits.
    """

    snapshots: Snapshots
    runs: Mapping[str, str]
    made_with: Mapping[str, str]
    seconds: float


def snapshot_plan(study: Study, setup: Setup, directory: Path, seconds: float) -> SnapshotPlan:
    """Returns the stack's snapshot plan."""
    runs = {run.id: fingerprints(study, run).trains for run in setup.runs}
    made_with = {"device": setup.device.type, "torch": installed("torch")}
    return SnapshotPlan(Snapshots(directory), runs, made_with, seconds)


def begin_or_resume(setup: Setup, plan: SnapshotPlan, say: Callable[[str, int], None]) -> ResumableTraining:
    """Returns training at the last snapshot or its beginning.

    `say` hears what was found, and updates done.
    """
    snapshot, notice = plan.snapshots.find(plan.runs, plan.made_with)
    if snapshot is None:
        training = begin_training(setup)
        course = ResumableTraining(training, Policies([0], [training.policy.clone()]))
    else:
        course = _course(setup, snapshot)
        step = course.training.update * setup.steps_per_update
        notice = f"goes on from its snapshot at step {step:,} of {setup.updates * setup.steps_per_update:,}"
    if notice:
        say(notice, course.training.update)
    return course


def train_to_end(
    setup: Setup,
    course: ResumableTraining,
    wanted: list[int],
    heard: Callable[[Update], None],
    keep: Callable[[ResumableTraining], None],
) -> None:
    """Trains the stack to its end; changes `course` in place.

    Policies are kept after `wanted` updates; `heard`, then `keep` are called after every update.
    """
    for update in train(setup, course.training):
        course.updates.append(update)
        if update.number + 1 in wanted:
            course.policies.train_steps.append(update.train_step)
            course.policies.weights.append(course.training.policy.clone())
        heard(update)
        keep(course)


def snapshot_writer(
    plan: SnapshotPlan, say: Callable[[str, int], None], aside: Executor | None = None
) -> Callable[[ResumableTraining], None]:
    """Returns a function that makes a snapshot when due.

    A failure is told to `say` once, and retried when next due. `aside` writes one while a device trains.
    """
    kept_at = time.monotonic()
    complained = False
    writing: Future[None] | None = None

    def settle(course: ResumableTraining) -> None:
        nonlocal complained
        try:
            if writing is not None:
                writing.result()
        except StoreError as error:
            if not complained:
                say(f"no snapshot: {error}", course.training.update)
            complained = True

    def keep(course: ResumableTraining) -> None:
        nonlocal kept_at, writing
        if time.monotonic() - kept_at < plan.seconds or (writing is not None and not writing.done()):
            return
        settle(course)
        writing = _written(plan, _snapshot(plan, course), aside)
        if aside is None:
            settle(course)
            writing = None
        kept_at = time.monotonic()

    return keep


def _written(plan: SnapshotPlan, snapshot: Snapshot, aside: Executor | None) -> Future[None]:
    """Returns the future of writing a snapshot; without `aside` it is done."""
    if aside is not None:
        return aside.submit(plan.snapshots.write, snapshot)
    done: Future[None] = Future()
    try:
        plan.snapshots.write(snapshot)
        done.set_result(None)
    except StoreError as error:
        done.set_exception(error)
    return done


def _snapshot(plan: SnapshotPlan, course: ResumableTraining) -> Snapshot:
    by_run = training_by_run(course.training) | updates_by_run(course.updates)
    by_run["policies"] = torch.stack(course.policies.weights, dim=1).cpu().numpy()
    shared = training_counters(course.training) | updates_counters(course.updates)
    shared["policies.train_step"] = np.array(course.policies.train_steps)
    shared["seconds"] = np.array([time.monotonic() - course.began])
    return Snapshot(plan.runs, plan.made_with, by_run, shared)


def _course(setup: Setup, snapshot: Snapshot) -> ResumableTraining:
    training = restored_training(snapshot.by_run, snapshot.shared, setup.device)
    weights = torch.from_numpy(snapshot.by_run["policies"]).to(setup.device).unbind(1)
    policies = Policies(snapshot.shared["policies.train_step"].tolist(), [policy.clone() for policy in weights])
    updates = restored_updates(snapshot.by_run, snapshot.shared, setup.device)
    (seconds,) = snapshot.shared["seconds"].tolist()
    return ResumableTraining(training, policies, updates, time.monotonic() - seconds)
