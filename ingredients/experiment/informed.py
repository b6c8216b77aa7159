"""The informed agent: the study's own trainer shown the task, the yardstick where no reference is known.

Otherwise it is the full cell, with at most five seeds that no study uses. Its return is no proven ceiling.
"""

from __future__ import annotations

from typing import Any

import torch
from torch import Tensor

from ingredients.errors import StudyError
from ingredients.experiment import Progress, Tell, informed_seeds
from ingredients.grid import Cell, Run
from ingredients.study import Study
from ingredients.study.seeds import BEYOND_STUDIES
from ingredients.tasks.family import Family
from ingredients.tasks.foreign import take_failures
from ingredients.tasks.informed import informed
from ingredients.training.evaluation import evaluate
from ingredients.training.trainer import Setup, Training, begin_training, prepare, train

FULL = Cell(True, True, True, True)
PROBE = "memory_swap"


def train_informed(study: Study, family: Family, tasks: Tensor, device: str, tell: Tell) -> dict[str, Any]:
    """Returns its entry of `references` on `tasks` `[N, D]`, and a mean curve `at_points`.

    Raises:
        StudyError: an agent diverged, or its environment raised.
    """
    runs = tuple(Run(FULL, BEYOND_STUDIES + number) for number in range(informed_seeds(study)))
    setup = prepare(study, runs, device, informed(family))
    training = begin_training(setup)
    for update in train(setup, training):
        tell(_progress(setup, update.number + 1))
    played = evaluate(setup, training.policy, tasks.expand(len(runs), -1, -1), (PROBE,))
    first = tasks[: study.evaluation.tasks_at_points]
    early = evaluate(setup, training.policy, first.expand(len(runs), -1, -1))
    _refuse_failures(setup, training)
    curves = {name: curve.tolist() for name, curve in played.curves.items()}
    at_points: list[float] = early.curves["none"].mean(0).tolist()
    return {"entry": {"exact": False, "expected_return": None, "curves": curves}, "at_points": at_points}


def _refuse_failures(setup: Setup, training: Training) -> None:
    """Refuses failed agents: the yardstick must not depend on seeds."""
    raised = take_failures(setup.family)
    for failure in raised.values():
        raise StudyError(f"the informed agent: its environment failed: {failure}") from failure.cause()
    if training.failed or not bool(torch.isfinite(training.policy).all()):
        raise StudyError(f"the informed agent: {next(iter(training.failed.values()), 'its weights are not finite')}")


def _progress(setup: Setup, updates: int) -> Progress:
    steps = updates * setup.steps_per_update
    whole = setup.updates * setup.steps_per_update
    return Progress("references", steps, whole, steps * len(setup.runs), doing="training the informed agent")
