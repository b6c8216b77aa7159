"""From a results folder to what judging starts from: the right curves in the right places, and clear refusals."""

from __future__ import annotations

import dataclasses
import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from synthetic import bandit_study, curve_rows, seal, write_results
from typer.testing import CliRunner

from cli import app
from ingredients.errors import StoreError
from ingredients.grid import Run, cells, references_fingerprint, runs, study_fingerprint
from ingredients.judgement import INTERNAL
from ingredients.judgement_input.gather import Evidence, read_evidence
from ingredients.report.build import build_report, read_report
from ingredients.store import CURVES, Store
from ingredients.store.record import RUN_JSON
from ingredients.store.tables import write_parquet
from ingredients.study import Study


@pytest.fixture
def study() -> Study:
    """Four cells, three seeds, lifetimes of ten episodes."""
    return bandit_study(
        ingredients={"action_observation": [True], "task_distribution": [True]},
        tasks={"family": "bernoulli-bandit", "arms": 5, "episodes": 10},
        evaluation={"points": 3},
        seeds=3,
    )


def evidence_of(folder: Path, study: Study, **changes: object) -> Evidence:
    """Writes a results folder and reads it."""
    return read_evidence(write_results(folder, study, **changes), study)  # type: ignore[arg-type]


def stored(study: Study, run: Run, probe: str, tasks: str, train_step: int) -> np.ndarray:
    """Returns the curve that was written for a run."""
    rows = curve_rows(study, run)
    chosen = rows[(rows["probe"] == probe) & (rows["tasks"] == tasks) & (rows["train_step"] == train_step)]
    return chosen["return"].to_numpy(dtype=np.float64)


