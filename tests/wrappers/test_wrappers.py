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
from ingredients.agent.observation import InputLayout, Past, assemble
from ingredients.wrappers import ActionObservation, Lifetime, RewardObservation, new_task, vector
from ingredients.wrappers.columns import Numbers
from ingredients.wrappers.resets import which_lanes

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
    row: Numbers = assemble(InputLayout(3, 5), past, one, one)[:-1].numpy()
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
    many = vector.VectorActionObservation(
        vector.VectorRewardObservation(vector.VectorLifetime(lanes, EPISODES, new_task))
    )
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
    many = vector.VectorActionObservation(vector.VectorRewardObservation(lanes))
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
        vector.VectorLifetime(SyncVectorEnv([lambda: gymnasium.make("CartPole-v1")]), 3)
    with pytest.raises(ValueError, match="FlattenObservation"):
        vector.VectorRewardObservation(lake)
    tuple_of_actions = gymnasium.make("CartPole-v1")
    tuple_of_actions.action_space = spaces.Tuple([spaces.Discrete(2)])
    with pytest.raises(ValueError, match="neither choices nor a vector"):
        ActionObservation(tuple_of_actions)


class Aim(gymnasium.Env[Any, Any]):
    """Two steps; its goal is an option of a reset, else it is drawn anew; it takes apart what it is given."""

    observation_space = spaces.Box(-np.inf, np.inf, (1,), np.float32)
    action_space = spaces.Box(-1.0, 1.0, (1,), np.float32)

    def reset(
        self, *, seed: int | None = None, options: dict[str, Any] | None = None
    ) -> tuple[Numbers, dict[str, Any]]:
        """Takes the goal out of the options."""
        super().reset(seed=seed)
        self.t = 0
        self.goal = float((options or {}).get("goals", [self.np_random.random()]).pop())
        self.buffer = np.array([self.goal], np.float32)
        return self.buffer, {"goal": self.goal}

    def step(self, action: Numbers) -> tuple[Numbers, float, bool, bool, dict[str, Any]]:
        """Writes on the action, and on what it has shown."""
        self.t += 1
        action *= 0.0
        self.buffer += 1.0
        return self.buffer, 1.0, self.t == 2, False, {}


def drawn_goal(environment: Any, draw: np.random.Generator) -> dict[str, Any]:  # noqa: ANN401 - any environment
    """Returns options with a goal."""
    return {"goals": [int(draw.integers(10_000))]}


def test_a_lifetime_has_one_task() -> None:
    """What `draw_task` returns is what all its episodes are reset with, also where the environment takes it apart."""
    lifetime = Lifetime(Aim(), 3, drawn_goal)
    goals: list[float] = []
    for _ in range(2):
        seen, _ = lifetime.reset(seed=None if goals else 3)
        of_this = [float(seen[0])]
        over = False
        while not over:
            seen, _, over, _, info = lifetime.step(np.ones(1, np.float32))
            if info["episode_end"] and not over:
                of_this.append(float(seen[0]))
        assert len(of_this) == 3
        assert len(set(of_this)) == 1
        goals.append(of_this[0])
    assert goals[0] != goals[1]


def test_options_of_the_caller_hold_for_the_lifetime() -> None:
    """A goal that is asked for by hand is that of all episodes, and the caller's own options stay as they are."""
    lifetime, options = Lifetime(Aim(), 2), {"goals": [7]}
    assert lifetime.reset(options={"goals": [*options["goals"]]})[0][0] == 7
    lifetime.step(np.ones(1, np.float32))
    assert lifetime.step(np.ones(1, np.float32))[0][0] == 7
    assert options == {"goals": [7]}


def test_each_lane_has_a_task_of_its_own() -> None:
    """A lane's tasks, through lifetimes and masked resets, are those of the single wrapper with the lane's seed."""
    lanes = SyncVectorEnv([Aim] * 3, autoreset_mode=AutoresetMode.DISABLED)
    many, singles = vector.VectorLifetime(lanes, 2, drawn_goal), [Lifetime(Aim(), 2, drawn_goal) for _ in range(3)]
    for seed in (5, None):
        seen, info = many.reset(seed=seed)
        alone = [single.reset(seed=None if seed is None else seed + lane) for lane, single in enumerate(singles)]
        assert np.array_equal(seen, [found[0] for found in alone])
        assert info["goal"].tolist() == [found[1]["goal"] for found in alone]
        assert len(set(seen[:, 0].tolist())) == 3
        for _ in range(4):
            seen, _, terminated, _, _ = many.step(np.ones((3, 1), np.float32))
            assert np.array_equal(seen, [single.step(np.ones(1, np.float32))[0] for single in singles])
    assert terminated.all()
    fresh, _ = many.reset(options={"reset_mask": np.array([False, True, False])})
    assert np.array_equal(fresh[1], singles[1].reset()[0])
    assert np.array_equal(fresh[[0, 2]], seen[[0, 2]])


def test_a_lanes_environment_can_be_turned_to_its_task() -> None:
    """`draw_task` meets the lane's own environment where there is one."""
    met = []

    def turned(environment: Any, draw: np.random.Generator) -> None:  # noqa: ANN401 - any environment
        """Notes whom it meets."""
        met.append(environment)

    lanes = SyncVectorEnv([Aim] * 2, autoreset_mode=AutoresetMode.DISABLED)
    vector.VectorLifetime(lanes, 2, turned).reset(seed=0)
    assert met == list(lanes.envs)


def test_the_action_that_is_shown_is_the_one_that_was_taken() -> None:
    """An environment that writes on its action, or on what it has shown, changes neither column."""
    single = ActionObservation(Aim())
    single.reset(seed=0)
    first, *_ = single.step(np.array([0.5], np.float32))
    kept = first.copy()
    single.step(np.array([0.25], np.float32))
    assert first[1:].tolist() == [0.5, 1.0]
    assert np.array_equal(first, kept)
    many = vector.VectorActionObservation(SyncVectorEnv([Aim] * 2, autoreset_mode=AutoresetMode.DISABLED))
    many.reset(seed=0)
    assert many.step(np.full((2, 1), 0.5, np.float32))[0][:, 1:].tolist() == [[0.5, 1.0]] * 2


def test_a_mask_is_one_switch_a_lane() -> None:
    """As in Gymnasium's own: of the vector's length, boolean, and on for some lane."""
    assert which_lanes({"reset_mask": [True, False]}, 2).tolist() == [True, False]
    for mask in ([True], [1, 0], [False, False]):
        with pytest.raises(ValueError, match="reset_mask: 2 switches"):
            which_lanes({"reset_mask": mask}, 2)
