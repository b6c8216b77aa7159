"""Whole updates by kernels against the same in torch: what is learned, whatever the task, the memory and the head."""

from __future__ import annotations

import pytest
import torch
from kernels import DEVICE, by_kernels

from ingredients.agent.kernels import without_kernels
from ingredients.grid import Run, cells
from ingredients.study import parse_study
from ingredients.training.trainer import begin_training, prepare, train

Section = dict[str, object]
BANDIT: Section = {"family": "bernoulli-bandit", "arms": 3, "episodes": 5}
ROOM: Section = {"family": "dark-room", "size": 3, "episodes": 5, "episode_steps": 2}
CASES: dict[str, tuple[Section, Section, Section]] = {
    "gru": (BANDIT, {"memory": "gru"}, {}),
    "every reward known, lifetimes that wait": (ROOM, {"memory": "gru"}, {"reward_prediction": 0.5}),
    "a hidden layer before the head": (BANDIT, {"memory": "lstm", "head_hidden": 16}, {"reward_prediction": 0.5}),
}


def learned(tasks: Section, agent: Section, learner: Section) -> list[torch.Tensor]:
    """Returns the weights of policy and critic, the losses and the gradient's norm after two updates of two cells."""
    sections = {
        "tasks": tasks,
        "ingredients": {},
        "agent": {"hidden": 16, **agent},
        "learner": {"lifetimes": 4, "minibatches": 2, "epochs": 1, "train_steps": 40, **learner},
    }
    study = parse_study({"name": "kernels", **sections}, "test")
    setup = prepare(study, tuple(Run(cell, 0) for cell in cells(study)[-2:]), str(DEVICE))
    training = begin_training(setup)
    updates = list(train(setup, training))
    assert not training.failed
    last = updates[-1]
    return [training.policy, training.critic, torch.stack(list(last.losses)), last.gradient_norm]


@pytest.mark.parametrize("case", CASES)
def test_updates_by_kernels_are_those_of_torch(case: str) -> None:
    """Two updates end in the same weights and losses, up to what rounding grows to in Adam."""
    with without_kernels():
        expected = learned(*CASES[case])
    with by_kernels():
        ours = learned(*CASES[case])
    for mine, other in zip(ours, expected, strict=True):
        assert torch.allclose(mine, other, rtol=1e-3, atol=2e-4), (mine - other).abs().max()
