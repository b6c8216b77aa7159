"""One stack from start to stored result: the only place that knows both training and storage.

Comes in: a study, a stack, a results folder. Goes out: stored runs, and an `Outcome` for each. The public functions are
jobs of an engine: they run inside a worker and tell their progress.
"""

from __future__ import annotations

import platform
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Literal

import numpy as np
import pandas as pd
import torch
from torch import Tensor

from ingredients.agent.network import flatten, views
from ingredients.grid import Run, Stack, fingerprints
from ingredients.references import evaluate_references
from ingredients.store import DIAGNOSTICS, RunRecord, Store
from ingredients.study import Study
from ingredients.tasks import make_family
from ingredients.training.draws import TRAINING_SAMPLE, evaluation_tasks, training_sample
from ingredients.training.evaluation import PROBES, evaluate
from ingredients.training.trainer import Setup, Training, Update, begin_training, prepare, train

VERSIONS = ("rl2-ingredients", "torch", "numpy", "pandas", "pyarrow")
FINAL_PROBES = ("greedy", *PROBES)


@dataclass(frozen=True)
class Progress:
    """How far a job is.

    Attributes:
        stack: the stack's index, -1 for the references.
        train_step: environment steps of each run so far.
        train_steps: environment steps that each run will have; 0 where nothing is trained.
        env_steps: environment steps of all runs of the stack so far.
        score: the best run's mean return an episode in the last rollout; None before the first.
        phase: what is being done.
    """

    stack: int
    train_step: int
    train_steps: int
    env_steps: int
    score: float | None
    phase: Literal["training", "evaluating", "references"]


@dataclass(frozen=True)
class Outcome:
    """What became of a run."""

    run_id: str
    status: Literal["finished", "failed"]
    reason: str | None


Tell = Callable[[Progress], None]


@dataclass(frozen=True)
class _Snapshots:
    """The policies at the evaluation points: train steps `[points]`, weights `[points][S, P]`, the last one final."""

    train_steps: list[int]
    weights: list[Tensor]


def run_references(study: Study, directory: Path, tell: Tell) -> None:
    """Plays the family's references on the study's evaluation tasks and stores their curves."""
    tell(Progress(-1, 0, 0, 0, None, "references"))
    family = make_family(study.tasks)
    Store(directory).write_references(evaluate_references(family, evaluation_tasks(family, study.evaluation.tasks)))


def run_stack(study: Study, stack: Stack, directory: Path, device: str, tell: Tell) -> list[Outcome]:
    """Trains, evaluates and stores the stack's runs; those with good weights are only evaluated again."""
    store = Store(directory)
    trained = [run for run in stack.runs if store.state(run, fingerprints(study, run)) == "trained"]
    missing = [run for run in stack.runs if run not in trained]
    outcomes = []
    if trained:
        outcomes += _evaluate_again(study, Stack(stack.index, tuple(trained)), store, device, tell)
    if missing:
        outcomes += _train_and_store(study, Stack(stack.index, tuple(missing)), store, device, tell)
    return outcomes


def _train_and_store(study: Study, stack: Stack, store: Store, device: str, tell: Tell) -> list[Outcome]:
    began = time.monotonic()
    setup = prepare(study, stack.runs, device)
    training = begin_training(setup)
    snapshots, updates = _trained(setup, training, study.evaluation.points, _teller(setup, stack, tell))
    tell(_progress(setup, stack, setup.updates * setup.steps_per_update, None, "evaluating"))
    curves = _all_curves(study, setup, snapshots)
    seconds = time.monotonic() - began
    outcomes = []
    for index, run in enumerate(stack.runs):
        reason = _failure(training, index)
        record = RunRecord(
            run=run,
            fingerprints=fingerprints(study, run),
            status="failed" if reason else "finished",
            reason=reason,
            weights=_stored_weights(setup, snapshots, index),
            curves=curves[index] if reason is None else curves[index].iloc[:0],
            diagnostics=_diagnostics(updates, index),
            resolved=study.resolved(),
            versions=_versions(),
            seconds=seconds,
            train_steps=snapshots.train_steps[-1],
        )
        store.write_run(record)
        outcomes.append(Outcome(run.id, record.status, reason))
    return outcomes


def _evaluate_again(study: Study, stack: Stack, store: Store, device: str, tell: Tell) -> list[Outcome]:
    """Evaluates stored weights as the study now says; nothing is trained."""
    setup = prepare(study, stack.runs, device)
    tell(_progress(setup, stack, setup.updates * setup.steps_per_update, None, "evaluating"))
    stored = [store.read_weights(run) for run in stack.runs]
    curves = _all_curves(study, setup, _loaded(setup, stored))
    for index, run in enumerate(stack.runs):
        before = store.read_run_json(run)
        record = RunRecord(
            run=run,
            fingerprints=fingerprints(study, run),
            status="finished",
            reason=None,
            weights=stored[index],
            curves=curves[index],
            diagnostics=store.diagnostics(run),
            resolved=study.resolved(),
            versions=_versions(),
            seconds=before["seconds"],
            train_steps=before["train_steps"],
        )
        store.write_run(record)
    return [Outcome(run.id, "finished", None) for run in stack.runs]


# Training


def _trained(
    setup: Setup, training: Training, points: int, heard: Callable[[Update], None]
) -> tuple[_Snapshots, list[Update]]:
    """Trains the stack; returns the policies at the evaluation points and what every update reported."""
    wanted = evaluation_points(setup.updates, points)
    snapshots = _Snapshots([0], [training.policy.clone()])
    updates = []
    for update in train(setup, training):
        updates.append(update)
        heard(update)
        if update.number + 1 in wanted:
            snapshots.train_steps.append(update.train_step)
            snapshots.weights.append(training.policy.clone())
    return snapshots, updates


