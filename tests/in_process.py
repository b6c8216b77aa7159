"""The command in this process: typed as ever, its jobs run here; on request measures small, one picture of a report.

Comes in: words of a command line. Goes out: what it printed and how it ended. `tests/test_run_grid.py` and
`tests/engine/test_failing_runs.py` have workers in processes of their own.
"""

from __future__ import annotations

import math
import os
import pickle
import subprocess
import sys
import warnings
from collections.abc import Iterable, Iterator
from contextlib import chdir, contextmanager
from pathlib import Path
from typing import Any

import little_leaks
import one_picture
import pytest
from typer.testing import CliRunner, Result

from cli import app
from ingredients.audit import measures, run, worker
from ingredients.audit.listing import Subject
from ingredients.engine import calls
from ingredients.engine.local import LocalEngine
from ingredients.engine.protocol import Event, Failed, Finished, Job, Reported, Started
from ingredients.engine.worker import answer
from ingredients.grid_run import engine_options, estimate

TIMED_SECONDS = 0.1  # of a plan


class Here(LocalEngine):
    """The local engine without processes: each job runs where it was asked for, pickled on the way as ever."""

    def run(self, jobs: Iterable[Job]) -> Iterator[Event]:
        """Yields what happens."""
        for job in jobs:
            yield Started(job)
            told: list[Any] = []
            _, message = answer(lambda job=job: pickle.dumps(job), told.append)  # type: ignore[misc]
            yield from (Reported(job, each) for each in told)
            kind, content = pickle.loads(message)
            yield Finished(job, content) if kind == "finished" else Failed(job, content.reason, None)


def run_here(monkeypatch: pytest.MonkeyPatch, picture: str | None = None) -> None:
    """Makes commands run their jobs and audits here, measure leaks and speed on little, and draw one picture."""
    for module in (calls, engine_options):
        monkeypatch.setattr(module, "LocalEngine", Here)
    monkeypatch.setattr(run, "_begun", _begun)
    measure_little(monkeypatch)
    draw_one_picture(monkeypatch, picture)


def measure_little(monkeypatch: pytest.MonkeyPatch) -> None:
    """Makes commands measure leaks and speed on little: here, and in programs that are forked from here."""
    little_leaks.measure_little(monkeypatch.setattr)
    for budget in ("FULL", "BESIDE"):
        monkeypatch.setattr(measures, budget, little_leaks.DECODED)
    monkeypatch.setattr(estimate, "PLAN_SECONDS", TIMED_SECONDS)


def draw_one_picture(monkeypatch: pytest.MonkeyPatch, name: str | None = None) -> None:
    """Makes reports draw one picture, the first or that of a name: pictures take most of a report's time."""
    one_picture.draw_one_picture(monkeypatch.setattr, name)


def _begun(subject: Subject, how: run.AuditOptions) -> run._Running:
    """Measures an environment for an audit; what the audit then waits for is a process that has nothing to do."""
    file = run._file(subject, how)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        worker.main(subject.text(), str(how.seconds), str(file))
    return run._Running(subject, subprocess.Popen(["true"]), file, math.inf, math.inf)


def typed(*words: str) -> Result:
    """Returns what a command did."""
    return CliRunner().invoke(app, words)


def program_here(*arguments: str, cwd: Path, workers: bool = False) -> subprocess.CompletedProcess[str]:
    """Runs the program to its end from a folder at a width of 80, as `command.program` does, its jobs included.

    With `workers` its jobs run in processes of their own, as ever: those start sooner here than beside a new program.
    """
    with pytest.MonkeyPatch.context() as patched, chdir(cwd), own_modules_forgotten(patched, cwd):
        patched.setenv("COLUMNS", "80")
        for module in () if workers else (calls, engine_options):
            patched.setattr(module, "LocalEngine", Here)
        result = CliRunner().invoke(app, arguments)
    if result.exception is not None and not isinstance(result.exception, SystemExit):
        raise result.exception
    return subprocess.CompletedProcess(arguments, result.exit_code, result.stdout, result.stderr)


@contextmanager
def own_modules_forgotten(patched: pytest.MonkeyPatch, folder: Path) -> Iterator[None]:
    """Lets the program find a user's modules by itself, and forgets those of a folder: a new process knows none."""
    patched.setattr(sys, "path", [*sys.path])
    before = set(sys.modules)
    try:
        yield
    finally:
        for name in set(sys.modules) - before:
            if str(getattr(sys.modules[name], "__file__", None)).startswith(f"{folder}{os.sep}"):
                del sys.modules[name]
