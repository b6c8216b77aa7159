"""Policies for arms with normal pay-offs: they keep a belief N(m, v) about each arm's present mean, and choose by it.

The belief about a mean that drifts as μ' = λμ + √(1 − λ²)z becomes, after a pay-off r of deviation σ,

    k = v / (v + σ²),  m ← m + k (r − m),  v ← (1 − k) v;   then, for every arm,  m ← λm,  v ← λ²v + 1 − λ².

With λ = 1 nothing drifts, and v = 1 / (1 + n / σ²) after n pulls.

Shapes: beliefs `[N, A, 2]`, m then v of each arm.
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
    """Pulls the arm that `preference` puts highest; ties are broken uniformly at random."""

    arms: int
    deviation: float
    preference: Belief
    decay: float = 1.0

    def initial(self, lanes: int) -> Tensor:
        """Returns the prior of every arm, N(0, 1), `[N, A, 2]`."""
        return torch.tensor([0.0, 1.0]).expand(lanes, self.arms, 2)

    def act(self, memory: Tensor, moment: ReferenceInput) -> Tensor:
        """Returns the best arm of each lane, `[N]`."""
        preferred = self.preference(memory, moment)
        lot = torch.rand(preferred.shape, generator=moment.generator)
        return torch.where(preferred == preferred.amax(-1, keepdim=True), lot, -1.0).argmax(-1)

    def update(self, memory: Tensor, answer: Answer) -> Tensor:
        """Returns the belief after a pay-off of the arm that was pulled and a drift of all."""
        mean, variance = memory.unbind(-1)
        pulled = torch.nn.functional.one_hot(answer.action, self.arms).to(mean.dtype)
        gain = pulled * variance / (variance + self.deviation**2)
        mean = mean + gain * (answer.reward.unsqueeze(-1) - mean)
        variance = (1 - gain) * variance
        left = self.decay**2
        return torch.stack([self.decay * mean, left * variance + 1 - left], -1)


def best_mean(beliefs: Tensor, moment: ReferenceInput) -> Tensor:
    """Prefers the highest posterior mean: exploits and never explores."""
    return beliefs[..., 0]


def drawn(beliefs: Tensor, moment: ReferenceInput) -> Tensor:
    """Prefers the highest of a draw from the posterior of each arm (Thompson 1933)."""
    luck = torch.randn(beliefs.shape[:-1], generator=moment.generator)
    return beliefs[..., 0] + beliefs[..., 1].sqrt() * luck


def upper_bound(beliefs: Tensor, moment: ReferenceInput) -> Tensor:
    """Prefers the highest bound m + √(2 v ln t), which is that of UCB1 with v for 1 / n (Auer et al. 2002)."""
    return beliefs[..., 0] + (2 * math.log(moment.step + 1) * beliefs[..., 1]).sqrt()


def optimistic(width: float) -> Belief:
    """Returns the preference for the highest m + `width` √v (Speekenbrink & Konstantinidis 2015)."""
    return lambda beliefs, moment: beliefs[..., 0] + width * beliefs[..., 1].sqrt()


def fading(width: float, steps: int) -> Belief:
    """Returns the same with a width that falls to 0 by the last of `steps` steps, as the root of what is left.

    What is learned late is of use to few pulls, and what the last one teaches to none.
    """

    def preference(beliefs: Tensor, moment: ReferenceInput) -> Tensor:
        left = math.sqrt(1 - moment.step / max(steps - 1, 1))
        return beliefs[..., 0] + width * left * beliefs[..., 1].sqrt()

    return preference


@dataclass(frozen=True)
class Satisficing:
    """Remembers nothing: repeats what paid more than `enough`; else takes the next arm in a cycle.

    Without its actions (`sees_actions`) it takes the first arm after a pay-off that was enough, else any.
    """

    arms: int
    enough: float
    sees_actions: bool

    def initial(self, lanes: int) -> Tensor:
        """Returns the empty memory, `[N, 0]`."""
        return torch.zeros(lanes, 0)

    def act(self, memory: Tensor, moment: ReferenceInput) -> Tensor:
        """Returns an arm of each lane, `[N]`."""
        lanes = len(memory)
        satisfied = moment.reward_tm1 > self.enough
        anything = torch.randint(self.arms, (lanes,), generator=moment.generator)
        if moment.step == 0:
            return anything
        if self.sees_actions:
            return torch.where(satisfied, moment.action_tm1, (moment.action_tm1 + 1) % self.arms)
        return torch.where(satisfied, 0, anything)

    def update(self, memory: Tensor, answer: Answer) -> Tensor:
        """Returns the empty memory."""
        return memory


def best_satisficing(family: Family, sees_actions: bool) -> Satisficing:
    """Returns the best level of `enough` from −2 to 2, in steps of a quarter."""
    return best_of(family, [Satisficing(family.actions, level / 4, sees_actions) for level in range(-8, 9)])


def best_of(family: Family, policies: Sequence[Found]) -> Found:
    """Returns the policy that earns most on tasks and luck that no evaluation meets."""
    count = min(max(SEARCH_PULLS // family.steps, FEWEST_TASKS), MOST_TASKS)
    tasks = family.draw_tasks(generator(NO_RUN, Purpose.REFERENCES, NO_RUN), count)
    returns = [mean_return(family, policy, tasks, NO_RUN) for policy in policies]
    return policies[returns.index(max(returns))]
