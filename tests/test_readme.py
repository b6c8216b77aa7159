"""The front page and the pages in docs/ say nothing that is not there."""

from __future__ import annotations

import re
import sys
from pathlib import Path
from typing import Any

import pytest
import typer
import yaml

from cli import app
from ingredients.agent.memory import memory_notice
from ingredients.report.expect import read_expectations
from ingredients.report.wording import VERDICT_MEANINGS
from ingredients.study import load_study, parse_study
from ingredients.study.levels import MEMORY_KINDS
from ingredients.study.tasks import FOREIGN, SECTIONS
from ingredients.tasks import make_family

ROOT = Path(__file__).parent.parent
PAGES = {str(path.relative_to(ROOT)): path.read_text() for path in (ROOT / "README.md", *(ROOT / "docs").glob("*.md"))}
COMMANDS = typer.main.get_command(app).commands  # type: ignore[attr-defined]


def blocks(page: str, *kinds: str) -> list[str]:
    """Returns the fenced blocks of these kinds on a page."""
    found = re.findall(r"^```(\w*)\n(.*?)^```", PAGES[page], flags=re.MULTILINE | re.DOTALL)
    return [block for kind, block in found if kind in kinds]


def lines(page: str) -> list[str]:
    """Returns the lines of a page that are typed into a shell."""
    return [line.strip() for block in blocks(page, "sh") for line in block.splitlines()]


def column(page: str, heading: str, place: int) -> list[str]:
    """Returns a column of a page's table whose heading starts like this."""
    rows = PAGES[page].partition(f"| {heading} |")[2].partition("\n\n")[0].splitlines()[2:]
    return [row.split(" | ")[place].strip("| ") for row in rows]


def test_the_quick_start_is_two_commands() -> None:
    """The first block is `make grid` and `make test`, and both are targets of the Makefile."""
    assert blocks("README.md", "sh")[0] == "make grid\nmake test\n"
    targets = re.findall(r"^([a-z-]+):", (ROOT / "Makefile").read_text(), flags=re.MULTILINE)
    named = {target for page in PAGES.values() for target in re.findall(r"`make ([a-z-]+)`", page)}
    assert named
    assert named | {"grid", "test"} <= set(targets)


@pytest.mark.parametrize("page", PAGES)
def test_every_option_exists(page: str) -> None:
    """Every `ingredients ...` line names a command, and each of its options is one of that command's."""
    for line in lines(page):
        if line.startswith("ingredients "):
            words = line.partition("  ")[0].split()
            options = {option for parameter in COMMANDS[words[1]].params for option in parameter.opts}
            assert {word for word in words if word.startswith("--")} <= options, line


def test_every_command_is_shown() -> None:
    """The front page has a line for each command that there is."""
    assert {line.split()[1] for line in lines("README.md") if line.startswith("ingredients ")} == set(COMMANDS)


def test_verdicts_are_defined_as_reports_define_them() -> None:
    """The front page has each verdict with the very sentences of a report's legend."""
    defined = dict(zip(column("README.md", "verdict", 0), column("README.md", "verdict", 1), strict=True))
    assert defined == VERDICT_MEANINGS


def test_every_family_is_listed() -> None:
    """The table of task families has each that a study can name, in the order of an error's list."""
    named = [re.findall(r"`([\w-]+)", cell)[0] for cell in column("docs/tasks.md", "family", 0)]
    assert tuple(named) == (*SECTIONS, *FOREIGN)


def test_every_study_is_listed_with_its_question() -> None:
    """The table of studies has each file of ablations/, and asks what the file asks."""
    names = [cell.strip("`") for cell in column("docs/studies.md", "`ablations/`", 0)]
    assert sorted(names) == sorted(path.name for path in (ROOT / "ablations").glob("*.yaml"))
    asked = [load_study(ROOT / "ablations" / name).question for name in names]
    assert column("docs/studies.md", "`ablations/`", 1) == asked


def test_a_result_is_told_only_where_it_is_published() -> None:
    """What a row of the studies says was found is a link to that study's own report."""
    for name, found in zip(
        column("docs/studies.md", "`ablations/`", 0), column("docs/studies.md", "`ablations/`", 2), strict=True
    ):
        study = name.strip("`").removesuffix(".yaml")
        if found and study != "smoke":
            assert f"(../results/published/{study}/report.md)" in found


