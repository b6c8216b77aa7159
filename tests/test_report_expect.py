"""`report --expect`: verdicts that a file expects; and several studies side by side."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from synthetic import bandit_study, write_results
from typer.testing import CliRunner, Result

from cli import app
from ingredients.report.build import read_report
from ingredients.report.compare import Comparison

FULL = "reward_observation=on,action_observation=on,memory=on,task_distribution=on"
FULL_RUN = "reward-on_action-on_memory-on_tasks-on"
SMALL = {"reward_observation": [True, False], "action_observation": [True], "memory": [True, False]}
RIGHT = f"""
# what the flagship finds
{FULL}: in-context
reward_observation=off: [none, undecided]
memory=off,reward_observation=on,task_distribution=on: reactive
"""


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
        "error: reward on · action on · memory on · tasks on: expected reactive, found in-context",
        "error: reward on · action on · memory off · tasks on: expected in-context or none, found reactive",
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
        ("everything: none\n", "cannot be read, got 'everything'; allowed: ingredient=level"),
        ("memory=on: none\nmemory=on: none\n", "line 2, column 1: cannot be read: "),
        ("memory=on: [none\n", "cannot be read: "),
    ],
)
def test_a_wrong_file_is_refused_in_one_line(folder: Path, tmp_path: Path, text: str, message: str) -> None:
    """File, key, value, what is allowed, the nearest match; nothing is printed besides."""
    done = expecting(folder, tmp_path, text)
    assert (done.exit_code, done.stdout) == (2, "")
    assert done.stderr.startswith(f"error: {tmp_path / 'expected.yaml'}: ")
    assert message in done.stderr
    assert len(done.stderr.splitlines()) == 1


def test_null_is_what_a_study_that_is_not_applicable_gives(folder: Path, tmp_path: Path) -> None:
    """`null` in a file is the verdict null."""
    done = expecting(folder, tmp_path, f"{FULL}: null\n")
    assert done.exit_code == 3
    assert "expected null, found in-context" in done.stderr


@pytest.mark.parametrize("option", [("--expect", "x.yaml"), ("--format", "html")])
def test_several_folders_are_refused_where_one_makes_sense(folder: Path, option: tuple[str, str]) -> None:
    """Expectations are of one study, and a page is of one."""
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


@pytest.fixture(scope="module")
def two(folder: Path, tmp_path_factory: pytest.TempPathFactory) -> Comparison:
    """The study beside one of fewer cells, ten arms and another criterion, in which a run failed."""
    other = bandit_study(
        name="ten-arms",
        tasks={"family": "bernoulli-bandit", "arms": 10, "episodes": 50},
        ingredients={**SMALL, "task_distribution": [True]},
        criterion={"gain_above": 0.12},
    )
    made = tmp_path_factory.mktemp("results") / "ten-arms"
    write_results(made, other, failed=["reward-off_action-on_memory-on_tasks-on_seed-0"])
    return Comparison([read_report(folder), read_report(made)])


def test_cells_stand_side_by_side(two: Comparison) -> None:
    """A row for every cell of any study, a column for each; what a study does not have is a dash."""
    lines = [line for line in two.markdown.splitlines() if line.startswith("| reward")]
    assert len(lines) == 8
    assert lines[0].count("● in-context") == 2
    assert sum("1 failed" in line for line in lines) == 1
    assert sum(line.endswith("| – |") for line in lines) == 4


def test_what_differs_between_studies_is_listed(two: Comparison) -> None:
    """Arms and criterion, and nothing that is equal; different criteria are said, and nothing is pooled."""
    keys = dict(two.settings())
    assert keys["tasks.arms"] == ["5", "10"]
    assert keys["criterion.gain_above"] == ["0.1", "0.12"]
    assert set(keys) == {"tasks.arms", "criterion.gain_above"}
    assert "different criteria" in two.notes[0]
    assert two.notes[0].startswith("The verdicts agree in 4 of 4 cells")


def test_the_command_compares_several_folders(two: Comparison) -> None:
    """The terminal shows both columns and each answer, and how to see one whole."""
    done = reported(*(report.directory for report in two.reports))
    assert done.exit_code == 0
    for words in ("bandit: In-context learning appeared", "ten-arms", "tasks.arms", "One whole: ingredients report"):
        assert words in done.stdout


def test_studies_of_one_name_are_told_apart_by_their_folders(folder: Path) -> None:
    """The same study in two folders."""
    assert Comparison([read_report(folder)] * 2).names == [f"bandit ({folder})"] * 2
