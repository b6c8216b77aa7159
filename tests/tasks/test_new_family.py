"""A task family that somebody adds: two files and one line, as CONTRIBUTING says, and a study on it has a report."""

from __future__ import annotations

import filecmp
import json
import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

ROOT = Path(__file__).parents[2]
SETTINGS = '''"""Settings of `ingredients.tasks.toy_bandit`."""

from __future__ import annotations

from typing import Literal

from ingredients.study.section import Episodes, Noise, TasksSection


class ToyBanditTasks(TasksSection):
    """Two arms, of which one always pays; an episode is a pull."""

    family: Literal["toy-bandit"]
    episodes: Episodes = 6
    action_noise: Noise = 0.0
'''
PROGRAM = '''"""Two arms: one always pays 1, the other 0. Nothing is leaked; there are two tasks."""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor

from ingredients.study.families.toy_bandit import ToyBanditTasks
from ingredients.tasks.bandit import Bandit, any_arm, blank, of_arm, pull
from ingredients.tasks.family import Step


@dataclass(frozen=True)
class ToyBandit(Bandit):
    """ψ = what each arm pays, `[2]`."""

    episodes: int
    action_noise: float = ToyBanditTasks.default_of("action_noise")
    name = "toy-bandit"
    arms = 2
    noise_size = 2
    held_out = False

    def draw_tasks(self, generator: torch.Generator, count: int) -> Tensor:
        """Returns `[count, 2]` pay-offs."""
        return torch.nn.functional.one_hot(any_arm(torch.rand(count, generator=generator), 2), 2).float()

    def step(self, tasks: Tensor, state: Tensor, action: Tensor, noise: Tensor) -> Step:
        """Pulls an arm; the noise decides on a slip."""
        arm = torch.where(noise[..., 0] < self.action_noise, any_arm(noise[..., 1], 2), action)
        return pull(state, arm, of_arm(tasks, arm), self.expected_reward(tasks, action), blank(tasks))
'''
LINE = '    ours("toy-bandit", "ToyBandit", references=False),\n'
STUDY = """name: toy
tasks: {family: toy-bandit}
ingredients: {reward_observation: [on], action_observation: [on], memory: [on], task_distribution: [on]}
seeds: 2
agent: {hidden: 16}
learner: {train_steps: 400, lifetimes: 8, minibatches: 1, epochs: 1}
evaluation: {tasks: 5, points: 2, tasks_at_points: 4, reactive_agents: 0}
"""


def test_a_new_family_is_two_files_and_a_line(tmp_path: Path) -> None:
    """It trains, is judged, and Gymnasium knows it; nothing else in the package had to change."""
    package = tmp_path / "ingredients"
    shutil.copytree(ROOT / "ingredients", package)  # with what is compiled already
    (package / "study" / "families" / "toy_bandit.py").write_text(SETTINGS, encoding="utf-8")
    (package / "tasks" / "toy_bandit.py").write_text(PROGRAM, encoding="utf-8")
    families = package / "families.py"
    families.write_text(families.read_text(encoding="utf-8").replace("FAMILIES = (\n", f"FAMILIES = (\n{LINE}"))
    assert set(_changed(filecmp.dircmp(ROOT / "ingredients", package, ignore=["__pycache__"]))) == {
        "families.py",
        "study/families/toy_bandit.py",
        "tasks/toy_bandit.py",
    }
    (tmp_path / "toy.yaml").write_text(STUDY, encoding="utf-8")
    shutil.copy(ROOT / "cli.py", tmp_path)
    _python(tmp_path, "cli.py", "run-grid", "toy.yaml", "--workers", "1", "--quiet")
    report = json.loads((tmp_path / "results" / "toy" / "report.json").read_text())
    assert (report["runs"]["done"], report["tasks"]["family"]) == (2, "toy-bandit")
    known = "import gymnasium, ingredients; print(gymnasium.spec('ingredients/ToyBandit-v0').kwargs)"
    assert _python(tmp_path, "-c", known).strip() == "{'family': 'toy-bandit'}"


def _changed(compared: filecmp.dircmp[str], at: str = "") -> Iterator[str]:
    """Yields the files that are not the same in both folders."""
    yield from (f"{at}{name}" for name in [*compared.diff_files, *compared.left_only, *compared.right_only])
    for name, inner in compared.subdirs.items():
        yield from _changed(inner, f"{at}{name}/")


def _python(folder: Path, *arguments: str) -> str:
    """Returns what Python prints in a folder whose package it imports."""
    environment = os.environ | {"PYTHONPATH": str(folder)}
    command = [sys.executable, *arguments]
    ended = subprocess.run(command, cwd=folder, env=environment, capture_output=True, text=True, check=False)
    assert ended.returncode == 0, ended.stderr
    return ended.stdout
