"""Third-party environments as they are: classic control, toy text, MiniGrid, POPGym, highway-env train and play."""

from __future__ import annotations

from typing import Any

import pytest
import torch

from ingredients.grid import runs
from ingredients.study import parse_study
from ingredients.tasks.foreign import take_failures
from ingredients.training.draws import evaluation_tasks
from ingredients.training.evaluation import evaluate
from ingredients.training.trainer import begin_training, prepare, train

CASES: dict[str, tuple[dict[str, Any], float, float]] = {  # a study's tasks; least and most that an episode can give
    "classic control": ({"gymnasium": "CartPole-v1", "vary": {"gravity": [5, 15], "length": [0.3, 0.8]}}, 1, 8),
    "continuous": ({"gymnasium": "MountainCarContinuous-v0"}, -0.8, 100),
    "toy text": ({"gymnasium": "FrozenLake-v1", "vary": {"is_slippery": {"choices": [True, False]}}}, 0, 1),
    "minigrid": ({"gymnasium": "minigrid:MiniGrid-Empty-Random-5x5-v0"}, 0, 1),
    "popgym": ({"gymnasium": "popgym:popgym-RepeatFirstEasy-v0"}, -1, 1),
    "popgym, joint choices": ({"gymnasium": "popgym:popgym-BattleshipEasy-v0"}, -10, 10),
    "highway, a dict of arrays": ({"gymnasium": "highway_env:lane-keeping-v0"}, -8, 8),
}


@pytest.mark.parametrize("case", CASES)
def test_it_trains_and_is_evaluated(case: str) -> None:
    """Two updates of a run, then its curve on held-out tasks: finite, in the environment's own units, no failure."""
    tasks, least, most = CASES[case]
    if case.startswith("highway"):
        pytest.importorskip("highway_env")
    study = parse_study(
        {
            "name": "t",
            "tasks": {"episodes": 5, "episode_steps": 8, **tasks},
            "ingredients": {},
            "agent": {"hidden": 16},
            "learner": {"lifetimes": 4, "minibatches": 2, "epochs": 1, "train_steps": 320},
        },
        "test",
    )
    setup = prepare(study, runs(study)[-1:])
    training = begin_training(setup)
    first = training.policy.clone()
    updates = list(train(setup, training))
    assert len(updates) == 2
    assert training.failed == {}
    assert not torch.equal(training.policy, first)
    curve = evaluate(setup, training.policy, evaluation_tasks(setup.family, 4).unsqueeze(0)).curves["none"]
    assert curve.shape == (1, 5)
    assert least <= float(curve.min()) <= float(curve.max()) <= most
    assert take_failures(setup.family) == {}
