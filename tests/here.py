"""The program in this process, for tests in which processes are not the point: nothing is started or imported anew."""

from __future__ import annotations

import pickle
import subprocess
from collections.abc import Iterable, Iterator
from contextlib import chdir
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

from cli import app
from ingredients.engine import calls
from ingredients.engine.local import LocalEngine
from ingredients.engine.protocol import Event, Failed, Finished, Job, Started, Told
from ingredients.engine.worker import answer
from ingredients.grid_run import engine_options


class Here(LocalEngine):
    """The local engine without processes: each job runs where it was asked for, pickled on the way as ever."""

    def run(self, jobs: Iterable[Job]) -> Iterator[Event]:
        """Yields what happens."""
        for job in jobs:
            yield Started(job)
            told: list[Any] = []
            _, message = answer(lambda job=job: pickle.dumps(job), told.append)  # type: ignore[misc]
            yield from (Told(job, each) for each in told)
            kind, content = pickle.loads(message)
            yield Finished(job, content) if kind == "finished" else Failed(job, content.reason, None)


def program_here(*arguments: str, cwd: Path) -> subprocess.CompletedProcess[str]:
    """Runs the program to its end from a folder at a width of 80, as `command.program` does, its jobs included."""
    with pytest.MonkeyPatch.context() as patched, chdir(cwd):
        patched.setenv("COLUMNS", "80")
        for module in (calls, engine_options):
            patched.setattr(module, "LocalEngine", Here)
        result = CliRunner().invoke(app, arguments)
    if result.exception is not None and not isinstance(result.exception, SystemExit):
        raise result.exception
    return subprocess.CompletedProcess(arguments, result.exit_code, result.stdout, result.stderr)
