"""A stack that is interrupted in training and goes on: the same bytes as one that was left alone."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import fields
from pathlib import Path

import pytest
import torch
from torch import Tensor

from ingredients.agent.network import Agent
from ingredients.experiment import Progress
from ingredients.experiment.course import (
    ResumableTraining,
    begin_or_resume,
    snapshot_plan,
    snapshot_writer,
    train_to_end,
)
from ingredients.experiment.stack import evaluation_points, run_stack
from ingredients.grid import Run, Stack, runs
from ingredients.store import Store
from ingredients.study import Study, parse_study
from ingredients.training.learner import Adam
from ingredients.training.snapshot import restored_training, training_by_run, training_counters
from ingredients.training.trainer import begin_training, prepare, train

UPDATES = 9
FILES = ("weights.safetensors", "curves.parquet", "diagnostics.parquet")


class Crash(Exception):
    """What ends a stack in the middle of its training."""


def study(memory: str = "gru") -> Study:
    """Returns a study of four cells with two seeds, nine updates each."""
    return parse_study(
        {
            "name": "t",
            "tasks": {"family": "bernoulli-bandit", "arms": 2, "episodes": 6},
            "ingredients": {"action_observation": [True], "task_distribution": [False, True], "memory": [True]},
            "seeds": 2,
            "agent": {"hidden": 16, "memory": memory},
            "learner": {"lifetimes": 8, "minibatches": 2, "train_steps": 400},
            "evaluation": {"tasks": 30, "points": 4, "tasks_at_points": 10},
        },
        "test",
    )


def silent(progress: Progress) -> None:
    """Hears nothing."""
    del progress


def finish(of: Study, directory: Path, some: tuple[Run, ...] | None = None) -> list[str]:
    """Trains the runs as one stack, or goes on with them, to the end; returns the notices."""
    notices: list[str] = []

    def tell(progress: Progress) -> None:
        if progress.notice:
            notices.append(progress.notice)

    Store(directory).open(of)
    assert run_stack(of, Stack(0, some or runs(of)), directory, "cpu", 30.0, tell) == {}
    return notices


def crash(of: Study, directory: Path, after: int, some: tuple[Run, ...] | None = None) -> None:
    """Trains the runs, or goes on with them, and crashes after so many updates and snapshots in all."""
    Store(directory).open(of)
    setup = prepare(of, some or runs(of))
    kept = snapshot_plan(of, setup, directory, 0.0)
    write = snapshot_writer(kept, lambda *said: None)

    def keep(course: ResumableTraining) -> None:
        write(course)
        if course.training.update == after:
            raise Crash

    course = begin_or_resume(setup, kept, lambda *said: None)
    with pytest.raises(Crash):
        train_to_end(setup, course, evaluation_points(setup.updates, of.evaluation.points), lambda update: None, keep)


def content(directory: Path) -> dict[str, bytes]:
    """Returns the content of every file of every run but `run.json`, which holds the time it took."""
    return {f"{path.parent.name}/{path.name}": path.read_bytes() for name in FILES for path in directory.rglob(name)}


@pytest.fixture(scope="module")
def undisturbed(tmp_path_factory: pytest.TempPathFactory) -> dict[str, bytes]:
    """What the eight runs leave behind when nothing happens on the way."""
    directory = tmp_path_factory.mktemp("undisturbed")
    assert finish(study(), directory) == []
    assert not (directory / "snapshots").exists()
    return content(directory)


@pytest.mark.parametrize("crashes", [(1,), (UPDATES - 1,), (UPDATES,), (2, 3, 8)])
def test_an_interrupted_stack_ends_in_the_same_bytes(
    tmp_path: Path, undisturbed: dict[str, bytes], crashes: tuple[int, ...]
) -> None:
    """Weights at every point, curves and diagnostics are equal, wherever and however often it was interrupted."""
    for after in crashes:
        crash(study(), tmp_path, after)
    step = crashes[-1] * 48
    assert finish(study(), tmp_path) == [f"goes on from its snapshot at step {step} of 432"]
    assert content(tmp_path) == undisturbed
    assert not (tmp_path / "snapshots").exists()


@pytest.mark.parametrize("memory", ["lstm", "fast-weights", "transitions", "transformer", "window"])
def test_every_memory_goes_on(tmp_path: Path, memory: str) -> None:
    """Whatever the memory, its weights are all in the snapshot."""
    of = study(memory)
    finish(of, tmp_path / "left alone")
    crash(of, tmp_path / "interrupted", 4)
    assert len(finish(of, tmp_path / "interrupted")) == 1
    assert content(tmp_path / "interrupted") == content(tmp_path / "left alone")


def test_a_damaged_snapshot_is_said_and_the_stack_starts_anew(tmp_path: Path, undisturbed: dict[str, bytes]) -> None:
    """A checkpoint may be lost, the numbers may not."""
    crash(study(), tmp_path, 5)
    (path,) = tmp_path.glob("snapshots/*")
    path.write_bytes(path.read_bytes()[:-1])
    assert finish(study(), tmp_path) == [
        f"{path}: a snapshot that is damaged; it is ignored, and the stack starts anew"
    ]
    assert content(tmp_path) == undisturbed


def test_a_stack_that_crashed_while_it_was_stored_goes_on_with_the_rest(
    tmp_path: Path, undisturbed: dict[str, bytes]
) -> None:
    """Stored runs are not touched, and the others go on from the snapshot of all."""
    crash(study(), tmp_path, 5)
    (path,) = tmp_path.glob("snapshots/*")
    snapshot = path.read_bytes()
    finish(study(), tmp_path)
    stored = {run: Store(tmp_path).run_path(run) for run in runs(study())}
    for lost in list(stored)[3:6]:
        stored[lost].rename(tmp_path / lost.id)
    path.parent.mkdir()
    path.write_bytes(snapshot)
    kept = {folder: folder.stat().st_ino for folder in stored.values() if folder.exists()}
    assert finish(study(), tmp_path) == ["goes on from its snapshot at step 240 of 432"]
    assert {folder: folder.stat().st_ino for folder in kept} == kept
    assert content(tmp_path / "runs") == undisturbed
    assert not (tmp_path / "snapshots").exists()


def test_a_filter_goes_on_from_the_whole_grids_snapshot(tmp_path: Path, undisturbed: dict[str, bytes]) -> None:
    """Some cells take their rows; the snapshot stays for the others, which then go on from it too."""
    everything = runs(study())
    crash(study(), tmp_path, 5)
    for some in (everything[:3], everything[3:]):
        assert finish(study(), tmp_path, some) == ["goes on from its snapshot at step 240 of 432"]
    assert content(tmp_path) == undisturbed
    assert not (tmp_path / "snapshots").exists()


def test_what_cannot_be_kept_costs_no_training(tmp_path: Path, undisturbed: dict[str, bytes]) -> None:
    """Where no snapshot can be written the stack is trained all the same, and it is said once."""
    Store(tmp_path).open(study())
    (tmp_path / "snapshots").write_text("mine")
    notices: list[str | None] = []
    run_stack(study(), Stack(0, runs(study())), tmp_path, "cpu", 0.0, lambda progress: notices.append(progress.notice))
    (notice,) = [notice for notice in notices if notice]
    assert notice.startswith(f"no snapshot: {tmp_path}/snapshots/")
    assert content(tmp_path) == undisturbed


def test_a_run_that_diverged_before_the_crash_stays_so(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """When it diverged is in the snapshot: going on, it is frozen still and the reason is the same."""
    real: Callable[[Agent, int], dict[str, Tensor]] = Agent.initial_weights

    def broken(self: Agent, seed: int) -> dict[str, Tensor]:
        weights = real(self, seed)
        return {name: torch.full_like(w, torch.nan) if seed == 1 else w for name, w in weights.items()}

    monkeypatch.setattr(Agent, "initial_weights", broken)
    crash(study(), tmp_path, 5)
    failed = run_stack(study(), Stack(0, runs(study())), tmp_path, "cpu", 30.0, silent)
    reason = "diverged: the gradient was no longer finite at train step 48"
    assert failed == {run.id: reason for run in runs(study()) if run.seed == 1}


def test_nothing_of_a_training_is_left_out() -> None:
    """Every field of `Training` and of its optimisers comes back; a new one that is forgotten fails here."""
    setup = prepare(study(), runs(study()))
    training = begin_training(setup)
    for _ in zip(range(3), train(setup, training), strict=False):
        pass
    training.alive[2], training.failed[2] = False, "diverged at 96 – so"
    back = restored_training(training_by_run(training), training_counters(training), setup.device)
    for part, restored in (
        (training, back),
        (training.policy_adam, back.policy_adam),
        (training.critic_adam, back.critic_adam),
    ):
        for name in (field.name for field in fields(part)):
            left, right = getattr(part, name), getattr(restored, name)
            if not isinstance(left, Adam):
                assert torch.equal(left, right) if isinstance(left, Tensor) else left == right, name
    assert training.policy_adam.count == 3 * setup.tuned.epochs * setup.tuned.minibatches


def test_the_time_of_earlier_attempts_counts(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A stack that goes on has been at it for as long as its snapshot says."""
    crash(study(), tmp_path, 2)
    setup = prepare(study(), runs(study()))
    kept = snapshot_plan(study(), setup, tmp_path, 0.0)
    found = kept.snapshots.find(kept.runs, kept.made_with).snapshot
    assert found is not None
    took = float(found.shared["seconds"][0])
    assert took > 0
    monkeypatch.setattr("time.monotonic", lambda: 1000.0)
    assert begin_or_resume(setup, kept, lambda *said: None).began == 1000.0 - took