def test_each_cell_knows_its_kind_of_memory(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """On and off are the agent's kind; others keep theirs, carried or not, through the folder and back."""
    (tmp_path / "lab").mkdir()
    (tmp_path / "lab" / "memories.py").write_text("class Net: ...\n")
    monkeypatch.chdir(tmp_path)
    monkeypatch.syspath_prepend(str(tmp_path))
    one_each = {name: [True] for name in ("reward_observation", "action_observation", "task_distribution")}
    levels = {**one_each, "memory": [False, True, "gru", "lab.memories:Net", "none"]}
    changes = {"agent": {"memory": "lstm"}, "tasks": {"family": "bernoulli-bandit", "arms": 5, "episodes": 10}}
    study = bandit_study(ingredients=levels, evaluation={"points": 2}, seeds=2, **changes)
    report = read_report(write_results(tmp_path / "bandit", study).directory)
    assert [(each.cell.json()["memory"], each.memory_kind, len(each.runs)) for each in report.evidence.cells] == [
        (False, "lstm", 2),
        (True, "lstm", 2),
        ("gru-off", "gru", 2),
        ("gru", "gru", 2),
        ("lab.memories:Net-off", "lab.memories:Net", 2),
        ("lab.memories:Net", "lab.memories:Net", 2),
        ("none", "none", 2),
    ]
    assert [cell["cell"]["memory"] for cell in report.json["cells"]][2:4] == ["gru-off", "gru"]


def test_every_curve_arrives_where_it_belongs(tmp_path: Path, study: Study) -> None:
    """Plain and swapped curves are those of the end of training on held-out tasks; points are those during training."""
    evidence = evidence_of(tmp_path / "bandit", study)
    assert [each.cell for each in evidence.cells] == list(cells(study))
    for cell in evidence.cells:
        assert [run.seed for run in cell.runs] == [0, 1, 2]
        for curves in cell.runs:
            run = Run(cell.cell, curves.seed)
            assert np.array_equal(curves.plain, stored(study, run, "none", "held_out", 600_000))
            assert np.array_equal(curves.swapped[INTERNAL], stored(study, run, "memory_swap", "held_out", 600_000))
            assert list(curves.points) == [0, 300_000, 600_000]
            assert np.array_equal(curves.points[300_000], stored(study, run, "none", "held_out", 300_000))


def test_failed_and_missing_runs_are_told_apart(tmp_path: Path, study: Study) -> None:
    """A failed run is in `failures` with its reason and in its cell's failed seeds; a missing one in `missing`."""
    first, second, *_ = runs(study)
    evidence = evidence_of(tmp_path / "bandit", study, failed=[first.id], missing=[second.id])
    assert dict(evidence.failures) == {first: "the loss was not finite at update 17"}
    assert evidence.missing == (second,)
    assert (evidence.planned, evidence.finished) == (12, 10)
    by_cell = {each.cell: each for each in evidence.cells}
    assert by_cell[first.cell].failed_seeds == (0,)
    assert [run.seed for run in by_cell[first.cell].runs] == [1, 2]
    assert by_cell[second.cell].failed_seeds == ()


def test_a_cell_without_a_run_stays_in_the_grid(tmp_path: Path, study: Study) -> None:
    """A cell none of whose runs is there has no curves, and is still judged and reported."""
    lost = cells(study)[2]
    evidence = evidence_of(tmp_path / "bandit", study, missing=[Run(lost, seed).id for seed in range(3)])
    assert {each.cell: len(each.runs) for each in evidence.cells}[lost] == 0
    assert len(evidence.cells) == 4


def test_runs_outside_the_study_are_left_out(tmp_path: Path, study: Study) -> None:
    """Where the stored study was made smaller, runs of the larger one stay on the disk and out of the report."""
    store = write_results(tmp_path / "bandit", study)
    smaller = study.model_copy(update={"seeds": dataclasses.replace(study.seeds, count=2)})
    store.open(smaller)
    evidence = read_evidence(store, smaller)
    assert (evidence.planned, evidence.finished) == (8, 8)
    assert {run.seed for each in evidence.cells for run in each.runs} == {0, 1}
    assert len(list((tmp_path / "bandit" / "runs").iterdir())) == 12
    note = "Left out: 4 stored runs, as the study now names fewer seeds or cells."
    assert note in read_report(tmp_path / "bandit").json["notes"]
    assert note in read_report(tmp_path / "bandit").markdown


@pytest.mark.usefixtures("one_picture")
def test_a_look_is_counted_once_however_often_the_report_is_built(tmp_path: Path) -> None:
    """Five seeds, a report, three seeds more, two reports: two looks, which the report states and the verdicts pay."""
    levels = {name: [True] for name in ("reward_observation", "action_observation", "memory", "task_distribution")}
    tasks = {"family": "bernoulli-bandit", "arms": 5, "episodes": 10}
    for seeds, sizes in ((5, [5]), (5, [5]), (8, [5, 8]), (8, [5, 8])):
        study = bandit_study(ingredients=levels, tasks=tasks, evaluation={"points": 2}, seeds=seeds)
        store = write_results(tmp_path / "bandit", study)
        report = build_report(tmp_path / "bandit")
        assert report.unwritten is None
        assert store.read_looks() == {"reward on · action on · memory on · tasks on": sizes}
        assert list(report.judgement.cells[0].looks) == sizes
    assert any("were judged 2 times as seeds were added (5, then 8)" in note for note in report.json["notes"])
    assert report.json == build_report(tmp_path / "bandit").json


def test_runs_that_an_older_version_evaluated_are_missing_and_a_note_says_so(tmp_path: Path, study: Study) -> None:
    """One run keeps its weights and the fingerprint of another evaluation: it is in no count, and one line says why."""
    store = write_results(tmp_path / "bandit", study)
    run = runs(study)[0]
    path = store.run_path(run) / RUN_JSON
    content = json.loads(path.read_text(encoding="utf-8"))
    content["fingerprints"]["evaluates"] = "0" * 64
    path.write_text(json.dumps(content), encoding="utf-8")
    seal(store.run_path(run))
    report = read_report(tmp_path / "bandit")
    assert (report.evidence.to_evaluate, report.evidence.missing, report.evidence.finished) == (1, (run,), 11)
    (note,) = (note for note in report.json["notes"] if "older version" in note)
    assert note.startswith("Not judged: 1 trained run that an older version evaluated. To go on: ")
    assert note.endswith("; nothing is trained again.")
    assert note.replace("_", "\\_") in report.markdown or note in report.markdown


@pytest.mark.parametrize("references", [True, False])
def test_nothing_finished_is_a_report_that_says_so(tmp_path: Path, study: Study, references: bool) -> None:
    """Everything but scores is there: what is missing, what failed and why, how to go on."""
    names = [run.id for run in runs(study)]
    write_results(tmp_path / "bandit", study, missing=names[1:], failed=names[:1], references=references)
    report = read_report(tmp_path / "bandit")
    assert report.json["runs"] == {"done": 0, "planned": 12, "failed": 1}
    assert {cell["verdict"] for cell in report.json["cells"]} == {"undecided"}
    assert "No run finished; 1 of 12 failed" in report.markdown
    assert f"{names[0]}: the loss was not finite at update 17" in report.html
    report.write()


def test_without_references_there_are_no_scores_and_no_verdicts(tmp_path: Path, study: Study) -> None:
    """Runs are counted and their raw returns shown; `report.json` has null for what is not there."""
    write_results(tmp_path / "bandit", study, references=False)
    report = read_report(tmp_path / "bandit")
    assert {key: report.json[key] for key in ("floor", "yardstick", "references", "complete")} == {
        "floor": None,
        "yardstick": None,
        "references": {},
        "complete": False,
    }
    assert report.json["runs"] == {"done": 12, "planned": 12, "failed": 0}
    assert report.json["claim"]["status"] == "undecided"
    for cell in report.json["cells"]:
        assert (cell["verdict"], cell["seeds"], cell["late"]["mean"]) == ("undecided", 3, None)
        assert cell["reason"] == "the references have not been evaluated yet, so there is no scale"
        assert cell["return"]["low"] < cell["return"]["mean"] < cell["return"]["high"]
    assert "12 of 12 runs finished, no references yet" in report.markdown
    assert [picture.words.name for picture in report.pictures] == ["truth_table"]
    assert "The references have not been evaluated yet. To go on: ingredients run-grid" in report.html


@pytest.mark.usefixtures("one_picture")
def test_a_folder_without_its_runs_keeps_its_report(tmp_path: Path, study: Study) -> None:
    """Where a report lies but no runs do, as where results are published, it is refused and nothing is overwritten."""
    write_results(tmp_path / "bandit", study)
    build_report(tmp_path / "bandit")
    shutil.rmtree(tmp_path / "bandit" / "runs")
    before = {file: file.read_bytes() for file in (tmp_path / "bandit").iterdir() if file.is_file()}
    with pytest.raises(StoreError) as caught:
        build_report(tmp_path / "bandit")
    assert str(caught.value) == (
        f"{tmp_path / 'bandit'}: its runs are not here (there is no folder runs), so it cannot be judged again; what "
        f"was found is in {tmp_path / 'bandit' / 'report.md'}"
    )
    assert before == {file: file.read_bytes() for file in before}


def test_a_folder_that_holds_a_study_alone_is_reported(tmp_path: Path, study: Study) -> None:
    """Nothing has run, nothing is wrong."""
    (tmp_path / "study.yaml").write_text(study.to_yaml(), encoding="utf-8")
    assert read_report(tmp_path).json["runs"] == {"done": 0, "planned": 12, "failed": 0}


def damage(path: Path, how: str) -> None:
    """Cuts a file in half, turns bits in its middle, or puts something else in its place."""
    content = path.read_bytes()
    half = len(content) // 2
    flipped = bytes(byte ^ 0xFF for byte in content[half : half + 64])
    path.write_bytes({"cut": content[:half], "flipped": content[:half] + flipped + content[half + 64 :]}.get(how, b"!"))


@pytest.mark.parametrize("how", ["cut", "flipped", "garbage"])
@pytest.mark.parametrize("name", ["curves.parquet", "run.json", "references.json", "study.yaml"])
def test_a_damaged_file_is_named_in_one_line(tmp_path: Path, study: Study, name: str, how: str) -> None:
    """Exit code 2, the path, and no more than a line; no report is made of the rest."""
    store = write_results(tmp_path / "bandit", study)
    at_top = name in ("references.json", "study.yaml")
    path = (tmp_path / "bandit" if at_top else store.run_path(runs(study)[5])) / name
    damage(path, how)
    done = CliRunner().invoke(app, ["report", str(tmp_path / "bandit")])
    assert (done.exit_code, done.stdout) == (2, "")
    assert done.stderr.startswith(f"error: {path}: ")
    assert done.stderr.count("\n") == 1


def test_references_of_another_evaluation_are_an_error(tmp_path: Path, study: Study) -> None:
    """References that met other tasks than the runs are no scale for them; those of this evaluation are."""
    store = write_results(tmp_path / "bandit", study)
    references = store.read_references()
    assert references is not None
    store.write_references({**references, "evaluates": study_fingerprint(study).evaluates})
    assert read_evidence(store, study).finished == 12
    store.write_references({**references, "evaluates": "other"})
    with pytest.raises(StoreError) as caught:
        read_evidence(store, study)
    assert str(caught.value).startswith(f"{tmp_path / 'bandit' / 'references.json'}: evaluated with other settings")
    assert f"go on: ingredients run-grid {tmp_path / 'bandit' / 'study.yaml'}" in str(caught.value)


def test_curves_of_another_length_are_an_error(tmp_path: Path, study: Study) -> None:
    """A run whose curves lack an episode is refused, not shifted against the others."""
    store = write_results(tmp_path / "bandit", study)
    run = runs(study)[0]
    short: pd.DataFrame = curve_rows(study, run).iloc[1:]
    write_parquet(short, CURVES, store.run_path(run) / "curves.parquet")
    seal(store.run_path(run))
    with pytest.raises(StoreError, match="stored curves are not 10 episodes long"):
        read_evidence(store, study)


def test_references_of_another_length_are_an_error_that_names_the_folder(tmp_path: Path, study: Study) -> None:
    """References that do not fit the curves end in one line with the folder's path."""
    store = write_results(tmp_path / "bandit", study)
    references = store.read_references()
    assert references is not None
    references["references"]["gittins"]["curves"]["none"] = [[0.5] * 9] * 5
    store.write_references(references)
    with pytest.raises(StoreError) as caught:
        read_report(Store(tmp_path / "bandit").directory)
    assert str(caught.value).startswith(f"{tmp_path / 'bandit'}: ")
    assert "\n" not in str(caught.value)


def test_the_report_imports_neither_torch_nor_matplotlib() -> None:
    """Importing the report is cheap: torch never, matplotlib not before a figure is drawn."""
    script = "import sys, ingredients.report; sys.exit(bool({'torch', 'matplotlib'} & set(sys.modules)))"
    here = {**os.environ, "PYTHONPATH": os.pathsep.join(filter(None, sys.path))}
    assert subprocess.run([sys.executable, "-c", script], env=here, check=False).returncode == 0


def test_the_section_of_tasks_stands_beside_the_stored_references(tmp_path: Path) -> None:
    """What needs no playing is asked of the study, so that older folders are judged by it, too."""
    evidence = evidence_of(tmp_path / "bandit", bandit_study(evaluation={"points": 2}, seeds=2))
    assert evidence.references is not None
    assert (evidence.references.unneeded, evidence.references.working_memory) == (frozenset(), False)


def test_references_without_trained_agents_are_those_of_their_study(tmp_path: Path) -> None:
    """A study that says how many reactive agents are trained, as smoke.yaml does, is reported like any other."""
    small = bandit_study(evaluation={"reactive_agents": 0}, ingredients={"memory": [True]}, seeds=1)
    store = write_results(tmp_path / "bandit", small)
    references = store.read_references()
    assert references is not None
    store.write_references({**references, "evaluates": references_fingerprint(small)})
    assert read_evidence(store, small).references
