"""`report.json` and the report's other files: the contract of docs/design.md §10; same results, same bytes."""

from __future__ import annotations

import io
import json
import re
from pathlib import Path

import pytest
from in_process import draw_one_picture
from rich.console import Console
from synthetic import bandit_study, curve_rows, record, write_results

from ingredients.grid import Cell, Run, runs
from ingredients.report.build import Report, build_report, read_report
from ingredients.store import Store
from ingredients.study import Study

CONTRACT = [
    "study",
    "tasks",
    "criterion",
    "complete",
    "runs",
    "floor",
    "yardstick",
    "references",
    "cells",
    "ingredients",
    "minimal_sufficient",
]
CELL_CONTRACT = [
    "cell",
    "seeds",
    "failed",
    "return",
    "early",
    "late",
    "gain",
    "ceiling",
    "learned",
    "verdict",
    "share",
    "storage",
    "reason",
    "emerges_at_step",
]
FILES = {"report.json", "report.md", "report.html", "figures", "curves.parquet", "curves.csv"}


def contents(folder: Path) -> dict[Path, bytes]:
    """Returns what the report's files hold, those of its figures too."""
    made = [folder / name for name in FILES - {"figures"}]
    return {path: path.read_bytes() for path in (*made, *(folder / "figures").iterdir())}


def small_study(**changes: object) -> Study:
    """Returns the sixteen cells with three seeds and short lifetimes."""
    sections: dict[str, object] = {
        "tasks": {"family": "bernoulli-bandit", "arms": 5, "episodes": 10},
        "evaluation": {"points": 3},
        "seeds": 8,
    }
    return bandit_study(**{**sections, **changes})


@pytest.fixture(scope="module")
def built(tmp_path_factory: pytest.TempPathFactory) -> Report:
    """The report of a complete study, with its files written, one picture among them."""
    folder = tmp_path_factory.mktemp("results") / "bandit"
    write_results(folder, small_study())
    with pytest.MonkeyPatch.context() as patched:
        draw_one_picture(patched)
        return build_report(folder)


def verdicts(report: Report) -> dict[Cell, str | None]:
    """Returns the verdict of each cell."""
    return {result.cell: result.verdict for result in report.judgement.cells}


def test_the_contract_comes_first_and_in_order(built: Report) -> None:
    """The keys of docs/design.md §10 open the object and each cell, in the order that users rely on."""
    assert list(built.json)[: len(CONTRACT)] == CONTRACT
    for cell in built.json["cells"]:
        assert list(cell)[: len(CELL_CONTRACT)] == CELL_CONTRACT
        assert list(cell["cell"]) == ["reward_observation", "action_observation", "memory", "task_distribution"]
        assert list(cell["late"]) == ["mean", "low", "high"]
    assert list(built.json["yardstick"]) == ["name", "exact", "late"]
    assert list(built.json["references"]["gittins"]) == ["curve", "return", "exact", "expected_return", "passed_by"]
    assert set(built.json["ingredients"]["memory"]) >= {"necessary", "effect"}


def test_the_file_is_the_object_and_strict_json(built: Report) -> None:
    """report.json reads back equal to `Report.json`, without NaN or infinity."""

    def refuse(constant: str) -> None:
        raise AssertionError(f"{constant} is not JSON")

    text = (built.directory / "report.json").read_text()
    assert json.loads(text, parse_constant=refuse) == built.json


def test_a_complete_study_says_so(built: Report) -> None:
    """All runs are done, none failed, and study, tasks and criterion are those of the study."""
    assert built.json["complete"] is True
    assert built.json["runs"] == {"done": 128, "planned": 128, "failed": 0}
    assert built.json["study"] == "bandit"
    resolved = {"family": "bernoulli-bandit", "arms": 5, "episodes": 10, "action_noise": 0.0, "forced_pulls": 0}
    assert built.json["tasks"] == resolved
    assert built.json["criterion"] == {"gain_above": 0.1, "confidence": 0.95}
    assert (built.json["failures"], built.json["missing"]) == ([], [])


