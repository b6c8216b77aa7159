"""Grids that are killed, all at once or worker by worker: nothing is lost, and not one byte is another."""

from __future__ import annotations

import filecmp
import re
import time
from collections.abc import Callable
from pathlib import Path

import psutil
import pytest
from command import started, workers_of
from in_process import draw_one_picture, measure_little, program_here
from soak import COMPARED, STUDY

pytestmark = pytest.mark.usefixtures("small_measures")


def grid(folder: Path, *more: str) -> tuple[str, ...]:
    """Returns the arguments of a grid of two stacks, with snapshots after every few updates."""
    study = folder / "survival.yaml"
    study.write_text(STUDY.replace("TRAIN_STEPS", "4_000"))
    return ("run-grid", str(study), "--out", str(folder / "result"), "--snapshot-every", "0.05s", *more)


@pytest.fixture(scope="module")
def undisturbed(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The results of the grid when it is left alone."""
    folder = tmp_path_factory.mktemp("undisturbed")
    with pytest.MonkeyPatch.context() as patched:
        measure_little(patched)
        draw_one_picture(patched)
        done = program_here(*grid(folder, "--workers", "1"), cwd=folder)
    assert (done.returncode, done.stderr) == (0, "")
    assert not (folder / "result" / "snapshots").exists()
    return folder / "result"


def until(condition: Callable[[], object]) -> None:
    """Waits for something to be on the disk."""
    deadline = time.monotonic() + 300
    while not condition():
        assert time.monotonic() < deadline
        time.sleep(0.005)


def differing(ours: Path, theirs: Path) -> list[str]:
    """Returns the files of two results that differ in a byte; the runs' own tables and weights among them."""
    of_runs = [str(path.relative_to(theirs)) for path in theirs.glob("runs/[!.]*/*.parquet")]
    weights = [str(path.relative_to(theirs)) for path in theirs.glob("runs/[!.]*/*.safetensors")]
    assert len(of_runs) == 16
    assert len(weights) == 16  # of each run its weights, and its curves on blocks of tasks
    return [
        name for name in (*COMPARED, *of_runs, *weights) if not filecmp.cmp(ours / name, theirs / name, shallow=False)
    ]


def test_a_grid_killed_three_times_ends_in_the_same_bytes(tmp_path: Path, undisturbed: Path) -> None:
    """SIGKILL in training, in training again, and when the first run has been stored: the command typed again goes on.

    Every time the stack begins where its snapshot left it, never before.
    """
    arguments, result = grid(tmp_path, "--workers", "1"), tmp_path / "result"

    def snapshots() -> dict[Path, int]:
        return {path: path.stat().st_mtime_ns for path in result.glob("snapshots/*.safetensors")}

    moments: list[Callable[[], object]] = [
        snapshots,
        lambda: snapshots() and all(written > last for written in snapshots().values()),
        lambda: list(result.glob("runs/[!.]*/finished")),
    ]
    for moment in moments:
        last = max(snapshots().values(), default=0)
        with started(*arguments, cwd=tmp_path) as process:
            until(moment)
            workers = workers_of(process)
            process.kill()
            process.wait()
            _, alive = psutil.wait_procs(workers, timeout=50)
            assert alive == []
    stored = {path: path.stat().st_ino for path in result.glob("runs/[!.]*/run.json")}
    assert stored
    done = program_here(*arguments, cwd=tmp_path)
    assert (done.returncode, done.stderr) == (0, "")
    assert {path: path.stat().st_ino for path in stored} == stored
    assert differing(result, undisturbed) == []
    assert not (result / "snapshots").exists()
    assert not (result / "replaced").exists()


def test_workers_killed_one_by_one_lose_nothing(tmp_path: Path, undisturbed: Path) -> None:
    """Every worker is killed, and those that took their places too: said, tried again from snapshots, finished."""
    arguments, result = grid(tmp_path, "--workers", "2"), tmp_path / "result"
    with started(*arguments, cwd=tmp_path) as process:
        for _ in range(2):
            last = max((path.stat().st_mtime_ns for path in result.glob("snapshots/*.safetensors")), default=0)
            until(lambda last=last: [  # type: ignore[misc]
                path for path in result.glob("snapshots/*.safetensors") if path.stat().st_mtime_ns > last
            ])  # fmt: skip
            for worker in workers_of(process):
                worker.kill()
        output, message = process.communicate(timeout=300)
    assert (process.returncode, message) == (0, "")
    assert output.count(": is tried again: the worker was killed by SIGKILL (out of memory?)") >= 2
    assert ": goes on from its snapshot at step" in output
    assert len(list(result.glob("runs/[!.]*/finished"))) == 8
    assert differing(result, undisturbed) == []
    said = [line for log in result.glob("logs/*") for line in log.read_text().splitlines()]
    assert said  # a worker that died says in its log how, and nothing else
    assert all(line.startswith("the worker was killed by SIGKILL") for line in said), said


def test_a_stack_that_keeps_failing_is_listed_with_its_reason(tmp_path: Path) -> None:
    """A worker beyond the limit is stopped, its stack tried again and then given up: each run named, exit code 1."""
    limited = grid(tmp_path, "--workers", "1", "--retries", "1", "--stack-timeout", "0.01s")
    study = tmp_path / "survival.yaml"
    study.write_text(STUDY.replace("TRAIN_STEPS", "400_000"))
    done = program_here(*limited, cwd=tmp_path, workers=True)
    assert done.returncode == 1
    lost = [line for line in done.stderr.splitlines() if "not finished after 0.01 s, the limit" in line]
    assert len(lost) >= 8  # eight runs; the references, too, where they took so long that somebody looked
    assert all(re.search(r"the worker was stopped \(attempt 2\)(; log: \S+)?$", line) for line in lost)
    assert "stack-0: is tried again: not finished after " in done.stdout


def test_a_limit_that_no_run_fits_in_is_said_beforehand(tmp_path: Path) -> None:
    """Nothing is trained to be stopped: one line says what a run needs, exit code 2."""
    done = program_here(*grid(tmp_path, "--workers", "1", "--memory-limit", "20MB"), cwd=tmp_path)
    assert done.returncode == 2
    assert re.fullmatch(
        r"error: memory gru: one run alone needs 0\.\d\d GB and a worker may have 0\.02 GB; .*\n", done.stderr
    )
