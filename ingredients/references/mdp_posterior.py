"""What can be known of a tabular MDP from what one has lived through, and the plans that follow from it.

Comes in: what happened, step by step. Goes out: a `Posterior`, and plans: a number for each step of an episode, each
state and each action, the best of which is taken.

The prior is that of the task distribution: mean rewards N(1, 1) paid with unit noise, so that after n payments with sum
R the mean is N((1 + R) / (1 + n), 1 / (1 + n)); next states flat Dirichlet, so that counts add to ones. The planners
are those that Duan et al. (2016, §3.2) compare: all plan at the start of an episode, by finite-horizon value iteration.

Shapes: N lanes, S states, A actions, L steps of an episode.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple

import torch
from torch import Tensor

from ingredients.tasks.tabular_mdp import action_values


class Posterior(NamedTuple):
    """What N lanes know of their MDPs.

    Attributes:
        mean: posterior mean of each mean reward, `[N, S, A]`.
        visits: how often each pair was tried, `[N, S, A]`.
        counts: of next states, with the prior's ones, `[N, S, A, S]`.
        steps: L.
    """

    mean: Tensor
    visits: Tensor
    counts: Tensor
    steps: int

    @property
    def transitions(self) -> Tensor:
        """Returns the posterior mean of the probabilities, `[N, S, A, S]`."""
        return self.counts / self.counts.sum(-1, keepdim=True)


Planner = Callable[[Posterior, torch.Generator], Tensor]
"""Maps what is known, and draws of its own, to a plan `[N, L, S, A]`."""


def greedy(known: Posterior, draws: torch.Generator) -> Tensor:
    """Plans in the mean MDP: exploits, and explores by chance alone."""
    return action_values(known.mean, known.transitions, known.steps)


def psrl(known: Posterior, draws: torch.Generator) -> Tensor:
    """Plans in an MDP drawn from the posterior (Strens 2000; Osband et al. 2013): Thompson sampling of MDPs."""
    return action_values(_drawn_rewards(known, draws), _drawn_transitions(known, draws), known.steps)


def optimistic_psrl(known: Posterior, draws: torch.Generator) -> Tensor:
    """The same with no drawn reward below its mean: optimistic sampling (May et al. 2012) of MDPs."""
    rewards = torch.maximum(_drawn_rewards(known, draws), known.mean)
    return action_values(rewards, _drawn_transitions(known, draws), known.steps)


def bonus(known: Posterior, draws: torch.Generator, scale: float) -> Tensor:
    """Plans in the mean MDP with β / (1 + n) added to rewards (BEB: Kolter & Ng 2009); `scale` is β."""
    return action_values(known.mean + scale / (1 + known.visits), known.transitions, known.steps)


def ucrl2(known: Posterior, draws: torch.Generator, scale: float) -> Tensor:
    """Plans in the most promising MDP that is plausible (UCRL2: Jaksch et al. 2010, with episodes of L steps).

    Plausible are mean rewards within √(7 ln(2SAt) / 2n) of their mean, and next-state probabilities within an
    L1 distance of √(14 S ln(2At) / n), where t counts all steps so far; both widths times `scale`. At their full size
    they are too wide to be left within a hundred steps, so that (as Duan et al. do) the scale is tuned.
    """
    _, states, actions = known.mean.shape
    steps = known.visits.sum((1, 2)).clamp(min=1)[:, None, None]
    tried = known.visits.clamp(min=1)
    reward_width = (7 * (2 * states * actions * steps).log() / (2 * tried)).sqrt()
    width = (14 * states * (2 * actions * steps).log() / tried).sqrt().clamp(max=2 / scale)
    return _optimistic(known.mean + scale * reward_width, known.transitions, scale * width, known.steps)


def _optimistic(rewards: Tensor, transitions: Tensor, width: Tensor, steps: int) -> Tensor:
    """Returns the plan by value iteration in which each step leads where it is best, within `width` `[N, S, A]`.

    The best distribution within an L1 distance adds half of it to the best next state and takes it from the worst
    (Jaksch et al. 2010, Figure 2).
    """
    later, plan = torch.zeros_like(transitions[:, :, 0, 0]), []
    for _ in range(steps):
        values, order = later.sort(-1, descending=True)
        ranked = transitions.gather(-1, order[:, None, None, :].expand_as(transitions))
        reached = (ranked.cumsum(-1) + width.unsqueeze(-1) / 2).clamp(max=1)
        chances = torch.cat([reached[..., :1], reached.diff(dim=-1)], dim=-1)
        plan.append(rewards + (chances * values[:, None, None, :]).sum(-1))
        later = plan[-1].amax(-1)
    return torch.stack(plan[::-1], dim=1)


def _drawn_rewards(known: Posterior, draws: torch.Generator) -> Tensor:
    return known.mean + torch.randn(known.mean.shape, generator=draws) / (1 + known.visits).sqrt()


def _drawn_transitions(known: Posterior, draws: torch.Generator) -> Tensor:
    """Returns draws from the Dirichlet distributions of the counts: gamma ones, divided by their sum."""
    drawn: Tensor = torch._standard_gamma(known.counts, generator=draws).clamp(min=1e-30)
    return drawn / drawn.sum(-1, keepdim=True)
