"""The environments of others as `ablations` changes them: what they hide, and what stays."""

from __future__ import annotations

from importlib.util import find_spec
from pathlib import Path

import gymnasium
import numpy as np
import pytest
from cartpole_positions import PositionOnly
from memory_without_cue import MemoryWithoutCue

from ingredients.study import load_study
from ingredients.training.trainer import prepare


@pytest.mark.parametrize("pays", ["upper", "lower"])
def test_the_end_that_pays_does_so_whatever_stands_there(pays: str) -> None:
    """No object is left in the start room, both kinds stand at the paying end by turns, and only that end pays."""
    env = MemoryWithoutCue(agent_view_size=3)
    env.pays = pays
    turn, back = (0, 1) if pays == "upper" else (1, 0)
    kinds = set()
    for seed in range(20):
        for first, paid in ((turn, True), (back, False)):
            env.reset(seed=seed)
            assert env.grid.get(1, 2) is None
            x, y = env.success_pos
            assert (x, y) == ((5, 2) if pays == "upper" else (5, 4))
            beside = env.grid.get(x, y - 1 if pays == "upper" else y + 1)
            kinds.add(beside.type if beside else "nothing")
            ends, reward = False, 0.0
            for action in [2] * (5 - env.agent_pos[0]) + [first, 2]:
                assert not ends
                _, reward, ends, _, _ = env.step(action)  # type: ignore[no-untyped-call]
            assert ends
            assert (float(reward) > 0) == paid
    assert kinds == {"key", "ball"}
    assert env.action_space == gymnasium.spaces.Discrete(3)


@pytest.mark.parametrize("name", ["cartpole-hidden", "minigrid-hidden", "pendulum-hidden"])
def test_rules_are_those_of_the_published_runs(name: str) -> None:
    """A later rule for `auto` would make the same file train other agents than those that were judged."""
    for file in (f"ablations/{name}.yaml", f"results/published/{name}/study.yaml"):
        study = load_study(Path(file))
        assert (study.learner.discount, study.learner.gae_lambda) == (0.97, 0.95)
        if not name.startswith("pendulum") or find_spec("mujoco"):
            assert prepare(study, ()).tuned[1:3] == (0.97, 0.95)


def test_cartpole_without_velocities_shows_two_of_its_numbers() -> None:
    """The cart's place and the pole's angle, with their bounds."""
    whole, half = gymnasium.make("CartPole-v1"), PositionOnly(gymnasium.make("CartPole-v1"))
    seen, _ = whole.reset(seed=3)
    shown, _ = half.reset(seed=3)
    assert np.array_equal(shown, seen[[0, 2]])
    for action in (0, 1, 1):
        seen, shown = whole.step(action)[0], half.step(action)[0]
        assert np.array_equal(shown, seen[[0, 2]])
        assert half.observation_space.contains(shown)
