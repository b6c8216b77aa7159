"""A memory of the user's own, as the command meets it, once as installed: in a folder with a study and a module."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from command import INSTALLED, ingredients
from in_process import program_here, run_here

MODULE = """
import torch
from torch import nn


class Vanilla(nn.Module):
    def __init__(self, inputs, hidden):
        super().__init__()
        self.hidden = hidden
        self.layer = nn.Linear(inputs + hidden, hidden)

    def initial_state(self, lanes):
        return torch.zeros(lanes, self.hidden)

    def forward(self, x, state):
        state = torch.tanh(self.layer(torch.cat([x, state], dim=-1)))
        return state, state


class OneByOne(Vanilla):
    def __init__(self, inputs, hidden):
        nn.Module.__init__(self)
        self.hidden = hidden
        self.gru = nn.GRU(inputs, hidden)

    def forward(self, x, state):
        output, after = self.gru(x.unsqueeze(0), state.unsqueeze(0))
        return output[0], after[0]


class Broken(Vanilla):
    def forward(self, x, state):
        return x, state
"""
STUDY = """
name: own
tasks: {family: bernoulli-bandit, arms: 2, episodes: 5}
ingredients:
  reward_observation: [on]
  action_observation: [on]
  memory: [off, on]
  task_distribution: [on]
seeds: 1
agent: {memory: "my_memory:KIND", hidden: 16}
learner: {train_steps: 300, lifetimes: 8}
evaluation: {tasks: 16, points: 2}
"""
NOTICE = r"memory my_memory:OneByOne: its runs are computed one by one, not as a stack: .*gru.*"


@pytest.fixture
def studies(tmp_path: Path) -> Path:
    """Returns a folder with the module and a study for each of its classes."""
    folder = tmp_path / "studies"
    folder.mkdir()
    (folder / "my_memory.py").write_text(MODULE)
    for kind in ("Vanilla", "OneByOne", "Broken", "Missing"):
        (folder / f"{kind}.yaml").write_text(STUDY.replace("KIND", kind))
    return folder


@pytest.mark.usefixtures("one_picture")
@pytest.mark.skipif(not INSTALLED.exists(), reason=f"the command is not installed as {INSTALLED}")
def test_a_study_with_an_own_memory_runs_to_its_end(studies: Path) -> None:
    """The module lies beside the study, the command is typed elsewhere; edited, it makes other runs, the old kept.

    A report needs the results folder alone, which has a copy.
    """
    above = studies.parent
    command = ("run-grid", "studies/Vanilla.yaml", "--out", "result")
    done = ingredients(above, *command)
    assert (done.returncode, done.stderr) == (0, "")
    assert "2 of 2 runs finished" in done.stdout
    (studies / "my_memory.py").write_text(MODULE + "\n# edited\n")
    again = program_here(*command, cwd=above)
    why = "my_memory.py changed since 2 runs were trained, so training starts anew there"
    assert (again.returncode, again.stderr) == (0, "")
    assert again.stdout.startswith(f"own: 0 of 2 runs are finished; 2 to do in 1 stack; {why}; ")
    assert len(list((above / "result" / "replaced").iterdir())) == 2
    (studies / "my_memory.py").unlink()
    reported = program_here("report", "../result", cwd=studies)
    assert (reported.returncode, reported.stderr) == (0, "")
    assert "2 of 2 runs finished" in reported.stdout


def test_an_own_memory_that_is_not_stacked_is_told_beforehand(studies: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """On a line of the plan, and on stderr before training, unless that is to be quiet."""
    run_here(monkeypatch)
    planned = program_here("plan", "OneByOne.yaml", cwd=studies)
    assert planned.returncode == 0
    assert all(line.endswith(" ...") for line in planned.stderr.splitlines())  # what it does meanwhile, and no more
    assert re.search(rf"^notice    {NOTICE}$", planned.stdout, re.MULTILINE)
    trained = program_here("run-grid", "OneByOne.yaml", cwd=studies)
    assert trained.returncode == 0
    assert re.fullmatch(rf"notice: {NOTICE}\n", trained.stderr)
    quiet = program_here("run-grid", "OneByOne.yaml", "--fresh", "--quiet", cwd=studies)
    assert (quiet.returncode, quiet.stdout, quiet.stderr) == (0, "", "")


@pytest.mark.parametrize("command", ["plan", "run-grid"])
@pytest.mark.parametrize(
    ("kind", "line"),
    [
        ("my_memory:Broken", r"the output must be \[lanes, hidden\] = \[\d+, 16\], got \[\d+, 9\]"),
        ("my_memory:Missing", r"my_memory has no Missing"),
        ("my_memry:Vanilla", r"there is no file of a module my_memry \(looked for .*\)"),
    ],
)
def test_an_own_memory_that_is_wrong_is_one_line(studies: Path, command: str, kind: str, line: str) -> None:
    """Exit code 2, one message, and nothing is stored; its code runs in a worker."""
    before = sorted(studies.iterdir())
    words = (command, "Vanilla.yaml", "--set", f"agent.memory={kind}", "--out", "result")
    wrong = program_here(*words, cwd=studies, workers=True)
    assert (wrong.returncode, wrong.stdout) == (2, "")
    assert re.fullmatch(rf"error: memory {kind}: {line}\n", wrong.stderr)
    assert [path for path in sorted(studies.iterdir()) if path.name != "__pycache__"] == before
