"""Exchangeability: does a policy change when the past is reordered (docs/inner-algorithm.md)?"""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple

import torch
from torch import Tensor

from ingredients.inner.histories import Histories

Asked = Callable[[Histories], Tensor]
"""Maps lifetimes `[S, N, T]` to the chance of each action at each of their decisions, `[S, N, T, A]`."""

Otherwise = Callable[[Histories, torch.Generator], Histories]
"""Maps lifetimes to others that tell the same, episode by episode, by other actions."""


class Moves(NamedTuple):
    """Change of the policy in total variation (0 to 1), `[S, X]` at X pulls.

    Attributes:
        reordered: under another order.
        other: under another lifetime's past.
        same: under another past with the same posterior in the same order.
    """

    reordered: Tensor
    other: Tensor
    same: Tensor | None

    def named(self) -> dict[str, Tensor]:
        """Returns the changes as `agent`, `other`, and `same` if there is one."""
        found = {"agent": self.reordered, "other": self.other}
        return found if self.same is None else {**found, "same": self.same}


def asked_after(pulls: int) -> tuple[int, ...]:
    """Returns the pulls after which to ask: quarters, and all but one."""
    return tuple(sorted({max(pulls // 4, 2), max(pulls // 2, 2), max(3 * pulls // 4, 2), max(pulls - 1, 2)}))


def moves(
    asked: Asked, plain: Tensor, histories: Histories, draws: torch.Generator, otherwise: Otherwise | None = None
) -> Moves:
    """Returns the mean change of the policy `asked` over lifetimes, each in an order of its own.

    `plain` is its answer in the original lifetimes, `[S, N, T, A]`.
    """
    found: dict[str, list[Tensor]] = {"reordered": [], "other": [], "same": []}
    for t in asked_after(histories.shape[2]):
        order = torch.rand(*histories.shape[:2], t, generator=draws).argsort(-1)
        head = Histories(*(part[..., : t + 1] for part in histories))
        here = plain[:, :, t]
        found["reordered"].append(_apart(here, asked(_after(head.reordered(order), head))[:, :, t]))
        found["other"].append(_apart(here, here.roll(1, 1)))
        if otherwise is not None:
            past = Histories(*(part[..., :t] for part in head))
            found["same"].append(_apart(here, asked(_after(otherwise(past, draws), head))[:, :, t]))
    stacked = {name: torch.stack(part, 1) for name, part in found.items() if part}
    return Moves(stacked["reordered"], stacked["other"], stacked.get("same"))


def _after(past: Histories, head: Histories) -> Histories:
    """Returns the last episode of `head` after another past."""
    return Histories(*(torch.cat((of, part[..., -1:]), -1) for of, part in zip(past, head, strict=True)))


def _apart(one: Tensor, other: Tensor) -> Tensor:
    """Returns the mean total variation, `[S]`, of probabilities `[S, N, A]`."""
    return 0.5 * (one - other).abs().sum(-1).mean(1)
