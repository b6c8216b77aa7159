"""References of two dependent arms, p₂ = 1 − p₁: every pull tosses the same coin.

After t pulls only h is known, how often the coin fell for the first arm, whatever was pulled. So greedy is
`bayes_optimal`: the first arm if h > t / 2. It earns

    Σ_t Σ_h P(h after t) max(q, 1 − q),   q = E[p₁ | h after t],

with h uniform on 0..t and q = (h + 1) / (t + 2) for p₁ ~ U[0, 1], and binomial h if p₁ is one of two values. `ucb1` and
`gittins` treat the arms as independent (Wang et al. 2016, Figure 2).
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import partial

import numpy as np
import torch
from scipy.stats import binom
from torch import Tensor

from ingredients.references.bandit_gittins import LONGEST_LIFETIME, gittins
from ingredients.references.bandit_policies import Preferring, ucb1
from ingredients.references.bandit_reactive import best_reactive, best_reactive_to_reward
from ingredients.references.computed import chain, same_every_pull
from ingredients.references.policy import Answer, Reference, ReferenceInput, ReferenceSet
from ingredients.references.simulation import simulate
from ingredients.tasks.dependent_bandit import LOWER_CHANCE, DependentBandit

ORACLE_EARNS = {"uniform": 0.75} | {name: 1 - lower for name, lower in LOWER_CHANCE.items()}


@dataclass(frozen=True)
class Coin:
    """Counts how the coin fell, `[N, 2]`, and pulls the likelier arm."""

    def initial(self, lanes: int) -> Tensor:
        """Returns zero counts, `[N, 2]`."""
        return torch.zeros(lanes, 2)

    def act(self, memory: Tensor, moment: ReferenceInput) -> Tensor:
        """Returns the arm with more falls, `[N]`; ties at random."""
        lead = memory[:, 1] - memory[:, 0]
        either = torch.rand(lead.shape, generator=moment.generator) < 0.5
        return torch.where(lead == 0, either, lead > 0).long()

    def update(self, memory: Tensor, answer: Answer) -> Tensor:
        """See `ReferencePolicy.update`."""
        fell_for = torch.where(answer.reward == 1, answer.action, 1 - answer.action)
        return memory.scatter_add(-1, fell_for.unsqueeze(-1), torch.ones_like(memory[:, :1]))


@dataclass(frozen=True)
class ThompsonOfACoin(Coin):
    """Draws the coin from its posterior, and pulls the better arm."""

    difficulty: str

    def act(self, memory: Tensor, moment: ReferenceInput) -> Tensor:
        """See `ReferencePolicy.act`."""
        if self.difficulty == "uniform":
            seed = int(torch.randint(2**62, (), generator=moment.generator))
            drawn = np.random.default_rng(seed).beta(memory[:, 0].numpy() + 1, memory[:, 1].numpy() + 1)
            return torch.from_numpy(drawn < 0.5).long()
        first_is_better = _chance_of_the_higher(memory[:, 0] - memory[:, 1], LOWER_CHANCE[self.difficulty])
        return (torch.rand(len(memory), generator=moment.generator) >= first_is_better).long()


def dependent_bandit_references(family: DependentBandit) -> ReferenceSet:
    """Returns all references, after a reactive search and an index calibration."""
    pulls = family.episodes
    half = same_every_pull(family, lambda tasks: tasks.mean(-1))
    named = [
        *(Reference(name, True, pulls / 2, half) for name in ("random", "best_fixed")),
        Reference("reactive", False, None, chain(family, best_reactive(family))),
        Reference("reactive_reward_only", False, None, chain(family, best_reactive_to_reward(family))),
        Reference("thompson", False, None, partial(simulate, family, ThompsonOfACoin(family.difficulty))),
        Reference("ucb1", False, None, partial(simulate, family, Preferring(2, ucb1))),
    ]
    if pulls <= LONGEST_LIFETIME:
        named.append(Reference("gittins", False, None, partial(simulate, family, Preferring(2, gittins(pulls)))))
    optimum = bayes_optimal_return(family.difficulty, pulls)
    named.append(Reference("bayes_optimal", True, optimum, partial(simulate, family, Coin())))
    oracle = same_every_pull(family, lambda tasks: tasks.amax(-1))
    named.append(Reference("oracle", True, pulls * ORACLE_EARNS[family.difficulty], oracle))
    return ReferenceSet("best_fixed", "reactive", "bayes_optimal", tuple(named))


def bayes_optimal_return(difficulty: str, pulls: int) -> float:
    """Returns the optimal return of `pulls` pulls."""
    return sum(_best_pull(difficulty, t) for t in range(pulls))


def _best_pull(difficulty: str, t: int) -> float:
    """Returns Σ_h P(h) max(q, 1 − q) after t pulls."""
    falls = np.arange(t + 1)
    if difficulty == "uniform":
        mean = (falls + 1) / (t + 2)
        return float(np.maximum(mean, 1 - mean).mean())
    lower = LOWER_CHANCE[difficulty]
    # of two equally likely coins the better arm is the one that leads; P(h) max(q, 1 − q) sums over both coins
    both = np.stack([binom.pmf(falls, t, p) for p in (lower, 1 - lower)]) / 2
    first = (both * np.array([[lower], [1 - lower]])).sum(0)
    return float(np.maximum(first, both.sum(0) - first).sum())


def _chance_of_the_higher(lead: Tensor, lower: float) -> Tensor:
    """Returns P(p₁ is the higher value | 2h − t = `lead`), `[N]`."""
    return torch.sigmoid(lead * float(np.log((1 - lower) / lower)))
