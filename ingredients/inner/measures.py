"""Value lost per decision: max_a Q*(h, a) − Σ_a π(a | h) Q*(h, a), by pull and by worth of exploring.

The worth of exploring is Q*(h, best) − Q*(h, greedy).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import NamedTuple

import torch
from torch import Tensor

from ingredients.inner.models.model import BeliefModel
from ingredients.inner.values import best_share

WORTH = (1e-9, 0.01)  # bounds of the classes of decisions: exploring is worth nothing, up to .01, more


class Decisions(NamedTuple):
    """What is at stake in decisions.

    Attributes:
        gaps: optimal-advantage gaps, `[S, N, T, A]`.
        worth: class by worth of exploring (`WORTH`), `[S, N, T]`: 0, 1 or 2.
    """

    gaps: Tensor
    worth: Tensor


def decisions(model: BeliefModel, counts: Tensor) -> Decisions:
    """Returns what is at stake after `counts` `[S, N, T, D, 2]`."""
    gaps = model.gaps(counts)
    exploring = (best_share(model.posterior.means(counts)) * gaps).sum(-1)
    return Decisions(gaps, torch.bucketize(exploring, torch.tensor(WORTH, dtype=gaps.dtype)))


def lost(chances: Tensor, gaps: Tensor) -> Tensor:
    """Returns each decision's expected loss, `[S, N, T]`."""
    return (chances * gaps).sum(-1)


def lost_by_pull(policies: Mapping[str, Tensor], at: Decisions) -> dict[str, Tensor]:
    """Returns each pull's mean loss, `[S, T]`, of policies `[S, N, T, A]`."""
    return {name: lost(chances, at.gaps).mean(1) for name, chances in policies.items()}


def lost_by_worth(policies: Mapping[str, Tensor], at: Decisions) -> dict[str, Tensor]:
    """Returns each class' mean loss, `[S, 3]` (0 if empty), and `share`."""
    of_class = torch.stack([at.worth == place for place in range(len(WORTH) + 1)], 1).double()  # [S, 3, N, T]
    sizes = of_class.sum((2, 3))
    sums = {name: (of_class * lost(chances, at.gaps).unsqueeze(1)).sum((2, 3)) for name, chances in policies.items()}
    means = {name: total / sizes.clamp(min=1) for name, total in sums.items()}
    return {"share": sizes / sizes.sum(1, keepdim=True), **means}


def listed(named: Mapping[str, Tensor], prefix: str, run: int) -> dict[str, Sequence[float]]:
    """Returns one run's numbers as lists, by prefixed name."""
    return {f"{prefix}.{name}": numbers[run].tolist() for name, numbers in named.items()}
