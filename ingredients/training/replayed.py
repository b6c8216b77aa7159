"""Training on a GPU with one recording for the rollout and one for its epochs (docs/gpu.md)."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import fields

import torch
from torch import Tensor

from ingredients.agent.memory import State
from ingredients.agent.network import views
from ingredients.tasks.foreign import steps_on_cpu, take_failures
from ingredients.training.ahead import AT_ONCE, Ahead
from ingredients.training.improvement import improve, paces
from ingredients.training.interaction import Play
from ingredients.training.learner import Losses, UpdateSchedule
from ingredients.training.luck import RolloutDraws, SeedDraws, Source, shares, spread_training
from ingredients.training.recorded import Program, Recorder
from ingredients.training.rollout import Rollout, collect
from ingredients.training.setup import Setup, Training, Update


def replayed(setup: Setup, training: Training, recorder: Recorder) -> Iterator[Update]:
    """Yields after each update; `training` changes in place, on the same tensors."""
    source = Source(setup)
    bench = _Bench(setup, training, recorder)
    pinned = setup.device.type == "cuda"
    left = range(training.update, setup.updates)
    ahead = Ahead(source.draw, [source.blank(pinned) for _ in range(min(AT_ONCE, len(left)))], left, setup.device)
    try:
        while training.update < setup.updates:
            with ahead.next() as drawn:
                bench.lay_out(drawn)
            yield bench.update()
    finally:
        ahead.close()
        training.settle()


class _Bench:
    """One stack's fixed places and programs."""

    def __init__(self, setup: Setup, training: Training, recorder: Recorder) -> None:
        self._setup, self._training = setup, training
        if training.diverged_at is None:
            training.diverged_at = torch.zeros(len(setup.runs), dtype=torch.int64, device=setup.device)
        self._shares = shares(setup.runs, setup.family).to(setup.device)
        self._drawn: RolloutDraws | None = None
        self._paces = torch.zeros(len(paces(setup, training)), len(UpdateSchedule._fields), dtype=torch.float64).to(
            setup.device
        )
        self._train_step = torch.zeros((), dtype=torch.int64, device=setup.device)
        self._rollout: Rollout | None = None
        self._moves = not steps_on_cpu(setup.family)
        self._collected = Program(self._collect, recorder, self._complaint("rollouts"))
        self._improved = Program(self._improve, recorder, self._complaint("learning"))

    def lay_out(self, drawn: RolloutDraws) -> None:
        """Copies draws and schedule to their places, asynchronously."""
        device = self._setup.device
        if self._drawn is None:
            luck, tasks, memory = drawn
            empty = torch.empty_like
            self._drawn = RolloutDraws(
                SeedDraws(*(empty(part, device=device) for part in luck)),
                empty(tasks, device=device),
                tuple(empty(part, device=device) for part in memory),
            )
        for place, part in zip(self._drawn.tensors(), drawn.tensors(), strict=True):
            place.copy_(part, non_blocking=True)
        numbers = torch.tensor(paces(self._setup, self._training), dtype=torch.float64)
        _send(numbers, self._paces)
        _send(torch.tensor((self._training.update + 1) * self._setup.steps_per_update), self._train_step)

    def update(self) -> Update:
        """Collects a rollout and learns from it."""
        setup, training = self._setup, self._training
        if self._moves:
            self._rollout = self._collected()
        else:
            self._keep(self._collect())
        train_step = (training.update + 1) * setup.steps_per_update
        training.fail(take_failures(setup.family), train_step)
        steps = training.policy_adam.count + len(self._paces)
        report = self._improved().clone().unbind(0)
        training.policy_adam.count = training.critic_adam.count = steps
        training.update += 1
        *losses, norm, score = report
        return Update(training.update - 1, train_step, Losses(*losses), norm, score)

    # The programs

    @torch.no_grad()
    def _collect(self) -> Rollout:
        setup = self._setup
        assert self._drawn is not None
        tasks, draws, memory = spread_training(self._shares, self._drawn, self._initial())
        play = Play(setup.agent, setup.family, views(self._training.policy, setup.agent.shapes()), tasks)
        return collect(play, draws, setup.tuned.minibatches, setup.learner.expected_rewards, memory)

    def _initial(self) -> State:
        setup = self._setup
        return setup.agent.memory.initial_state(
            len(setup.runs), setup.lifetimes, setup.family.steps, self._training.policy
        )

    def _improve(self) -> Tensor:
        """Returns the rollout's losses, gradient norm and score, `[7, S]`."""
        training = self._training
        assert self._rollout is not None
        assert training.diverged_at is not None
        steps = [UpdateSchedule(*row.unbind(0)) for row in self._paces.unbind(0)]
        went_on = training.alive.clone()
        losses, norm = improve(self._setup, training, self._rollout, steps)
        ended = went_on & ~training.alive
        training.diverged_at.copy_(torch.where(ended, self._train_step, training.diverged_at))
        return torch.stack([*losses, norm, self._rollout.score])

    def _keep(self, made: Rollout) -> None:
        """Copies a rollout to the first one's place, for learning."""
        if self._rollout is None:
            self._rollout = made
            return
        for place, part in zip(_tensors(self._rollout), _tensors(made), strict=True):
            place.copy_(part)

    def _complaint(self, what: str) -> _Complaint:
        return _Complaint(self._training, what)


class _Complaint:
    """Reports once that something is not recorded."""

    def __init__(self, training: Training, what: str) -> None:
        self._training, self._what = training, what

    def __call__(self, reason: str) -> None:
        self._training.notices.append(
            f"{self._what} cannot be recorded for the GPU and take longer; no number changes: {reason}"
        )


def _send(numbers: Tensor, place: Tensor) -> None:
    """Copies numbers to a device asynchronously."""
    place.copy_(numbers.pin_memory() if place.is_cuda else numbers, non_blocking=True)


def _tensors(rollout: Rollout) -> list[Tensor]:
    parts = [getattr(rollout, field.name) for field in fields(rollout)]
    flat = [piece for part in parts for piece in (part if isinstance(part, tuple) else (part,))]
    return [part for part in flat if part is not None]
