"""Stored results for other tools, without account or network."""

from __future__ import annotations

import importlib
import importlib.util
import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from ingredients.api.hub import write_hub
from ingredients.api.result import Result
from ingredients.errors import StoreError, UsageError
from ingredients.grid import Run, runs
from ingredients.store import Store
from ingredients.study.axis import axis_of
from ingredients.study.messages import complaint, several

_PACKAGES = {
    "tensorboard": "tensorboard",
    "trackio": "trackio",
    "mlflow": "mlflow-skinny",
}  # by tool, which is a module
KEYS = ("reward_observation", "action_observation", "memory", "task_distribution")


def export(result: Result, to: str, out: Path) -> str:
    """Writes results for another tool into a new folder; returns one line on them.

    Raises:
        UsageError: the tool is unknown, or not installed.
        StoreError: the tool needs runs, which are not here.
    """
    writers = {
        "csv": _csv,
        "tensorboard": _tensorboard,
        "trackio": _trackio,
        "mlflow": _mlflow,
        "huggingface": _huggingface,
    }
    if to not in writers:
        raise UsageError(complaint([f"export: {to}"], "unknown tool", ", ".join(writers)))
    if to != "csv" and not list(_finished(result)):
        raise StoreError(
            f"{result.directory}: its runs are not here, so there is nothing to export but its tables: --to csv"
        )
    if to in _PACKAGES and importlib.util.find_spec(to) is None:
        raise _not_installed(to)
    out.mkdir(parents=True, exist_ok=True)
    return writers[to](result, out)


def _finished(result: Result) -> Iterator[Run]:
    store = Store(result.directory)
    return (run for run in runs(result.study) if (store.run_path(run) / "finished").exists())


def _csv(result: Result, out: Path) -> str:
    tables = {"cells": result.cells, "curves": result.curves()}
    if list(_finished(result)):
        tables["diagnostics"] = _diagnostics(result)
    for name, table in tables.items():
        table.to_csv(out / f"{name}.csv", index=False)
    return ", ".join(f"{name}.csv ({len(table):,} rows)" for name, table in tables.items())


def _diagnostics(result: Result) -> pd.DataFrame:
    """Returns the diagnostics of every run."""
    store = Store(result.directory)
    return pd.concat(
        [store.diagnostics(run).assign(**run.cell.texts(), seed=run.seed) for run in _finished(result)],
        ignore_index=True,
    )


def _scalars(result: Result) -> Iterator[tuple[Run, dict[str, list[tuple[int, float]]]]]:
    """Yields each run's diagnostics and late returns in training, by name."""
    store = Store(result.directory)
    curves = result.curves()
    plain = curves[(curves["probe"] == "none") & (curves["tasks"] == "held_out")]
    axis = axis_of(result.study.tasks)
    late = plain[plain[axis.name] >= axis.starts[axis.points - -(-axis.points // 5)]]
    columns = [*KEYS, "seed", "train_step"]
    points = late.groupby(columns, observed=True)[["return", "score"]].mean().reset_index()
    for run in _finished(result):
        of_run = points[points["seed"] == run.seed]
        for name, text in run.cell.texts().items():
            of_run = of_run[of_run[name] == text]
        series = {
            f"late/{name}": [(int(step), float(value)) for step, value in of_run[["train_step", name]].to_numpy()]
            for name in ("return", "score")
            if of_run[name].notna().all()
        }
        told = store.diagnostics(run)
        for name in told.columns.difference(["update", "train_step"]):
            rows = zip(told["train_step"], told[name], strict=True)
            series[f"training/{name}"] = [(int(step), float(value)) for step, value in rows if np.isfinite(value)]
        yield run, series


def _tensorboard(result: Result, out: Path) -> str:
    writer_class = _package("torch.utils.tensorboard", "tensorboard").SummaryWriter
    count = 0
    for run, series in _scalars(result):
        writer = writer_class(str(out / run.id))
        for name, points in series.items():
            for step, value in points:
                writer.add_scalar(name, value, step)
        writer.close()
        count += 1
    return f"events of {several(count, 'run')}; look at them: tensorboard --logdir {out}"


def _trackio(result: Result, out: Path) -> str:
    os.environ["TRACKIO_DIR"] = str(out.absolute())  # where it was imported before, that is set below
    storage = _package("trackio.sqlite_storage", "trackio")
    storage.TRACKIO_DIR = out.absolute()
    count = 0
    for run, series in _scalars(result):
        by_step: dict[int, dict[str, float]] = {}
        for name, points in series.items():
            for step, value in points:
                by_step.setdefault(step, {})[name] = value
        steps = sorted(by_step)
        config = {**run.cell.texts(), "seed": run.seed}
        # directly to the database: a logger would start threads and take as long as training
        storage.SQLiteStorage.bulk_log(
            result.study.name, run.id, [by_step[step] for step in steps], steps, config=config
        )
        count += 1
    return f"{count} runs; look at them: TRACKIO_DIR={out} trackio show --project {result.study.name}"


def _mlflow(result: Result, out: Path) -> str:
    os.environ.setdefault("MLFLOW_ALLOW_FILE_STORE", "true")  # a store of files needs no database; newer ones ask first
    mlflow = _package("mlflow", "mlflow")
    client = mlflow.MlflowClient(tracking_uri=out.absolute().as_uri())
    experiment = client.create_experiment(result.study.name)
    metric = importlib.import_module("mlflow.entities").Metric
    count = 0
    for run, series in _scalars(result):
        made = client.create_run(experiment, run_name=run.id)
        for name, text in {**run.cell.texts(), "seed": str(run.seed)}.items():
            client.log_param(made.info.run_id, name, text)
        metrics = [metric(name, value, 0, step) for name, points in series.items() for step, value in points]
        for first in range(0, len(metrics), 1000):  # as many as one call takes
            client.log_batch(made.info.run_id, metrics[first : first + 1000])
        client.set_terminated(made.info.run_id)
        count += 1
    return f"{several(count, 'run')}; look at them: MLFLOW_ALLOW_FILE_STORE=true mlflow ui --backend-store-uri {out}"


def _huggingface(result: Result, out: Path) -> str:
    return write_hub(result, list(_finished(result)), out)


def _package(module: str, tool: str) -> Any:  # noqa: ANN401 - a library that need not be installed
    try:
        return importlib.import_module(module)
    except ImportError:
        raise _not_installed(tool) from None


def _not_installed(tool: str) -> UsageError:
    return UsageError(f"export: {_PACKAGES[tool]} is not installed; pip install {_PACKAGES[tool]}")
