"""The posterior over a tabular MDP, and action values by the algorithms of Duan et al. (2016, §3.2).

The prior is the task distribution: after n rewards of sum R the mean is N((1 + R) / (1 + n), 1 / (1 + n)), next states
are flat Dirichlet.

Shapes: N lanes, S states, A actions.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple

import torch
from torch import Tensor


class Posterior(NamedTuple):
    """Beliefs of N lanes.

    Attributes:
        mean: of rewards, `[N, S, A]`.
        visits: `[N, S, A]`.
        counts: of next states, with the prior's ones, `[N, S, A, S]`.
    """

    mean: Tensor
    visits: Tensor
    counts: Tensor

    @property
    def transitions(self) -> Tensor:
        """Posterior mean probabilities, `[N, S, A, S]`."""
        return self.counts / self.counts.sum(-1, keepdim=True)


class Left(NamedTuple):
    """Steps left in the episode, the current one included, and the `share` of episodes left, from 1 to 0."""

    steps: int
    share: float


Planner = Callable[[Posterior, Left, torch.Generator], Tensor]
"""Maps what is known, what is left and draws of its own to the value of each action in each state, `[N, S, A]`."""
Model = Callable[[Posterior, torch.Generator], tuple[Tensor, Tensor]]
"""Maps what is known to mean rewards `[N, S, A]` and next-state probabilities `[N, S, A, S]` to plan in."""


def values_now(rewards: Tensor, transitions: Tensor, steps: int) -> Tensor:
    """Returns Q of the first of `steps` steps, `[N, S, A]`.

    Rewards are `[N, S, A]`, transitions `[N, S, A, S]`.
    """
    lanes, states, actions = rewards.shape
    flat_rewards, by_pair = rewards.reshape(lanes, -1), transitions.reshape(lanes, -1, states)
    values = flat_rewards
    for _ in range(steps - 1):
        best = values.view(lanes, states, actions).amax(-1, keepdim=True)
        values = flat_rewards + torch.bmm(by_pair, best).squeeze(-1)
    return values.view(lanes, states, actions)


def greedy(known: Posterior, left: Left, draws: torch.Generator) -> Tensor:
    """Plans in the mean MDP."""
    return values_now(known.mean, known.transitions, left.steps)


def bonus(known: Posterior, left: Left, draws: torch.Generator, scale: float, fades: bool = False) -> Tensor:
    """Plans in the mean MDP with β / (1 + n) added to rewards (BEB: Kolter & Ng 2009); `scale` is β.

    With `fades`, β falls with the root of the share of episodes left.
    """
    beta = scale * left.share**0.5 if fades else scale
    return values_now(known.mean + beta / (1 + known.visits), known.transitions, left.steps)


def ucrl2(known: Posterior, left: Left, draws: torch.Generator, scale: float) -> Tensor:
    """Plans in the most optimistic plausible MDP (UCRL2: Jaksch et al. 2010, with fixed-length episodes).

    Plausible are rewards within √(7 ln(2SAt) / 2n) of their mean, and next-state probabilities within an L1 distance of
    √(14 S ln(2At) / n) after t steps, both times `scale`.
    """
    _, states, actions = known.mean.shape
    steps = known.visits.sum((1, 2)).clamp(min=1)[:, None, None]
    tried = known.visits.clamp(min=1)
    reward_width = (7 * (2 * states * actions * steps).log() / (2 * tried)).sqrt()
    width = (14 * states * (2 * actions * steps).log() / tried).sqrt().clamp(max=2 / scale)
    return _optimistic(known.mean + scale * reward_width, known.transitions, scale * width, left.steps)


def psrl(known: Posterior, draws: torch.Generator) -> tuple[Tensor, Tensor]:
    """Returns an MDP drawn from the posterior (Strens 2000; Osband et al. 2013)."""
    return _drawn_rewards(known, draws), _drawn_transitions(known, draws)


def optimistic_psrl(known: Posterior, draws: torch.Generator) -> tuple[Tensor, Tensor]:
    """Returns the same, with rewards not below their mean (May et al. 2012)."""
    rewards = torch.maximum(_drawn_rewards(known, draws), known.mean)
    return rewards, _drawn_transitions(known, draws)


def _optimistic(rewards: Tensor, transitions: Tensor, width: Tensor, steps: int) -> Tensor:
    """Returns values by optimistic value iteration (Jaksch et al. 2010, Figure 2).

    Transitions are within the L1 distance `width` `[N, S, A]`.
    """
    values = rewards
    for _ in range(steps - 1):
        later, order = values.amax(-1).sort(-1, descending=True)
        ranked = transitions.gather(-1, order[:, None, None, :].expand_as(transitions))
        reached = (ranked.cumsum(-1) + width.unsqueeze(-1) / 2).clamp(max=1)
        chances = torch.cat([reached[..., :1], reached.diff(dim=-1)], dim=-1)
        values = rewards + (chances * later[:, None, None, :]).sum(-1)
    return values


def _drawn_rewards(known: Posterior, draws: torch.Generator) -> Tensor:
    return known.mean + torch.randn(known.mean.shape, generator=draws) / (1 + known.visits).sqrt()


def _drawn_transitions(known: Posterior, draws: torch.Generator) -> Tensor:
    """Returns Dirichlet draws for the counts, as normalised gamma draws."""
    drawn: Tensor = torch._standard_gamma(known.counts, generator=draws).clamp(min=1e-30)
    return drawn / drawn.sum(-1, keepdim=True)
