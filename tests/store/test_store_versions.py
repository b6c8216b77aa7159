"""Folders of another study or another version, and folders that others work in: refused with the reason, untouched."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from in_process import program_here
from stores import another_at_work, contents, one_line, small_study
from synthetic import write_results

from ingredients import grid
from ingredients.grid import runs
from ingredients.grid_run.jobs import other_training
from ingredients.report.build import build_report
from ingredients.store import Leases, Store, load_result


def test_runs_of_another_version_are_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Code that trains otherwise makes other runs: the line has both numbers, `plan` and `report` say the same."""
    study = small_study()
    with monkeypatch.context() as older:
        older.setitem(grid.CODE, "trains", grid.CODE["trains"] - 1)
        store = write_results(tmp_path / "bandit", study)
    before = contents(tmp_path)
    text = one_line(lambda: store.open(study))
    numbers = f"training code: {grid.CODE['trains'] - 1} -> {grid.CODE['trains']}"
    assert text.startswith(f"{store.directory}: holds runs trained otherwise (by another version: {numbers}; ")
    assert "--fresh" in text
    assert "--out" in text
    assert (other_training(study, store.directory) or "").startswith(f"by another version: {numbers}")
    text = one_line(lambda: build_report(store.directory))
    assert text.startswith(f"{store.directory}: its runs were trained otherwise (by another version: {numbers}; ")
    assert contents(tmp_path) == before
    store.open(study, fresh=True)
    assert contents(tmp_path / "bandit-old-1") == {
        name.removeprefix("bandit/"): content for name, content in before.items()
    }


def test_a_study_edited_beside_its_runs_is_no_other_version(tmp_path: Path) -> None:
    """The versions are the same, so the line says what was done instead of "3 -> 3"."""
    store = write_results(tmp_path / "bandit", small_study())
    beside = store.directory / "study.yaml"
    beside.write_text(beside.read_text(encoding="utf-8").replace("arms: 5", "arms: 4"), encoding="utf-8")
    assert "arms: 4" in beside.read_text(encoding="utf-8")
    said = one_line(lambda: build_report(store.directory))
    assert "its runs were trained otherwise (by another study: study.yaml beside them, or a file of " in said


def test_code_that_only_evaluates_otherwise_is_gone_on_with(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A new probe evaluates stored weights again; the folder is not refused for it."""
    study = small_study()
    with monkeypatch.context() as older:
        older.setitem(grid.CODE, "evaluates", grid.CODE["evaluates"] - 1)
        write_results(tmp_path / "bandit", study)
    store = Store(tmp_path / "bandit").open(study)
    assert set(store.states(study).values()) == {"trained"}


def test_a_run_says_by_which_code_it_was_made(tmp_path: Path) -> None:
    """The numbers that are compared stand in `run.json`."""
    study = small_study()
    store = write_results(tmp_path / "bandit", study)
    assert store.read_run_json(runs(study)[0])["code"] == grid.CODE


@pytest.mark.parametrize("change", ["learner.discount=0.5", "tasks.arms=4"])
def test_a_study_edited_half_way_is_refused(tmp_path: Path, change: str) -> None:
    """What was finished of the study as it was stays, whole; the command says what differs and leaves exit code 2."""
    study = small_study()
    half = [run.id for run in runs(study)[2:]]
    store = write_results(tmp_path / "bandit", study, missing=half)
    edited = tmp_path / "edited.yaml"
    edited.write_text((store.directory / "study.yaml").read_text())
    before = contents(store.directory)
    done = program_here("run-grid", str(edited), "--set", change, "--out", str(store.directory), cwd=tmp_path)
    assert (done.returncode, done.stdout, done.stderr.count("\n")) == (2, "", 1)
    key, _, value = change.partition("=")
    assert f"holds runs trained otherwise ({key}: " in done.stderr
    assert f" -> {value})" in done.stderr
    assert contents(store.directory) == before
    assert list(load_result(store.directory)[0].states(study).values()).count("finished") == 2


def test_fresh_waits_for_nobody_who_is_at_work(tmp_path: Path) -> None:
    """A folder that another process works in is not moved away from under it: the line names the process."""
    study = small_study()
    store = write_results(tmp_path / "bandit", study)
    with another_at_work(store.directory) as worker:
        before = contents(store.runs_path)
        text = one_line(lambda: store.open(study, fresh=True))
        assert text.startswith(f"{store.directory}: process {worker.pid} on ")
        assert "is at work in it, so --fresh does not move it aside; wait until it has ended" in text
        assert contents(store.runs_path) == before
        store.open(small_study(seeds=3))  # more of the same may always come
        worker.kill()
        worker.wait()
    store.open(study, fresh=True)
    assert contents(tmp_path / "bandit-old-1" / "runs") == before


def test_another_evaluation_waits_for_nobody_who_is_at_work(tmp_path: Path) -> None:
    """Two evaluations at once would undo each other's runs: the second is refused until the first has ended."""
    study = small_study()
    store = write_results(tmp_path / "bandit", study)
    other = small_study(evaluation={"points": 3, "tasks": 500})
    with Leases(store.directory):
        text = one_line(lambda: store.open(other))
        assert "is at work in it under another evaluation than this study's; wait" in text
        assert load_result(store.directory)[1] == study
        store.open(study)
    store.open(other)
    assert load_result(store.directory)[1] == other


def test_a_process_of_another_machine_is_dead_after_a_while(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """What a machine that is gone has left does not forbid a fresh start for ever."""
    study = small_study()
    store = write_results(tmp_path / "bandit", study)
    gone = {"process": {"host": "n1", "machine": "n1", "number": 1, "began": "1"}, "beat": 3, "names": []}
    (store.directory / "leases").mkdir()
    (store.directory / "leases" / "ab.json").write_text(json.dumps(gone))
    monkeypatch.setattr("ingredients.store.leases.at_work.__defaults__", (0.2,))
    store.open(study, fresh=True)
    assert (tmp_path / "bandit-old-1").is_dir()
