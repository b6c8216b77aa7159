"""Questions to workers whose answers count, not their progress: one for each, or the same for all at once.

Comes in: an engine, jobs. Goes out: what they returned.
"""

from __future__ import annotations

import os
from typing import Any

from ingredients.engine.local import LocalEngine
from ingredients.engine.protocol import Engine, Failed, Finished, Job
from ingredients.errors import IngredientsError, StudyError, UsageError


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
            raise StudyError(mistake) if name == StudyError.__name__ else _failure(event)
        if isinstance(event, Finished):
            results.append(event.result)
    return results


def _failure(event: Failed) -> IngredientsError:
    return IngredientsError(f"{event.job.key}: {event.reason}")


def together(engine: Engine, workers: int, function: str, *arguments: object) -> list[Any]:
    """Returns what each worker gives for the same job, all at once.

    Raises:
        IngredientsError: a job failed.
    """
    return results_of(engine, [Job(function.partition(":")[2], function, arguments)] * workers)


def cuda_gpus() -> tuple[str, ...]:
    """Returns the GPUs that CUDA may use here, as `CUDA_VISIBLE_DEVICES` names them.

    Raises:
        UsageError: there is none.
    """
    with LocalEngine(1) as engine:
        (count,) = results_of(engine, [Job("devices", "torch.cuda:device_count")])
    if not count:
        raise UsageError("--device cuda: torch finds no CUDA device here; allowed here: cpu")
    named = os.environ.get("CUDA_VISIBLE_DEVICES")
    names = map(str, range(count)) if named is None else (name.strip() for name in named.split(","))
    return tuple(names)[:count]
