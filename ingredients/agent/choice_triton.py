"""Acting as one kernel: the head's logits, their softmax, and a choice by inverse CDF from a uniform draw.

What `Agent.logits` and `policy.sample` compute in five operations a step:  a = #{k < A − 1 : Σ_{j ≤ k} π_j ≤ u}.
"""

from __future__ import annotations

import torch
import triton
import triton.language as tl
from torch import Tensor

from ingredients.agent.kernels import PRECISION, SMALLEST, block, kernel, run_length


@kernel
def _choose(
    outputs: tl.tensor,
    weight: tl.tensor,
    bias: tl.tensor,
    uniform: tl.tensor,
    choice: tl.tensor,
    weight_run: tl.tensor,
    bias_run: tl.tensor,
    lanes: tl.tensor,
    SIZE: tl.constexpr,
    HEAD: tl.constexpr,
    ACTIONS: tl.constexpr,
    BLOCK_N: tl.constexpr,
    BLOCK_H: tl.constexpr,
    BLOCK_P: tl.constexpr,
    EXACT: tl.constexpr,
) -> None:
    """Writes choices `[S, N]` (int64)."""
    s = tl.program_id(0).to(tl.int64)
    n = tl.program_id(1) * BLOCK_N + tl.arange(0, BLOCK_N)
    j, p = tl.arange(0, BLOCK_H), tl.arange(0, BLOCK_P)
    inside, chooses = (j < SIZE)[:, None] & (p < ACTIONS)[None, :], (p < ACTIONS)[None, :]
    w = tl.load(weight + s * weight_run + j[:, None] * HEAD + p[None, :], mask=inside, other=0.0)
    b = tl.load(bias + s * bias_run + p, mask=p < ACTIONS, other=0.0)
    lane = s * lanes + n
    shown = tl.load(
        outputs + lane[:, None] * SIZE + j[None, :], mask=(n < lanes)[:, None] & (j < SIZE)[None, :], other=0.0
    )
    logits = tl.where(chooses, tl.dot(shown, w, input_precision=EXACT) + b[None, :], float("-inf"))
    powers = tl.exp(logits - tl.max(logits, 1)[:, None])
    reached = tl.cumsum(powers / tl.sum(powers, 1)[:, None], 1)
    u = tl.load(uniform + lane, mask=n < lanes, other=0.0)
    passed = (reached <= u[:, None]) & (p < ACTIONS - 1)[None, :]
    tl.store(choice + lane, tl.sum(passed.to(tl.int32), 1).to(tl.int64), mask=n < lanes)


def fits(size: int, actions: int) -> bool:
    """Whether a program holds a head of A logits on H units."""
    return size <= 256 and actions <= 64


def choose(outputs: Tensor, weights: tuple[Tensor, Tensor], uniform: Tensor, actions: int) -> Tensor:
    """Returns choices `[S, N]` (int64) for outputs `[S, N, H]`, the head's weights and biases, and draws `[S, N]`."""
    runs, lanes, size = outputs.shape
    choice = torch.empty(runs, lanes, dtype=torch.int64, device=outputs.device)
    _choose[(runs, triton.cdiv(lanes, SMALLEST))](
        outputs.contiguous(),
        *weights,
        uniform.contiguous(),
        choice,
        *(run_length(part) for part in weights),
        lanes,
        SIZE=size,
        HEAD=weights[0].shape[-1],
        ACTIONS=actions,
        BLOCK_N=SMALLEST,
        BLOCK_H=block(size),
        BLOCK_P=block(actions),
        EXACT=PRECISION,
        num_warps=4,
    )
    return choice
