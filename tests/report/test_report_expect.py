"""`report --expect`: the verdicts that a file expects, what differs, and a file that is wrong."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from in_process import draw_one_picture
from synthetic import bandit_study, write_results
from typer.testing import CliRunner, Result

from cli import app
from ingredients.grid import runs

FULL = "reward_observation=on,action_observation=on,memory=on,task_distribution=on"
NO_MEMORY = "reward_observation=on,action_observation=on,memory=off,task_distribution=on"
FULL_RUN = "reward-on_action-on_memory-on_tasks-on"
SMALL = {"reward_observation": [True, False], "action_observation": [True], "memory": [True, False]}
RIGHT = f"""
# what the flagship finds
{FULL}: in-context
reward_observation=off: [none, undecided]
memory=off,reward_observation=on,task_distribution=on: reactive
"""


@pytest.fixture(autouse=True)
def _quick(monkeypatch: pytest.MonkeyPatch) -> None:
    """Draws one picture of a report: what is expected is of verdicts."""
    draw_one_picture(monkeypatch)


def reported(*arguments: object) -> Result:
    """Runs `ingredients report` in this process."""
    return CliRunner().invoke(app, ["report", *map(str, arguments)])


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A finished study of eight cells."""
    made = tmp_path_factory.mktemp("results") / "bandit"
    write_results(made, bandit_study(ingredients={**SMALL, "task_distribution": [True, False]}))
    return made


def expecting(folder: Path, tmp_path: Path, text: str, *more: str) -> Result:
    """Runs a report that expects what a file says."""
    file = tmp_path / "expected.yaml"
    file.write_text(text, encoding="utf-8")
    return reported(folder, "--expect", file, *more)


def test_what_is_as_expected_exits_with_0(folder: Path, tmp_path: Path) -> None:
    """Every key holds for all the cells that it names; standard output is the report, JSON if asked for."""
    done = expecting(folder, tmp_path, RIGHT, "--format", "json")
    assert (done.exit_code, done.stderr) == (0, f"as expected: every verdict that {tmp_path / 'expected.yaml'} names\n")
    assert json.loads(done.stdout)["study"] == "bandit"


def test_differing_cells_are_named_and_exit_with_3(folder: Path, tmp_path: Path) -> None:
    """A line for each cell: what was expected, and what was found."""
    done = expecting(folder, tmp_path, f"{FULL}: reactive\nall: [in-context, none]\n", "--format", "json")
    assert done.exit_code == 3
    assert done.stderr.splitlines() == [
        f"error: {FULL}: expected reactive, found in-context",
        f"error: {NO_MEMORY}: expected in-context or none, found reactive",
    ]
    assert json.loads(done.stdout)["complete"] is True


def test_a_cell_without_a_finished_run_is_a_difference(tmp_path: Path) -> None:
    """Also where anything would have been right: nothing was found."""
    study = bandit_study(ingredients={**SMALL, "task_distribution": [True]}, seeds=2)
    write_results(tmp_path / "b", study, missing=[f"{FULL_RUN}_seed-{seed}" for seed in range(2)])
    done = expecting(tmp_path / "b", tmp_path, f"{FULL}: [in-context, undecided]\n")
    assert done.exit_code == 3
    assert "found no finished run (not run yet)" in done.stderr


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", "must hold keys, got nothing; allowed: cells and verdicts, such as memory=on,reward_observation=on: in-"),
        ("[in-context]\n", "must hold keys, got ['in-context']"),
        (
            "memory=on: in-contxt\n",
            "memory=on: unknown verdict, got 'in-contxt'; allowed: none, reactive, ",
        ),
        ("memory=on: in-contxt\n", "Did you mean 'in-context'?"),
        ("memory=on: on\n", "memory=on: unknown verdict, got the boolean on"),
        ("memory=on: []\n", "memory=on: names no verdict"),
        ("memry=on: none\n", "memry: unknown ingredient; allowed: reward_observation, action_observation, memory, "),
        ("memory=lstm: none\n", "memory: the study has no such level, got 'lstm'; allowed: on, off"),
        ("everything: none\n", "everything: names no cell; allowed: all, ingredient=level parted by commas, or a cell"),
        ("all but memry: none\n", "all but memry: names no cell; allowed: all, "),
        ("all but memry: none\n", "Did you mean 'all but memory'?"),
        ("memory=on,: none\n", "cannot be read, got ''; allowed: ingredient=level"),
        (f"{FULL}: none\nall four ingredients: none\n", f"all four ingredients: names the same cells as '{FULL}'"),
        ("memory=on: [[none]]\n", "memory=on: unknown verdict, got ['none']"),
        ("1: none\n", "a key must be text, got 1"),
        ("memory=on: none\nmemory=on: none\n", "line 2, column 1: cannot be read: "),
        ("memory=on: [none\n", "cannot be read: "),
    ],
)
def test_a_wrong_file_is_refused_in_one_line(folder: Path, tmp_path: Path, text: str, message: str) -> None:
    """File, key, value, what is allowed, the nearest match; nothing is printed besides, or written before."""
    before = {path: path.stat().st_mtime_ns for path in folder.iterdir()}
    done = expecting(folder, tmp_path, text)
    assert {path: path.stat().st_mtime_ns for path in folder.iterdir()} == before
    assert (done.exit_code, done.stdout) == (2, "")
    assert done.stderr.startswith(f"error: {tmp_path / 'expected.yaml'}: ")
    assert message in done.stderr
    assert len(done.stderr.splitlines()) == 1


