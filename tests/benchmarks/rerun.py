"""One run of each published study, trained anew: `python -m tests.benchmarks.rerun bandit two-step --device cuda`.

Comes in: studies in `results/published` (all), `--seed`, `--device`. Goes out: for each a line of JSON with the cell of
all four ingredients (else the last cell), how many returns its curves have, and by how much the furthest differs from
the published one. Equal to the last bit is 0, and is promised on the machine that trained the published runs only.
"""

from __future__ import annotations

import argparse
import json
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

import pandas as pd
import torch

from ingredients.experiment.stack import run_stack
from ingredients.grid import INGREDIENTS, Run, Stack, cells
from ingredients.study import Study, load_study

PUBLISHED = Path("results/published")
OWN_CODE = Path("ablations")  # holds the environments that shipped studies name
KEYS = ("train_step", "probe", "tasks", "episode", "step")  # a curve is over episodes or over steps


def again(study: Study, run: Run, device: str) -> pd.DataFrame:
    """Returns the curves of one run, trained and evaluated anew."""
    with tempfile.TemporaryDirectory() as folder:
        (Path(folder) / "runs").mkdir()
        failed = run_stack(study, Stack(0, (run,)), Path(folder), device, 600.0, lambda *_: None)
        if failed:
            raise SystemExit(f"{study.name}: {failed}")
        (made,) = (Path(folder) / "runs").glob("*/curves.parquet")
        return pd.read_parquet(made)


def of_run(curves: pd.DataFrame, run: Run) -> pd.DataFrame:
    """Returns a run's rows of a study's curves."""
    texts = run.cell.texts()
    here = curves["seed"] == run.seed
    for ingredient in INGREDIENTS:
        here &= curves[ingredient] == texts[ingredient]
    return curves[here]


def differs(published: pd.DataFrame, made: pd.DataFrame) -> float:
    """Returns the largest difference of two runs' returns; rows of one alone make it infinite."""
    keys = [key for key in KEYS if key in published]
    both = published.merge(made, on=keys, how="outer", suffixes=("_published", "_made"), validate="one_to_one")
    return float((both["return_published"] - both["return_made"]).abs().fillna(float("inf")).max())


def compared(name: str, seed: int | None, device: str) -> dict[str, Any]:
    """Returns what a study's line says."""
    folder, began = PUBLISHED / name, time.monotonic()
    study = load_study(folder / "study.yaml")
    grid = cells(study)
    cell = next((each for each in grid if each.is_full), grid[-1])
    run = Run(cell, study.seeds.first if seed is None else seed)
    made = again(study, run, device)
    largest = differs(of_run(pd.read_parquet(folder / "curves.parquet"), run), made)
    told = {"study": name, "run": run.id, "device": device, "returns": len(made), "largest_difference": largest}
    return told | {"seconds": round(time.monotonic() - began, 1)}


def main() -> None:
    """Prints a line of JSON for each study."""
    every = sorted(path.parent.name for path in PUBLISHED.glob("*/study.yaml"))
    parser = argparse.ArgumentParser(description="one run of each published study, trained anew")
    parser.add_argument("studies", nargs="*", metavar="STUDY", default=every, help="in results/published (all)")
    parser.add_argument("--seed", type=int, help="of the run (the study's first)")
    parser.add_argument("--device", choices=["cpu", "cuda"], default="cpu", help="%(default)s")
    options = parser.parse_args()
    sys.path.insert(0, str(OWN_CODE.resolve()))
    torch.set_num_threads(1)  # as in workers
    for name in options.studies:
        print(json.dumps(compared(name, options.seed, options.device)), flush=True)


if __name__ == "__main__":
    main()
