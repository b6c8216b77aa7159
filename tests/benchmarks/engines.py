"""One grid by every engine: `python -m tests.benchmarks.engines`.

Comes in: options. Goes out: seconds of the same small study with one local worker, with all, and with a Ray of as many
cores that is started on this machine: from entering the engine to the last stored run, and from the first job that
starts. What a cluster of several machines does is not measured here, and not extrapolated.
"""

from __future__ import annotations

import statistics
import tempfile
import time
from collections.abc import Callable
from functools import partial
from pathlib import Path

from rich.table import Table

from ingredients.engine.local import LocalEngine
from ingredients.engine.protocol import Failed, Started
from ingredients.engine.ray_cluster import RayEngine
from ingredients.grid import cells
from ingredients.grid_run.jobs import StackOptions, grid_jobs, remaining
from ingredients.store import Store
from ingredients.study import load_study, shipped_study

from .part import Options, Part, Result, main

CHANGES = ("seeds=4",)


def measure(options: Options) -> Result:
    """Returns for each engine the median seconds with and without its start, the engines in turn."""
    engines: dict[str, Callable[[], LocalEngine | RayEngine]] = {
        "local, 1 worker": partial(LocalEngine, 1),
        f"local, {options.workers} workers": partial(LocalEngine, options.workers),
        f"ray, {options.workers} workers": partial(RayEngine, None, options.workers),
    }
    times: dict[str, list[tuple[float, float]]] = {name: [] for name in engines}
    for _ in range(options.repetitions):
        for name, made in engines.items():
            times[name].append(_seconds(made()))
    return {
        name: {"seconds": _median(both, 0), "seconds_from_the_first_job": _median(both, 1)}
        for name, both in times.items()
    }


def _median(times: list[tuple[float, float]], which: int) -> float:
    return round(statistics.median(pair[which] for pair in times), 2)


def _seconds(engine: LocalEngine | RayEngine) -> tuple[float, float]:
    study = load_study(shipped_study(Path("smoke")), CHANGES)
    with tempfile.TemporaryDirectory() as folder:
        store = Store(Path(folder) / study.name).open(study)
        jobs = grid_jobs(remaining(study, store, cells(study)), store.directory, StackOptions())
        began = first = time.perf_counter()
        with engine:
            for event in engine.run(jobs):
                assert not isinstance(event, Failed), event.reason
                if first == began and isinstance(event, Started):
                    first = time.perf_counter()
            ended = time.perf_counter()
    return ended - began, ended - first


def table(result: Result) -> Table:
    """Returns the engines, one a row."""
    rows = Table("engine", "seconds", "from the first job", "times as fast as one worker")
    (alone, *_) = result.values()
    for name, row in result.items():
        seconds, later = row["seconds"], row["seconds_from_the_first_job"]
        rows.add_row(name, f"{seconds:.1f}", f"{later:.1f}", f"{alone['seconds_from_the_first_job'] / later:.2f}")
    return rows


PART = Part("One grid by every engine", measure, table)

if __name__ == "__main__":
    main(PART)
