"""What training costs at other sizes: `python -m tests.benchmarks.scaling`.

Comes in: options. Goes out: env steps a second and peak memory of one core, all cores at work, for stacks of other
sizes; and whether twice the runs take twice the time. That is asked in two ways, in interleaved pairs on one worker:
of one stack of 8 runs and one of 16, and of two whole studies of 8 runs and of 16, as `run-grid` trains, evaluates and
stores them, in the stacks that the study is cut into (references not counted: they do not depend on the runs).
"""

from __future__ import annotations

import statistics
import tempfile
import time
from collections.abc import Callable
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Any

from rich.table import Table

from ingredients.engine.calls import call_in_each, results_of
from ingredients.engine.local import LocalEngine
from ingredients.grid import cells
from ingredients.grid_run.bench import training_speed, worker_facts_of
from ingredients.grid_run.jobs import StackOptions, grid_jobs, remaining
from ingredients.store import Store
from ingredients.study import Study, parse_study
from ingredients.training.workload import Workload

from .part import Options, Part, Result, interleaved, main

FEW, MANY = 8, 16  # MANY is twice FEW
SIZES = (
    *(Workload(runs=runs) for runs in (1, 2, 4, 8, 16, 32)),
    *(Workload(lifetimes=lifetimes) for lifetimes in (16, 64, 128)),
    *(Workload(hidden=hidden) for hidden in (32, 128, 256)),
)


def measure(options: Options) -> Result:
    """Returns the costs by size and the ratios of the pairs."""
    sizes = [_size(options, workload) for workload in SIZES]
    return {"workers": options.workers, "sizes": sizes, "twice_the_runs": _twice(options)}


def _size(options: Options, workload: Workload) -> dict[str, float]:
    """Returns speed and memory of one worker, in fresh workers: a process keeps its peak."""
    with LocalEngine(options.workers) as engine:
        speed = training_speed(engine, options.workers, workload, options.seconds / 2)
        peak = max(facts["peak_memory_bytes"] for facts in worker_facts_of(engine, options.workers))
    per_core = round(speed / options.workers, 1)
    return {**workload.sizes(), "env_steps_per_second_per_core": per_core, "peak_memory_bytes": peak}


def _twice(options: Options) -> dict[str, Any]:
    """Returns for both ways the seconds of 8 and of 16 runs in interleaved pairs, and the median of their ratios."""
    updates = max(1, round(options.seconds / 2))
    with LocalEngine(1) as engine:
        stack, study = partial(_stack_seconds, engine, updates), partial(_study_seconds, engine, updates)
        return {
            way: _pairs({runs: partial(timed, runs) for runs in (FEW, MANY)}, options.repetitions)
            for way, timed in (("one stack", stack), ("whole study", study))
        }


def _pairs(timings: dict[int, Callable[[], float]], repetitions: int) -> dict[str, Any]:
    timings[FEW]()  # imports and warms up
    seconds = interleaved({str(runs): timing for runs, timing in timings.items()}, repetitions)
    ratios = [many / few for few, many in zip(*seconds.values(), strict=True)]
    return {
        "median_ratio": round(statistics.median(ratios), 3),
        "ratios": [round(ratio, 3) for ratio in ratios],
        "seconds": {runs: [round(value, 2) for value in values] for runs, values in seconds.items()},
    }


def _stack_seconds(engine: LocalEngine, updates: int, runs: int) -> float:
    (seconds,) = call_in_each(engine, 1, "ingredients.training.cost:update_seconds", Workload(runs=runs), updates)
    return float(seconds)


def _study_seconds(engine: LocalEngine, updates: int, runs: int) -> float:
    """Returns the seconds from the first job to the last stored run."""
    study = _study(runs, updates)
    with tempfile.TemporaryDirectory() as directory:
        store = Store(Path(directory) / study.name).open(study)
        rest = replace(remaining(study, store, cells(study)), references=False)
        began = time.perf_counter()
        results_of(engine, grid_jobs(rest, Path(directory) / study.name, StackOptions()))
        return time.perf_counter() - began


def _study(runs: int, updates: int) -> Study:
    """Returns the eight cells that see their reward, with as many seeds as make so many runs."""
    small = Workload(runs).data() | {"ingredients": {"reward_observation": [True]}, "seeds": runs // FEW}
    small["learner"]["train_steps"] = updates * 32 * 100
    return parse_study(small | {"evaluation": {"tasks": 256, "points": 2}}, "scaling")


def table(result: Result) -> Table:
    """Returns the sizes, one a row, and the ratios below."""
    twice = result["twice_the_runs"]
    ratios = "; ".join(f"{way} {pair['median_ratio']:.2f}" for way, pair in twice.items())
    rows = Table("runs", "lifetimes", "hidden", "env steps/s a core", "peak memory", caption=f"16 runs / 8: {ratios}")
    for row in result["sizes"]:
        sizes = [str(row[name]) for name in ("runs", "lifetimes", "hidden")]
        speed, peak = row["env_steps_per_second_per_core"], row["peak_memory_bytes"]
        rows.add_row(*sizes, f"{speed:,.0f}", f"{peak / 1e9:.2f} GB")
    return rows


PART = Part("Cost by size", measure, table)

if __name__ == "__main__":
    main(PART)
