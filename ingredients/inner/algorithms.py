"""Known algorithms with exact action probabilities: Bayes, Thompson, greedy, UCB1, and habits.

A habit depends on the order of the past: reactive, or recency-weighted (Sutton & Barto 2018, §2.5),

    V_a ← V_a + α (r − V_a) for the pulled arm, V_a = 1/2 at the start.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Protocol

import torch
from torch import Tensor

from ingredients.inner.histories import Histories
from ingredients.inner.models.model import BeliefModel, Course, Habit, Learner
from ingredients.inner.values import best_share
from ingredients.references.bandit_dynamic_programming import Chances

RECENCY_RATE = 0.3  # of the learners whose loss is shown beside the agents'


class Algorithm(Protocol):
    """A policy with a known state and known probabilities."""

    def initial(self, runs: int, lifetimes: int) -> Tensor:
        """Returns the state at a lifetime's start, `[S, N, ...]`."""
        ...

    def chances(self, state: Tensor, t: int) -> Tensor:
        """Returns each action's probability after t episodes, `[S, N, A]` (float64)."""
        ...

    def update(self, state: Tensor, episode: Histories) -> Tensor:
        """Returns the state after an episode, `[S, N]`."""
        ...


@dataclass(frozen=True)
class ByCounts:
    """An algorithm by counts alone; `of_counts` takes `[N, D, 2]` (float64)."""

    model: BeliefModel
    of_counts: Chances

    def initial(self, runs: int, lifetimes: int) -> Tensor:
        """Returns zero counts `[S, N, D, 2]`."""
        return torch.zeros(runs, lifetimes, self.model.posterior.parts, 2, dtype=torch.float64)

    def chances(self, state: Tensor, t: int) -> Tensor:
        """See `Algorithm.chances`."""
        return self.of_counts(state.flatten(0, 1), t).double().view(*state.shape[:2], self.model.course.actions)

    def update(self, state: Tensor, episode: Histories) -> Tensor:
        """See `Algorithm.update`."""
        return self.model.one_more(state, episode)


@dataclass(frozen=True)
class Reactive:
    """An algorithm by the last episode: its state is that one's code `[S, N]`, at first −1."""

    course: Course
    habit: Habit

    def initial(self, runs: int, lifetimes: int) -> Tensor:
        """Returns −1, `[S, N]`."""
        return torch.full((runs, lifetimes), -1, dtype=torch.int64)

    def chances(self, state: Tensor, t: int) -> Tensor:
        """See `Algorithm.chances`."""
        return self.habit.first.expand(*state.shape, -1) if t == 0 else self.habit.then[state]

    def update(self, state: Tensor, episode: Histories) -> Tensor:
        """Returns the last episode."""
        return self.course.code(episode)


@dataclass(frozen=True)
class Recency:
    """Greedy or softmax choice by recency-weighted means, which are its state `[S, N, A]`.

    Attributes:
        learner: what an episode teaches.
        rate: α.
        temperature: of the softmax; 0 is greedy.
    """

    actions: int
    learner: Learner
    rate: float = RECENCY_RATE
    temperature: float = 0.0

    def initial(self, runs: int, lifetimes: int) -> Tensor:
        """Returns 1/2 for each action."""
        return torch.full((runs, lifetimes, self.actions), 0.5, dtype=torch.float64)

    def chances(self, state: Tensor, t: int) -> Tensor:
        """See `Algorithm.chances`."""
        return softened(state, self.temperature)

    def update(self, state: Tensor, episode: Histories) -> Tensor:
        """Moves the means that the episode teaches about."""
        towards, moves = self.learner.lesson(episode)
        return torch.where(moves, state + self.rate * (towards - state), state)


def softened(preferences: Tensor, temperature: float) -> Tensor:
    """Returns the softmax of preferences `[..., A]`; at temperature 0 the best share."""
    return best_share(preferences) if temperature == 0 else (preferences / temperature).softmax(-1)


def known_algorithms(model: BeliefModel) -> Mapping[str, Algorithm]:
    """Returns the algorithms beside the agents, by name, the best known first."""
    posterior = model.posterior
    of_counts: dict[str, Chances] = {
        posterior.optimal: lambda counts, _: posterior.policy(counts),
        "thompson": lambda counts, _: posterior.best(counts),
    }
    if posterior.explores:
        of_counts["greedy"] = lambda counts, _: best_share(posterior.means(counts))
    by_counts = {name: ByCounts(model, chosen) for name, chosen in {**of_counts, **model.beside}.items()}
    learners = {
        name.replace("-", "_"): Recency(model.course.actions, learner) for name, learner in model.learners.items()
    }
    return {**by_counts, "reactive": Reactive(model.course, model.habit), **learners}


def along(algorithm: Algorithm, histories: Histories) -> Tensor:
    """Returns action probabilities at each decision of given lifetimes, `[S, N, T, A]`."""
    runs, lifetimes, pulls = histories.shape
    state = algorithm.initial(runs, lifetimes)
    made = []
    for t in range(pulls):
        made.append(algorithm.chances(state, t))
        state = algorithm.update(state, histories.at(t))
    return torch.stack(made, 2)


def states_along(algorithm: Algorithm, histories: Histories) -> Tensor:
    """Returns states at each decision of given lifetimes, `[S, N, T, ...]`."""
    runs, lifetimes, pulls = histories.shape
    states = [algorithm.initial(runs, lifetimes)]
    for t in range(pulls - 1):
        states.append(algorithm.update(states[-1], histories.at(t)))
    return torch.stack(states, 2)


def lived(
    algorithm: Algorithm, model: BeliefModel, tasks: Tensor, action_noise: float, draws: torch.Generator
) -> Histories:
    """Returns lifetimes that an algorithm plays on `tasks` `[S, N, ...]`."""
    runs, lifetimes = tasks.shape[:2]
    course = model.course
    state = algorithm.initial(runs, lifetimes)
    episodes = []
    for t in range(model.posterior.decisions):
        luck = torch.rand(3 + course.uniforms, runs, lifetimes, generator=draws)
        above = luck[0].unsqueeze(-1) > algorithm.chances(state, t).cumsum(-1)[..., :-1]
        any_action = (luck[1] * course.actions).long().clamp(max=course.actions - 1)
        action = torch.where(luck[2] < action_noise, any_action, above.sum(-1))
        episodes.append(course.outcome(tasks, action, luck[3:]))
        state = algorithm.update(state, episodes[-1])
    return Histories(*(torch.stack(part, 2) for part in zip(*episodes, strict=True)))
