"""The training loop as a generator."""

from __future__ import annotations

from collections.abc import Iterator

import torch

from ingredients.agent.network import views
from ingredients.tasks.foreign import take_failures
from ingredients.training.draws import TRAINING, lifetime_draws, one_start, random_memory, training_tasks
from ingredients.training.improvement import improve, paces
from ingredients.training.interaction import Play
from ingredients.training.recorded import CudaRecorder
from ingredients.training.replayed import replayed
from ingredients.training.rollout import collect
from ingredients.training.segmented import train_segments
from ingredients.training.setup import Setup, Training, Update, begin_training, prepare

__all__ = ["Setup", "Training", "Update", "begin_training", "prepare", "train"]


def train(setup: Setup, training: Training) -> Iterator[Update]:
    """Yields after each update until training ends; `training` changes in place."""
    if setup.tuned.segment:
        yield from train_segments(setup, training)
        return
    if setup.device.type == "cuda":
        yield from replayed(setup, training, CudaRecorder(setup.device))
        return
    while training.update < setup.updates:
        index = training.update
        tasks = training_tasks(setup.runs, setup.family, index, setup.lifetimes)
        draws = lifetime_draws(setup.runs, setup.family, TRAINING, index, setup.lifetimes)
        draws = draws._replace(start=one_start(setup.runs, draws.start))
        play = Play(setup.agent, setup.family, views(training.policy, setup.agent.shapes()), tasks)
        memory = random_memory(setup.runs, setup.agent.memory, setup.family, index, setup.lifetimes)
        rollout = collect(play, draws, setup.tuned.minibatches, setup.learner.expected_rewards, memory)
        train_step = (training.update + 1) * setup.steps_per_update
        training.fail(take_failures(setup.family), train_step)
        losses, norm = improve(setup, training, rollout, paces(setup, training))
        training.update += 1
        for run in torch.nonzero(~training.alive).flatten().tolist():
            training.diverge(run, train_step)
        yield Update(index, train_step, losses, norm, rollout.score)