def test_the_verdicts_are_those_that_the_curves_show(built: Report) -> None:
    """The cells that were made to learn in context are in-context, the memoryless one is reactive, the rest none."""
    found = verdicts(built)
    assert {cell for cell, verdict in found.items() if verdict == "in-context"} == {
        Cell(True, True, True, True),
        Cell(True, False, True, True),
    }
    assert {cell for cell, verdict in found.items() if verdict == "reactive"} == {Cell(True, True, False, True)}
    assert sum(verdict == "none" for verdict in found.values()) == 13


def test_other_curves_give_other_verdicts(tmp_path: Path) -> None:
    """Where the full cell's runs are given the floor's curves, the full cell is none: nothing knows cells by name."""
    study = small_study(ingredients={"action_observation": [True], "task_distribution": [True]})
    store = write_results(tmp_path / "bandit", study)
    full, floor = Cell(True, True, True, True), Cell(False, True, True, True)
    for run in (run for run in runs(study) if run.cell == full):
        given = record(study, run)
        flat = curve_rows(study, Run(floor, run.seed)).assign(reward_observation="on")
        blocks = record(study, Run(floor, run.seed)).blocks
        store.write_run(type(given)(**{**vars(given), "curves": flat, "blocks": blocks}))
    assert verdicts(read_report(tmp_path / "bandit"))[full] == "none"


@pytest.mark.usefixtures("one_picture")
def test_incomplete_and_partly_failed(tmp_path: Path) -> None:
    """With runs missing `complete` is false; missing and failed runs are counted and named; the report is written."""
    study = small_study(seeds=2)
    first, second, *_ = runs(study)
    write_results(tmp_path / "bandit", study, failed=[first.id], missing=[second.id])
    report = build_report(tmp_path / "bandit")
    assert report.json["complete"] is False
    assert report.json["runs"] == {"done": 30, "planned": 32, "failed": 1}
    assert report.json["missing"] == [second.id]
    assert report.json["failures"] == [{"run": first.id, "reason": "the loss was not finite at update 17"}]
    by_cell = {json.dumps(cell["cell"]): cell for cell in report.json["cells"]}
    assert by_cell[json.dumps(first.cell.json())]["failed"] == 1
    assert {path.name for path in (tmp_path / "bandit").iterdir()} >= FILES


def test_failed_runs_alone_leave_it_complete(tmp_path: Path) -> None:
    """A failed run is an outcome: the study has run to its end."""
    study = small_study(seeds=1)
    write_results(tmp_path / "bandit", study, failed=[runs(study)[0].id])
    assert read_report(tmp_path / "bandit").json["complete"] is True


def test_one_seed_has_no_interval(tmp_path: Path) -> None:
    """A single run gives means, bounds of null, and undecided."""
    study = small_study(seeds=1)
    write_results(tmp_path / "bandit", study)
    cell = read_report(tmp_path / "bandit").json["cells"][-1]
    assert cell["late"]["mean"] > 0.8
    assert (cell["late"]["low"], cell["late"]["high"]) == (None, None)
    assert cell["verdict"] == "undecided"


@pytest.mark.usefixtures("one_picture")
def test_building_again_gives_the_same_bytes(built: Report) -> None:
    """Every file of the report is the same when built again; `test_report_html` has all pictures."""
    before = contents(built.directory)
    build_report(built.directory)
    assert contents(built.directory) == before


def test_the_order_of_writing_does_not_matter(tmp_path: Path) -> None:
    """Runs stored in another order, as by more workers, give the same report."""
    study = small_study(seeds=2)
    references = write_results(tmp_path / "first", study).read_references()
    store = Store(tmp_path / "bandit").open(study)
    assert references is not None
    store.write_references(references)
    for run in reversed(runs(study)):
        store.write_run(record(study, run))
    assert read_report(tmp_path / "bandit").json == read_report(tmp_path / "first").json


