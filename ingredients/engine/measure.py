"""Measurements before or beside a grid: how fast, how large, on which devices. All in workers: they need torch.

Comes in: a number of workers. Goes out: numbers. Nothing is trained to keep.
"""

from __future__ import annotations

import math
import resource
import statistics
import sys
import time
from dataclasses import dataclass
from typing import Any

from ingredients.engine.grid_jobs import Remaining
from ingredients.engine.local import LocalEngine, usable_cores
from ingredients.engine.protocol import Failed, Finished, Job
from ingredients.errors import IngredientsError, UsageError
from ingredients.grid import stacks

PLAN_SECONDS = 2.0
BENCH_SECONDS = 4.0
BENCH_REPETITIONS = 5
WARM_UP_SECONDS = 0.5


@dataclass(frozen=True)
class Estimate:
    """What a grid will take.

    Attributes:
        workers: how many work at a time; never more than there are stacks.
        memory_bytes: of one worker with the largest stack.
        env_steps_per_second: of one worker, measured while all of them compute.
        seconds: training and evaluation time of the runs that are to be trained.
    """

    workers: int
    memory_bytes: int
    env_steps_per_second: float
    seconds: float


@dataclass(frozen=True)
class Bench:
    """Training speed on the fixed workload.

    Attributes:
        env_steps_per_second: of all workers together, the median over the repetitions.
        per_worker: the same divided by the workers.
        workers: processes that train at once, each on the whole workload.
        cores: how many this process may use.
        repetitions: env steps a second of all workers together, each time.
        seconds: wall-clock time of all repetitions.
        peak_memory_bytes: of all workers together.
        torch: its version.
        workload: the study that is trained, one run for each of its cells.
    """

    env_steps_per_second: float
    per_worker: float
    workers: int
    cores: int
    repetitions: list[float]
    seconds: float
    peak_memory_bytes: int
    torch: str
    workload: dict[str, Any]


def estimate(rest: Remaining, workers: int) -> Estimate:
    """Returns what the remaining stacks will take, from a timing of `PLAN_SECONDS` on all workers at once.

    When nothing remains it is the estimate of a worker that would train the study's first stack.
    """
    todo = [stack for stack in rest.stacks if rest.env_steps(stack)]
    workers = min(workers, max(len(todo), 1))
    largest = max(todo, key=rest.env_steps, default=stacks(rest.study)[0])
    memory = Job("memory", "ingredients.training.cost:memory_estimate", (rest.study, largest))
    speed = Job("speed", "ingredients.training.cost:measure_speed", (rest.study, PLAN_SECONDS))
    with LocalEngine(workers) as engine:
        memory_bytes = max(_results(engine, [memory] * workers))  # in every worker, so that the timings start together
        slowest = min(_results(engine, [speed] * workers))
        (share,) = _results(engine, [Job("share", "ingredients.training.cost:evaluation_share", (rest.study,))])
    seconds = math.ceil(len(todo) / workers) * rest.env_steps(largest) / slowest * (1 + share)
    return Estimate(workers, memory_bytes, slowest, seconds)


def bench(workers: int) -> Bench:
    """Times the training of the fixed workload in `workers` processes at once."""
    with LocalEngine(workers) as engine:
        _together(engine, workers, WARM_UP_SECONDS)  # imports and warms up, so that the rounds below start together
        began = time.monotonic()
        rounds = [_together(engine, workers, BENCH_SECONDS) for _ in range(BENCH_REPETITIONS)]
        seconds = time.monotonic() - began
    speeds = [sum(worker["env_steps"] / worker["seconds"] for worker in results) for results in rounds]
    median, last = statistics.median(speeds), rounds[-1]
    return Bench(
        env_steps_per_second=round(median, 1),
        per_worker=round(median / workers, 1),
        workers=workers,
        cores=usable_cores(),
        repetitions=[round(speed, 1) for speed in speeds],
        seconds=round(seconds, 1),
        peak_memory_bytes=sum(worker["peak_memory_bytes"] for worker in last),
        torch=last[0]["torch"],
        workload=last[0]["workload"],
    )


def require_cuda() -> None:
    """Makes sure that there is a CUDA device.

    Raises:
        UsageError: there is none.
    """
    with LocalEngine(1) as engine:
        (available,) = _results(engine, [Job("devices", "torch.cuda:is_available")])
    if not available:
        raise UsageError("--device cuda: torch finds no CUDA device here; allowed here: cpu")


def bench_worker(seconds: float) -> dict[str, Any]:
    """Returns what one worker did in about `seconds` (runs inside the worker)."""
    import torch

    from ingredients.training import cost

    result = cost.bench_worker(seconds)
    facts = {"torch": torch.__version__, "peak_memory_bytes": _peak_memory_bytes(), "workload": cost.BENCH_STUDY}
    return {**result, **facts}


def _together(engine: LocalEngine, workers: int, seconds: float) -> list[dict[str, Any]]:
    return _results(engine, [Job("bench", "ingredients.engine.measure:bench_worker", (seconds,))] * workers)


def _results(engine: LocalEngine, jobs: list[Job]) -> list[Any]:
    """Returns the jobs' results, in the order in which they finished.

    Raises:
        IngredientsError: a job failed.
    """
    results = []
    for event in engine.run(jobs):
        if isinstance(event, Failed):
            raise IngredientsError(f"{event.job.key}: {event.reason}")
        if isinstance(event, Finished):
            results.append(event.result)
    return results


def _peak_memory_bytes() -> int:
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return peak if sys.platform == "darwin" else peak * 1024  # Linux counts in KiB
