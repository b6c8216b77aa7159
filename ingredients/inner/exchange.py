"""Exchangeability: does a policy change when the past is reordered?

Reordering pulls of independent arms leaves the posterior unchanged. So a policy by the posterior does not change, and a
recency-weighted habit does. The test needs no decoder and no training; its null is exactly 0 for every Bayesian.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple

import torch
from torch import Tensor

from ingredients.inner.histories import Histories

Asked = Callable[[Histories], Tensor]
"""Maps lifetimes `[S, N, T]` to the chance of each arm before each of their pulls, `[S, N, T, A]`."""


class Moves(NamedTuple):
    """Change of the policy in total variation (0 to 1), `[S, X]` at X pulls.

    Attributes:
        reordered: under another order of the past.
        other: under the past of another lifetime, for comparison.
    """

    reordered: Tensor
    other: Tensor


def asked_after(pulls: int) -> tuple[int, ...]:
    """Returns the pulls after which the policy is asked: quarters of the lifetime, and all but one."""
    return tuple(sorted({max(pulls // 4, 2), max(pulls // 2, 2), max(3 * pulls // 4, 2), max(pulls - 1, 2)}))


def moves(asked: Asked, plain: Tensor, histories: Histories, draws: torch.Generator) -> Moves:
    """Returns the mean change of the policy `asked` over lifetimes.

    `plain` is its answer in the original lifetimes, `[S, N, T, A]`; `draws` are for the order, drawn for each lifetime.
    """
    found = []
    for t in asked_after(histories.shape[2]):
        order = torch.rand(*histories.shape[:2], t, generator=draws).argsort(-1)
        head = Histories(*(part[..., : t + 1] for part in histories))
        past = head.reordered(order)
        mixed = Histories(*(torch.cat((of, part[..., t:]), -1) for of, part in zip(past, head, strict=True)))
        here, there = plain[:, :, t], asked(mixed)[:, :, t]
        found.append((_apart(here, there), _apart(here, here.roll(1, 1))))
    return Moves(*(torch.stack(part, 1) for part in zip(*found, strict=True)))


def _apart(one: Tensor, other: Tensor) -> Tensor:
    """Returns the mean total variation over lifetimes, `[S]`, of probabilities `[S, N, A]`."""
    return 0.5 * (one - other).abs().sum(-1).mean(1)
