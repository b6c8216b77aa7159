"""Measurements before or beside a grid: how fast, how large, on which devices. All in workers: they need torch.

Comes in: a number of workers. Goes out: numbers. Nothing is trained to keep.
"""

from __future__ import annotations

import resource
import statistics
import sys
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from ingredients.engine.grid_jobs import Remaining
from ingredients.engine.local import LocalEngine, usable_cores
from ingredients.engine.protocol import Failed, Finished, Job
from ingredients.errors import IngredientsError, StudyError, UsageError
from ingredients.grid import Stack, memory_kind, memory_kinds, stacks
from ingredients.study import Study
from ingredients.study.own_source import is_own, source_path
from ingredients.training.workload import Workload

PLAN_SECONDS = 2.0
BENCH_SECONDS = 4.0
BENCH_REPETITIONS = 5
WARM_UP_SECONDS = 0.5
SCALING_SECONDS = 1.0
# one size at a time is another than that of the fixed workload, from which all start
SCALING = (
    *(Workload(runs=runs) for runs in (1, 4, 32)),
    *(Workload(lifetimes=lifetimes) for lifetimes in (16, 64)),
    *(Workload(hidden=hidden) for hidden in (32, 128)),
)


@dataclass(frozen=True)
class Estimate:
    """What a grid will take.

    Attributes:
        workers: how many work at a time; never more than there are stacks.
        memory_bytes: of one worker with the largest stack.
        env_steps_per_second: of one worker in training, measured while all of them compute; over all kinds of memory.
        seconds: training and evaluation time of the runs that are not finished.
        notices: what the user should know of his own memories.
    """

    workers: int
    memory_bytes: int
    env_steps_per_second: float
    seconds: float
    notices: tuple[str, ...] = ()


@dataclass(frozen=True)
class Bench:
    """Training speed on the fixed workload, how far it is from the limit, and how it changes with the sizes.

    Attributes:
        env_steps_per_second: of all workers together, the median over the repetitions.
        per_worker: the same divided by the workers.
        workers: processes that train at once, each on the whole workload.
        cores: how many this process may use.
        repetitions: env steps a second of all workers together, each time.
        seconds: wall-clock time of all repetitions.
        peak_memory_bytes: of all workers together, before other sizes than the fixed workload's were trained.
        gigaflops: `training`, the operations that the algorithm needs in its matrix products, as achieved; `bmm`, what
            `torch.bmm` reaches on the products that an update makes, nothing else done; `share`, the one of the other;
            `made`, how many times the needed operations the program makes.
        scaling: env steps a second of all workers together on stacks of other sizes, each timed once.
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
    gigaflops: dict[str, float]
    scaling: list[dict[str, float]]
    torch: str
    workload: dict[str, Any]


def estimate(rest: Remaining, workers: int) -> Estimate:
    """Returns what the remaining stacks will take, from a timing of each kind of memory on all workers at once.

    When nothing remains it is the estimate of a worker that would train the study's first stack.

    Raises:
        StudyError: a memory of the user's own breaks its contract.
    """
    workers = min(workers, max(len(rest.stacks), 1))
    kinds = _largest_of_each_kind(rest)
    with LocalEngine(workers) as engine:
        notices = _notices(engine, rest.study)
        # in every worker, so that the timings start together
        memory = {kind: max(_everywhere(engine, workers, "memory_estimate", rest.study, kinds[kind])) for kind in kinds}
        speeds = {kind: _speed(engine, workers, rest.study, kinds[kind]) for kind in kinds}
        (played,) = _everywhere(engine, 1, "evaluation_steps", rest.study)
    seconds = [_seconds(rest, stack, speeds[_kind(rest, stack)], played) for stack in rest.stacks]
    return Estimate(workers, max(memory.values()), _mean_speed(rest, speeds), _makespan(seconds, workers), notices)


def memory_notices(study: Study) -> tuple[str, ...]:
    """Returns what the user should know of his own memories before they are trained; of ours there is nothing to say.

    Raises:
        UsageError: the file of one of them is not there.
        StudyError: one of them breaks its contract.
    """
    for kind in filter(is_own, memory_kinds(study)):
        source_path(kind)
    with LocalEngine(1) as engine:
        return _notices(engine, study)


def _notices(engine: LocalEngine, study: Study) -> tuple[str, ...]:
    if not any(is_own(kind) for kind in memory_kinds(study)):
        return ()  # to ask would cost a worker the second that torch takes to load
    return tuple(_everywhere(engine, 1, "memory_notices", study)[0])


def _speed(engine: LocalEngine, workers: int, study: Study, stack: Stack) -> tuple[float, float]:
    """Returns the env steps a second of the slowest worker on a stack: trained, and played."""
    speeds = _everywhere(engine, workers, "measure_speed", study, stack, PLAN_SECONDS)
    return min(trained for trained, _ in speeds), min(played for _, played in speeds)


def _everywhere(engine: LocalEngine, workers: int, function: str, *arguments: object) -> list[Any]:
    return together(engine, workers, f"ingredients.training.cost:{function}", *arguments)


def _kind(rest: Remaining, stack: Stack) -> str:
    return memory_kind(rest.study, stack.runs[0].cell)


def _largest_of_each_kind(rest: Remaining) -> dict[str, Stack]:
    """Returns for each kind of memory that remains the largest stack; where nothing does, the study's first."""
    smallest_first = sorted(rest.stacks or stacks(rest.study)[:1], key=lambda stack: len(stack.runs))
    return {_kind(rest, stack): stack for stack in smallest_first}


