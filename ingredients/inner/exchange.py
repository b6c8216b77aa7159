"""Exchangeability: does a policy move when the past of one lifetime is put in another order?

Pulls of independent arms are exchangeable: the same pulls and pay-offs in another order leave the posterior as it was.
So whoever chooses by the posterior does the same after both pasts, exactly; a recency-weighted habit does not. The test
needs no decoder and no training, and its null is 0 for every Bayesian, optimal or not.
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
    """How far the policy moves, in total variation (0 to 1), `[S, X]` for each of X pulls at which it was asked.

    Attributes:
        reordered: when the pulls so far stand in another order.
        other: when the past is that of another lifetime, for comparison.
    """

    reordered: Tensor
    other: Tensor


def asked_after(pulls: int) -> tuple[int, ...]:
    """Returns after how many pulls the policy is asked: a quarter, a half, three quarters, all but one."""
    return tuple(sorted({max(pulls // 4, 2), max(pulls // 2, 2), max(3 * pulls // 4, 2), max(pulls - 1, 2)}))


def moves(asked: Asked, plain: Tensor, histories: Histories, draws: torch.Generator) -> Moves:
    """Returns how far the policy moves over lifetimes, on average.

    Args:
        asked: the policy; its answer before a pull depends on the pulls before it alone.
        plain: its answer in the lifetimes as they are, `[S, N, T, A]`.
        histories: the lifetimes; the policy's own say where it goes, those of another what it would do there.
        draws: of the order, another for every lifetime.
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
    """Returns the mean total variation over lifetimes, `[S]`, of chances `[S, N, A]`."""
    return 0.5 * (one - other).abs().sum(-1).mean(1)
