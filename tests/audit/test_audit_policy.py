"""`ingredients audit --policy`: a zip of Stable-Baselines3, a stored run of ours; what does not fit is refused."""

from __future__ import annotations

import dataclasses
import importlib.util
import zipfile
from pathlib import Path

import numpy as np
import pytest
import torch
from synthetic import record

from ingredients.audit.listing import Subject, subject_of
from ingredients.audit.made import Made
from ingredients.audit.measures import audited
from ingredients.audit.play import POLICY, play
from ingredients.audit.policy import Player, Policy, player, policy_of
from ingredients.errors import IngredientsError, UsageError
from ingredients.grid import runs
from ingredients.store import Store
from ingredients.study import parse_study
from ingredients.training.setup import prepare

BASELINES = pytest.mark.skipif(
    importlib.util.find_spec("stable_baselines3") is None, reason="stable_baselines3 is not installed"
)
STUDY = {
    "name": "mine",
    "tasks": {"gymnasium": "CartPole-v1", "episodes": 5, "episode_steps": 20},
    "ingredients": {
        "reward_observation": [False, True],
        "action_observation": [True],
        "memory": [False, True],
        "task_distribution": [True],
    },
    "seeds": 1,
    "agent": {"hidden": 16},
}


@pytest.fixture(scope="module")
def stored(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Returns a results folder whose agents have large random weights, equal in all cells."""
    study = parse_study(STUDY, "study")
    store = Store(tmp_path_factory.mktemp("stored") / "mine").open(study)
    for run in runs(study):
        first = prepare(study, (run,)).agent.initial_weights(run.seed)
        draw = torch.Generator().manual_seed(1)
        drawn = {name: torch.randn(part.shape, generator=draw) * 2 for name, part in first.items()}
        weights = {name: torch.stack([torch.zeros_like(part), part]).numpy() for name, part in drawn.items()}
        store.write_run(dataclasses.replace(record(study, run), weights={**weights, "train_step": np.array([0, 9])}))
    return store.directory


def _played(folder: Path, cell: str, rewards: float, first_shown: float = 0.1) -> list[int]:
    """Returns what the run of a cell does in thirty steps that show and pay the same, after a first one."""
    made = Made(Subject("CartPole-v1").recipe)
    one: Player = player(policy_of(folder, cell, 0), made.environment)
    one.begins(3)
    shown = np.full(4, 0.1, np.float32)
    return [int(one.acts(shown if step else shown * 0 + first_shown, rewards if step else 0.0)) for step in range(15)]


def test_a_stored_run_sees_what_its_cell_shows(stored: Path) -> None:
    """Rewards change what is done where they are observed, the first observation where there is a memory."""
    cell = "reward_observation={},memory={}".format
    assert _played(stored, cell("off", "on"), 0.0) == _played(stored, cell("off", "on"), 5.0)
    assert _played(stored, cell("on", "on"), 0.0) != _played(stored, cell("on", "on"), 5.0)
    assert _played(stored, cell("on", "on"), 0.0) == _played(stored, cell("on", "on"), 0.0)
    off, other = (_played(stored, cell("off", "off"), 0.0, shown) for shown in (0.1, -3.0))
    assert off[2:] == other[2:]
    on, other = (_played(stored, cell("off", "on"), 0.0, shown) for shown in (0.1, -3.0))
    assert on[1:] != other[1:]


def test_a_stored_run_is_named_by_cell_and_seed(stored: Path) -> None:
    """Cells that are more than one, seeds that were not trained and environments that do not fit are refused."""
    with pytest.raises(UsageError, match=r"--cell: is missing, and .* has 4 cells; allowed: levels that one cell"):
        policy_of(stored, None, None)
    with pytest.raises(IngredientsError, match="there is no such run"):
        policy_of(stored, "memory=on,reward_observation=on", 7)
    named = policy_of(stored, "memory=on,reward_observation=on", 0)
    subject = Subject("Acrobot-v1", policy=named)
    assert subject.name == "Acrobot-v1 (played by mine:memory=on,reward_observation=on:0)"
    assert subject_of(subject.text()) == subject
    made = Made(subject.recipe)
    with pytest.raises(IngredientsError, match="an agent of 4 observed numbers, 2 choices; the environment has 6"):
        player(named, made.environment)


@BASELINES
@pytest.mark.filterwarnings("ignore")
def test_a_zip_of_stable_baselines3_plays(tmp_path: Path) -> None:
    """A policy that always does one thing has no action to be told, and its line says who played."""
    from stable_baselines3 import A2C, DQN, PPO

    for kind in (PPO, A2C, DQN):
        model = kind("MlpPolicy", "CartPole-v1", **({"buffer_size": 9} if kind is DQN else {"n_steps": 16}))
        if kind is PPO:
            with torch.no_grad():
                model.policy.action_net.bias[1] += 1_000
        path = tmp_path / f"{kind.__name__}.zip"
        model.save(path)
        made = Made(Subject("CartPole-v1").recipe)
        one = player(policy_of(path, None, None), made.environment)
        session = play(made, POLICY, seconds=0.2, first_seed=0, longest=50, player=one)
        assert session.episodes
        assert not session.failures
    line = audited(Subject("CartPole-v1", policy=policy_of(tmp_path / "PPO.zip", None, None)), 1.5)
    assert line["findings"]["action"]["reason"] == "there is only one action"
    assert line["findings"]["memory_needed"]["reason"].startswith("measured under uniform play alone")
    assert list(line["play"]) == ["policy"]
    made = Made(Subject("Acrobot-v1").recipe)
    with pytest.raises(IngredientsError, match=r"PPO.zip: its observations are of Box.*, the environment's of Box"):
        player(policy_of(tmp_path / "PPO.zip", None, None), made.environment)


def test_a_zip_that_is_no_policy_is_refused(tmp_path: Path) -> None:
    """One that is not there, is no zip, holds something else, or is of an algorithm that nobody knows."""
    path = tmp_path / "a.zip"
    with pytest.raises(UsageError, match=r"a.zip: No such file or directory"):
        policy_of(path, None, None)
    path.write_text("no zip")
    with pytest.raises(UsageError, match=r"a.zip: is no policy that Stable-Baselines3 saved"):
        policy_of(path, None, None)
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("data", '{"policy_class": {"__module__": "mine.policies"}}')
    with pytest.raises(UsageError, match=r"policies of mine.policies are not known; known: PPO, A2C, DQN"):
        policy_of(path, None, None)
    with pytest.raises(UsageError, match="a zip is one policy"):
        policy_of(path, "memory=on", None)
    assert Policy("a/ppo.zip", None, 0, "").name == "ppo.zip"
