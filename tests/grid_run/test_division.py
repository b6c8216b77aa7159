"""Two processes and one grid: every run is done once, whoever dies, and each ends with the whole report."""

from __future__ import annotations

import re
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

import psutil
import pytest
from command import ROOT, read_until, started, workers_of
from stores import contents, small_study
from synthetic import record, write_results

from ingredients.engine.local import LocalEngine
from ingredients.grid import Run, cells, runs, study_fingerprint
from ingredients.grid_run.events import FinishedByOther, GridEvent, HeldByOther
from ingredients.grid_run.jobs import Remaining, StackOptions, failures, grid_jobs, remaining
from ingredients.grid_run.leased_jobs import LeasedJobs
from ingredients.grid_run.progress import progress_lines, progress_picture
from ingredients.grid_run.tally import Tally
from ingredients.store import Leases, Store
from ingredients.study import Study

GRID = (
    *("run-grid", str(ROOT / "ablations" / "smoke.yaml"), "--seeds", "2", "--workers", "1", "--cells", "memory=on"),
    *("--set", "evaluation.tasks=64", "--set", "agent.hidden=16", "--set", "learner.train_steps=3000"),
)


@pytest.fixture
def study() -> Study:
    """Two cells, two seeds."""
    return small_study()


def lacking(store: Store, study: Study) -> Remaining:
    """Returns what a process sees that comes to the folder now."""
    store.open(study)
    return remaining(study, store, cells(study))


def store_all(store: Store, study: Study, failed: tuple[Run, ...] = ()) -> None:
    """Stores what another process would make of every run and of the references."""
    prints = study_fingerprint(study)
    store.write_references({**write_references(store, study), "evaluates": prints.evaluates})
    for run in runs(study):
        store.write_run(record(study, run, failed=run in failed))


def write_references(store: Store, study: Study) -> dict[str, object]:
    """Returns references as the store has them."""
    other = write_results(store.directory.with_name("other"), study, missing=[run.id for run in runs(study)])
    return other.read_references() or {}


def events(rest: Remaining, store: Store) -> Iterator[GridEvent]:
    """Yields what happens to one process; no job is left for its engine."""
    before = psutil.Process().children()
    with Leases(store.directory) as leases, LocalEngine(1) as engine:
        yield from LeasedJobs(rest, store, leases, StackOptions()).run(engine)
        assert psutil.Process().children() == before, "a worker was started for nothing"


def test_what_another_has_done_meanwhile_is_not_done_again(tmp_path: Path, study: Study) -> None:
    """Every job is taken, looked at and found done: nothing is trained, and the line says by whom not."""
    store = Store(tmp_path / "bandit")
    rest = lacking(store, study)
    tally = Tally(grid_jobs(rest, store.directory, StackOptions()))
    store_all(store, study)
    before = contents(store.directory)
    lines = list(progress_lines(events(rest, store), tally))
    assert lines == [
        "references: finished by another process (1 of 2 jobs ended, ? left)",
        "stack-0: finished by another process (2 of 2 jobs ended, 0 s left)",
    ]
    assert failures(rest, store, tally) == []
    assert contents(store.directory) == before


def test_what_failed_in_anothers_hands_is_listed_and_not_repeated(tmp_path: Path, study: Study) -> None:
    """It would only fail again; a run that had failed before this process came, and again since, is the same."""
    store = Store(tmp_path / "bandit")
    store.open(study)
    first, second = runs(study)[:2]
    store.write_run(record(study, first, failed=True))
    rest = lacking(store, study)
    store_all(store, study, failed=(first, second))
    tally = Tally(grid_jobs(rest, store.directory, StackOptions()))
    for event in events(rest, store):
        tally.add(event)
    reason = "the loss was not finite at update 17"
    assert failures(rest, store, tally) == [f"{first.id}: {reason}", f"{second.id}: {reason}"]
    assert lacking(store, study).todo == 2  # another command tries them again


