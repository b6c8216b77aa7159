"""How much of the posterior a decoder reads from the memory's state (docs/inner-algorithm.md).

R² is of the numbers of `models.CountBelief.told`, around the mean of each pull.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import Final, NamedTuple

import torch
from torch import Tensor

from ingredients.agent.network import views
from ingredients.training.learner import Adam, Clip, gradient_norm

RIDGE: Final = 1e-3  # of the features' mean square
MOST_PULLS: Final = 10  # of a lifetime that are looked at
HIDDEN, STEPS, RATE = 32, 100, 0.03  # of the network, which is trained by Adam on all rows at once


class DecoderRows(NamedTuple):
    """Features `[S, R, H]` and targets `[S, R, Y]` of R decisions, in both halves (`fit`, `test`)."""

    fit: tuple[Tensor, Tensor]
    test: tuple[Tensor, Tensor]


def pulls_looked_at(pulls: int) -> Tensor:
    """Returns pulls, spread over the lifetime, at which to read the memory."""
    return torch.linspace(1, pulls - 1, min(MOST_PULLS, pulls - 1)).round().long()


def rows(features: Tensor, targets: Tensor) -> DecoderRows:
    """Returns rows of `[S, N, X, H]` features and `[S, N, X, Y]` targets, standardised and centred by pull."""
    half = features.shape[1] // 2
    parts = [_standard(part.double(), half) for part in (features, targets)]
    fit, test = ([part[:, taken].flatten(1, 2) for part in parts] for taken in (slice(half), slice(half, None)))
    return DecoderRows((fit[0], fit[1]), (test[0], test[1]))


def linear(taken: DecoderRows) -> Tensor:
    """Returns each target's test R² by ridge regression, `[S, Y]`."""
    return _r2(taken.test[1], taken.test[0] @ ridge(*taken.fit))


def network(taken: DecoderRows, seed: int = 0) -> Tensor:
    """Returns each target's test R², `[S, Y]`, by a network of `HIDDEN` tanh units beside a linear path."""
    features, targets = (part.float() for part in taken.fit)
    draws = torch.Generator().manual_seed(seed)
    runs, inputs, outputs = features.shape[0], features.shape[-1], targets.shape[-1]
    shapes = {"units": (inputs, HIDDEN), "bias": (1, HIDDEN), "out": (HIDDEN, outputs), "straight": (inputs, outputs)}
    scales = (inputs**-0.5, 0.5, 0.1 * HIDDEN**-0.5, 0.0)
    first = [
        torch.randn(runs, *shape, generator=draws) * scale for shape, scale in zip(shapes.values(), scales, strict=True)
    ]
    weights = torch.cat([part.flatten(1) for part in first], 1)
    adam = Adam.zeros(weights)
    clip = Clip(math.inf, torch.ones(runs, dtype=torch.bool))  # nothing is clipped, nobody frozen
    for step in range(STEPS):
        leaves = weights.clone().requires_grad_()
        loss = (_told(views(leaves, shapes), features) - targets).square().mean((1, 2)).sum()
        (gradient,) = torch.autograd.grad(loss, leaves)
        adam.step(weights, gradient, gradient_norm(gradient), RATE * (1 - step / STEPS), clip)
    return _r2(taken.test[1], _told(views(weights, shapes), taken.test[0].float()).double())


def by_statistic(r2: Tensor, statistics: Sequence[str]) -> dict[str, Tensor]:
    """Returns each statistic's R², `[S]`, averaged over parts of `[S, D x statistics]`."""
    return dict(zip(statistics, r2.view(r2.shape[0], len(statistics), -1).mean(-1).unbind(1), strict=True))


def decoded(features: Mapping[str, Tensor], targets: Tensor, statistics: Sequence[str]) -> dict[str, Tensor]:
    """Returns R² `[S]` of every statistic, decoder and source, by name: `mean.linear.trained`.

    `features` are `trained`, `untrained` and `inputs`, `[S, N, X, H]` each, `targets` `[S, N, X, Y]` named by
    `statistics`.
    """
    found: dict[str, Tensor] = {}
    for source, taken in {**features, "shuffled": features["trained"].roll(1, 1)}.items():
        made = rows(taken, targets)
        for decoder, read in (("linear", linear), ("network", network))[: 1 if source == "shuffled" else 2]:
            named = by_statistic(read(made), statistics)
            found |= {f"{name}.{decoder}.{source}": r2 for name, r2 in named.items()}
    return found


def read_off(features: Tensor, targets: Tensor, parts: int) -> Tensor:
    """Returns linearly decoded posterior means, `[S, N, X, D]`; in the fitted half, means of the pulls."""
    half = features.shape[1] // 2
    taken = rows(features, targets)
    wanted, seen = taken.fit[1][..., :parts], taken.fit[0]
    means, scale = moments(targets[..., :parts].double(), half)
    told = (taken.test[0] @ ridge(seen, wanted)).view(targets.shape[0], -1, targets.shape[2], parts) * scale + means
    return torch.cat((means.expand(-1, half, -1, -1), told), 1)


def ridge(features: Tensor, targets: Tensor, share: float = RIDGE) -> Tensor:
    """Returns ridge weights `[S, H, Y]` from features `[S, R, H]` to targets `[S, R, Y]`.

    The penalty is `share` of the mean square feature.
    """
    products = features.mT @ features
    penalty = share * products.diagonal(dim1=1, dim2=2).mean(1).clamp(min=1e-9)
    added = penalty.view(-1, 1, 1) * torch.eye(products.shape[-1], dtype=products.dtype)
    weights: Tensor = torch.linalg.solve(products + added, features.mT @ targets)
    return weights


def _told(weights: Mapping[str, Tensor], features: Tensor) -> Tensor:
    units = torch.baddbmm(weights["bias"], features, weights["units"]).tanh()
    return units @ weights["out"] + features @ weights["straight"]


def moments(part: Tensor, half: int) -> tuple[Tensor, Tensor]:
    """Returns the first half's means by pull `[S, 1, X, Y]` and deviation `[S, 1, 1, Y]`."""
    means = part[:, :half].mean(1, keepdim=True)
    scale = (part[:, :half] - means).square().mean((1, 2), keepdim=True).sqrt()
    return means, scale.clamp(min=1e-6)


def _standard(part: Tensor, half: int) -> Tensor:
    means, scale = moments(part, half)
    return (part - means) / scale


def _r2(targets: Tensor, told: Tensor) -> Tensor:
    """Returns 1 − SSE / SST over rows, `[S, Y]`, for centred targets."""
    return 1 - (targets - told).square().sum(1) / targets.square().sum(1).clamp(min=1e-12)
