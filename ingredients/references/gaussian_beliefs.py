"""Policies for arms with normal rewards, by a belief N(m, v) about each arm's current mean, `[N, A, 2]`.

With drift μ' = λμ + √(1 − λ²)z, a reward r of deviation σ updates

    k = v / (v + σ²),  m ← m + k (r − m),  v ← (1 − k) v;   then, for every arm,  m ← λm,  v ← λ²v + 1 − λ².
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TypeVar

import torch
from torch import Tensor

from ingredients.references.policy import Answer, ReferenceInput, ReferencePolicy
from ingredients.references.simulation import mean_return
from ingredients.seeds import Purpose, generator
from ingredients.tasks.family import Family

Belief = Callable[[Tensor, ReferenceInput], Tensor]
"""Maps beliefs `[N, A, 2]` to a number for each arm `[N, A]`; the highest is pulled."""

FEWEST_TASKS, MOST_TASKS, SEARCH_PULLS = 200, 2000, 50_000
NO_RUN = -1  # the search has a stream of its own, which no evaluation meets

Found = TypeVar("Found", bound=ReferencePolicy)


@dataclass(frozen=True)
class Believing:
    """Pulls the arm of highest `preference`, ties at random."""

    arms: int
    deviation: float
    preference: Belief
    decay: float = 1.0

    def initial(self, lanes: int) -> Tensor:
        """Returns N(0, 1) for every arm."""
        return torch.tensor([0.0, 1.0]).expand(lanes, self.arms, 2)

    def act(self, memory: Tensor, moment: ReferenceInput) -> Tensor:
        """See `ReferencePolicy.act`."""
        preferred = self.preference(memory, moment)
        lot = torch.rand(preferred.shape, generator=moment.generator)
        return torch.where(preferred == preferred.amax(-1, keepdim=True), lot, -1.0).argmax(-1)

    def update(self, memory: Tensor, answer: Answer) -> Tensor:
        """See `ReferencePolicy.update`."""
        mean, variance = memory.unbind(-1)
        pulled = torch.nn.functional.one_hot(answer.action, self.arms).to(mean.dtype)
        gain = pulled * variance / (variance + self.deviation**2)
        mean = mean + gain * (answer.reward.unsqueeze(-1) - mean)
        variance = (1 - gain) * variance
        left = self.decay**2
        return torch.stack([self.decay * mean, left * variance + 1 - left], -1)


def best_mean(beliefs: Tensor, moment: ReferenceInput) -> Tensor:
    """Prefers the highest posterior mean."""
    return beliefs[..., 0]


def drawn(beliefs: Tensor, moment: ReferenceInput) -> Tensor:
    """Prefers the highest posterior draw (Thompson 1933)."""
    luck = torch.randn(beliefs.shape[:-1], generator=moment.generator)
    return beliefs[..., 0] + beliefs[..., 1].sqrt() * luck


def upper_bound(beliefs: Tensor, moment: ReferenceInput) -> Tensor:
    """Prefers the highest m + √(2 v ln t): UCB1 with v for 1 / n."""
    return beliefs[..., 0] + (2 * math.log(moment.step + 1) * beliefs[..., 1]).sqrt()


def optimistic(width: float) -> Belief:
    """Prefers the highest m + `width` √v (Speekenbrink & Konstantinidis 2015)."""
    return lambda beliefs, moment: beliefs[..., 0] + width * beliefs[..., 1].sqrt()


def fading(width: float, steps: int) -> Belief:
    """Returns `optimistic` with a width that falls with √(steps left)."""

    def preference(beliefs: Tensor, moment: ReferenceInput) -> Tensor:
        left = math.sqrt(1 - moment.step / max(steps - 1, 1))
        return beliefs[..., 0] + width * left * beliefs[..., 1].sqrt()

    return preference


@dataclass(frozen=True)
class Satisficing:
    """Repeats an arm that paid more than `enough` (without `sees_actions` the first), else takes another."""

    arms: int
    enough: float
    sees_actions: bool

    def initial(self, lanes: int) -> Tensor:
        """Returns no memory."""
        return torch.zeros(lanes, 0)

    def act(self, memory: Tensor, moment: ReferenceInput) -> Tensor:
        """Returns arms `[N]`."""
        lanes = len(memory)
        satisfied = moment.reward_tm1 > self.enough
        anything = torch.randint(self.arms, (lanes,), generator=moment.generator)
        if moment.step == 0:
            return anything
        if self.sees_actions:
            return torch.where(satisfied, moment.action_tm1, (moment.action_tm1 + 1) % self.arms)
        return torch.where(satisfied, 0, anything)

    def update(self, memory: Tensor, answer: Answer) -> Tensor:
        """Returns no memory."""
        return memory


def best_satisficing(family: Family, sees_actions: bool) -> Satisficing:
    """Returns the best `enough` from −2 to 2, by quarters."""
    return best_of(family, [Satisficing(family.actions, level / 4, sees_actions) for level in range(-8, 9)])


def best_of(family: Family, policies: Sequence[Found]) -> Found:
    """Returns the policy with the highest return outside all evaluations."""
    count = min(max(SEARCH_PULLS // family.steps, FEWEST_TASKS), MOST_TASKS)
    tasks = family.draw_tasks(generator(NO_RUN, Purpose.REFERENCES, NO_RUN), count)
    returns = [mean_return(family, policy, tasks, NO_RUN) for policy in policies]
    return policies[returns.index(max(returns))]
