"""First contact with others' tasks: what `check` and `plan` say of them in seconds, before anything is trained."""

from __future__ import annotations

import re
import shlex
import sys
from pathlib import Path
from typing import Any

import gymnasium
import numpy as np
import pytest
import yaml
from command import ROOT
from gymnasium import spaces
from in_process import program_here

from ingredients.errors import UsageError
from ingredients.grid_run.plan import contact_text
from ingredients.grid_run.request import ask_about
from ingredients.study import parse_study
from ingredients.training.contact import contact, unvaried


class Arms(gymnasium.Env[Any, Any]):
    """Three arms, of which `goal` pays; `shows` it, draws luck from where no seed reaches, or pays the same always."""

    def __init__(self, goal: int = 0, how: str = "") -> None:
        """Keeps both."""
        self.observation_space, self.action_space = spaces.Box(-1, 1, (2,), np.float32), spaces.Discrete(3)
        self.goal, self.how = goal, how

    def reset(self, *, seed: int | None = None, options: dict[str, Any] | None = None) -> tuple[Any, dict[str, Any]]:
        """Shows the goal where it is shown."""
        super().reset(seed=seed)
        if self.how == "luck":
            return np.random.default_rng().uniform(-1, 1, 2).astype(np.float32), {}
        return np.full(2, self.goal / 2 if self.how == "shows" else 0, np.float32), {}

    def step(self, action: int) -> tuple[Any, float, bool, bool, dict[str, Any]]:
        """Pays for the goal."""
        paid = 0.5 if self.how == "flat" else float(action == self.goal)
        return np.zeros(2, np.float32), paid, True, False, {}


def seen(how: str = "", vary: dict[str, Any] | None = None, seeds: int = 5) -> dict[str, str]:
    """Returns what is said of these arms, by name."""
    choices = {"goal": {"choices": [0, 1, 2]}} if vary is None else vary
    section = {"gymnasium": "test_contact:Arms", "keywords": {"how": how}, "vary": choices, "episodes": 5}
    study = {"name": "x", "tasks": {**section, "episode_steps": 1}, "ingredients": {}, "seeds": seeds}
    return dict(contact(parse_study(study, "x"))["rows"])


def test_tasks_that_differ_can_end_in_verdicts() -> None:
    """What varies is named, where it shows is said, and the numbers of random play stand there."""
    said = seen()
    assert said["spaces"] == (
        "an observation is a vector of 2, an action one of 3; a lifetime is 5 episodes of at most 1 step"
    )
    assert said["tasks"].startswith("what varies is goal; under the same actions tasks differ in rewards, and not in")
    assert said["resets"].startswith("all start alike")
    assert said["seeds"].startswith("two resets with one seed are the same")
    assert re.match(
        r"an episode earns 0\.\d+ \(deviation 0\.\d+ over 24 episodes\) and takes 1 steps; ", said["random"]
    )
    assert said["verdicts"].startswith("possible")


@pytest.mark.parametrize(
    ("changes", "row", "words"),
    [
        ({"how": "shows"}, "tasks", "in the first observation already, so the task may be seen at once"),
        ({"how": "luck"}, "seeds", "two resets with one seed are NOT the same"),
        ({"how": "flat"}, "verdicts", "unlikely: tasks that differ in gymnasium show and pay the same"),
        ({"how": "flat"}, "verdicts", "random play was paid 0.5 at every step"),
        ({"vary": {}}, "verdicts", "unlikely: nothing varies"),
        ({"seeds": 1}, "verdicts", "1 seed never decides a cell; 5 that agree do, at 95%"),
    ],
)
def test_what_speaks_against_verdicts_is_said(changes: dict[str, Any], row: str, words: str) -> None:
    """Each with what to change, before anything is trained."""
    assert words in seen(**changes)[row]


def test_what_could_vary_is_offered() -> None:
    """Numbers that the environment is made of, from half to twice what they are, and the line that takes them."""
    study, _ = ask_about("CartPole-v1", [])
    said = unvaried(study)
    assert said is not None
    assert "say vary: {gravity: [4.9, 19.6], masscart: [0.5, 2], masspole: [0.05, 0.2]}" in said
    assert unvaried(ask_about("CartPole-v1", ["tasks.vary={gravity: [5, 15]}"])[0]) is None


