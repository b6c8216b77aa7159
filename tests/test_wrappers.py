"""The wrappers: the same columns as the agent's own input, one environment or many."""

from __future__ import annotations

from typing import Any

import gymnasium
import numpy as np
import pytest
import torch
from gymnasium import spaces
from gymnasium.utils.env_checker import check_env
from gymnasium.vector import AutoresetMode, SyncVectorEnv

import ingredients  # noqa: F401 -- registers the environments
from ingredients.agent.observation import Layout, Past, assemble
from ingredients.wrappers import ActionObservation, Lifetime, RewardObservation, new_task, vector
from ingredients.wrappers.columns import Numbers

ROOM = "ingredients/DarkRoom-v0"
SIZES: dict[str, Any] = {"size": 3, "episode_steps": 4, "goal_shown": True}
EPISODES, STEPS = 3, 12


def cell() -> gymnasium.Env[Any, Any]:
    """Returns lifetimes of three episodes of four steps in a dark room, both channels shown."""
    room = Lifetime(gymnasium.make(ROOM, **SIZES), EPISODES, draw_task=new_task)
    return ActionObservation(RewardObservation(room))


def assembled(lifetime_start: float, episode_start: float, observation: Numbers, reward: float, action: int) -> Numbers:
    """Returns the agent's own input without its last column, the one."""
    one = torch.ones(1)
    past = Past(
        observation=torch.as_tensor(observation),
        lifetime_start=lifetime_start * one,
        episode_start=episode_start * one,
        reward_tm1=reward * one,
        action_tm1=torch.tensor([action]),
    )
    row: Numbers = assemble(Layout(3, 5), past, one, one)[:-1].numpy()
    return row


# it is a wrapper that is checked, and a reward may be any number
@pytest.mark.filterwarnings("ignore:.*different from the unwrapped version", "ignore:.*infinity")
def test_the_stack_shows_what_the_agent_sees() -> None:
    """Column by column the wrappers' observation is the agent's own input, through a lifetime and into the next."""
    wrapped, plain = cell(), gymnasium.make(ROOM, **SIZES)
    check_env(cell(), skip_render_check=True)
    seen, _ = wrapped.reset(seed=5)
    observation, _ = plain.reset(seed=5, options={"new_task": True})
    assert np.array_equal(seen, assembled(1, 1, observation, 0, 0))
    for t in range(STEPS):
        action = t % 5
        seen, reward, terminated, truncated, info = wrapped.step(action)
        observation, paid, *_ = plain.step(np.int64(action))
        last = t + 1 == STEPS
        if (ends := (t + 1) % 4 == 0) and not last:
            observation, _ = plain.reset()
        assert np.array_equal(seen, assembled(0, float(ends and not last), observation, float(paid), action))
        assert (reward, terminated, truncated, info["episode_end"]) == (paid, last, False, ends)
    seen, _ = wrapped.reset()
    assert seen[3:].tolist() == [1, 1, 0, 0, 0, 0, 0, 0, 0, 0]


def test_lanes_of_a_vector_show_what_one_environment_shows() -> None:
    """Each lane of the vector wrappers is the single stack on the same seed; a masked reset leaves the others be."""
    lanes = SyncVectorEnv([lambda: gymnasium.make(ROOM, **SIZES)] * 2, autoreset_mode=AutoresetMode.DISABLED)
    many = vector.ActionObservation(vector.RewardObservation(vector.Lifetime(lanes, EPISODES, new_task)))
    singles = [cell(), cell()]
    seen, _ = many.reset(seed=5)
    assert many.observation_space.contains(seen)
    assert np.array_equal(seen, [single.reset(seed=5 + lane)[0] for lane, single in enumerate(singles)])
    for t in range(STEPS):
        actions = np.array([t % 5, (t + 2) % 5])
        seen, reward, terminated, _, _ = many.step(actions)
        stepped = [single.step(action) for single, action in zip(singles, actions, strict=True)]
        assert np.array_equal(seen, [step[0] for step in stepped])
        assert reward.tolist() == [step[1] for step in stepped]
        assert terminated.tolist() == [t + 1 == STEPS] * 2
    before = seen[1].copy()
    seen, _ = many.reset(options={"reset_mask": np.array([True, False])})
    assert seen[0, 3:].tolist() == [1, 1, 0, 0, 0, 0, 0, 0, 0, 0]
    assert np.array_equal(seen[1], before)


@pytest.mark.parametrize("mode", [AutoresetMode.NEXT_STEP, AutoresetMode.SAME_STEP])
def test_a_lane_that_starts_anew_has_no_past(mode: AutoresetMode) -> None:
    """Whichever way a vector resets itself, the first observation of an episode shows no reward and no action."""
    lake = gymnasium.wrappers.FlattenObservation(gymnasium.make("FrozenLake-v1", is_slippery=False))
    lanes = SyncVectorEnv([lambda: lake], autoreset_mode=mode)
    many = vector.ActionObservation(vector.RewardObservation(lanes))
    many.reset(seed=0)
    shown = []
    for action in (1, 2, 1):  # into the hole at (1, 1)
        seen, _, terminated, *_ = many.step(np.array([action]))
        shown.append((seen[0, 17], bool(terminated[0])))
    second = (0.0 if mode is AutoresetMode.SAME_STEP else 1.0, True)
    assert shown == [(1.0, False), second, (1.0 if mode is AutoresetMode.SAME_STEP else 0.0, False)]


def test_vectors_of_numbers_as_actions() -> None:
    """A continuous action is shown as it is."""
    environment = ActionObservation(gymnasium.make("Pendulum-v1"))
    environment.reset(seed=0)
    seen, *_ = environment.step(np.array([0.5], np.float32))
    assert seen[3:].tolist() == [0.5, 1.0]
    assert environment.observation_space.contains(seen)


def test_what_cannot_be_wrapped_is_said() -> None:
    """Lifetimes of no episode, vectors that reset themselves, observations that are not flat, other actions."""
    lake = SyncVectorEnv([lambda: gymnasium.make("FrozenLake-v1")])
    with pytest.raises(ValueError, match="episodes: out of range, got 0"):
        Lifetime(gymnasium.make("CartPole-v1"), 0)
    with pytest.raises(ValueError, match="autoreset_mode Disabled"):
        vector.Lifetime(SyncVectorEnv([lambda: gymnasium.make("CartPole-v1")]), 3)
    with pytest.raises(ValueError, match="FlattenObservation"):
        vector.RewardObservation(lake)
    tuple_of_actions = gymnasium.make("CartPole-v1")
    tuple_of_actions.action_space = spaces.Tuple([spaces.Discrete(2)])
    with pytest.raises(ValueError, match="neither choices nor a vector"):
        ActionObservation(tuple_of_actions)
