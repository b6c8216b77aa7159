"""Disks that are full or read-only: one line, exit code 2, nothing half-written, and what is finished stays whole."""

from __future__ import annotations

from pathlib import Path

import pytest
from command import ROOT, read_until, started
from disks import disk, fill, mount
from in_process import program_here
from stores import contents, one_line, small_study
from synthetic import record, write_results

from ingredients.errors import UnwritableError
from ingredients.grid import runs
from ingredients.store import Store
from ingredients.store.leases import Leases

__all__ = ["disk"]

FULL = "cannot be written: no space left on device; free some space and give the same command again"
READ_ONLY = "cannot be written: read-only file system; choose a folder that you may write to"
GRID = (
    *("run-grid", str(ROOT / "ablations" / "smoke.yaml"), "--seeds", "2", "--workers", "1"),
    *("--cells", "memory=on,reward_observation=on", "--set", "learner.train_steps=2000"),
    *("--set", "evaluation.tasks=64", "--set", "agent.hidden=16", "--set", "tasks.episodes=5"),
)


@pytest.mark.parametrize("left", [0, 4096, 3 * 4096])
def test_a_run_that_does_not_fit_is_not_there(disk: Path, left: int) -> None:
    """Wherever in its files the disk is full, there is no folder of the run, and every other byte is as it was."""
    study = small_study()
    first, second = runs(study)[:2]
    store = Store(disk / "bandit").open(study)
    store.write_run(record(study, first))
    fill(disk, left)
    before = contents(disk)
    assert FULL in one_line(lambda: store.write_run(record(study, second)))
    assert contents(disk) == before
    assert [path.name for path in store.runs_path.iterdir()] == [first.id]
    assert store.states(study)[first] == "finished"


def test_an_older_version_stays_where_the_new_one_does_not_fit(disk: Path) -> None:
    """A run that is evaluated again on a full disk is still what it was, in its place."""
    study = small_study()
    store = write_results(disk / "bandit", study)
    fill(disk, 4096)
    before = contents(disk)
    assert FULL in one_line(lambda: store.write_run(record(study, runs(study)[0])))
    assert contents(disk) == before


def test_every_file_of_the_folder_is_whole_or_old_on_a_full_disk(disk: Path) -> None:
    """Table, report, references, study and leases: each is refused in one line, and leaves what was there."""
    study = small_study()
    store = write_results(disk / "bandit", study)
    curves = store.curves(study)
    store.write_table(curves)
    ballast = fill(disk, 0)
    before = contents(disk)
    for action in (
        lambda: store.write_table(curves),
        lambda: store.write_text("report.md", "x" * 10_000),
        lambda: store.write_references({"floor": "x" * 10_000}),
        lambda: store.open(small_study(seeds=3)),
        lambda: Leases(store.directory).take(["a"]),
    ):
        assert FULL in one_line(action)
    assert {name: kept for name, kept in contents(disk).items() if "partial" in name} == {}
    assert contents(disk) == before
    ballast.unlink()
    assert list(store.open(study).states(study).values()) == ["finished"] * 4


def test_a_read_only_disk_is_refused_and_still_read(disk: Path) -> None:
    """Nothing can be stored, which an error of its own kind says; every run can be read."""
    study = small_study()
    store = write_results(disk / "bandit", study)
    mount(disk, "remount", "ro")
    before = contents(disk)
    for action in (
        lambda: store.open(study),
        lambda: store.open(study, fresh=True),
        lambda: store.write_run(record(study, runs(study)[0])),
        lambda: Store(disk / "new").open(study),
    ):
        assert READ_ONLY in one_line(action)
    with pytest.raises(UnwritableError):
        store.write_text("report.md", "")
    assert len(store.curves(study)) > 0
    assert contents(disk) == before


@pytest.mark.usefixtures("small_measures")
def test_a_grid_on_a_full_disk_keeps_what_is_finished(disk: Path) -> None:
    """Full after the first of two stacks: one line and exit code 2; with room again, only the second is trained.

    On a read-only disk the same command is one line too, and the report is shown all the same.
    """
    command = (*GRID, "--out", str(disk / "result"))
    with started(*command, cwd=disk) as process:
        read_until(process, "stack-3: started")  # the other of the two that hold these cells
        ballast = fill(disk, 0)
        _, message = process.communicate(timeout=120)
    assert (process.returncode, message.count("\n")) == (2, 1)
    assert message.startswith(f"error: {disk / 'result'}/")
    assert "/leases" not in message  # what is said is what was lost by it
    assert FULL in message
    kept = {name: content for name, content in contents(disk / "result").items() if name.startswith("runs/")}
    finished = len(list((disk / "result").glob("runs/*/finished")))
    assert finished == 4
    assert len(list((disk / "result" / "runs").iterdir())) == finished
    assert list((disk / "result" / "leases").iterdir()) == []
    ballast.unlink()
    room = program_here(*command, cwd=disk)
    assert (room.returncode, room.stderr) == (0, "")
    assert room.stdout.startswith("smoke: 4 of 8 runs are finished; 4 to do")
    assert {name: contents(disk / "result")[name] for name in kept} == kept
    mount(disk, "remount", "ro")
    refused = program_here(*command, cwd=disk)
    assert (refused.returncode, refused.stdout) == (2, "")
    assert refused.stderr == f"error: {disk / 'result' / 'study.yaml'}: {READ_ONLY}\n"
    shown = program_here("report", str(disk / "result"), cwd=disk)
    assert (shown.returncode, shown.stderr.count("\n")) == (0, 1)
    assert "8 of 32 runs" in shown.stdout
