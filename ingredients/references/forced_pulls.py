"""References of Bernoulli bandits whose first n pulls are forced.

Nothing is learned afterwards, so almost every ceiling is proven (docs/design.md §5, trap 2). By what is seen:

    rewards and actions    `bayes_optimal`          the arm with the highest posterior mean
    rewards, not actions   `rewards_only`           any arm: they are alike
    the last of both       `reactive`               the last forced arm if it paid, else another; then its last action
    the last reward        `reactive_reward_only`   any arm
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial

import torch
from torch import Tensor

from ingredients.references.bandit_dynamic_programming import (
    MOST_STATES,
    best_after_watching,
    count_states,
    number_of_states,
)
from ingredients.references.bandit_policies import Preferring, greedy
from ingredients.references.bandit_thompson import Thompson
from ingredients.references.computed import without_memory
from ingredients.references.policy import Answer, PolicyCurves, Reference, ReferenceInput, ReferencePolicy, ReferenceSet
from ingredients.references.simulation import simulate
from ingredients.tasks.bernoulli_bandit import BernoulliBandit


@dataclass(frozen=True)
class Watching:
    """Plays as `policy`, which learns from the first `pulls` pulls."""

    policy: ReferencePolicy
    pulls: int

    def initial(self, lanes: int) -> Tensor:
        """Returns the policy's memory."""
        return self.policy.initial(lanes)

    def act(self, memory: Tensor, moment: ReferenceInput) -> Tensor:
        """See `ReferencePolicy.act`."""
        return self.policy.act(memory, moment)

    def update(self, memory: Tensor, answer: Answer) -> Tensor:
        """See `ReferencePolicy.update`."""
        return self.policy.update(memory, answer) if answer.step < self.pulls else memory


@dataclass(frozen=True)
class StayWithTheLast:
    """Takes the last forced arm if it paid, else the next; then repeats its last action."""

    arms: int
    forced_pulls: int

    def initial(self, lanes: int) -> Tensor:
        """Returns no memory."""
        return torch.zeros(lanes, 0)

    def act(self, memory: Tensor, moment: ReferenceInput) -> Tensor:
        """Returns arms; any while forced."""
        last = moment.action_tm1.clamp(min=0)
        if moment.step != self.forced_pulls:
            return last
        return (last + (moment.reward_tm1 == 0).long()) % self.arms

    def update(self, memory: Tensor, answer: Answer) -> Tensor:
        """Returns no memory."""
        return memory


def forced_pulls_references(family: BernoulliBandit) -> ReferenceSet:
    """Returns all references."""
    watching = Watching(Thompson(family.arms), family.forced_pulls)
    everything = (
        *(_ignorant(family, name) for name in ("random", "best_fixed")),
        Reference(
            "reactive",
            not family.action_noise,
            _reactive_return(family),
            partial(simulate, family, StayWithTheLast(family.arms, family.forced_pulls)),
        ),
        *(_ignorant(family, name) for name in ("reactive_reward_only", "rewards_only")),
        Reference("thompson", False, None, partial(simulate, family, watching)),
        _bayes_optimal(family),
        _oracle(family),
    )
    return ReferenceSet("best_fixed", "reactive", "bayes_optimal", everything)


def _ignorant(family: BernoulliBandit, name: str) -> Reference:
    """Returns a reference without information."""
    return Reference(name, True, family.episodes / 2, _after_forced(family, lambda tasks: tasks.mean(-1)))


def _reactive_return(family: BernoulliBandit) -> float:
    """Returns K / 2 + Σ_j (1 − ε)^{j+1} / 12 over the free pulls."""
    kept = 1 - family.action_noise
    return family.episodes / 2 + sum(kept ** (j + 1) for j in range(family.episodes - family.forced_pulls)) / 12


def _bayes_optimal(family: BernoulliBandit) -> Reference:
    """Returns the highest posterior mean after the forced pulls."""
    forced = family.forced_pulls
    free = family.episodes - family.forced_pulls
    expected = None
    if number_of_states(family.arms, forced + 1) <= MOST_STATES:
        best = best_after_watching(count_states(family.arms, forced + 1), forced)
        expected = forced / 2 + free * ((1 - family.action_noise) * best + family.action_noise / 2)
    policy = Watching(Preferring(family.arms, greedy), forced)
    return Reference("bayes_optimal", True, expected, partial(simulate, family, policy))


def _oracle(family: BernoulliBandit) -> Reference:
    """Returns the policy that knows the task, after forced pulls."""
    free = family.episodes - family.forced_pulls
    best = (1 - family.action_noise) * family.arms / (family.arms + 1) + family.action_noise / 2
    curves = _after_forced(family, lambda tasks: family.expected_reward(tasks, tasks.argmax(-1)))
    return Reference("oracle", True, family.forced_pulls / 2 + free * best, curves)


def _after_forced(family: BernoulliBandit, reward: Callable[[Tensor], Tensor]) -> Callable[[Tensor, int], PolicyCurves]:
    """Returns the curves of a policy that earns `reward(tasks)` `[N]` a free pull."""

    def curves(tasks: Tensor, run: int) -> PolicyCurves:
        forced, free = tasks.double().mean(), reward(tasks).double().mean()
        return without_memory(
            torch.cat([forced.expand(family.forced_pulls), free.expand(family.episodes - family.forced_pulls)])
        )

    return curves
