"""Known algorithms with exact action probabilities: Bayes, Thompson, greedy, UCB1, and two habits.

Algorithms by counts ignore the order of the past. The habits do not: win-stay-lose-shift knows the last pull alone, and
the recency-weighted learner forgets,

    V_a ← V_a + α (r − V_a) for the pulled arm, V_a = 1/2 at the start

(Sutton & Barto 2018, §2.5); the posterior mean's rate falls with the arm's pulls instead.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import partial
from typing import Protocol

import torch
from torch import Tensor

from ingredients.inner.histories import Histories
from ingredients.inner.values import ActionValues, best_share
from ingredients.references.bandit_dynamic_programming import Chances
from ingredients.references.bandit_policies import chances, one_more_pull, posterior_mean, ucb1
from ingredients.references.bandit_reactive import ReactivePolicy, win_stay_lose_shift
from ingredients.references.bandit_thompson import thompson_chances

RECENCY_RATE = 0.3  # of the learner whose loss is shown beside the agents'


class Algorithm(Protocol):
    """A policy with a known state and known probabilities."""

    def initial(self, runs: int, lifetimes: int) -> Tensor:
        """Returns the state at the start of lifetimes, `[S, N, ...]`."""
        ...

    def chances(self, state: Tensor, t: int) -> Tensor:
        """Returns the probability of each arm after t pulls, `[S, N, A]` (float64)."""
        ...

    def update(self, state: Tensor, action: Tensor, reward: Tensor) -> Tensor:
        """Returns the state after pulling `action` `[S, N]` with `reward` `[S, N]`."""
        ...


@dataclass(frozen=True)
class ByCounts:
    """An algorithm by counts alone; `of_counts` takes `[N, A, 2]` (float64)."""

    arms: int
    of_counts: Chances

    def initial(self, runs: int, lifetimes: int) -> Tensor:
        """Returns zero counts `[S, N, A, 2]`."""
        return torch.zeros(runs, lifetimes, self.arms, 2, dtype=torch.float64)

    def chances(self, state: Tensor, t: int) -> Tensor:
        """Returns the probability of each arm, `[S, N, A]`."""
        return self.of_counts(state.flatten(0, 1), t).double().view(state.shape[:-1])

    def update(self, state: Tensor, action: Tensor, reward: Tensor) -> Tensor:
        """Returns the updated counts."""
        return one_more_pull(state, action, reward)


@dataclass(frozen=True)
class Reactive:
    """An algorithm by the last pull alone; its state is arm and reward, −1 at the start."""

    arms: int
    policy: ReactivePolicy

    def initial(self, runs: int, lifetimes: int) -> Tensor:
        """Returns −1, `[S, N, 2]`."""
        return torch.full((runs, lifetimes, 2), -1, dtype=torch.int64)

    def chances(self, state: Tensor, t: int) -> Tensor:
        """Returns the probability of each arm, `[S, N, A]`."""
        if t == 0:
            return self.policy.first.double().expand(*state.shape[:-1], self.arms)
        return self.policy.then.double()[state[..., 1], state[..., 0]]

    def update(self, state: Tensor, action: Tensor, reward: Tensor) -> Tensor:
        """Returns the last pull."""
        return torch.stack((action, reward.long()), -1)


@dataclass(frozen=True)
class Recency:
    """Greedy or softmax choice by recency-weighted means, which are its state `[S, N, A]`.

    Attributes:
        arms: A.
        rate: α.
        temperature: of the softmax; 0 is greedy, ties shared.
    """

    arms: int
    rate: float = RECENCY_RATE
    temperature: float = 0.0

    def initial(self, runs: int, lifetimes: int) -> Tensor:
        """Returns 1/2 for each arm."""
        return torch.full((runs, lifetimes, self.arms), 0.5, dtype=torch.float64)

    def chances(self, state: Tensor, t: int) -> Tensor:
        """Returns the probability of each arm, `[S, N, A]`."""
        return softened(state, self.temperature)

    def update(self, state: Tensor, action: Tensor, reward: Tensor) -> Tensor:
        """Moves the pulled arm's mean towards the reward."""
        place = action.unsqueeze(-1)
        before = state.gather(-1, place)
        return state.scatter(-1, place, before + self.rate * (reward.unsqueeze(-1).double() - before))


def softened(preferences: Tensor, temperature: float) -> Tensor:
    """Returns the softmax of preferences `[..., A]`; at temperature 0 the best arms share the choice."""
    return best_share(preferences) if temperature == 0 else (preferences / temperature).softmax(-1)


def known_algorithms(values: ActionValues) -> Mapping[str, Algorithm]:
    """Returns the algorithms that agents are compared with, by name."""
    arms, pulls = values.arms, values.pulls
    of_counts: dict[str, Chances] = {
        "bayes_optimal": lambda counts, _: best_share(values.of(counts)),
        "thompson": thompson_chances(arms, pulls),
        "greedy": lambda counts, _: best_share(posterior_mean(counts)),
        "ucb1": partial(chances, ucb1),
    }
    by_counts = {name: ByCounts(arms, chosen) for name, chosen in of_counts.items()}
    return {**by_counts, "reactive": Reactive(arms, win_stay_lose_shift(arms)), "recency": Recency(arms)}


def along(algorithm: Algorithm, histories: Histories) -> Tensor:
    """Returns the probability of each arm before each pull of given lifetimes, `[S, N, T, A]`."""
    runs, lifetimes, pulls = histories.shape
    state = algorithm.initial(runs, lifetimes)
    made = []
    for t in range(pulls):
        made.append(algorithm.chances(state, t))
        state = algorithm.update(state, histories.actions[..., t], histories.rewards[..., t])
    return torch.stack(made, 2)


def states_along(algorithm: Algorithm, histories: Histories) -> Tensor:
    """Returns the state before each pull of given lifetimes, `[S, N, T, ...]`."""
    runs, lifetimes, pulls = histories.shape
    states = [algorithm.initial(runs, lifetimes)]
    for t in range(pulls - 1):
        states.append(algorithm.update(states[-1], histories.actions[..., t], histories.rewards[..., t]))
    return torch.stack(states, 2)


def lived(algorithm: Algorithm, tasks: Tensor, pulls: int, action_noise: float, draws: torch.Generator) -> Histories:
    """Returns lifetimes that an algorithm plays on `tasks` `[S, N, A]`."""
    runs, lifetimes, arms = tasks.shape
    state = algorithm.initial(runs, lifetimes)
    actions = []
    rewards = []
    for t in range(pulls):
        luck = torch.rand(4, runs, lifetimes, generator=draws)
        above = luck[0].unsqueeze(-1) > algorithm.chances(state, t).cumsum(-1)[..., :-1]
        any_arm = (luck[1] * arms).long().clamp(max=arms - 1)
        action = torch.where(luck[2] < action_noise, any_arm, above.sum(-1))
        reward = (luck[3] < tasks.gather(-1, action.unsqueeze(-1)).squeeze(-1)).float()
        actions.append(action)
        rewards.append(reward)
        state = algorithm.update(state, action, reward)
    return Histories(torch.stack(actions, 2), torch.stack(rewards, 2))
