"""A stack's constants and training state."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal, NamedTuple, TypeVar

import numpy as np
import torch
from torch import Tensor

from ingredients.agent.eye import Eye
from ingredients.agent.memory import LabelColumns, make_memory
from ingredients.agent.network import Agent, flatten
from ingredients.agent.observation import InputLayout
from ingredients.boundary.failures import Failure
from ingredients.grid import Run, memory_kind
from ingredients.study import LearnerSettings, Study
from ingredients.study.models import EPOCHS, LEARNING_RATE, MINIBATCHES
from ingredients.study.segmented import may_segment
from ingredients.tasks import make_family
from ingredients.tasks.family import Family
from ingredients.tasks.foreign import frames, longest_episode, shows_symbols
from ingredients.training import segment_rules
from ingredients.training.critic import Critic
from ingredients.training.learner import (
    Adam,
    Losses,
    first_entropy,
    horizon_discount,
    horizon_lambda,
    prediction_weight,
    rollout_lifetimes,
)

Number = TypeVar("Number", int, float)


class Tuned(NamedTuple):
    """Numbers that a study may leave to rules (`auto`), by their names in it; a `segment` of 0 is a whole lifetime."""

    lifetimes: int
    discount: float
    gae_lambda: float
    entropy: float
    reward_prediction: float
    segment: int
    epochs: int
    minibatches: int
    learning_rate: float


@dataclass(frozen=True)
class Setup:
    """What does not change while a stack trains; `stream` is for evaluations."""

    runs: tuple[Run, ...]
    family: Family
    agent: Agent
    critic: Critic
    learner: LearnerSettings
    tuned: Tuned
    device: torch.device
    stream: int = 0

    @property
    def lifetimes(self) -> int:
        """Number of lifetimes, whole or cut, in a rollout."""
        return self.tuned.lifetimes

    @property
    def stands_still(self) -> bool:
        """Whether waiting in an evaluation leaves agents unchanged."""
        return self.tuned.segment > 0

    @property
    def rollout_steps(self) -> int:
        """Steps of each lifetime in a rollout."""
        return self.tuned.segment or self.family.steps

    @property
    def steps_per_update(self) -> int:
        """Environment steps of one run's rollout."""
        return self.lifetimes * self.rollout_steps

    @property
    def updates(self) -> int:
        """Number of rollouts: `train_steps`, rounded up."""
        return -(-self.learner.train_steps // self.steps_per_update)


def prepare(study: Study, runs: tuple[Run, ...], device: str = "cpu", family: Family | None = None) -> Setup:
    """Returns a stack's setup, by the study; `family` replaces the study's."""
    family = make_family(study.tasks) if family is None else family
    layout = InputLayout(family.observation_size, family.actions, family.continuous)
    hidden = study.agent.hidden
    kind = memory_kind(study, runs[0].cell) if runs else study.agent.memory
    segmented = may_segment(study, family.episode_steps)
    tuned = _segmented(study, family) if segmented else _tuned(study.learner, family)
    eye = Eye(frames(family))
    horizon = tuned.segment or family.steps
    entering = eye.entering(layout.size)
    shown = LabelColumns(entering - layout.size + layout.observation_size, getattr(family, "labels", 0))
    memory = make_memory(kind, entering, hidden, study.agent.window, horizon, quick=segmented, shown=shown)
    agent = Agent(layout, hidden, memory, _head_hidden(study, segmented), eye)
    seen = (layout.size - eye.words if tuned.segment else 0) + (
        family.task_size if study.learner.critic_sees_task else 0
    )
    critic = Critic(hidden, seen, hidden)
    stream = study.evaluation.stream
    return Setup(runs, family, agent, critic, study.learner, tuned, torch.device(device), stream)


def _head_hidden(study: Study, segmented: bool) -> int:
    """Returns the number of units between memory and policy."""
    said = study.agent.head_hidden
    if said == "auto":
        return study.agent.hidden if segmented else 0
    return said


def _tuned(learner: LearnerSettings, family: Family) -> Tuned:
    """Returns settings of the study, or by lifetime length; vector actions predict no rewards."""
    steps = family.steps
    minibatches = _asked(learner.minibatches, MINIBATCHES)
    return Tuned(
        lifetimes=_asked(learner.lifetimes, rollout_lifetimes(steps, minibatches)),
        discount=_asked(learner.discount, horizon_discount(steps)),
        gae_lambda=_asked(learner.gae_lambda, horizon_lambda(steps)),
        entropy=_asked(learner.entropy, first_entropy(steps)),
        reward_prediction=0.0 if family.continuous else _asked(learner.reward_prediction, prediction_weight(steps)),
        segment=0,
        epochs=_asked(learner.epochs, EPOCHS),
        minibatches=minibatches,
        learning_rate=_asked(learner.learning_rate, LEARNING_RATE),
    )


def _segmented(study: Study, family: Family) -> Tuned:
    """Returns settings of the study, or by episode length and kind of observation."""
    learner = study.learner
    symbols = shows_symbols(family)
    return Tuned(
        lifetimes=_asked(learner.lifetimes, segment_rules.LANES),
        discount=_asked(learner.discount, segment_rules.segment_discount(longest_episode(family), symbols)),
        gae_lambda=_asked(learner.gae_lambda, segment_rules.segment_lambda(symbols)),
        entropy=_asked(learner.entropy, 0.0 if family.continuous else segment_rules.ENTROPY),
        reward_prediction=0.0 if family.continuous else _asked(learner.reward_prediction, 0.0),
        segment=segment_rules.STEPS if isinstance(learner.segment, str) else int(learner.segment),
        epochs=_asked(learner.epochs, segment_rules.EPOCHS),
        minibatches=_asked(learner.minibatches, segment_rules.MINIBATCHES),
        learning_rate=_asked(learner.learning_rate, segment_rules.LEARNING_RATE),
    )


def _asked(said: Number | Literal["auto"], rule: Number) -> Number:
    """Returns what the study says, or the rule's number."""
    return rule if said == "auto" else said


@dataclass
class Training:
    """The training state, which suffices to resume: draws are stateless.

    Attributes:
        policy: weights `[S, P]`.
        critic: weights `[S, Q]`.
        alive: `[S]` (bool): gradients finite, no environment raised; others are frozen.
        failed: reasons by run.
        diverged_at: runs' train step of divergence on a GPU, `[S]` (int64), else 0; reading it synchronises.
        carried: between segments, by name, `[S, ...]` (`segments.Carried`).
    """

    policy: Tensor
    critic: Tensor
    policy_adam: Adam
    critic_adam: Adam
    alive: Tensor
    update: int = 0
    failed: dict[int, str] = field(default_factory=dict)
    diverged_at: Tensor | None = None
    notices: list[str] = field(default_factory=list)
    carried: dict[str, np.ndarray] = field(default_factory=dict)

    def fail(self, reasons: Mapping[int, Failure], train_step: int) -> None:
        """Freezes runs whose environments failed; logs the exceptions."""
        for run, reason in reasons.items():
            if run not in self.failed:
                reason.log()
            self.alive[run] = False
            self.failed.setdefault(run, f"its environment failed: {reason} (train step {train_step})")

    def diverge(self, run: int, train_step: int) -> None:
        """Records that a run has diverged."""
        self.failed.setdefault(run, f"diverged: the gradient was no longer finite at train step {train_step}")

    def settle(self) -> None:
        """Reads from the device which runs have diverged; synchronises."""
        if self.diverged_at is not None:
            for run, train_step in enumerate(self.diverged_at.tolist()):
                if train_step:
                    self.diverge(run, train_step)


class Update(NamedTuple):
    """One update: number, each run's steps so far, mean losses `[S]`, score `[S]`.

    The score is a lifetime's mean return, or K times an episode's.
    """

    number: int
    train_step: int
    losses: Losses
    gradient_norm: Tensor
    score: Tensor


def begin_training(setup: Setup) -> Training:
    """Returns the initial state; all cells of a seed have equal weights."""
    agents = {run.seed: setup.agent.initial_weights(run.seed) for run in setup.runs}
    critics = {run.seed: setup.critic.initial_weights(run.seed) for run in setup.runs}
    policy = flatten([agents[run.seed] for run in setup.runs]).to(setup.device)
    critic = flatten([critics[run.seed] for run in setup.runs]).to(setup.device)
    alive = torch.ones(len(setup.runs), dtype=torch.bool, device=setup.device)
    return Training(policy, critic, Adam.zeros(policy), Adam.zeros(critic), alive)
