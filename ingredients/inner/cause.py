"""Does the policy follow the belief that a decoder reads from the memory (docs/inner-algorithm.md)?

A Bayes-optimal lifetime's *donor* is another, before the same pull, whose counts differ in one arm only. The memory's
output moves by the likeliest step that makes the decoder read the donor's means: C W (Wᵀ C W)⁻¹ Δ, with decoder W,
covariance C of outputs, difference Δ of means. With y the rise of the arm's probability, x that under Bayes:

    slope = Σ x y / Σ x².

`memory` gives the donor's whole output; `random` are `RANDOM` random steps of the same size, in units of how outputs
vary. An *arm* is any part of a family's belief; its probability is that of the action that it favours.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Final, NamedTuple

import torch
from torch import Tensor

from ingredients.inner.belief import moments, ridge, rows

RANDOM: Final = 20

Policy = Callable[[Tensor], Tensor]
"""Maps the memory's outputs `[S, R, H]` to probabilities `[S, R, A]`."""


class Pairs(NamedTuple):
    """Lifetimes and donors whose counts differ in one arm: indices, pull and arm, `[R]` each."""

    lifetime: Tensor
    donor: Tensor
    pull: Tensor
    arm: Tensor


def pairs(counts: Tensor, draws: torch.Generator) -> Pairs:
    """Returns a random donor for lifetimes and pulls that have one, for `counts` `[N, X, A, 2]`."""
    same = (counts.unsqueeze(1) == counts.unsqueeze(0)).all(-1)  # [N, N, X, A]
    fits = (same.sum(-1) == counts.shape[2] - 1).transpose(1, 2)  # [N, X, N]
    drawn = (torch.rand(fits.shape, generator=draws) + fits.float()).argmax(-1)
    lifetime, pull = fits.any(-1).nonzero(as_tuple=True)
    donor = drawn[lifetime, pull]
    return Pairs(lifetime, donor, pull, same[lifetime, donor, pull].int().argmin(-1))


def cause(
    policy: Policy, outputs: Tensor, means: Tensor, counts: Tensor, best: Tensor, draws: torch.Generator
) -> dict[str, Tensor]:
    """Returns the slopes by name, `[S]` each: `belief`, `memory`, `random` (mean), `random_highest`.

    Pairs are from lifetimes that the decoder was not fitted to. Slopes are 0 where Bayes never moves.

    Args:
        policy: of agents.
        outputs: of the memory, `[S, N, X, H]`.
        means: posterior, `[S, N, X, A]`.
        counts: `[N, X, A, 2]`.
        best: Bayes-optimal probabilities, `[N, X, A]`.
        draws: of donors and steps.
    """
    half = outputs.shape[1] // 2
    read = _decoder(outputs.double(), means.double(), half)
    found = pairs(counts[half:], draws)
    here, there = (outputs[:, half:][:, which, found.pull] for which in (found.lifetime, found.donor))
    rise = _of_arm(best[half:][found.donor, found.pull] - best[half:][found.lifetime, found.pull], found.arm)
    before = _of_arm(policy(here), found.arm)

    def slope(outputs: Tensor) -> Tensor:
        gained = _of_arm(policy(outputs), found.arm) - before
        return (rise * gained).sum(-1) / rise.square().sum().clamp(min=1e-12)

    belief = means[:, half:].double()
    apart = (belief[:, found.donor, found.pull] - belief[:, found.lifetime, found.pull]) / read.spread
    step = apart @ read.steps  # [S, R, H], in units of how outputs vary
    size = step.norm(dim=-1, keepdim=True)

    def moved(step: Tensor) -> Tensor:
        return here + (step @ read.root * read.scale).to(here.dtype)

    random = []
    for _ in range(RANDOM):
        direction = torch.randn(step.shape, generator=draws, dtype=step.dtype)
        random.append(slope(moved(direction / direction.norm(dim=-1, keepdim=True) * size)))
    drawn = torch.stack(random)
    return {
        "belief": slope(moved(step)),
        "memory": slope(there),
        "random": drawn.mean(0),
        "random_highest": drawn.amax(0),
    }


class _Decoder(NamedTuple):
    """How to move outputs so that a linear decoder reads other means.

    Attributes:
        steps: the smallest, in units of how outputs vary, that moves one standardised mean by 1 and no other,
            `[S, A, H]`.
        root: from those units to standardised outputs, `[S, H, H]`.
        scale: of outputs, `[S, 1, H]`.
        spread: of means, `[S, 1, A]`.
    """

    steps: Tensor
    root: Tensor
    scale: Tensor
    spread: Tensor


def _decoder(outputs: Tensor, means: Tensor, half: int) -> _Decoder:
    (_, scale), (_, spread) = moments(outputs, half), moments(means, half)
    seen, wanted = rows(outputs, means).fit
    weights = ridge(seen, wanted)  # [S, H, A]
    sizes, axes = torch.linalg.eigh(seen.mT @ seen / seen.shape[1])
    root = axes * sizes.clamp(min=0).sqrt().unsqueeze(1) @ axes.mT
    return _Decoder(torch.linalg.pinv(root @ weights), root, scale.squeeze(1), spread.squeeze(1))


def _of_arm(chances: Tensor, arm: Tensor) -> Tensor:
    """Returns the arm's probability, `[..., R]`, of `[..., R, A]`."""
    return chances.gather(-1, arm.view(-1, 1).expand(*chances.shape[:-1], 1)).squeeze(-1)