def _seconds(rest: Remaining, stack: Stack, speed: tuple[float, float], played: int) -> float:
    """Returns how long a stack takes whose runs' evaluations play so many steps."""
    return rest.env_steps(stack) / speed[0] + len(stack.runs) * played / speed[1]


def _mean_speed(rest: Remaining, speeds: Mapping[str, tuple[float, float]]) -> float:
    """Returns the env steps a second over all that is still to be trained; the first kind's where that is nothing."""
    steps = {stack: rest.env_steps(stack) for stack in rest.stacks}
    seconds = sum(count / speeds[_kind(rest, stack)][0] for stack, count in steps.items())
    return sum(steps.values()) / seconds if seconds else next(iter(speeds.values()))[0]


def _makespan(seconds: Sequence[float], workers: int) -> float:
    """Returns when the last worker is done, where each takes the longest stack that is left."""
    busy = [0.0] * workers
    for each in sorted(seconds, reverse=True):
        busy[busy.index(min(busy))] += each
    return max(busy)


def bench(workers: int) -> Bench:
    """Times the training of the fixed workload in `workers` processes at once, then its limit, then other sizes."""
    fixed = Workload()
    with LocalEngine(workers) as engine:
        training_speed(engine, workers, fixed, WARM_UP_SECONDS)  # imports first, so that the rounds start together
        began = time.monotonic()
        speeds = [training_speed(engine, workers, fixed, BENCH_SECONDS) for _ in range(BENCH_REPETITIONS)]
        seconds = time.monotonic() - began
        facts = worker_facts_of(engine, workers)
        median = statistics.median(speeds)
        gigaflops = limit(engine, workers, fixed, median)
        scaling = [scaled(engine, workers, workload) for workload in SCALING]
    return Bench(
        env_steps_per_second=round(median, 1),
        per_worker=round(median / workers, 1),
        workers=workers,
        cores=usable_cores(),
        repetitions=[round(speed, 1) for speed in speeds],
        seconds=round(seconds, 1),
        peak_memory_bytes=sum(worker["peak_memory_bytes"] for worker in facts),
        gigaflops=gigaflops,
        scaling=scaling,
        torch=facts[0]["torch"],
        workload=fixed.data(),
    )


def training_speed(engine: LocalEngine, workers: int, workload: Workload, seconds: float) -> float:
    """Returns the env steps a second of all workers together, each training the workload for about `seconds`."""
    results = together(engine, workers, "ingredients.training.cost:workload_speed", workload, seconds)
    return float(sum(worker["env_steps"] / worker["seconds"] for worker in results))


def limit(engine: LocalEngine, workers: int, workload: Workload, env_steps_per_second: float) -> dict[str, float]:
    """Returns `Bench.gigaflops` of a workload that all workers together train at this speed."""
    results = together(engine, workers, "ingredients.training.products:limit_worker", workload)
    needed, made = (results[0][key] for key in ("flops_per_env_step", "made_flops_per_env_step"))
    achieved, bmm = env_steps_per_second * needed, sum(worker["bmm_flops_per_second"] for worker in results)
    gigaflops = {"training": round(achieved / 1e9, 2), "bmm": round(bmm / 1e9, 2)}
    return {**gigaflops, "share": round(achieved / bmm, 4), "made": round(made / needed, 4)}


def scaled(engine: LocalEngine, workers: int, workload: Workload) -> dict[str, float]:
    """Returns the sizes of a workload and the speed of all workers together on it."""
    speed = training_speed(engine, workers, workload, SCALING_SECONDS)
    return {**workload.sizes(), "env_steps_per_second": round(speed, 1)}


def worker_facts_of(engine: LocalEngine, workers: int) -> list[dict[str, Any]]:
    """Returns what each worker knows of itself: `torch`, its version, and `peak_memory_bytes` so far."""
    return together(engine, workers, "ingredients.engine.measure:worker_facts")


def worker_facts() -> dict[str, Any]:
    """Returns one worker's facts (runs inside the worker)."""
    import torch

    return {"torch": torch.__version__, "peak_memory_bytes": _peak_memory_bytes()}


def together(engine: LocalEngine, workers: int, function: str, *arguments: object) -> list[Any]:
    """Returns what each worker gives for the same job, all at once.

    Raises:
        IngredientsError: a job failed.
    """
    return results_of(engine, [Job(function.partition(":")[2], function, arguments)] * workers)


def require_cuda() -> None:
    """Makes sure that there is a CUDA device.

    Raises:
        UsageError: there is none.
    """
    with LocalEngine(1) as engine:
        (available,) = results_of(engine, [Job("devices", "torch.cuda:is_available")])
    if not available:
        raise UsageError("--device cuda: torch finds no CUDA device here; allowed here: cpu")


def results_of(engine: LocalEngine, jobs: list[Job]) -> list[Any]:
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


def _peak_memory_bytes() -> int:
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return peak if sys.platform == "darwin" else peak * 1024  # Linux counts in KiB