def test_keywords_are_named_where_no_range_is_known() -> None:
    """A whole number may be a choice, so no range is guessed: the keyword stands there by its name."""
    said = unvaried(ask_about("test_contact:Arms", [])[0])
    assert said is not None
    assert "let something vary: a keyword of the constructor (goal, how)," in said


def test_the_line_to_run_next_is_a_study(tmp_path: Path) -> None:
    """What is printed can be pasted: YAML that is a section, and a command line whose change is the same."""
    study, folder = ask_about("CartPole-v1", [])
    text = contact_text(study, tmp_path, contact(study))
    section = yaml.safe_load(re.findall(r"^study +(.*)$", text, re.MULTILINE)[0])
    assert section["tasks"]["vary"]["gravity"] == [4.9, 19.6]
    assert parse_study({"name": "x", "ingredients": {}, **section}, "x").name == "x"
    (line,) = re.findall(r"^next +(.* run-grid .*)$", text, re.MULTILINE)
    words = shlex.split(line)
    assert words[:3] == ["cd", str(tmp_path), "&&"]
    assert yaml.safe_load(words[words.index("--set") + 1].removeprefix("tasks=")) == section["tasks"]
    assert folder == Path.cwd()


@pytest.mark.parametrize(
    ("name", "key", "value"),
    [
        ("CartPole-v1", "gymnasium", "CartPole-v1"),
        ("my_env:Mine", "gymnasium", "my_env:Mine"),
        ("own:my_env:Mine", "own", "my_env:Mine"),
        ("FOLDER/my_env.py:Mine", "gymnasium", "my_env:Mine"),
        ("own:FOLDER/my_env.py:Mine", "own", "my_env:Mine"),
        ("own:~/my_env.py:Mine", "own", "my_env:Mine"),
    ],
)
def test_what_can_be_checked(name: str, key: str, value: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """An id, a class in a module, or in a file, whose folder is then where it is looked for; `own:` of the latter."""
    (tmp_path / "my_env.py").touch()
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.setattr(sys, "path", [*sys.path])
    study, folder = ask_about(name.replace("FOLDER", str(tmp_path)), [])
    assert getattr(study.tasks, key) == value
    assert (folder == tmp_path) is (".py" in name)
    with pytest.raises(UsageError, match=r"nowhere/x.py: no such file"):
        ask_about("nowhere/x.py:Y", [])
    with pytest.raises(UsageError, match=r"hall.yaml: is a study, and .*: ingredients plan hall.yaml$"):
        ask_about("hall.yaml", [])


@pytest.mark.parametrize("name", ["FOLDER/many.py", "own:FOLDER/many.py:"])
def test_a_file_without_its_class_lists_those_it_has(name: str, tmp_path: Path) -> None:
    """Nothing of the file is run for it: what stands in it may be wrong."""
    (tmp_path / "many.py").write_text(
        "class Arms:\n    pass\nclass _Hidden:\n    pass\nclass Torque(Arms):\n    pass\n1/0"
    )
    with pytest.raises(UsageError, match=r"many\.py: name a class of it, as \S+many\.py:Arms or Torque"):
        ask_about(name.replace("FOLDER", str(tmp_path)), [])
    (tmp_path / "many.py").write_text("class Arms")
    with pytest.raises(UsageError, match=r"name a class of it, as \S+many\.py:Class$"):
        ask_about(name.replace("FOLDER", str(tmp_path)), [])


def test_check_of_a_class_in_a_file(tmp_path: Path) -> None:
    """The command as typed, on the file of docs/tasks.md: rows, then what to run next; a mistake is one line."""
    code, _ = re.findall(r"^```python\n(.*?)^```", (ROOT / "docs/tasks.md").read_text(), re.MULTILINE | re.DOTALL)
    (tmp_path / "mine.py").write_text(code)
    done = program_here("check", "own:mine.py:Guess", "--set", "tasks.numbers=5", cwd=tmp_path, workers=True)
    assert (done.returncode, done.stderr) == (0, "")
    names = [line.partition(" ")[0] for line in done.stdout.splitlines()]
    assert names == ["spaces", "tasks", "resets", "seeds", "random", "speed", "verdicts", "study", "next", "next"]
    assert list(tmp_path.glob("results")) == []
