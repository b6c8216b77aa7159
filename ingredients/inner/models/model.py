"""What the analysis has to know of a family: how an episode goes, what is believed after it, and simple learners.

A belief is counts `[..., D, 2]`: of D unknown parts, such as the arms of a bandit, how often each fell on either side.
Each episode adds one to one of them. So the order of episodes never matters to the belief, and every number here is a
function of the counts.
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
    """How an episode goes: one decision, what follows, and what agents see of it."""

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
        """Returns an episode `[S, N]` after `action` on `tasks` `[S, N, ...]`; `luck` are uniforms `[U, S, N]`."""
        ...

    def code(self, lived: Histories) -> Tensor:
        """Returns all that an episode showed, as a number below `codes`, of the shape of the parts."""
        ...

    def recorded(self, actions: Tensor, rewards: Tensor, observations: Tensor) -> Histories:
        """Returns lifetimes from all their steps, `[S, N, T steps]`, observations `[S, N, T steps, O]`."""
        ...

    def shown(self, histories: Histories, step: int) -> tuple[Tensor, ...]:
        """Returns the parts of `agent.observation.Past` before a step, `[S, N, ...]`."""
        ...


class CountBelief(Protocol):
    """What is believed after counts `[..., D, 2]`, int64 or float64; everything returned is float64."""

    @property
    def decisions(self) -> int:
        """Decisions of a lifetime T."""
        ...

    @property
    def parts(self) -> int:
        """Number of unknown parts D. Part d rises in favour of action d."""
        ...

    @property
    def statistics(self) -> tuple[str, ...]:
        """Names of what `told` returns of each part; the first is `mean`."""
        ...

    @property
    def optimal(self) -> str:
        """Name of the best policy known; `bayes_optimal` where values are exact."""
        ...

    @property
    def explores(self) -> bool:
        """Whether exploring can pay. If not, greedy is Bayes-optimal, and no candidate of its own."""
        ...

    @property
    def action_noise(self) -> float:
        """Probability of a random action instead."""
        ...

    def values(self, counts: Tensor) -> Tensor:
        """Returns Q* of each executed action, `[..., A]`, or what stands for it; a constant for all is left open."""
        ...

    def policy(self, counts: Tensor) -> Tensor:
        """Returns the probabilities of the policy named `optimal`, `[..., A]`."""
        ...

    def best(self, counts: Tensor) -> Tensor:
        """Returns the posterior probability of each action to be the best, `[..., A]`."""
        ...

    def means(self, counts: Tensor) -> Tensor:
        """Returns the posterior mean of each action's reward in an episode, `[..., A]`."""
        ...

    def told(self, counts: Tensor) -> Tensor:
        """Returns what decoders read, `[..., D]` for each of `statistics`, one behind the other."""
        ...


class Lesson(NamedTuple):
    """What an episode teaches a learner of one number for each action, `[..., A]` each.

    Attributes:
        towards: where numbers move.
        moves: which numbers move at all (bool).
    """

    towards: Tensor
    moves: Tensor


class Learner(NamedTuple):
    """A recency-weighted learner: V ← V + rate (towards − V).

    Attributes:
        lesson: of an episode.
        rates: over which it is fitted to a policy.
    """

    lesson: Callable[[Histories], Lesson]
    rates: tuple[float, ...] = RATES


class Habit(NamedTuple):
    """A known policy by the last episode alone: probabilities at first, `[A]`, and after each code, `[codes, A]`."""

    first: Tensor
    then: Tensor


@dataclass(frozen=True)
class BeliefModel:
    """A family as the analysis knows it.

    Attributes:
        course: how an episode goes.
        posterior: what is believed after counts.
        counter: which of the 2 D counts an episode adds to, of the shape of its parts (int64).
        learners: recency-weighted learners by the name of their candidate; `recency` is one of them.
        habit: the known reactive policy.
        beside: further policies by counts, shown beside the agents, by name.
        otherwise: other lifetimes that tell the same, episode by episode, by other actions; None if there are none.
        lapses: of the known algorithms in the gate, where the belief grows sharp so fast that noise could hide them.
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
        """Returns the counts before each decision, `[S, N, T, D, 2]` (int64)."""
        outcomes = one_hot(self.counter(histories), 2 * self.posterior.parts)
        before = outcomes.cumsum(2) - outcomes
        return before.view(*histories.shape, self.posterior.parts, 2)

    def one_more(self, counts: Tensor, episode: Histories) -> Tensor:
        """Returns `counts` `[S, N, D, 2]` after one more episode `[S, N]`."""
        place = self.counter(episode).unsqueeze(-1)
        return counts.flatten(-2).scatter_add(-1, place, torch.ones_like(place).to(counts.dtype)).view_as(counts)

    def gaps(self, counts: Tensor) -> Tensor:
        """Returns the cost of intending each action, `[..., A]`: 0 for the best."""
        values = self.posterior.values(counts)
        return (1 - self.posterior.action_noise) * (values.amax(-1, keepdim=True) - values)
