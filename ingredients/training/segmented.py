"""Training in segments of lifetimes; `Training.carried` has what lanes carry."""

from __future__ import annotations

from collections.abc import Iterator

import torch
from torch import Tensor

from ingredients.agent.network import views
from ingredients.training.batches import Batch, Leaves
from ingredients.training.improvement import improve_by, paces
from ingredients.training.interaction import Play
from ingredients.training.learner import Losses
from ingredients.training.segment_learning import ReturnScale, segment_batches
from ingredients.training.segments import Segments, begin_segments, collect_segment, segment_draws
from ingredients.training.setup import Setup, Training, Update


def train_segments(setup: Setup, training: Training) -> Iterator[Update]:
    """Yields after each update until training ends; `training` changes in place."""
    runs, lanes, family = setup.runs, setup.lifetimes, setup.family
    blank = training.policy.new_zeros(len(runs), lanes, family.task_size)
    play = Play(setup.agent, family, views(training.policy, setup.agent.shapes()), blank)
    scale = ReturnScale.of(training.carried) if training.carried else ReturnScale.first(len(runs), lanes)
    carried = begin_segments(play, runs, lanes, training.carried)
    try:
        while training.update < setup.updates:
            index = training.update
            draws = segment_draws(runs, family, index, setup.tuned.segment, lanes, setup.device)
            segments = collect_segment(play, carried, runs, draws, setup.tuned.minibatches)
            train_step = (index + 1) * setup.steps_per_update
            training.fail(carried.lanes.pace.take_failures(), train_step)
            losses, norm = _improved(setup, training, segments, scale.taken(segments, setup.tuned.discount))
            training.update += 1
            training.carried = carried.arrays() | scale.arrays()
            for run in torch.nonzero(~training.alive).flatten().tolist():
                training.diverge(run, train_step)
            yield Update(index, train_step, losses, norm, segments.score * family.episodes)
    finally:
        carried.lanes.pace.close()


def _improved(setup: Setup, training: Training, segments: Segments, scale: Tensor) -> tuple[Losses, Tensor]:
    """Returns mean losses and gradient norms `[S]`; weights change in place."""

    def batched(leaves: Leaves) -> list[Batch]:
        return segment_batches(setup, leaves, segments, scale)

    return improve_by(setup, training, batched, paces(setup, training))
