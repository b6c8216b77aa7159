"""The same stack on a GPU: the same results up to floating point. Skipped, and said so, where there is none."""

from __future__ import annotations

import pytest
import torch

from ingredients.grid import Run, cells
from ingredients.study import parse_study
from ingredients.training.draws import evaluation_tasks
from ingredients.training.evaluation import evaluate
from ingredients.training.trainer import begin_training, prepare, train

needs_cuda = pytest.mark.skipif(not torch.cuda.is_available(), reason="no CUDA device on this machine")


@needs_cuda
@pytest.mark.parametrize("memory", ["gru", "lstm", "fast-weights", "transformer", "window", "none"])
def test_cuda_gives_the_same_up_to_floating_point(memory: str) -> None:
    """Two updates and an evaluation of two cells on both devices: weights, losses and curves agree closely."""
    sections = {
        "tasks": {"family": "bernoulli-bandit", "arms": 3, "episodes": 9},
        "ingredients": {},
        "agent": {"memory": memory, "hidden": 16},
        "learner": {"lifetimes": 8, "minibatches": 2, "train_steps": 144},
    }
    study = parse_study({"name": "device", **sections}, "test")
    runs = tuple(Run(cell, 0) for cell in cells(study)[-2:])
    weights, scores, curves = [], [], []
    for device in ("cpu", "cuda"):
        setup = prepare(study, runs, device)
        training = begin_training(setup)
        updates = list(train(setup, training))
        weights.append(training.policy.cpu())
        scores.append(torch.stack([update.score.cpu() for update in updates]))
        tasks = evaluation_tasks(setup.family, 100).expand(2, -1, -1)
        curves.append(evaluate(setup, training.policy, tasks, ("greedy", "memory_swap")).curves["none"])
    for (ours, theirs), close in ((weights, 1e-3), (scores, 0.2), (curves, 0.05)):
        assert torch.allclose(ours, theirs, atol=close)
