"""The vector of environments: registered, well-behaved, and the batched program bit by bit."""

from __future__ import annotations

from typing import Any

import gymnasium
import numpy as np
import pytest
import torch
from families import FAMILIES
from gymnasium.utils.seeding import np_random
from gymnasium.vector import AutoresetMode
from torch import Tensor

from ingredients.families import FAMILIES as SPECS
from ingredients.tasks.bernoulli_bandit import BernoulliBandit
from ingredients.tasks.dark_room import DarkRoom
from ingredients.tasks.vector_environment import FamilyVectorEnv

LANES = 6


def test_every_family_has_a_vector_of_its_own() -> None:
    """`make_vec` takes the batched program; what it gives lies in its spaces, and the info tells nothing."""
    ids = {spec.name: spec.gymnasium_id for spec in SPECS}
    for given in FAMILIES.values():
        settings = dict(given)
        many: Any = gymnasium.make_vec(ids[settings.pop("family")], num_envs=LANES, **settings)
        assert isinstance(many, FamilyVectorEnv)
        seen, info = many.reset(seed=1)
        many.action_space.seed(1)
        assert many.observation_space.contains(seen)
        assert info == {}
        for _ in range(7):
            seen, reward, terminated, truncated, info = many.step(many.action_space.sample())
            assert many.observation_space.contains(seen)
            assert reward.shape == terminated.shape == truncated.shape == (LANES,)
            assert set(info) <= {"final_obs", "_final_obs"}


@pytest.mark.parametrize("mode", [AutoresetMode.SAME_STEP, AutoresetMode.DISABLED])
def test_the_vector_is_the_batched_program(mode: AutoresetMode) -> None:
    """For the same draws lanes give the same trajectory, whether episodes go on by themselves or are reset."""
    family = DarkRoom(size=4, episodes=5, episode_steps=3, goal_shown=True, random_start=True)
    many, draw = FamilyVectorEnv(family, LANES, mode), np_random(3)[0]

    def numbers(size: int) -> Tensor:
        return torch.from_numpy(draw.random((LANES, size), dtype=np.float32))

    tasks = family.draw_tasks(torch.Generator().manual_seed(int(draw.integers(2**63))), LANES)
    state, shown = family.first(tasks, numbers(1))
    seen, _ = many.reset(seed=3)
    for t in range(9):
        assert np.array_equal(seen, shown.numpy())
        action = torch.arange(LANES).add(t) % 5
        step = family.step(tasks, state, action, numbers(0))
        seen, reward, terminated, truncated, info = many.step(action.numpy())
        assert reward.tolist() == step.reward.tolist()
        assert not terminated.any()
        assert truncated.all() == ((t + 1) % 3 == 0)
        state, shown = step.state, step.observation
        if (t + 1) % 3 == 0:
            last = info["final_obs"] if mode is AutoresetMode.SAME_STEP else seen
            assert np.array_equal(last, shown.numpy())
            state, shown = family.next_episode(tasks, state, numbers(1))
            if mode is AutoresetMode.DISABLED:
                with pytest.raises(gymnasium.error.ResetNeeded):
                    many.step(action.numpy())
                seen, _ = many.reset()


def test_a_mask_resets_some_lanes() -> None:
    """A new task for the lanes of a mask leaves the others on theirs."""
    many = FamilyVectorEnv(BernoulliBandit(arms=4, episodes=5), LANES)
    many.reset(seed=0)
    before, mask = many._tasks, np.arange(LANES) < 2
    many.reset(options={"new_task": True, "reset_mask": mask})
    assert before is not None
    assert many._tasks is not None
    assert (before != many._tasks).any(1).tolist() == mask.tolist()


def test_a_seed_for_some_lanes_leaves_the_others_alone() -> None:
    """Others keep tasks, states and draws; those of the mask are what a reset of all with that seed makes them."""
    family = DarkRoom(size=4, episodes=5, episode_steps=3, goal_shown=True, random_start=True)
    masked, plain, seeded = (FamilyVectorEnv(family, LANES) for _ in range(3))
    mask = np.arange(LANES) < 2
    for many, seed in ((masked, 1), (plain, 1), (seeded, 2)):
        many.reset(seed=seed)
    masked.step(np.zeros(LANES, np.int64)), plain.step(np.zeros(LANES, np.int64))
    seen, _ = masked.reset(seed=2, options={"reset_mask": mask.tolist()})
    assert np.array_equal(seen[mask], seeded._shown.numpy()[mask])
    for _ in range(7):
        actions = np.arange(LANES) % 5
        shown, paid, *_ = masked.step(actions)
        for other, lanes in ((plain, ~mask), (seeded, mask)):
            theirs, earned, *_ = other.step(actions)
            if not lanes[0]:  # their episodes end at other steps than those of the masked lanes
                assert np.array_equal(shown[lanes], theirs[lanes])
            assert np.array_equal(paid[lanes], earned[lanes])
    assert len(masked._streams) == 2
    masked.reset(seed=2)
    assert len(masked._streams) == 1


def test_misuse_of_the_vector_is_an_error() -> None:
    """A step before a reset, unknown options, seeds lane by lane, and the other mode of autoreset are refused."""
    family = BernoulliBandit(arms=4, episodes=5)
    many = FamilyVectorEnv(family, LANES)
    with pytest.raises(gymnasium.error.ResetNeeded):
        many.step(np.zeros(LANES, np.int64))
    with pytest.raises(ValueError, match="unknown option 'newtask'; allowed: new_task, reset_mask"):
        many.reset(options={"newtask": True})
    with pytest.raises(ValueError, match="reset_mask: 6 switches"):
        many.reset(options={"reset_mask": [True]})
    with pytest.raises(ValueError, match="one seed for all lanes"):
        many.reset(seed=[1, 2, 3, 4, 5, 6])
    with pytest.raises(ValueError, match="autoreset_mode: 'NextStep'; allowed: SameStep, Disabled"):
        FamilyVectorEnv(family, LANES, AutoresetMode.NEXT_STEP)
