"""Stored agents of other people's environments, images among them, play in these through the API."""

from __future__ import annotations

import dataclasses
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import gymnasium
import numpy as np
import pytest
import torch
from others_environments import Screen
from synthetic import record

import ingredients as ing
from ingredients.api.export import export
from ingredients.api.player import StoredPlayer, run_of
from ingredients.errors import StudyError, UsageError
from ingredients.grid import runs
from ingredients.store import Store
from ingredients.study import parse_study
from ingredients.training.setup import prepare

ON = {name: [True] for name in ("reward_observation", "action_observation", "memory", "task_distribution")}


HALL = '''
from pathlib import Path

import gymnasium
import numpy as np
import torch

Path("imported").touch()


class Hall(gymnasium.Env):
    """Each step pays the prize, or less the prize where mirrored; an episode has two."""

    observation_space = gymnasium.spaces.Box(0.0, 1.0, (2,), np.float32)
    action_space = gymnasium.spaces.Discrete(2)

    def __init__(self, prize=0, mirrored=False, step_cost=0.0):
        self.paid = -prize if mirrored else prize

    def reset(self, *, seed=None, options=None):
        super().reset(seed=seed)
        self.steps = 0
        return np.ones(2, np.float32), {}

    def step(self, action):
        self.steps += 1
        return np.ones(2, np.float32), float(self.paid), False, self.steps == 2, {}


class Sum(torch.nn.Module):
    def __init__(self, inputs, hidden):
        super().__init__()
        self.enter = torch.nn.Linear(inputs, hidden)

    def initial_state(self, lanes):
        return (torch.zeros(lanes, self.enter.out_features),)

    def forward(self, x, state):
        held = torch.tanh(state[0] + self.enter(x))
        return held, (held,)
'''


def stored(folder: Path, tasks: Mapping[str, Any], **agent: object) -> Path:
    """Returns a results folder with one agent of large random weights."""
    data = {"name": "mine", "tasks": tasks, "ingredients": ON, "seeds": 1, "agent": {"hidden": 16, **agent}}
    study = parse_study(data, "study")
    store = Store(folder).open(study)
    (run,) = runs(study)
    drawn = prepare(study, (run,)).agent.initial_weights(0)
    weights = {name: torch.stack([part, part * 3]).numpy() for name, part in drawn.items()}
    store.write_run(dataclasses.replace(record(study, run), weights={**weights, "train_step": np.array([0, 9])}))
    return folder


def test_an_agent_of_an_environment_plays_in_it(tmp_path: Path) -> None:
    """One lifetime, its episodes cut where its training cuts them; it acts as the player that `audit` asks does."""
    folder = stored(tmp_path / "mine", {"gymnasium": "CartPole-v1", "episodes": 5, "episode_steps": 20})
    agent, environment = ing.load(folder).agent(), gymnasium.make("CartPole-v1")
    table = agent.play(environment, seed=5)
    assert set(table["episode"]) == set(range(5))
    assert table.groupby("episode")["reward"].sum().max() <= 20
    assert table.equals(agent.play(environment, seed=5))
    player = StoredPlayer("mine", run_of(folder, None, 0), environment)
    player.begins(5)
    shown, _ = environment.reset(seed=5)
    reward, acted = 0.0, []
    for _ in range(int((table["episode"] == 0).sum())):
        acted.append(int(player.acts(shown, reward)))
        shown, paid, *_ = environment.step(acted[-1])
        reward = float(paid)
    assert acted == table.loc[table["episode"] == 0, "action"].tolist()
    with pytest.raises(UsageError, match="play: an agent of 4 observed numbers, 2 choices; the environment has 3"):
        agent.play(gymnasium.make("Pendulum-v1"))


def test_an_agent_that_sees_images_plays_by_what_it_sees(tmp_path: Path) -> None:
    """A step reads the image through the agent's own eye; a table has no image in its rows, and no module is made."""
    tasks = {"gymnasium": "others_environments:Screen", "vary": {"mirrored": [0, 1]}, "episodes": 5}
    agent = ing.load(stored(tmp_path / "mine", tasks)).agent()
    table = agent.play(Screen(), seed=1)
    assert set(table["episode"]) == set(range(5))
    assert "observation_63" in table
    assert "observation_64" not in table
    told = []
    for level in (0.0, 0.0, 255.0):
        agent.reset()
        agent.act(np.full(agent.family.observation_size, level, np.float32), greedy=True)
        told.append(agent.logits)
    np.testing.assert_array_equal(told[0], told[1])
    assert abs(told[0] - told[2]).max() > 1e-4
    with pytest.raises(UsageError, match="sees images"):
        agent.module()


@pytest.fixture
def hall(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Returns results of an environment and a memory in one file, whose folder is left; Python finds it no more."""
    (home := tmp_path / "home").mkdir()
    (home / "hall.py").write_text(HALL)
    monkeypatch.setattr(sys, "path", list(sys.path))
    monkeypatch.chdir(home)
    vary = {"prize": {"choices": [1, 5, 7]}, "mirrored": {"choices": [False, True]}, "step_cost": [0.0, 1.0]}
    tasks = {"gymnasium": "hall:Hall", "vary": vary, "episodes": 5, "episode_steps": 2}
    folder = stored(tmp_path / "results", tasks, memory="hall:Sum")
    sys.path.remove(str(home))
    monkeypatch.delitem(sys.modules, "hall")
    (elsewhere := tmp_path / "elsewhere").mkdir()
    monkeypatch.chdir(elsewhere)
    return folder


def test_own_code_is_played_as_it_was_trained(hall: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """From any folder, an exported one too; a later version is not taken, and only an agent runs code."""
    result = ing.load(hall)
    assert len(result.cells) == 1
    export(result, "huggingface", card := tmp_path / "card")
    assert not Path("imported").exists()
    agent = result.agent()
    assert Path("imported").exists()
    assert repr(agent) == "StoredAgent(study 'mine', cell 'all four ingredients', seed 0, train_step 9)"
    table = agent.play(lifetimes=20)
    assert table["reward"].equals(table["prize"].where(~table["mirrored"], -table["prize"]).astype("float32"))
    assert set(table["prize"]) == {1, 5, 7}
    assert {"task_0", "task_2", "task_step_cost"} <= set(table)  # `step` is the table's own
    monkeypatch.chdir(tmp_path / "home")
    Path("hall.py").write_text("raise RuntimeError")
    assert ing.load(card).agent().play(lifetimes=20).equals(table)
    assert sorted(path.name for path in (card / "memories").iterdir()) == ["hall--Hall.py", "hall--Sum.py"]
    assert not (hall / "memories" / "__pycache__").exists()


def test_own_code_that_is_nowhere_is_one_line(hall: Path) -> None:
    """It says where it was looked for and what to do: without the copy, and where the copy needs another file."""
    copy = hall / "memories" / "hall--Hall.py"
    copy.write_text("import hall_of_nobody\n")
    with pytest.raises(StudyError, match=r"hall_of_nobody.* \(in .*hall--Hall.py; other files .* in PYTHONPATH\)$"):
        ing.load(hall).agent()
    copy.unlink()
    with pytest.raises(StudyError, match=r"No module named 'hall' \(looked for in .* name that folder in PYTHONPATH"):
        ing.load(hall).agent()


def test_a_refused_export_leaves_no_folder(hall: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Where the tool's package is missing, nothing is made."""
    monkeypatch.setitem(sys.modules, "tensorboard", None)
    with pytest.raises(UsageError, match="tensorboard is not installed"):
        export(ing.load(hall), "tensorboard", tmp_path / "refused")
    assert not (tmp_path / "refused").exists()