def test_a_cell_may_be_called_as_the_report_calls_it(folder: Path, tmp_path: Path) -> None:
    """In words; the line of a cell that differs is a key that can be copied into the file."""
    done = expecting(folder, tmp_path, "all four ingredients: in-context\nall but memory: none\n", "--format", "json")
    assert (done.exit_code, done.stderr) == (3, f"error: {NO_MEMORY}: expected none, found reactive\n")
    assert expecting(folder, tmp_path, f"{NO_MEMORY}: reactive\n").exit_code == 0


def test_spaces_order_and_spelling_of_a_key_do_not_matter(folder: Path, tmp_path: Path) -> None:
    """A key is read as `--cells` reads it."""
    assert (
        expecting(folder, tmp_path, "task_distribution = true , memory=off,reward_observation=1: reactive\n").exit_code
        == 0
    )


@pytest.mark.parametrize("references", [True, False])
def test_a_folder_in_which_nothing_has_finished_is_not_as_expected(tmp_path: Path, references: bool) -> None:
    """With or without references the report is there, and each cell that was named is a difference."""
    study = bandit_study(ingredients={**SMALL, "task_distribution": [True]}, seeds=2)
    names = [run.id for run in runs(study)]
    write_results(tmp_path / "b", study, missing=names[1:], failed=names[:1], references=references)
    done = expecting(tmp_path / "b", tmp_path, "all but memory: [undecided, null]\n")
    assert (done.exit_code, done.stderr) == (
        3,
        f"error: {NO_MEMORY}: expected undecided or null, found no finished run (not run yet)\n",
    )
    assert "No run finished; 1 of 8" in done.stdout


def test_nothing_is_as_expected_without_references(tmp_path: Path) -> None:
    """Runs alone give no verdict, not even undecided."""
    write_results(
        tmp_path / "b", bandit_study(ingredients={**SMALL, "task_distribution": [True]}, seeds=2), references=False
    )
    done = expecting(tmp_path / "b", tmp_path, "all four ingredients: undecided\n")
    assert done.exit_code == 3
    assert "found undecided (the references have not been evaluated yet, so there is no scale)" in done.stderr


def test_null_is_what_a_study_that_is_not_applicable_gives(folder: Path, tmp_path: Path) -> None:
    """`null` in a file is the verdict null."""
    done = expecting(folder, tmp_path, f"{FULL}: null\n")
    assert done.exit_code == 3
    assert "expected null, found in-context" in done.stderr


@pytest.mark.parametrize("option", [("--expect", "x.yaml"), ("--index",)])
def test_several_folders_are_refused_where_one_makes_sense(folder: Path, option: tuple[str, ...]) -> None:
    """Expectations are of one study, and an index is of one folder."""
    done = reported(folder, folder, *option)
    assert done.exit_code == 2
    assert "allowed: one folder" in done.stderr


def test_a_file_that_is_not_there(folder: Path, tmp_path: Path) -> None:
    """It is named."""
    done = reported(folder, "--expect", tmp_path / "nowhere.yaml")
    assert done.exit_code == 2
    assert f"{tmp_path / 'nowhere.yaml'}: cannot be read" in done.stderr


def test_the_page_can_be_printed(folder: Path) -> None:
    """`--format html` prints what `report.html` holds."""
    done = reported(folder, "--format", "html")
    assert done.stdout == (folder / "report.html").read_text(encoding="utf-8") + "\n"