def test_the_python_runs() -> None:
    """The Gymnasium example makes an environment, a cell and a vector that can be stepped."""
    _, code = blocks("docs/tasks.md", "python")
    names: dict[str, Any] = {}
    exec(code, names)
    names["env"].reset(seed=0)
    assert names["env"].step(0)[1] in (0.0, 1.0)
    assert names["cell"].reset(seed=0)[0].shape == (1 + 2 + 2 + 6,)
    assert names["many"].reset(seed=0)[0].shape == (512, 1)


def test_the_own_tasks_are_a_family(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The user's own tasks are thirty lines, and keep the contract under the section that the page gives."""
    code, _ = blocks(page := "docs/tasks.md", "python")
    assert len([line for line in code.splitlines() if line.strip()]) <= 30
    (tmp_path / "my_tasks.py").write_text(code)
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(sys, "path", [*sys.path])
    (section,) = re.findall(r"`tasks: (\{own: .*?\})`", PAGES[page])
    study = {"name": "t", "tasks": yaml.safe_load(section), "ingredients": {}}
    family = make_family(parse_study(study, page).tasks)
    assert (family.actions, family.episodes) == (5, 20)


def test_the_memory_is_a_memory(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The user's own memory keeps the contract, and its runs are stacked."""
    (code,) = blocks(page := "docs/memories.md", "python")
    (tmp_path / "my_memory.py").write_text(code)
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(sys, "path", [*sys.path])
    assert memory_notice("my_memory:MyMemory", 9, 64) is None  # the hidden units that a study has by default
    assert "`my_memory:MyMemory`" in PAGES[page]
    assert "`my_memory.py`" in PAGES[page]


def test_the_memories_are_all_there() -> None:
    """The table names every kind there is."""
    table = PAGES["docs/memories.md"].partition("| kind |")[2].partition("\n\n")[0]
    assert set(re.findall(r"`([\w-]+)`", table.replace("`agent.window`", ""))) == set(MEMORY_KINDS)


def test_the_studies_are_studies() -> None:
    """The YAML examples are valid: the front page's, in five lines, those of docs/studies.md and of docs/tasks.md."""
    (own,) = blocks("README.md", "yaml")
    assert len(own.splitlines()) == 5
    names = [parse_study(yaml.safe_load(each), "page").name for each in (own, *blocks("docs/studies.md", "yaml"))]
    assert names == ["cartpole", "few-tasks", "fresh"]
    assert parse_study(yaml.safe_load(own), "README.md").evaluation.tasks == 64, "its episodes are long"
    for tasks in blocks("docs/tasks.md", "yaml"):
        study = {"name": "t", "ingredients": {}, **yaml.safe_load(tasks)}
        assert parse_study(study, "docs/tasks.md").evaluation.tasks in (64, 256)


def test_the_levels_are_levels() -> None:
    """What the table of ingredients has between on and off can stand in a study."""
    names, others = (column("docs/design.md", "ingredient | on", place) for place in (0, 3))
    for ingredient, between in zip(names, others, strict=True):
        for level in re.findall(r"`([^`]+)`", between):
            levels = {ingredient.strip("`"): [yaml.safe_load(level)]}
            tasks = {"family": "dark-room", "episodes": 5}
            assert parse_study({"name": "t", "tasks": tasks, "ingredients": levels}, "README.md").ingredients


def test_the_expected_verdicts_can_be_read(tmp_path: Path) -> None:
    """The example of docs/reports.md names cells of the smoke study and verdicts that there are."""
    (example,) = blocks("docs/reports.md", "")
    (tmp_path / "expected.yaml").write_text(example)
    smoke = load_study(ROOT / "ablations" / "smoke.yaml")
    assert [len(each.cells) for each in read_expectations(tmp_path / "expected.yaml", smoke)] == [1, 1, 8]


@pytest.mark.parametrize("page", [*PAGES, "CONTRIBUTING.md", "results/README.md"])
def test_every_link_leads_somewhere(page: str) -> None:
    """Each relative link and picture is a file of the project, and so is each study that is named."""
    text = (ROOT / page).read_text()
    for target in re.findall(r"\]\((?!https?:|#)([^)#]+)", text):
        assert ((ROOT / page).parent / target).exists(), target
    for study in re.findall(r"ablations/[\w-]+\.yaml", text):
        assert (ROOT / study).exists(), study
    for named in re.findall(r"docs/[\w-]+\.md", text):
        assert (ROOT / named).exists(), named
    assert "@@" not in text  # nothing still waits to be filled in
