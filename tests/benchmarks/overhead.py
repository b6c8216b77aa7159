"""What a grid costs beside training: `python -m tests.benchmarks.overhead`.

Comes in: options. Goes out: of a thousand tiny runs, made by the command as a user types it, the share of all workers'
time that is not spent in stacks (start-up, references, storing, the report), counted in two ways: with evaluation as
part of the work that a run is, and with training alone. The target, 20%, is for the first.
"""

from __future__ import annotations

import json
import subprocess
import sys
import tempfile
import time
from dataclasses import replace
from pathlib import Path
from typing import Any

from rich.table import Table

from ingredients.engine.local import LocalEngine
from ingredients.engine.protocol import Reported, Started
from ingredients.grid import cells, stacks
from ingredients.grid_run.jobs import Remaining, StackOptions, grid_jobs, remaining
from ingredients.store import Store
from ingredients.study import Study, load_study, shipped_study

from .part import Options, Part, Result, main

SEEDS = 63  # of sixteen cells: 1008 runs
TARGET = 0.2


def measure(options: Options) -> Result:
    """Returns the wall-clock time of the whole command, and how much of it was training and evaluation."""
    study = load_study(shipped_study(Path("smoke")), [f"seeds={SEEDS}"])
    with tempfile.TemporaryDirectory() as folder:
        results = Path(folder) / "smoke"
        seconds = _command(results, options.workers)
        inside = _inside(results)
        share = _training_share(study, Path(folder))
    whole = options.workers * seconds
    return {
        "runs": len(inside["runs"]),
        "stacks": len(stacks(study)),
        "workers": options.workers,
        "seconds": round(seconds, 1),
        "in_stacks_seconds": round(inside["seconds"] / options.workers, 1),
        "outside_training_and_evaluation": round(1 - inside["seconds"] / whole, 3),
        "training_share_of_a_stack": share,
        "outside_training": round(1 - share * inside["seconds"] / whole, 3),
        "target": TARGET,
    }


def _command(results: Path, workers: int) -> float:
    """Returns the seconds of `run-grid`, from the start of its process to its end."""
    program = [
        sys.executable,
        "-c",
        "from cli import app; app()",
        "run-grid",
        "smoke",
        "--seeds",
        str(SEEDS),
        "--quiet",
    ]
    began = time.perf_counter()
    subprocess.run([*program, "--workers", str(workers), "--out", str(results)], check=True)
    return time.perf_counter() - began


def _inside(results: Path) -> dict[str, Any]:
    """Returns the stored runs and the seconds of all stacks, of which every run has stored its own stack's."""
    stored = [json.loads(path.read_text(encoding="utf-8")) for path in results.glob("runs/*/run.json")]
    return {"runs": stored, "seconds": sum({run["seconds"] for run in stored})}


def _training_share(study: Study, folder: Path) -> float:
    """Returns how much of what a stack takes, storing not counted, is training; of one stack, the worker warm."""
    store = Store(folder / "share").open(study)
    rest = replace(remaining(study, store, cells(study)), references=False)
    with LocalEngine(1) as engine:
        _, warm = [_trained(engine, replace(rest, stacks=(stack,)), store) for stack in rest.stacks[:2]]
    return round(warm, 3)


def _trained(engine: LocalEngine, rest: Remaining, store: Store) -> float:
    """Returns the share of training in a stack."""
    began = trained = 0.0
    for event in engine.run(grid_jobs(rest, store.directory, StackOptions())):
        if isinstance(event, Started):
            began = time.perf_counter()
        if isinstance(event, Reported) and event.message.phase == "evaluating":
            trained = time.perf_counter()
    seconds: float = store.read_run_json(rest.stacks[0].runs[0])["seconds"]
    return min((trained - began) / seconds, 1.0)


def table(result: Result) -> Table:
    """Returns what was measured, one number a row."""
    rows = Table("what", "measured")
    for name, value in result.items():
        rows.add_row(name.replace("_", " "), f"{value:,}")
    return rows


PART = Part("Overhead of a thousand tiny runs", measure, table)

if __name__ == "__main__":
    main(PART)
