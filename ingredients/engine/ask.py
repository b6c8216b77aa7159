"""Questions to workers whose answers count, not their progress: one for each, or the same for all at once.

Comes in: an engine, jobs. Goes out: what they returned.
"""

from __future__ import annotations

import ctypes
import os
import shutil
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from ingredients.engine.grid_jobs import others_code
from ingredients.engine.local import LocalEngine
from ingredients.engine.process import was_running
from ingredients.engine.protocol import Engine, Failed, Finished, Job
from ingredients.errors import IngredientsError, StudyError, UsageError
from ingredients.study import Study


def results_of(engine: Engine, jobs: list[Job]) -> list[Any]:
    """Returns the jobs' results, in the order in which they finished.

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
    about, reason = event.job.about, event.reason.replace(was_running(event.job), "")
    return IngredientsError(f"{about or event.job.key}: {reason}{_log(event)}")


def _log(event: Failed) -> str:
    return f"; log: {event.log}" if event.log else ""


@contextmanager
def asking(workers: int, gpus: Sequence[str] = ()) -> Iterator[LocalEngine]:
    """Gives workers for questions; what code of the user's prints goes to a log, which is kept where one failed."""
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


def together(engine: Engine, workers: int, function: str, *arguments: object) -> list[Any]:
    """Returns what each worker gives for the same job, all at once.

    Raises:
        IngredientsError: a job failed.
    """
    about = others_code(arguments[0]) if arguments and isinstance(arguments[0], Study) else ""
    return results_of(engine, [Job(function.partition(":")[2], function, arguments, about=about)] * workers)


def cuda_gpus() -> tuple[str, ...]:
    """Returns the GPUs that CUDA may use here, as `CUDA_VISIBLE_DEVICES` names them.

    The driver is asked, which takes a fraction of the seconds that torch takes to load.

    Raises:
        UsageError: there is none.
    """
    if not (count := _devices()):
        raise UsageError("--device cuda: torch finds no CUDA device here; allowed here: cpu")
    named = os.environ.get("CUDA_VISIBLE_DEVICES")
    names = map(str, range(count)) if named is None else (name.strip() for name in named.split(","))
    return tuple(names)[:count]


def _devices() -> int:
    """Returns how many devices CUDA's driver finds; 0 where there is no driver."""
    count = ctypes.c_int(0)
    try:
        driver = ctypes.CDLL("nvcuda.dll" if os.name == "nt" else "libcuda.so.1")
    except OSError:
        return 0
    failed = driver.cuInit(0) or driver.cuDeviceGetCount(ctypes.byref(count))
    return 0 if failed else count.value
