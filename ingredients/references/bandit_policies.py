"""Bandit algorithms by counts of executed arms, `[N, A, 2]`, successes then failures."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass

import torch
from torch import Tensor

from ingredients.references.policy import Answer, ReferenceInput

Preference = Callable[[Tensor, int], Tensor]
"""Maps counts `[N, A, 2]` after t pulls, and t, to a number for each arm `[N, A]`; the highest is pulled."""


@dataclass(frozen=True)
class Preferring:
    """Pulls the arm of highest `preference`, ties at random."""

    arms: int
    preference: Preference

    def initial(self, lanes: int) -> Tensor:
        """Returns zero counts."""
        return no_pulls(lanes, self.arms)

    def act(self, memory: Tensor, moment: ReferenceInput) -> Tensor:
        """See `ReferencePolicy.act`."""
        best = _best(self.preference(memory, moment.step))
        lot = torch.rand(best.shape, generator=moment.generator)
        return torch.where(best, lot, -1.0).argmax(-1)

    def update(self, memory: Tensor, answer: Answer) -> Tensor:
        """See `ReferencePolicy.update`."""
        return one_more_pull(memory, answer.action, answer.reward)


def chances(preference: Preference, counts: Tensor, pulls: int) -> Tensor:
    """Returns the probabilities of `Preferring`, `[N, A]`."""
    best = _best(preference(counts, pulls)).to(counts.dtype)
    return best / best.sum(-1, keepdim=True)


def no_pulls(lanes: int, arms: int) -> Tensor:
    """Returns zero counts, `[N, A, 2]`."""
    return torch.zeros(lanes, arms, 2)


def one_more_pull(counts: Tensor, action: Tensor, reward: Tensor) -> Tensor:
    """Returns the counts after arms `[N]` paid 0 or 1, `[N]`."""
    place = 2 * action + (1 - reward).long()
    one = torch.ones_like(place, dtype=counts.dtype)
    return counts.flatten(-2).scatter_add(-1, place.unsqueeze(-1), one.unsqueeze(-1)).view_as(counts)


def posterior_mean(counts: Tensor) -> Tensor:
    """Returns E[p | counts] = (s + 1) / (s + f + 2), `[N, A]`, for the uniform prior."""
    return (counts[..., 0] + 1) / (counts.sum(-1) + 2)


def greedy(counts: Tensor, pulls: int) -> Tensor:
    """Prefers the highest posterior mean."""
    return posterior_mean(counts)


def ucb1(counts: Tensor, pulls: int, width: float = 1.0) -> Tensor:
    """Prefers the highest s / n + c √(2 ln t / n), after each arm was pulled once (Auer et al. 2002, Figure 1).

    `width` is c.
    """
    arm_pulls = counts.sum(-1)
    bound = (counts[..., 0] + width * (2 * math.log(max(pulls, 1)) * arm_pulls).sqrt()) / arm_pulls.clamp(min=1)
    return torch.where(arm_pulls == 0, math.inf, bound)


def _best(preferences: Tensor) -> Tensor:
    return preferences == preferences.amax(-1, keepdim=True)