def test_reading_writes_nothing(tmp_path: Path) -> None:
    """`read_report` leaves the folder as it is."""
    write_results(tmp_path / "bandit", small_study(seeds=1))
    before = sorted(tmp_path.rglob("*"))
    read_report(tmp_path / "bandit")
    assert sorted(tmp_path.rglob("*")) == before


@pytest.mark.usefixtures("one_picture")
def test_a_report_that_cannot_be_written(tmp_path: Path) -> None:
    """The report is there all the same, does not claim its files, and has the line that says why they are not."""
    write_results(tmp_path / "bandit", small_study(seeds=5))
    (tmp_path / "bandit" / "report.json").mkdir()
    report = build_report(tmp_path / "bandit")
    assert report.unwritten == (
        f"{tmp_path / 'bandit' / 'report.json'}: cannot be written: is a directory; "
        "a folder lies where a file should be: move it away"
    )
    assert report.json["runs"]["done"] == report.evidence.finished > 0
    file = io.StringIO()
    Console(file=file).print(report.terminal())
    assert "R A M T" in file.getvalue()
    assert "report.md" not in file.getvalue()


@pytest.mark.usefixtures("one_picture")
def test_a_study_that_does_not_apply_has_null_verdicts(tmp_path: Path) -> None:
    """Where the calibration gate fails, every verdict is null with a reason, and scores are still there."""
    store = write_results(tmp_path / "bandit", small_study(seeds=5))
    references = store.read_references()
    assert references is not None
    yardstick = references["references"]["gittins"]["curves"]
    yardstick["memory_swap"] = yardstick["none"]  # a yardstick that carries nothing is none
    store.write_references(references)
    report = build_report(tmp_path / "bandit").json
    assert {cell["verdict"] for cell in report["cells"]} == {None}
    assert all(cell["reason"] for cell in report["cells"])
    assert all(cell["late"]["mean"] is not None for cell in report["cells"])
    assert report["calibration"]["passed"] is False


def test_a_study_without_a_scale_is_still_reported(tmp_path: Path) -> None:
    """Where the yardstick is no better than the floor there are no scores, and every file says so without failing."""
    store = write_results(tmp_path / "bandit", small_study(seeds=5))
    references = store.read_references()
    assert references is not None
    references["references"]["gittins"]["curves"] = references["references"]["best_fixed"]["curves"]
    store.write_references(references)
    report = build_report(tmp_path / "bandit")
    assert {cell["verdict"] for cell in report.json["cells"]} == {None}
    assert {cell["late"]["mean"] for cell in report.json["cells"]} == {None}
    assert "Not applicable" in report.markdown
    Console(file=(printed := io.StringIO())).print(report.terminal())
    for text in (report.markdown, printed.getvalue(), report.html):  # short in each: no table of dashes
        assert "all four ingredients: " in text.replace("\n", " ")
        assert re.search(r"learner\.train\\?_steps=6000000", text)  # not more seeds: five do
        assert "–" not in text
        assert "|" not in text
        assert "<table" not in text
    assert len(printed.getvalue().splitlines()) < 60


@pytest.mark.parametrize("references", [True, False])
def test_where_every_run_failed_the_reason_comes_first(tmp_path: Path, references: bool) -> None:
    """In every format: before what might be said of references, and with no table; in the JSON it is the sentence."""
    study = small_study(seeds=2)
    write_results(tmp_path / "r", study, failed=[run.id for run in runs(study)], references=references)
    report = build_report(tmp_path / "r")
    count = len(runs(study))
    said = f"No run finished; {count} of {count} failed: the loss was not finite at update 17."
    assert report.json["sentence"] == said
    Console(file=(printed := io.StringIO()), width=200).print(report.terminal())
    for text in (report.markdown, printed.getvalue(), report.html):
        assert said in text
        assert text.index(said) < text.index(runs(study)[0].id.split("_")[0])
        assert "Not applicable" not in text
        assert "<table" not in text
