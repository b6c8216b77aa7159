"""Mistakes with a results folder: nothing is lost, nothing wrong is taken for right, and one line says why."""

from __future__ import annotations

import json
import shutil
from pathlib import Path
from typing import Any

import pandas as pd
import pyarrow as pa
import pyarrow.parquet
import pytest
from stores import contents, one_line, small_study
from synthetic import curve_rows, record, seal, synthetic_references, write_results

from ingredients.grid import runs
from ingredients.store import CURVES, DIAGNOSTICS, Store
from ingredients.store.tables import write_parquet


@pytest.mark.parametrize(("inside", "named"), [(".", "."), ("runs", "..")])
def test_fresh_from_inside_the_folder_is_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, inside: str, named: str
) -> None:
    """From inside, the path would still lead to the moved folder: nothing moves, and the line names the folder."""
    study = small_study()
    write_results(tmp_path / "bandit", study)
    before = contents(tmp_path)
    monkeypatch.chdir(tmp_path / "bandit" / inside)
    text = one_line(lambda: Store(Path(named)).open(study, fresh=True))
    assert text.startswith(f"{named}: --fresh cannot move this folder aside")
    assert f"leave it and give --out {tmp_path / 'bandit'}" in text
    assert contents(tmp_path) == before


def test_fresh_on_a_link_is_refused(tmp_path: Path) -> None:
    """A link would be left pointing to nothing: nothing moves, and the line names the folder behind it."""
    study = small_study()
    write_results(tmp_path / "bandit", study)
    (tmp_path / "link").symlink_to(tmp_path / "bandit")
    before = contents(tmp_path)
    text = one_line(lambda: Store(tmp_path / "link").open(study, fresh=True))
    assert f"it is a link; give --out {tmp_path / 'bandit'}" in text
    assert contents(tmp_path) == before


def test_fresh_below_a_link_moves_the_folder(tmp_path: Path) -> None:
    """A link further up does no harm: the new results are in the path that was named, the old ones beside them."""
    study = small_study()
    write_results(tmp_path / "real" / "bandit", study)
    before = contents(tmp_path / "real" / "bandit")
    (tmp_path / "link").symlink_to(tmp_path / "real")
    Store(tmp_path / "link" / "bandit").open(study, fresh=True)
    assert contents(tmp_path / "real" / "bandit-old-1") == before
    assert list((tmp_path / "link" / "bandit" / "runs").iterdir()) == []


@pytest.mark.parametrize("kept", ["", "train_step < 600_000", "probe != 'none'", "tasks != 'held_out'"])
def test_a_run_without_the_end_of_its_training_is_damaged(tmp_path: Path, kept: str) -> None:
    """A table that is empty, or lacks the last held-out rows without a probe, is refused by its file's name."""
    study = small_study()
    store = write_results(tmp_path / "bandit", study)
    run = runs(study)[0]
    path = store.run_path(run) / "curves.parquet"
    rows: pd.DataFrame = curve_rows(study, run)
    write_parquet(rows.query(kept) if kept else rows[:0], CURVES, path)
    seal(path.parent)
    text = one_line(lambda: store.curves(study))
    assert text.startswith(f"{path}: ")
    assert f"move the folder {path.parent} away and run the study again" in text


@pytest.mark.parametrize("other", [1, 2])
def test_curves_of_another_run_are_damaged(tmp_path: Path, other: int) -> None:
    """Curves copied from another cell or another seed are not taken for the run's own."""
    study = small_study()
    store = write_results(tmp_path / "bandit", study)
    own, foreign = (store.run_path(runs(study)[index]) / "curves.parquet" for index in (0, other))
    shutil.copy(foreign, own)
    seal(own.parent)
    assert one_line(lambda: store.curves(study)).startswith(f"{own}: ")


@pytest.mark.parametrize(
    ("column", "kind"),
    [("return", pa.string()), ("seed", pa.float64()), ("probe", pa.int64()), ("episode", pa.int32())],
)
def test_columns_of_another_type_are_damaged(tmp_path: Path, column: str, kind: pa.DataType) -> None:
    """A column of the right name and the wrong type is refused when the file is read, not later."""
    study = small_study()
    store = write_results(tmp_path / "bandit", study)
    path = store.run_path(runs(study)[0]) / "curves.parquet"
    table = pa.parquet.read_table(path)
    wrong = pa.array([1] * len(table)).cast(kind)
    pa.parquet.write_table(table.set_column(CURVES.names.index(column), column, wrong), path)
    seal(path.parent)
    assert one_line(lambda: store.curves(study)).startswith(f"{path}: ")


def test_diagnostics_of_another_type_are_damaged(tmp_path: Path) -> None:
    """The diagnostics are checked as the curves are."""
    study = small_study()
    store = write_results(tmp_path / "bandit", study)
    run = runs(study)[0]
    path = store.run_path(run) / "diagnostics.parquet"
    pa.parquet.write_table(pa.table({name: ["1"] for name in DIAGNOSTICS.names}), path)
    seal(path.parent)
    assert one_line(lambda: store.diagnostics(run)).startswith(f"{path}: ")


@pytest.mark.parametrize(
    "change",
    [
        {"floor": 3},
        {"floor": ["best_fixed"]},
        {"yardstick": "nobody"},
        {"reactive": {}},
        {"writable": "no"},
        {"references": []},
        {"references": {"best_fixed": 3, "gittins": 3, "reactive": 3}},
        {"evaluates": 7},
    ],
)
def test_references_of_wrong_types_are_damaged(tmp_path: Path, change: dict[str, Any]) -> None:
    """Whatever stands in the place of a role, a flag or the references, the line names the file."""
    store = write_results(tmp_path / "bandit", small_study())
    path = tmp_path / "bandit" / "references.json"
    path.write_text(json.dumps({**synthetic_references(10), **change}), encoding="utf-8")
    assert one_line(store.read_references).startswith(f"{path}: damaged")


@pytest.mark.parametrize(("key", "value"), [("curves", {"none": 1}), ("expected_return", "3"), ("exact", 0)])
def test_a_reference_of_wrong_types_is_damaged(tmp_path: Path, key: str, value: object) -> None:
    """So it is inside one reference."""
    store = write_results(tmp_path / "bandit", small_study())
    references = synthetic_references(10)
    references["references"]["gittins"][key] = value
    path = tmp_path / "bandit" / "references.json"
    path.write_text(json.dumps(references), encoding="utf-8")
    assert one_line(store.read_references).startswith(f"{path}: damaged")


def test_runs_that_the_study_no_longer_names_are_counted(tmp_path: Path) -> None:
    """Finished runs of more seeds are left out and counted; failed ones and half-written ones are not."""
    grown = small_study(seeds=3)
    store = write_results(tmp_path / "bandit", grown, failed=[runs(grown)[-1].id])
    (tmp_path / "bandit" / "runs" / ".half.partial").mkdir()
    assert store.left_out(grown) == 0
    assert store.left_out(small_study()) == 1
    store.write_run(record(grown, runs(grown)[-1]))
    assert store.left_out(small_study()) == 2
