"""The stored record of a run."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any, Literal

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc
import safetensors
import safetensors.numpy

from ingredients.errors import StoreError
from ingredients.grid import CODE, Fingerprints, Run
from ingredients.store.checksums import damaged, read_checked, write_checksums
from ingredients.store.tables import (
    CURVE_KEYS,
    DIAGNOSTIC_KEYS,
    DIAGNOSTICS,
    axis_in,
    curves_over,
    read_parquet,
    sorted_frame,
    write_parquet,
)

State = Literal["missing", "trained", "finished", "failed"]

RUN_JSON = "run.json"
WEIGHTS = "weights.safetensors"
BLOCKS = "blocks.safetensors"
CURVES_FILE = "curves.parquet"
DIAGNOSTICS_FILE = "diagnostics.parquet"
FINISHED = "finished"


@dataclass(frozen=True)
class RunRecord:
    """All that is kept of one run; a failed run may lack curves and blocks.

    Attributes:
        status: "failed" where the loss or a gradient was not finite.
        curves: with the columns of `curves_over`.
        returns_by_block: of plain lifetimes, on blocks of held-out tasks.
        diagnostics: a row per logged update, with the columns of `DIAGNOSTICS`.
        seconds: wall-clock time of its stack.
        statistics: the family's own analysis.
        blocks: final curves on blocks of held-out tasks, `[G, K]` by probe.
        inside: how well last action and reward are decoded from its memory.
        analysis: of `evaluation.analysis`.
    """

    run: Run
    fingerprints: Fingerprints
    status: Literal["finished", "failed"]
    reason: str | None
    weights: Mapping[str, np.ndarray]
    curves: pd.DataFrame
    returns_by_block: Sequence[float]
    diagnostics: pd.DataFrame
    resolved: Mapping[str, Any]
    versions: Mapping[str, str]
    seconds: float
    train_steps: int
    statistics: Mapping[str, float] = field(default_factory=dict)
    blocks: Mapping[str, np.ndarray] = field(default_factory=dict)
    inside: Mapping[str, float] = field(default_factory=dict)
    analysis: Mapping[str, Sequence[float]] = field(default_factory=dict)


def write_record(record: RunRecord, folder: Path) -> None:
    """Writes the files and checksums into an empty folder; marks a finished run."""
    (folder / RUN_JSON).write_text(json_text(_run_json(record)), encoding="utf-8")
    (folder / WEIGHTS).write_bytes(safetensors.numpy.save(dict(record.weights)))
    (folder / BLOCKS).write_bytes(safetensors.numpy.save(dict(record.blocks)))
    columns = curves_over(axis_in(record.curves))
    curves = sorted_frame(record.curves, columns.names[: len(CURVE_KEYS)])
    write_parquet(curves, columns, folder / CURVES_FILE)
    write_parquet(sorted_frame(record.diagnostics, DIAGNOSTIC_KEYS), DIAGNOSTICS, folder / DIAGNOSTICS_FILE)
    write_checksums(folder)
    if record.status == "finished":
        (folder / FINISHED).write_text("finished\n", encoding="utf-8")


def read_run_json(path: Path) -> dict[str, Any] | None:
    """Returns a `run.json`, or None.

    Raises:
        StoreError: it is damaged.
    """
    if not path.exists():
        return None
    content = as_json(read_checked(path), damaged(path))
    prints = content.get("fingerprints")
    if not isinstance(prints, dict) or content.get("status") not in ("finished", "failed") or "reason" not in content:
        raise StoreError(damaged(path))
    return content


def read_json(path: Path, complaint: str) -> dict[str, Any] | None:
    """Returns a file's JSON object, None without a file.

    Raises:
        StoreError: with the complaint, if it holds none.
    """
    try:
        content = path.read_bytes()
    except (FileNotFoundError, NotADirectoryError):
        return None
    except OSError as error:
        raise StoreError(complaint) from error
    return as_json(content, complaint)


def as_json(text: bytes, complaint: str) -> dict[str, Any]:
    """Returns a text's JSON object.

    Raises:
        StoreError: with the complaint, if it holds none.
    """
    try:
        content = json.loads(text.decode("utf-8"))
    except (ValueError, RecursionError) as error:
        raise StoreError(complaint) from error
    if not isinstance(content, dict):
        raise StoreError(complaint)
    return content


def read_curves(folder: Path, run: Run, axis: str) -> pa.Table:
    """Returns a finished run's curves over an axis (`tables.AXES`).

    Raises:
        StoreError: the file is damaged, incomplete, or another run's.
    """
    path = folder / CURVES_FILE
    table = read_parquet(path, curves_over(axis))
    own = {**run.cell.texts(), "seed": run.seed}
    if any(table[column].unique().to_pylist() != [value] for column, value in own.items()):
        raise StoreError(damaged(path))
    about = read_run_json(folder / RUN_JSON)
    if about is None or _last_step(table) != about.get("train_steps"):
        raise StoreError(damaged(path))
    return table


def read_runs_curves(runs: Mapping[Path, Run], axis: str) -> pa.Table:
    """Returns finished runs' curves in order, as one table.

    Raises:
        StoreError: a file is damaged.
    """
    tables = [read_curves(folder, run, axis) for folder, run in runs.items()]
    return pa.concat_tables(tables).unify_dictionaries() if tables else curves_over(axis).empty_table()


def _last_step(table: pa.Table) -> int | None:
    """Returns the last evaluation point on held-out tasks without a probe."""
    plain = pc.and_(pc.equal(table["probe"], "none"), pc.equal(table["tasks"], "held_out"))
    last: int | None = pc.max(table["train_step"].filter(plain)).as_py()
    return last


def read_arrays(path: Path) -> dict[str, np.ndarray]:
    """Returns a safetensors file's arrays.

    Raises:
        StoreError: it is missing or damaged.
    """
    content = read_checked(path)
    try:
        return dict(safetensors.numpy.load(content))
    except safetensors.SafetensorError as error:
        raise StoreError(damaged(path)) from error


def json_text(content: Mapping[str, Any]) -> str:
    """Returns strict JSON (no NaN), indented, keys in order."""
    return json.dumps(content, indent=2, ensure_ascii=False, allow_nan=False) + "\n"


def _run_json(record: RunRecord) -> dict[str, Any]:
    return {
        "run": record.run.id,
        "cell": record.run.cell.json(),
        "seed": record.run.seed,
        "status": record.status,
        "reason": record.reason,
        "train_steps": record.train_steps,
        "seconds": record.seconds,
        "fingerprints": asdict(record.fingerprints),
        "code": dict(CODE),
        "returns_by_block": list(record.returns_by_block),
        "statistics": dict(record.statistics),
        "inside": dict(record.inside),
        **({"analysis": {name: list(found) for name, found in record.analysis.items()}} if record.analysis else {}),
        "versions": dict(sorted(record.versions.items())),
        "study": dict(record.resolved),
    }
