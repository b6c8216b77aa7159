"""Thompson sampling: pulls each arm with the probability that it is the best (Thompson 1933; Duan et al. 2016, §3.1).

It is claim 5 read literally (docs/design.md §2), and not Bayes-optimal.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import torch
from scipy import special
from torch import Tensor

from ingredients.references.bandit_policies import no_pulls, one_more_pull
from ingredients.references.policy import Answer, ReferenceInput

ROWS_AT_ONCE = 16_384


@dataclass(frozen=True)
class Thompson:
    """Pulls the arm whose draw from Beta(s + 1, f + 1) is highest."""

    arms: int

    def initial(self, lanes: int) -> Tensor:
        """Returns zero counts."""
        return no_pulls(lanes, self.arms)

    def act(self, memory: Tensor, moment: ReferenceInput) -> Tensor:
        """See `ReferencePolicy.act`."""
        seed = int(torch.randint(2**62, (), generator=moment.generator))
        drawn = np.random.default_rng(seed).beta(memory[..., 0].numpy() + 1, memory[..., 1].numpy() + 1)
        return torch.from_numpy(drawn.argmax(-1))

    def update(self, memory: Tensor, answer: Answer) -> Tensor:
        """See `ReferencePolicy.update`."""
        return one_more_pull(memory, answer.action, answer.reward)


def thompson_chances(arms: int, pulls: int) -> Callable[[Tensor, int], Tensor]:
    """Returns the function from counts `[N, A, 2]` of fewer than `pulls` pulls to probabilities `[N, A]`.

    P(arm a is best) = ∫ f_a(x) Π_{b ≠ a} F_b(x) dx (Beta density f, distribution function F), by Gauss-Legendre
    exactly.
    """
    nodes, weights = np.polynomial.legendre.leggauss((pulls + arms) // 2 + 1)
    density, distribution = _beta_tables(pulls, (nodes + 1) / 2, weights / 2)

    def chance_of_best(counts: Tensor, _: int) -> Tensor:
        rows = _row(counts.long())
        parts = torch.split(rows, ROWS_AT_ONCE)
        return torch.cat([_integrals(density, distribution, part) for part in parts])

    return chance_of_best


def _beta_tables(pulls: int, nodes: np.ndarray, weights: np.ndarray) -> tuple[Tensor, Tensor]:
    """Returns weighted densities and distribution functions at the nodes, `[row, Q]`."""
    pulled, successes = np.tril_indices(pulls)
    a, b = successes[:, None] + 1.0, pulled[:, None] - successes[:, None] + 1.0
    density = np.exp((a - 1) * np.log(nodes) + (b - 1) * np.log1p(-nodes) - special.betaln(a, b))
    return torch.from_numpy(density * weights), torch.from_numpy(special.betainc(a, b, nodes))


def _row(counts: Tensor) -> Tensor:
    """Returns the table row of (s, f), by s + f, then s."""
    n = counts.sum(-1)
    return n * (n + 1) // 2 + counts[..., 0]


def _integrals(density: Tensor, distribution: Tensor, rows: Tensor) -> Tensor:
    """Returns P(arm is best) `[N, A]` for table rows `[N, A]`."""
    arms = range(rows.shape[-1])
    behind = [distribution[rows[:, arm]] for arm in arms[1:]]
    for arm in reversed(arms[:-2]):
        behind[arm] *= behind[arm + 1]
    best = []
    ahead = torch.ones(1, dtype=density.dtype)
    for arm in arms[:-1]:
        best.append((density[rows[:, arm]] * ahead * behind[arm]).sum(-1))
        ahead = ahead * distribution[rows[:, arm]]
    return torch.stack([*best, 1 - torch.stack(best).sum(0)], -1)
