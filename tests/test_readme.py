"""The front page says nothing that is not there."""

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
from ingredients.study import parse_study
from ingredients.study.levels import MEMORY_KINDS
from ingredients.tasks import make_family

ROOT = Path(__file__).parent.parent
README = (ROOT / "README.md").read_text()
BLOCKS = re.findall(r"^```(\w*)\n(.*?)^```", README, flags=re.MULTILINE | re.DOTALL)
PYTHON = [block for kind, block in BLOCKS if kind == "python"]
LINES = [line.strip() for kind, block in BLOCKS if kind in ("", "sh") for line in block.splitlines()]


def test_the_quick_start_is_two_commands() -> None:
    """The first block is `make grid` and `make test`, and both are targets of the Makefile."""
    assert BLOCKS[0] == ("sh", "make grid\nmake test\n")
    targets = re.findall(r"^([a-z]+):", (ROOT / "Makefile").read_text(), flags=re.MULTILINE)
    named = {line.split()[1] for line in LINES if line.startswith("make ")}
    assert named <= set(targets)


def test_every_command_exists() -> None:
    """Every `ingredients ...` line names a command, and each of its options is one of that command's."""
    commands = typer.main.get_command(app).commands  # type: ignore[attr-defined]
    seen = set()
    for line in LINES:
        if line.startswith("ingredients "):
            words = line.partition("  ")[0].split()
            options = {option for parameter in commands[words[1]].params for option in parameter.opts}
            assert {word for word in words if word.startswith("--")} <= options, line
            seen.add(words[1])
    assert seen == set(commands)


def test_the_python_runs() -> None:
    """The Gymnasium example makes an environment, a cell and a vector that can be stepped."""
    _, code, _ = PYTHON
    names: dict[str, Any] = {}
    exec(code, names)
    names["env"].reset(seed=0)
    assert names["env"].step(0)[1] in (0.0, 1.0)
    assert names["cell"].reset(seed=0)[0].shape == (1 + 2 + 2 + 6,)
    assert names["many"].reset(seed=0)[0].shape == (512, 1)


def test_the_own_tasks_are_a_family(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The user's own tasks are thirty lines, and keep the contract under the section that the page gives."""
    code, *_ = PYTHON
    assert len([line for line in code.splitlines() if line.strip()]) <= 30
    (tmp_path / "my_tasks.py").write_text(code)
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(sys, "path", [*sys.path])
    (section,) = re.findall(r"`tasks: (\{own: .*?\})`", README)
    study = {"name": "t", "tasks": yaml.safe_load(section), "ingredients": {}}
    family = make_family(parse_study(study, "README.md").tasks)
    assert (family.actions, family.episodes) == (5, 20)


def test_the_memory_is_a_memory(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The user's own memory keeps the contract, and its runs are stacked."""
    *_, code = PYTHON
    (tmp_path / "my_memory.py").write_text(code)
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(sys, "path", [*sys.path])
    assert memory_notice("my_memory:MyMemory", 9, 64) is None  # the hidden units that a study has by default
    assert "`my_memory:MyMemory`" in README
    assert "`my_memory.py`" in README


def test_the_memories_are_all_there() -> None:
    """The table names every kind there is."""
    table = README.partition("| kind |")[2].partition("\n\n")[0]
    assert set(re.findall(r"`(\w+)`", table.replace("`agent.window`", ""))) == set(MEMORY_KINDS)


def test_the_study_is_a_study() -> None:
    """The YAML example is valid, and nothing on the page still waits to be filled in."""
    text, section = (block for kind, block in BLOCKS if kind == "yaml")
    assert parse_study(yaml.safe_load(text), "README.md").name == "few-tasks"
    study = {"name": "t", "ingredients": {}, **yaml.safe_load(section)}
    assert parse_study(study, "README.md").evaluation.tasks == 256
    assert "@@" not in README


@pytest.mark.parametrize("target", re.findall(r"\]\((?!https?:)([^)#]+)\)", README))
def test_every_link_leads_somewhere(target: str) -> None:
    """Each relative link and picture of the README is a file of the project."""
    assert (ROOT / target).exists()
