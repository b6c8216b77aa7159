"""Reads a results folder: curves by cell, references, and the state of runs."""

from __future__ import annotations

import shlex
from collections import defaultdict
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from ingredients.cell_filter import filter_of
from ingredients.errors import StoreError
from ingredients.grid import Cell, Run, cells, memory_kind, references_fingerprint, runs, study_fingerprint
from ingredients.judgement_input.curves import CellInput, Curve, RunCurves, block_curves
from ingredients.judgement_input.references import References, read_references
from ingredients.probes import SWAPS
from ingredients.store import REFERENCES_JSON, STUDY_YAML, State, Store
from ingredients.store.tables import read_all_curves
from ingredients.store.traces import read_page_trace
from ingredients.study import INGREDIENTS, Study
from ingredients.study.axis import Axis, axis_of

CURVES_PARQUET = "curves.parquet"  # of the whole study, beside its report
_RUN_COLUMNS = [*INGREDIENTS, "seed", "train_step", "probe", "tasks"]


@dataclass(frozen=True, eq=False)
class Evidence:
    """Input of a report.

    Attributes:
        frame: tidy curves of finished runs.
        missing: planned runs neither finished nor failed.
        other_criterion: runs made under another criterion.
        left_out: finished runs that the study does not name.
        to_evaluate: runs evaluated by an older version.
        versions: of packages, in sets.
        trace: the full cell's agent in new lifetimes, a row a step.
    """

    study: Study
    cells: tuple[CellInput, ...]
    references: References | None
    frame: pd.DataFrame
    failures: Mapping[Run, str]
    missing: tuple[Run, ...]
    other_criterion: int = 0
    left_out: int = 0
    to_evaluate: int = 0
    directory: Path = Path()
    versions: tuple[Mapping[str, str], ...] = ()
    trace: pd.DataFrame | None = None

    @property
    def planned(self) -> int:
        """Number of runs of the study."""
        return len(runs(self.study))

    @property
    def filter(self) -> str:
        """Cells that ran, as `--cells` selects them; empty if all did or runs are missing."""
        ran = {run.cell for run in set(runs(self.study)) - set(self.missing)}
        return "" if any(run.cell in ran for run in self.missing) else filter_of(self.study, ran)

    @property
    def complete(self) -> bool:
        """Whether the study has run to its end, failed runs included."""
        return self.references is not None and not self.missing

    @property
    def finished(self) -> int:
        """Number of finished runs."""
        return self.planned - len(self.failures) - len(self.missing)

    def reference(self, role: str) -> str | None:
        """Returns the reference in a role (floor, reactive, yardstick)."""
        reference = self.references.roles.get(role) if self.references else None
        return reference.name if reference else None


def read_evidence(store: Store, study: Study) -> Evidence:
    """Returns the contents of the folder.

    Raises:
        StoreError: a file is damaged, or runs are missing or of another version.
    """
    _require_runs(store)
    states = store.states(study, store.source_digest)
    _require_this_version(store, study, states)
    failures = {run: str(store.read_run_json(run)["reason"]) for run, state in states.items() if state == "failed"}
    references = _references(store, study)
    frame = store.curves(study, states)
    return Evidence(
        study=study,
        cells=cell_inputs(store, study, frame, failures),
        references=references,
        frame=frame,
        failures=failures,
        missing=tuple(run for run, state in states.items() if state in ("missing", "trained")),
        other_criterion=_other_criterion(store, study, states),
        left_out=store.left_out(study),
        to_evaluate=sum(state == "trained" for state in states.values()),
        directory=store.directory,
        versions=_versions(store, states),
        trace=read_page_trace(store.directory, study),
    )


def read_published(store: Store, study: Study) -> Evidence:
    """Returns curves and references of a folder without runs, too little for a verdict.

    Raises:
        StoreError: a table is missing or damaged.
    """
    references = store.read_references()
    frame = read_all_curves(store.directory / CURVES_PARQUET)
    return Evidence(
        study=study,
        cells=cell_inputs(store, study, frame, {}),
        references=None if references is None else _with_tasks(store, study, references),
        frame=frame,
        failures={},
        missing=(),
        directory=store.directory,
    )


def _require_runs(store: Store) -> None:
    """Refuses a folder without runs, whose report would be overwritten."""
    if store.runs_path.is_dir() or not (store.directory / CURVES_PARQUET).exists():
        return
    raise StoreError(
        f"{store.directory}: its runs are not here (there is no folder {store.runs_path.name}), so it cannot be judged "
        f"again; what was found is in {store.directory / 'report.md'}"
    )


def _require_this_version(store: Store, study: Study, states: Mapping[Run, State]) -> None:
    """Refuses runs trained by another version, which would count as missing."""
    unknown = any(state == "missing" and store.run_path(run).exists() for run, state in states.items())
    if unknown and (how := store.trained_otherwise(study)):
        raise StoreError(
            f"{store.directory}: its runs were trained otherwise ({how}), so this version cannot judge them; what was "
            f"found is in {store.directory / 'report.md'}"
        )


