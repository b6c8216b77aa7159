"""References of eleven arms, one of which tells which other arm pays.

- `bayes_optimal` asks the eleventh arm, then pulls the target: .55 + 5 (K − 1) on average, exact; with action noise
  `ask_then_take`, the best known.
- `thompson` draws among possible targets, so it never asks (Russo & Van Roy 2018).
- `reactive` asks, follows the announcement, stays after a 5, asks after a 1.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import partial

import torch
from torch import Tensor
from torch.nn.functional import one_hot

from ingredients.references.computed import same_every_pull
from ingredients.references.policy import Answer, Reference, ReferenceInput, ReferenceSet
from ingredients.references.simulation import simulate
from ingredients.tasks.informative_bandit import OTHERS_PAY, TARGET_PAYS, TARGETS, InformativeBandit

INFORMER = TARGETS
MEAN_FIXED = (TARGET_PAYS + (TARGETS - 1) * OTHERS_PAY) / TARGETS
"""What any of the ten arms pays on average, 1.4."""
MEAN_INFORMER = (TARGETS + 1) / (2 * TARGETS)
"""What the eleventh pays on average, .55."""


@dataclass(frozen=True)
class Eliminating:
    """Remembers possible targets, `[N, 10]`; until one is left it asks, or else guesses."""

    asks: bool

    def initial(self, lanes: int) -> Tensor:
        """Returns that any arm is possible."""
        return torch.ones(lanes, TARGETS)

    def act(self, memory: Tensor, moment: ReferenceInput) -> Tensor:
        """See `ReferencePolicy.act`."""
        guess = torch.where(memory > 0, torch.rand(memory.shape, generator=moment.generator), -1.0).argmax(-1)
        return torch.where(memory.sum(-1) > 1, INFORMER, guess) if self.asks else guess

    def update(self, memory: Tensor, answer: Answer) -> Tensor:
        """Returns the possible targets after announcement, hit or miss."""
        asked, hit = answer.action == INFORMER, answer.reward == TARGET_PAYS
        named = torch.where(asked, _announced(answer.reward), answer.action)
        this = one_hot(named, TARGETS).to(memory.dtype)
        return torch.where((asked | hit).unsqueeze(-1), this, memory * (1 - this))


@dataclass(frozen=True)
class Reacting:
    """Follows an announcement; with `sees_actions` stays after a 5; else asks."""

    sees_actions: bool

    def initial(self, lanes: int) -> Tensor:
        """Returns no memory."""
        return torch.zeros(lanes, 0)

    def act(self, memory: Tensor, moment: ReferenceInput) -> Tensor:
        """Returns arms `[N]`; without actions a 1 counts as a miss."""
        reward, last = moment.reward_tm1, moment.action_tm1
        if moment.step == 0:
            return torch.full((len(memory),), INFORMER)
        told = last == INFORMER if self.sees_actions else reward < OTHERS_PAY
        stays = (reward == TARGET_PAYS) & self.sees_actions
        return torch.where(told, _announced(reward), torch.where(stays, last, INFORMER))

    def update(self, memory: Tensor, answer: Answer) -> Tensor:
        """Returns no memory."""
        return memory


def informative_bandit_references(family: InformativeBandit) -> ReferenceSet:
    """Returns all references."""
    pulls = family.episodes
    sure = not family.action_noise
    fixed = same_every_pull(family, lambda tasks: _slipping(family, tasks, tasks[:, :TARGETS].mean(-1)))
    any_arm = same_every_pull(family, lambda tasks: tasks.mean(-1))
    knows = same_every_pull(family, lambda tasks: _slipping(family, tasks, tasks.amax(-1)))
    optimum = _earns(family, MEAN_INFORMER) + (pulls - 1) * _earns(family, TARGET_PAYS) if sure else None
    best = "bayes_optimal" if sure else "ask_then_take"
    everything = (
        Reference("random", True, pulls * _mean_over_arms(), any_arm),
        Reference("best_fixed", True, pulls * _earns(family, MEAN_FIXED), fixed),
        Reference("reactive", sure, optimum, partial(simulate, family, Reacting(sees_actions=True))),
        Reference("reactive_reward_only", False, None, partial(simulate, family, Reacting(sees_actions=False))),
        Reference("thompson", False, None, partial(simulate, family, Eliminating(asks=False))),
        Reference(best, sure, optimum, partial(simulate, family, Eliminating(asks=True))),
        Reference("oracle", True, pulls * _earns(family, TARGET_PAYS), knows),
    )
    return ReferenceSet("best_fixed", "reactive", best, everything)


def _announced(reward: Tensor) -> Tensor:
    """Returns the arm that the eleventh's reward announces, `[N]`."""
    return ((reward * TARGETS).round().long() - 1).clamp(0, TARGETS - 1)


def _slipping(family: InformativeBandit, tasks: Tensor, intended: Tensor) -> Tensor:
    return (1 - family.action_noise) * intended + family.action_noise * tasks.mean(-1)


def _earns(family: InformativeBandit, intended: float) -> float:
    return (1 - family.action_noise) * intended + family.action_noise * _mean_over_arms()


def _mean_over_arms() -> float:
    return (TARGETS * MEAN_FIXED + MEAN_INFORMER) / (TARGETS + 1)