def test_what_is_in_other_hands_is_said_and_waited_for(tmp_path: Path, study: Study) -> None:
    """Of each job who works at it, over and over, until it is given back; then it is found done."""
    store = Store(tmp_path / "bandit")
    rest = lacking(store, study)
    tally = Tally(grid_jobs(rest, store.directory, StackOptions()))
    with Leases(store.directory) as other:
        other.take(["references", runs(study)[-1].id])  # one run of a stack is enough
        happened = events(rest, store)
        for _ in range(4):
            event = next(happened)
            assert isinstance(event, HeldByOther)
            tally.add(event)
        assert set(tally.waiting) == {"references", "stack-0"}
        assert re.fullmatch(r"process \d+ on \S+", tally.waiting["stack-0"])
        store_all(store, study)
    rest_of_it = [event for event in happened if not isinstance(event, HeldByOther)]
    for event in rest_of_it:
        tally.add(event)
    assert [type(event) for event in rest_of_it] == [FinishedByOther, FinishedByOther]
    assert (tally.waiting, tally.ended, tally.passed) == ({}, 2, tally.total)
    progress_picture(tally)


def test_waiting_is_said_once_a_minute(tmp_path: Path, study: Study) -> None:
    """A line for each job at first, and a reminder after a minute, not one a second."""
    store = Store(tmp_path / "bandit")
    jobs = grid_jobs(lacking(store, study), store.directory, StackOptions())
    seconds = iter(range(1000))
    said = progress_lines(
        (HeldByOther(jobs[0], "process 7 on n1") for _ in range(130)), Tally(jobs), lambda: next(seconds)
    )
    lines = list(said)
    assert set(lines) == {"references: is being run by process 7 on n1 (0 of 2 jobs ended)"}
    assert 2 <= len(lines) <= 4


def done_by(output: str) -> list[str]:
    """Returns the jobs that a process finished itself."""
    return re.findall(r"^(\S+): finished \(", output, flags=re.MULTILINE)


@contextmanager
def held(process: subprocess.Popen[str]) -> Iterator[list[psutil.Process]]:
    """Stops the clock for a program's workers, in the middle of what they do; whatever happens, they go on afterwards.

    A worker that stands still cannot end with its program, and whoever reads their output would wait for ever.
    """
    until = time.monotonic() + 120
    while not (workers := workers_of(process)):
        assert time.monotonic() < until, "no worker"
        time.sleep(0.005)
    for worker in workers:
        worker.suspend()
    try:
        yield workers
    finally:
        for worker in workers:
            with suppress(psutil.NoSuchProcess):
                worker.resume()


@pytest.mark.usefixtures("small_measures")
def test_grids_at_once_do_every_run_once(tmp_path: Path) -> None:
    """Three `run-grid` on one folder, the first killed in the middle of a stack: the others divide the rest.

    Each job is finished once, that stack too; both end well, with the whole report; and nothing was repeated. What is
    in the middle of a stack is held there, so that the others come in time however short the stack.
    """
    directory = tmp_path / "result"
    command = (*GRID, "--out", str(directory))
    with started(*command, cwd=tmp_path) as first:
        read_until(first, "stack-0: started")
        with held(first) as of_first, started(*command, cwd=tmp_path) as second:
            read_until(second, "is being run by process")
            read_until(second, ": started")
            with held(second) as of_second, started(*command, cwd=tmp_path) as third:
                read_until(third, ": started")
                first.kill()
                for worker in (*of_first, *of_second):
                    worker.resume()
                ended = [process.communicate(timeout=300) for process in (second, third)]
    assert [second.returncode, third.returncode, *(errors for _, errors in ended)] == [0, 0, "", ""]
    done = [done_by(output) for output, _ in ended]
    assert sorted(done[0] + done[1]) == ["stack-0", "stack-1", "stack-2", "stack-3"]
    assert all(done)
    assert all("16 of 32 runs finished, 16 missing" in output for output, _ in ended)
    assert len(list(directory.glob("runs/*/finished"))) == 16
    assert not (directory / "replaced").exists()
    assert list((directory / "leases").iterdir()) == []
