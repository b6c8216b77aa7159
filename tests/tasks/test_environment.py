"""The Gymnasium environment: registered, well-behaved, and the batched program bit by bit."""

from __future__ import annotations

import subprocess
import sys
from typing import Any

import gymnasium
import numpy as np
import pytest
import torch
from gymnasium.utils.env_checker import check_env
from gymnasium.utils.seeding import np_random

import ingredients  # noqa: F401 -- registers the environment
from ingredients.tasks.bernoulli_bandit import BernoulliBandit
from ingredients.tasks.environment import FamilyEnvironment, make

ID = "ingredients/BernoulliBandit-v0"
LANES, PULLS, ARMS = 16, 40, 3


def bandit(**settings: float) -> FamilyEnvironment:
    """Returns a Bernoulli bandit."""
    return make("bernoulli-bandit", **{"arms": 5, **settings})


def pulls(environment: gymnasium.Env[Any, Any], count: int, action: int = 0) -> list[float]:
    """Returns the rewards of `count` pulls of one arm on the present task."""
    rewards = []
    for _ in range(count):
        rewards.append(float(environment.step(np.int64(action))[1]))
        environment.reset()
    return rewards


@pytest.mark.parametrize("options", [{"arms": 2}, {"arms": 10, "action_noise": 0.3}])
def test_gymnasium_finds_nothing_to_warn_about(options: dict[str, Any]) -> None:
    """`check_env` passes, and warnings are errors here."""
    environment = gymnasium.make(ID, **options)
    check_env(environment.unwrapped)


def test_registration_imports_no_torch() -> None:
    """The environment is registered by name: importing the package stays cheap."""
    program = (
        f"import sys, gymnasium, ingredients; assert {ID!r} in gymnasium.registry; assert 'torch' not in sys.modules"
    )
    subprocess.run([sys.executable, "-c", program], check=True)


def test_same_trajectory_as_the_batched_program() -> None:
    """For the same draws, lanes of the environment give exactly the rewards of one batched program."""
    family = BernoulliBandit(ARMS, PULLS, action_noise=0.2)
    actions = torch.arange(LANES * PULLS).reshape(LANES, PULLS) % ARMS
    lanes = [bandit(arms=ARMS, action_noise=0.2) for _ in range(LANES)]
    seen = torch.zeros(LANES, PULLS)
    for lane, environment in enumerate(lanes):
        environment.reset(seed=lane)
        for pull in range(PULLS):
            seen[lane, pull] = float(environment.step(np.int64(actions[lane, pull].item()))[1])
            environment.reset()

    draws = [np_random(lane)[0] for lane in range(LANES)]
    keys = [int(draw.integers(2**63)) for draw in draws]
    tasks = torch.cat([family.draw_tasks(torch.Generator().manual_seed(key), 1) for key in keys])
    noise = torch.from_numpy(np.stack([draw.random((PULLS, family.noise_size), dtype=np.float32) for draw in draws]))
    state, _ = family.first(tasks, tasks[:, :0])
    batched = torch.stack([family.step(tasks, state, actions[:, t], noise[:, t]).reward for t in range(PULLS)], dim=1)
    assert torch.equal(seen, batched)
    assert 0 < seen.mean() < 1


def test_a_task_stays_until_another_is_asked_for() -> None:
    """Plain resets keep the task, `new_task` and a seed draw another; equal seeds give equal lifetimes."""
    environment = bandit(arms=2)
    environment.reset(seed=0)
    first = environment._task
    pulls(environment, 5)
    assert environment._task is first
    environment.reset(options={"new_task": True})
    second = environment._task
    assert first is not None
    assert second is not None
    assert not torch.equal(first, second)
    environment.reset(seed=0)
    assert environment._task is not None
    assert torch.equal(environment._task, first)


def test_equal_seeds_give_equal_lifetimes() -> None:
    """A seed decides task and noise; another seed gives another lifetime."""
    environments = [bandit() for _ in range(3)]
    for environment, seed in zip(environments, (7, 7, 8), strict=True):
        environment.reset(seed=seed)
    one, same, other = (pulls(environment, 50) for environment in environments)
    assert one == same
    assert one != other


def test_the_task_is_hidden() -> None:
    """Neither observation nor info tells the task: both are blank on every step of many tasks."""
    environment = gymnasium.make(ID, arms=5)
    for seed in range(20):
        observation, info = environment.reset(seed=seed)
        assert (observation.tolist(), info) == ([0.0], {})
        observation, _, terminated, truncated, info = environment.step(np.int64(seed % 5))
        assert (observation.tolist(), terminated, truncated, info) == ([0.0], True, False, {})


def test_writing_on_an_observation_changes_nothing() -> None:
    """What the environment hands out is a copy."""
    environment = bandit()
    observation, _ = environment.reset(seed=0)
    observation[:] = 9
    assert environment.step(np.int64(0))[0].tolist() == [0.0]


def test_misuse_is_an_error() -> None:
    """A step without a reset, an arm that is not there, unknown options and impossible bandits are refused."""
    environment = bandit(arms=3)
    with pytest.raises(gymnasium.error.ResetNeeded):
        environment.step(np.int64(0))
    environment.reset()
    with pytest.raises(gymnasium.error.InvalidAction, match="allowed: 0 to 2"):
        environment.step(np.int64(3))
    environment.step(np.int64(2))
    with pytest.raises(gymnasium.error.ResetNeeded):
        environment.step(np.int64(0))
    with pytest.raises(ValueError, match="unknown option 'newtask'; allowed: new_task"):
        environment.reset(options={"newtask": True})
    with pytest.raises(ValueError, match="arms: out of range, got 1"):
        bandit(arms=1)
    with pytest.raises(ValueError, match="action_noise: out of range, got 1"):
        bandit(action_noise=1)


def test_vectorised_environments_keep_their_tasks() -> None:
    """Gymnasium's own autoreset goes on with the same task, so a vector of environments plays lifetimes."""
    vector = gymnasium.make_vec(ID, arms=5, num_envs=2, vectorization_mode="sync")
    vector.reset(seed=3)
    lanes: Any = vector
    before = [lane.unwrapped._task for lane in lanes.envs]
    for _ in range(6):
        vector.step(np.zeros(2, dtype=np.int64))
    assert all(isinstance(lane.unwrapped, FamilyEnvironment) for lane in lanes.envs)
    assert all(lane.unwrapped._task is task for lane, task in zip(lanes.envs, before, strict=True))
