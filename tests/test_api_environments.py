"""Stored agents of other people's environments, images among them, play in these through the API."""

from __future__ import annotations

import dataclasses
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
from ingredients.api.player import StoredPlayer, run_of
from ingredients.errors import UsageError
from ingredients.grid import runs
from ingredients.store import Store
from ingredients.study import parse_study
from ingredients.training.setup import prepare

ON = {name: [True] for name in ("reward_observation", "action_observation", "memory", "task_distribution")}


def stored(folder: Path, tasks: Mapping[str, Any]) -> Path:
    """Returns a results folder with one agent of large random weights."""
    data = {"name": "mine", "tasks": tasks, "ingredients": ON, "seeds": 1, "agent": {"hidden": 16}}
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
