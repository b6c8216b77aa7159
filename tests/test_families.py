"""One contract for every task family: shapes, determinism, lanes that do not touch, expectations that hold."""

from __future__ import annotations

from typing import Any

import pytest
import torch

from ingredients.seeds import Purpose, generator
from ingredients.study import parse_study
from ingredients.tasks import make_family
from ingredients.tasks.family import Family

FAMILIES: dict[str, dict[str, Any]] = {
    "bernoulli-bandit": {"family": "bernoulli-bandit", "arms": 4, "episodes": 6},
    "bernoulli-bandit, noisy": {"family": "bernoulli-bandit", "arms": 3, "episodes": 6, "action_noise": 0.4},
}


@pytest.fixture(params=FAMILIES)
def family(request: pytest.FixtureRequest) -> Family:
    """Returns each family that a study can name."""
    return make_family(parse_study({"name": "t", "tasks": FAMILIES[request.param], "ingredients": {}}, "test").tasks)


def _draws(family: Family, *lanes: int) -> tuple[torch.Tensor, torch.Tensor, torch.Tensor]:
    draw = torch.Generator().manual_seed(0)
    count = int(torch.tensor(lanes).prod())
    tasks = family.draw_tasks(generator(0, Purpose.TRAINING_TASKS), count).view(*lanes, family.task_size)
    action = torch.randint(family.actions, lanes, generator=draw)
    return tasks, action, torch.rand(*lanes, family.noise_size, generator=draw)


def test_shapes_and_types(family: Family) -> None:
    """Every field of a step has the shape and type that the protocol names, for any leading batch."""
    tasks, action, noise = _draws(family, 2, 5)
    state, observation = family.first(tasks)
    step = family.step(tasks, state, action, noise)
    assert observation.shape == step.observation.shape == (2, 5, family.observation_size)
    assert step.state.shape == state.shape
    assert step.reward.shape == step.expected_reward.shape == step.action.shape == (2, 5)
    assert step.action.dtype == torch.int64
    assert step.terminated.dtype == step.truncated.dtype == torch.bool
    assert not (step.terminated & step.truncated).any()


def test_tasks_are_a_function_of_their_stream(family: Family) -> None:
    """Equal streams give equal tasks, a shorter list is the head of a longer one, other streams give others."""
    first = family.draw_tasks(generator(0, Purpose.EVALUATION_TASKS), 20)
    assert torch.equal(first, family.draw_tasks(generator(0, Purpose.EVALUATION_TASKS), 20))
    assert torch.equal(first[:7], family.draw_tasks(generator(0, Purpose.EVALUATION_TASKS), 7))
    assert not torch.equal(first, family.draw_tasks(generator(0, Purpose.TRAINING_TASKS), 20))


def test_lanes_do_not_touch(family: Family) -> None:
    """Another action in one lane changes that lane alone."""
    tasks, action, noise = _draws(family, 6)
    state, _ = family.first(tasks)
    before = family.step(tasks, state, action, noise)
    action = action.clone()
    action[2] = (action[2] + 1) % family.actions
    after = family.step(tasks, state, action, noise)
    others = [0, 1, 3, 4, 5]
    for old, new in zip(before, after, strict=True):
        assert torch.equal(old[others], new[others])


def test_expected_reward_is_the_mean_reward(family: Family) -> None:
    """Over many draws of noise the paid reward has the mean that the score is made of."""
    tasks, _, _ = _draws(family, 1)
    many = tasks.expand(100_000, -1)
    noise = torch.rand(100_000, family.noise_size, generator=torch.Generator().manual_seed(3))
    state, _ = family.first(many)
    for action in range(family.actions):
        step = family.step(many, state, torch.full((100_000,), action), noise)
        assert abs(float(step.reward.mean() - step.expected_reward[0])) < 4 * 0.5 / 100_000**0.5


def test_nobody_does_better_than_one_who_knows_the_task(family: Family) -> None:
    """The best episode return bounds the expected reward of every action, and some action attains it."""
    tasks, _, noise = _draws(family, 50)
    state, _ = family.first(tasks)
    best = family.best_episode_return(tasks)
    assert best is not None
    rewards = [family.step(tasks, state, torch.full((50,), a), noise).expected_reward for a in range(family.actions)]
    assert torch.equal(torch.stack(rewards).max(0).values, best)


def test_the_task_is_not_in_the_observation(family: Family) -> None:
    """What the environment shows is the same on two tasks where nothing has been done yet."""
    tasks, _, _ = _draws(family, 40)
    _, observation = family.first(tasks)
    assert (observation == observation[:1]).all()
