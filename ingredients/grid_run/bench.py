"""Training speed on a fixed workload, measured in workers."""

from __future__ import annotations

import re
import resource
import statistics
import sys
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from ingredients.engine.calls import call_in_each
from ingredients.engine.local import LocalEngine
from ingredients.machine import usable_cores
from ingredients.training.workload import Workload

BENCH_SECONDS = 4.0
BENCH_REPETITIONS = 5
WARM_UP_SECONDS = 0.5
SCALING_SECONDS = 1.0
# each differs from the fixed workload in one size
SCALING = (
    *(Workload(runs=runs) for runs in (1, 4, 32)),
    *(Workload(lifetimes=lifetimes) for lifetimes in (16, 64)),
    *(Workload(hidden=hidden) for hidden in (32, 128)),
)


@dataclass(frozen=True)
class Bench:
    """Training speed on the fixed workload, beside the machine's limit and other sizes.

    Attributes:
        env_steps_per_second: of all workers, the median over `repetitions`.
        workers: simultaneous processes, each with the whole workload.
        seconds: wall-clock time of all repetitions.
        gigaflops: `training`, the operations that the algorithm needs in matrix products, as achieved; `bmm`, what
            `torch.bmm` reaches on them; `share`, training / bmm; `made`, operations made / needed.
        scaling: speeds on other sizes, timed once.
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


def bench(workers: int) -> Bench:
    """Times training in `workers` processes: fixed workload, limit, other sizes."""
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
    """Returns all workers' env steps a second, each training for about `seconds`."""
    results = call_in_each(engine, workers, "ingredients.training.cost:workload_speed", workload, seconds)
    return float(sum(worker["env_steps"] / worker["seconds"] for worker in results))


def limit(engine: LocalEngine, workers: int, workload: Workload, env_steps_per_second: float) -> dict[str, float]:
    """Returns `Bench.gigaflops` at this speed of all workers."""
    results = call_in_each(engine, workers, "ingredients.training.products:limit_worker", workload)
    needed, made = (results[0][key] for key in ("flops_per_env_step", "made_flops_per_env_step"))
    achieved = env_steps_per_second * needed
    bmm = sum(worker["bmm_flops_per_second"] for worker in results)
    gigaflops = {"training": round(achieved / 1e9, 2), "bmm": round(bmm / 1e9, 2)}
    return {**gigaflops, "share": round(achieved / bmm, 4), "made": round(made / needed, 4)}


def scaled(engine: LocalEngine, workers: int, workload: Workload) -> dict[str, float]:
    """Returns a workload's sizes and all workers' speed on it."""
    speed = training_speed(engine, workers, workload, SCALING_SECONDS)
    return {**workload.sizes(), "env_steps_per_second": round(speed, 1)}


def worker_facts_of(engine: LocalEngine, workers: int) -> list[dict[str, Any]]:
    """Returns `worker_facts` of each worker."""
    return call_in_each(engine, workers, "ingredients.grid_run.bench:worker_facts")


def worker_facts() -> dict[str, Any]:
    """Returns this worker's `torch` version and `peak_memory_bytes`."""
    import torch

    return {"torch": torch.__version__, "peak_memory_bytes": _peak_memory_bytes()}


def _peak_memory_bytes() -> int:
    """Returns this process's peak; `getrusage` would include the parent's."""
    status = Path("/proc/self/status")
    told = re.search(r"VmHWM:\s*(\d+) kB", status.read_text()) if status.exists() else None
    if told:
        return int(told[1]) * 1024
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return peak if sys.platform == "darwin" else peak * 1024
