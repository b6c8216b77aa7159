"""What the analysis has to know of a family.

A belief is counts `[..., D, 2]`: how often each of D unknown parts, such as arms, fell on either side. An episode adds
one to one of them.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import NamedTuple, Protocol

import torch
from torch import Tensor
from torch.nn.functional import one_hot

from ingredients.inner.histories import Histories
from ingredients.inner.names import CANDIDATES, Candidate
from ingredients.references.bandit_dynamic_programming import Chances

RATES = (0.1, 0.2, 0.3, 0.5, 0.7, 1.0)
"""Rates that a recency-weighted account of a policy is fitted over."""


class Course(Protocol):
    """How an episode goes: one decision, and what follows and is seen."""

    @property
    def actions(self) -> int:
        """Number of actions A."""
        ...

    @property
    def steps(self) -> int:
        """Steps of an episode; the first is the decision."""
        ...

    @property
    def uniforms(self) -> int:
        """Uniform numbers that an outcome takes."""
        ...

    @property
    def codes(self) -> int:
        """Number of different episodes."""
        ...

    def outcome(self, tasks: Tensor, action: Tensor, luck: Tensor) -> Histories:
        """Returns an episode `[S, N]` after `action` on `tasks` `[S, N, ...]`, with uniforms `luck` `[U, S, N]`."""
        ...

    def code(self, lived: Histories) -> Tensor:
        """Returns all that an episode showed as a number below `codes`."""
        ...

    def recorded(self, actions: Tensor, rewards: Tensor, observations: Tensor) -> Histories:
        """Returns lifetimes from all steps, `[S, N, T steps]`; observations are `[S, N, T steps, O]`."""
        ...

    def shown(self, histories: Histories, step: int) -> tuple[Tensor, ...]:
        """Returns the parts of `agent.observation.Past` before a step, `[S, N, ...]`."""
        ...


class CountBelief(Protocol):
    """What is believed after counts `[..., D, 2]`, int64 or float64; returns float64."""

    @property
    def decisions(self) -> int:
        """Decisions of a lifetime T."""
        ...

    @property
    def parts(self) -> int:
        """Number of unknown parts D; part d favours action d."""
        ...

    @property
    def statistics(self) -> tuple[str, ...]:
        """Names of what `told` returns of each part, `mean` first."""
        ...

    @property
    def optimal(self) -> str:
        """Name of the best known policy; `bayes_optimal` if values are exact."""
        ...

    @property
    def explores(self) -> bool:
        """Whether exploring can pay; else greedy is Bayes-optimal."""
        ...

    @property
    def action_noise(self) -> float:
        """Probability of a random action instead."""
        ...

    def values(self, counts: Tensor) -> Tensor:
        """Returns Q* of executed actions, `[..., A]`, or a stand-in, up to a constant."""
        ...

    def policy(self, counts: Tensor) -> Tensor:
        """Returns the probabilities of the `optimal` policy, `[..., A]`."""
        ...

    def best(self, counts: Tensor) -> Tensor:
        """Returns actions' posterior probabilities to be the best, `[..., A]`."""
        ...

    def means(self, counts: Tensor) -> Tensor:
        """Returns actions' posterior mean rewards in an episode, `[..., A]`."""
        ...

    def told(self, counts: Tensor) -> Tensor:
        """Returns what decoders read, `[..., D]` for each of `statistics` in turn."""
        ...


class Lesson(NamedTuple):
    """What an episode teaches a learner of one number for each action, `[..., A]` each.

    Attributes:
        towards: where numbers move.
        moves: which move (bool).
    """

    towards: Tensor
    moves: Tensor


class Learner(NamedTuple):
    """A recency-weighted learner: V ← V + rate (towards − V), at rates that are fitted."""

    lesson: Callable[[Histories], Lesson]
    rates: tuple[float, ...] = RATES


class Habit(NamedTuple):
    """A policy by the last episode: probabilities at first, `[A]`, and after each code, `[codes, A]`."""

    first: Tensor
    then: Tensor


@dataclass(frozen=True)
class BeliefModel:
    """A family as the analysis knows it.

    Attributes:
        counter: which of the 2 D counts an episode adds to (int64).
        learners: by their candidate's name; `recency` is one.
        beside: further policies by counts.
        otherwise: replaces actions by others that tell the same.
        lapses: probability of a random action of the gate's algorithms.
    """

    course: Course
    posterior: CountBelief
    counter: Callable[[Histories], Tensor]
    learners: Mapping[Candidate, Learner]
    habit: Habit
    beside: Mapping[str, Chances] = field(default_factory=dict)
    otherwise: Callable[[Histories, torch.Generator], Histories] | None = None
    lapses: float = 0.0

    @property
    def candidates(self) -> tuple[Candidate, ...]:
        """The candidates that are told apart here."""
        absent = {"recency", "model-free"} - set(self.learners) | (set() if self.posterior.explores else {"greedy"})
        return tuple(name for name in CANDIDATES if name not in absent)

    def counts(self, histories: Histories) -> Tensor:
        """Returns counts before each decision, `[S, N, T, D, 2]` (int64)."""
        outcomes = one_hot(self.counter(histories), 2 * self.posterior.parts)
        before = outcomes.cumsum(2) - outcomes
        return before.view(*histories.shape, self.posterior.parts, 2)

    def one_more(self, counts: Tensor, episode: Histories) -> Tensor:
        """Returns `counts` `[S, N, D, 2]` after another episode `[S, N]`."""
        place = self.counter(episode).unsqueeze(-1)
        return counts.flatten(-2).scatter_add(-1, place, torch.ones_like(place).to(counts.dtype)).view_as(counts)

    def gaps(self, counts: Tensor) -> Tensor:
        """Returns (1 − ε) (max_b Q*(b) − Q*(a)) of intended actions a, `[..., A]`, under action noise ε."""
        values = self.posterior.values(counts)
        return (1 - self.posterior.action_noise) * (values.amax(-1, keepdim=True) - values)
