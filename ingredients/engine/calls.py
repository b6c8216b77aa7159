"""Calls functions in workers for their results."""

from __future__ import annotations

import shutil
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from ingredients.engine.local import LocalEngine
from ingredients.engine.process import was_running
from ingredients.engine.protocol import Engine, Failed, Finished, Job
from ingredients.errors import IngredientsError, StudyError


def results_of(engine: Engine, jobs: list[Job]) -> list[Any]:
    """Returns the jobs' results as completed.

    Raises:
        StudyError: a job found a mistake in the study.
        IngredientsError: a job failed otherwise.
    """
    results = []
    for event in engine.run(jobs):
        if isinstance(event, Failed):
            name, _, mistake = event.reason.partition(": ")
            raise StudyError(f"{mistake}{_log(event)}") if name == StudyError.__name__ else _failure(event)
        if isinstance(event, Finished):
            results.append(event.result)
    return results


def _failure(event: Failed) -> IngredientsError:
    about = event.job.about
    reason = event.reason.replace(was_running(event.job), "")
    return IngredientsError(f"{about or event.job.key}: {reason}{_log(event)}")


def _log(event: Failed) -> str:
    return f"; log: {event.log}" if event.log else ""


@contextmanager
def workers_for_calls(workers: int, gpus: Sequence[str] = ()) -> Iterator[LocalEngine]:
    """Yields an engine with a temporary log, kept if a call failed."""
    logs = Path(tempfile.mkdtemp(prefix="ingredients-"))
    try:
        with LocalEngine(workers, logs, gpus=gpus) as engine:
            yield engine
    except IngredientsError:
        if not any(logs.iterdir()):
            logs.rmdir()
        raise
    except BaseException:
        shutil.rmtree(logs, ignore_errors=True)
        raise
    shutil.rmtree(logs, ignore_errors=True)


def call_in_each(engine: Engine, workers: int, function: str, *arguments: object, about: str = "") -> list[Any]:
    """Returns the results of one call of `function` (`module:name`) by all `workers` at once; `about` as in `Job`.

    Raises:
        IngredientsError: a call failed.
    """
    return results_of(engine, [Job(function.partition(":")[2], function, arguments, about=about)] * workers)
