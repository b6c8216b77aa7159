"""Shared by recurrent memories, whose hand-derived backward passes take fewer tensors and products than autograd.

On a CPU tanh(a) is 2σ(2a) − 1, faster than MKL's, the first 2 folded into the weights.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import NamedTuple, Protocol, TypeVar

import torch
from torch import Tensor

BLOCK_STEPS = 8  # a block's tape of 16 runs × 8 lifetimes × 64 units of a GRU is 1.3 MB: a level-2 cache
SIMD_BLOCK = 32

Tape = TypeVar("Tape")


class Context(Protocol[Tape]):
    """What torch hands from forward to backward pass."""

    saved_tensors: tuple[Tensor, ...]
    blocks: list[Tape]
    needs_input_grad: tuple[bool, ...]

    def save_for_backward(self, *tensors: Tensor) -> None:
        """Keeps tensors for the backward pass."""


class WeightGradients(NamedTuple):
    """Weight gradients by gate: recurrent `[S, H, H]`, input `[S, F, H]`."""

    hidden: list[Tensor]
    entering: list[Tensor]

    @staticmethod
    def zeros(w_hidden: Tensor, w_input: Tensor) -> WeightGradients:
        """Returns zeros for weights `[S, gates, ...]`."""
        return WeightGradients(*([torch.zeros_like(gate) for gate in w.unbind(1)] for w in (w_hidden, w_input)))

    def add(self, before: Tensor, x: Tensor, d_sums: Tensor, enters: Sequence[int]) -> None:
        """Adds the gradient of a block of b steps.

        Args:
            before: states that entered the steps, `[b, S, N, H]`.
            x: inputs, `[S, b, N, F]`.
            d_sums: gradient over gates' sums, `[sums, S, b · N, H]`.
            enters: by gate, the sum that its input entered.
        """
        runs, rows = d_sums.shape[1:3]
        held, seen = (part.reshape(runs, rows, -1).transpose(1, 2) for part in (before.transpose(0, 1), x))
        for gate, sum_ in enumerate(enters):
            self.hidden[gate].baddbmm_(held, d_sums[gate])
            self.entering[gate].baddbmm_(seen, d_sums[sum_])


def input_bound(inputs: int, hidden: int, quick: bool) -> float:
    """Returns b of first input weights U(±b): 1/√H, or if `quick` at least √(3/F) (LeCun et al. 1998)."""
    usual: float = hidden**-0.5
    return max(usual, math.sqrt(3.0 / inputs)) if quick else usual


def of_lanes(carry: Tensor) -> Tensor:
    """Returns carry `[S, T, N]` unchanged, and `[S, T]` as `[S, T, 1]`."""
    return carry.unsqueeze(-1) if carry.dim() == 2 else carry


def sigmoid(x: Tensor, out: Tensor | None = None) -> Tensor:
    """Returns σ(x), `[..., N, H]`; unlike `torch.sigmoid`'s, its bits do not depend on leading dimensions."""
    if x.shape[-1] * x.shape[-2] % SIMD_BLOCK:
        return torch.add(torch.tanh(x * 0.5).mul_(0.5), 0.5, out=out)
    return torch.sigmoid(x, out=out)
