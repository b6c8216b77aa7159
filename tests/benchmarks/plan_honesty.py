"""What `plan` says against what happens: `python -m tests.benchmarks.plan_honesty`.

Comes in: options. Goes out: for a few studies, the time that `plan` predicts and the time from the first job to the
last stored run, and the memory that it predicts and the highest peak of a worker. The aim is a factor of 1.5.
"""

from __future__ import annotations

import tempfile
import time
from pathlib import Path

from rich.table import Table

from ingredients.engine.local import LocalEngine
from ingredients.engine.protocol import Failed
from ingredients.grid import cells
from ingredients.grid_run.bench import worker_facts_of
from ingredients.grid_run.estimate import estimate
from ingredients.grid_run.jobs import StackOptions, grid_jobs, remaining
from ingredients.store import Store
from ingredients.study import Study, load_study, shipped_study

from .part import Options, Part, Result, main

FACTOR = 1.5
STUDIES = {
    "smoke": ("smoke", ["seeds=4"]),
    "flagship, a tenth": ("bandit", ["seeds=2", "learner.train_steps=60_000"]),
    "lstm": ("bandit", ["seeds=1", "learner.train_steps=60_000", "agent.memory=lstm"]),
    "transformer": ("bandit", ["seeds=1", "learner.train_steps=30_000", "agent.memory=transformer"]),
    "long lifetimes": ("bandit", ["seeds=1", "learner.train_steps=100_000", "tasks.episodes=200", "tasks.arms=10"]),
}


def measure(options: Options) -> Result:
    """Returns predicted and actual time and memory of each study."""
    return {"workers": options.workers, "studies": {name: _study(name, options.workers) for name in STUDIES}}


def _study(name: str, workers: int) -> dict[str, float]:
    study = _load(name)
    with tempfile.TemporaryDirectory() as folder:
        store = Store(Path(folder) / study.name).open(study)
        rest = remaining(study, store, cells(study))
        said = estimate(rest, workers)
        with LocalEngine(said.workers) as engine:
            worker_facts_of(engine, said.workers)  # imports first, as in the timing
            began = time.perf_counter()
            for event in engine.run(grid_jobs(rest, store.directory, StackOptions())):
                assert not isinstance(event, Failed), event.reason
            took = time.perf_counter() - began
            peak = max(facts["peak_memory_bytes"] for facts in worker_facts_of(engine, said.workers))
    return {
        "seconds_said": round(said.seconds, 1),
        "seconds": round(took, 1),
        "time_ratio": round(said.seconds / took, 2),
        "bytes_said": said.memory_bytes,
        "bytes": peak,
        "memory_ratio": round(said.memory_bytes / peak, 2),
    }


def _load(name: str) -> Study:
    shipped, changes = STUDIES[name]
    return load_study(shipped_study(Path(shipped)), changes)


def table(result: Result) -> Table:
    """Returns the studies, one a row; a ratio is of what was said to what was."""
    rows = Table(
        "study", "time said", "time", "ratio", "memory said", "memory", "ratio", caption=f"aim: within {FACTOR}"
    )
    for name, row in result["studies"].items():
        times = (f"{row[key]:,.0f} s" for key in ("seconds_said", "seconds"))
        amounts = (f"{row[key] / 1e9:.2f} GB" for key in ("bytes_said", "bytes"))
        rows.add_row(name, *times, str(row["time_ratio"]), *amounts, str(row["memory_ratio"]))
    return rows


PART = Part("What plan says, and what happens", measure, table)

if __name__ == "__main__":
    main(PART)