def evaluation_points(updates: int, points: int) -> list[int]:
    """Returns after how many updates curves are taken: before the first, then log-spaced up to the last.

    Learning is fast first and slow later, and emergence is read off a logarithmic axis. Where there are fewer updates
    than points, every update is one.
    """
    count = min(points - 1, updates)
    spaced = np.geomspace(1, updates, count).round().astype(int).tolist() if count > 1 else []
    return sorted({0, updates, *spaced})


def _teller(setup: Setup, stack: Stack, tell: Tell) -> Callable[[Update], None]:
    def heard(update: Update) -> None:
        score = float(update.score.max()) / setup.family.episodes
        tell(_progress(setup, stack, update.train_step, score, "training"))

    return heard


def _progress(
    setup: Setup, stack: Stack, train_step: int, score: float | None, phase: Literal["training", "evaluating"]
) -> Progress:
    total = setup.updates * setup.steps_per_update
    return Progress(stack.index, train_step, total, train_step * len(stack.runs), score, phase)


def _failure(training: Training, index: int) -> str | None:
    if index not in training.diverged_at:
        return None
    return f"diverged: the gradient was no longer finite at train step {training.diverged_at[index]}"


def _diagnostics(updates: Sequence[Update], index: int) -> pd.DataFrame:
    """Returns one row an update for one run of the stack."""
    rows = [
        (
            update.number,
            update.train_step,
            *(
                float(x[index])
                for x in (update.losses.policy, update.losses.value, update.losses.entropy, update.score)
            ),
            *(float(x[index]) for x in (update.gradient_norm, update.losses.kl, update.losses.clip_fraction)),
        )
        for update in updates
    ]
    return pd.DataFrame(rows, columns=DIAGNOSTICS.names)


# Evaluation


def _all_curves(study: Study, setup: Setup, snapshots: _Snapshots) -> list[pd.DataFrame]:
    """Returns each run's table of curves: small ones at the points, large ones with probes at the end."""
    parts: list[list[pd.DataFrame]] = [[] for _ in setup.runs]
    for step, kind, tasks, probes, policy in _schedule(study, setup, snapshots):
        best = setup.family.best_episode_return(tasks)
        for name, curves in evaluate(setup, policy, tasks, probes).items():
            for index, run in enumerate(setup.runs):
                top = None if best is None else float(best[index].double().mean())
                parts[index].append(_curve(study, run, (step, name, kind), curves[index].numpy(), top))
    return [pd.concat(part, ignore_index=True) for part in parts]


def _schedule(
    study: Study, setup: Setup, snapshots: _Snapshots
) -> Iterator[tuple[int, str, Tensor, Sequence[str], Tensor]]:
    """Yields train step, kind of tasks, tasks `[S, N, D]`, probes and weights of each evaluation."""
    runs, settings = len(setup.runs), study.evaluation
    held_out = evaluation_tasks(setup.family, settings.tasks).expand(runs, -1, -1)
    own = training_sample(setup.runs, setup.family, setup.learner.lifetimes, min(settings.tasks, TRAINING_SAMPLE))
    for step, policy in zip(snapshots.train_steps[:-1], snapshots.weights[:-1], strict=True):
        yield step, "held_out", held_out[:, : settings.tasks_at_points], (), policy
        yield step, "training", own[:, : settings.tasks_at_points], (), policy
    yield snapshots.train_steps[-1], "held_out", held_out, FINAL_PROBES, snapshots.weights[-1]
    yield snapshots.train_steps[-1], "training", own, (), snapshots.weights[-1]


def _curve(study: Study, run: Run, key: tuple[int, str, str], returns: np.ndarray, best: float | None) -> pd.DataFrame:
    step, probe, kind = key
    return pd.DataFrame(
        {
            "study": study.name,
            **run.cell.texts(),
            "seed": run.seed,
            "train_step": step,
            "probe": probe,
            "tasks": kind,
            "episode": np.arange(returns.size),
            "return": returns,
            "regret": np.nan if best is None else best - returns,
        }
    )


# Weights as they are stored


def _stored_weights(setup: Setup, snapshots: _Snapshots, index: int) -> dict[str, np.ndarray]:
    """Returns one run's policies at all evaluation points by name, `[points, *shape]`, and the points' train steps."""
    rows = torch.stack([policy[index].cpu() for policy in snapshots.weights])
    named = {name: view.contiguous().numpy() for name, view in views(rows, setup.agent.shapes()).items()}
    return {**named, "train_step": np.array(snapshots.train_steps)}


def _loaded(setup: Setup, stored: Sequence[Mapping[str, np.ndarray]]) -> _Snapshots:
    """Returns the snapshots of a stack from its runs' stored weights."""
    steps = stored[0]["train_step"].tolist()
    names = setup.agent.shapes()
    weights = [
        flatten([{name: torch.from_numpy(run[name][point].copy()) for name in names} for run in stored])
        for point in range(len(steps))
    ]
    return _Snapshots(steps, [policy.to(setup.device) for policy in weights])


def _versions() -> dict[str, str]:
    return {"python": platform.python_version(), **{name: _version(name) for name in VERSIONS}}


def _version(name: str) -> str:
    try:
        return version(name)
    except PackageNotFoundError:  # a checkout that was never installed works too
        return "checkout"