def _versions(store: Store, states: Mapping[Run, State]) -> tuple[Mapping[str, str], ...]:
    """Returns each set of versions once."""
    made = [run for run, state in states.items() if state in ("finished", "failed")]
    sets = {tuple(sorted(store.read_run_json(run)["versions"].items())) for run in made}
    return tuple(dict(each) for each in sorted(sets))


def _references(store: Store, study: Study) -> References | None:
    """Returns the references, if evaluated with the study's settings."""
    references = store.read_references()
    if references is None:
        return None
    now = references_fingerprint(study)
    if references.get("evaluates", now) != now:
        how = f"{go_on(store.directory)}; no run is repeated"
        raise StoreError(
            f"{store.directory / REFERENCES_JSON}: evaluated with other settings than the study's runs: {how}"
        )
    return _with_tasks(store, study, references)


def _with_tasks(store: Store, study: Study, references: Mapping[str, Any]) -> References:
    """Returns stored references with the task section's statements."""
    tasks = study.tasks
    said = {"unneeded": tasks.unneeded, "working_memory": tasks.working_memory, "axis": axis_of(tasks)}
    try:
        return read_references({**references, **said})
    except StoreError as error:
        raise StoreError(f"{store.directory}: {error}") from error


def _other_criterion(store: Store, study: Study, states: Mapping[Run, State]) -> int:
    finished = [run for run, state in states.items() if state == "finished"]
    judges = study_fingerprint(study).judges
    return sum(store.read_run_json(run)["fingerprints"].get("judges") != judges for run in finished)


def cell_inputs(store: Store, study: Study, frame: pd.DataFrame, failures: Mapping[Run, str]) -> tuple[CellInput, ...]:
    """Returns every cell's runs; K successive rows of the sorted `frame` are a curve."""
    axis = axis_of(study.tasks)
    if not _whole_curves(frame, axis):
        raise StoreError(
            f"{store.directory}: stored curves are not {axis.whole} long; {go_on(store.directory)} --fresh"
        )
    returns = frame["return"].to_numpy().reshape(-1, axis.points)
    curves: dict[tuple[str, ...], dict[int, dict[tuple[str, str], dict[int, Curve]]]] = defaultdict(
        lambda: defaultdict(lambda: defaultdict(dict))
    )
    looked = store.read_looks()
    heads = (frame[column].iloc[:: axis.points].tolist() for column in _RUN_COLUMNS)
    for *levels, seed, train_step, probe, tasks, curve in zip(*heads, returns, strict=True):
        curves[tuple(levels)][seed][probe, tasks][train_step] = curve
    return tuple(
        CellInput(
            cell=cell,
            runs=tuple(
                _run_curves(Run(cell, seed), kinds, store)
                for seed, kinds in curves[tuple(cell.texts().values())].items()
            ),
            failed_seeds=_seeds_of(cell, failures),
            memory_kind=memory_kind(study, cell),
            looks=tuple(looked.get(cell.label(), ())),
        )
        for cell in cells(study)
    )


def go_on(directory: Path, chosen: str = "") -> str:
    """Returns the command that continues a folder, for `chosen` cells."""
    some = f" --cells {shlex.quote(chosen)}" if chosen else ""
    folder = shlex.quote(str(directory))
    return f"go on: ingredients run-grid {shlex.quote(str(directory / STUDY_YAML))}{some} --out {folder}"


def _run_curves(run: Run, kinds: Mapping[tuple[str, str], Mapping[int, Curve]], store: Store) -> RunCurves:
    """Returns a run's curves; without the folder of runs nothing else."""
    points = kinds["none", "held_out"]
    probes = {probe: taken[max(taken)] for (probe, tasks), taken in kinds.items() if probe != "none"}
    is_here = store.runs_path.is_dir()
    about = store.read_run_json(run) if is_here else {}
    blocks = about.get("returns_by_block")
    return RunCurves(
        seed=run.seed,
        plain=points[max(points)],
        swapped={carrier: probes[probe] for probe, carrier in SWAPS.items() if probe in probes},
        points=points,
        training_points=kinds.get(("none", "training"), {}),
        probes=probes,
        blocks=np.asarray(blocks, dtype=np.float64) if blocks else None,
        statistics=about.get("statistics", {}),
        inside=about.get("inside", {}),
        analysis=about.get("analysis", {}),
        on_blocks=block_curves(store.read_blocks(run)) if is_here else None,
    )


def _whole_curves(frame: pd.DataFrame, axis: Axis) -> bool:
    """Returns whether the axis' points come in order, repeatedly."""
    counted = frame[axis.name].to_numpy()
    return len(counted) % axis.points == 0 and bool((counted.reshape(-1, axis.points) == axis.starts).all())


def _seeds_of(cell: Cell, failures: Mapping[Run, str]) -> tuple[int, ...]:
    return tuple(run.seed for run in failures if run.cell == cell)
