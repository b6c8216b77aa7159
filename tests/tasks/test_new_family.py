"""A contributor's first hour, as CONTRIBUTING has it: a test, a new family, a new probe, and both in a report."""

from __future__ import annotations

import filecmp
import json
import os
import re
import shlex
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from command import LITTLE, ONE_PICTURE, command_line

ROOT = Path(__file__).parents[2]
TYPED = command_line(begins=f"{LITTLE}\n{ONE_PICTURE}")
PROGRAMS = {".venv/bin/python": [sys.executable], ".venv/bin/ingredients": TYPED}


def first_hour() -> list[str]:
    """Returns the lines of the section, without their comments."""
    text = (ROOT / "CONTRIBUTING.md").read_text(encoding="utf-8").partition("## First hour")[2]
    (block,) = re.findall(r"^```sh\n(.*?)^```", text.partition("\n## ")[0], flags=re.MULTILINE | re.DOTALL)
    return [line.partition("  #")[0].strip() for line in block.splitlines()]


@pytest.mark.slow
def test_the_first_hour_of_a_contributor(tmp_path: Path) -> None:
    """Each line is run, in a copy; the family trains, is probed and judged; nothing has to change but what is said."""
    package = tmp_path / "ingredients"
    shutil.copytree(ROOT / "ingredients", package)  # with what is compiled already
    shutil.copytree(ROOT / "tests", tmp_path / "tests", ignore=shutil.ignore_patterns("__pycache__"))
    for name in ("cli.py", "pyproject.toml"):
        shutil.copy(ROOT / name, tmp_path)
    for program, *words in map(shlex.split, first_hour()):
        if program == "make":
            subprocess.run(["make", "--dry-run", *words], cwd=ROOT, check=True, capture_output=True)
        elif program != "git":
            _ended(tmp_path, *PROGRAMS[program], *words)
    assert set(_changed(filecmp.dircmp(ROOT / "ingredients", package, ignore=["__pycache__"]))) == {
        *("families.py", "study/families/toy_bandit.py", "tasks/toy_bandit.py"),  # the family
        *("probes.py", "training/probes/reward_blank.py"),  # the probe
    }
    report = json.loads((tmp_path / "results" / "toy" / "report.json").read_text())
    assert (report["runs"]["done"], report["tasks"]["family"]) == (2, "toy-bandit")
    assert len(report["cells"][0]["probes"]["reward_blank"]["curve"]) == 6
    known = (
        "import gymnasium, ingredients; from ingredients.report.wording import probe_name; "
        "print(gymnasium.spec('ingredients/ToyBandit-v0').kwargs, probe_name('reward_blank'))"
    )
    assert _ended(tmp_path, sys.executable, "-c", known).strip() == "{'family': 'toy-bandit'} rewards shown as 0"


def _changed(compared: filecmp.dircmp[str], at: str = "") -> Iterator[str]:
    """Yields the files that are not the same in both folders."""
    yield from (f"{at}{name}" for name in [*compared.diff_files, *compared.left_only, *compared.right_only])
    for name, inner in compared.subdirs.items():
        yield from _changed(inner, f"{at}{name}/")


def _ended(folder: Path, *command: str) -> str:
    """Returns what a command prints in a folder whose package it imports."""
    environment = os.environ | {"PYTHONPATH": f"{folder}{os.pathsep}{folder / 'tests'}"}
    ended = subprocess.run(command, cwd=folder, env=environment, capture_output=True, text=True, check=False)
    assert ended.returncode == 0, f"{command}\n{ended.stdout}\n{ended.stderr}"
    return ended.stdout
