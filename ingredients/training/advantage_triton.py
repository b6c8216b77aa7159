"""`learner.generalised_advantage` and its normalisation as two kernels."""

from __future__ import annotations

import torch
import triton
import triton.language as tl
from torch import Tensor

from ingredients.agent.kernels import kernel

LANES_TOGETHER, STEPS_A_TIME = 64, 1024


@kernel
def _advantages(
    reward: tl.tensor,
    value: tl.tensor,
    acting: tl.tensor,
    advantage: tl.tensor,
    lifetimes: tl.tensor,
    lanes: tl.tensor,
    discount: tl.tensor,
    gae_lambda: tl.tensor,
    STEPS: tl.constexpr,
    WAITS: tl.constexpr,
    BLOCK: tl.constexpr,
) -> None:
    """Writes A `[R, T, N]` for R · N lifetimes."""
    life = tl.program_id(0) * BLOCK + tl.arange(0, BLOCK)
    real = life < lifetimes
    first = (life // lanes).to(tl.int64) * STEPS * lanes + life % lanes
    later_value = tl.zeros((BLOCK,), tl.float32)
    running = tl.zeros((BLOCK,), tl.float32)
    for back in range(STEPS):
        at = first + (STEPS - 1 - back) * lanes
        now = tl.load(value + at, mask=real, other=0.0)
        earned = tl.load(reward + at, mask=real, other=0.0)
        found = earned + discount * later_value - now + discount * gae_lambda * running
        if WAITS:
            acted = tl.load(acting + at, mask=real, other=0.0) != 0.0
            tl.store(advantage + at, tl.where(acted, found, 0.0), mask=real)
            running, later_value = tl.where(acted, found, running), tl.where(acted, now, later_value)
        else:
            tl.store(advantage + at, found, mask=real)
            running, later_value = found, now


def advantages(
    reward: Tensor, value: Tensor, discount: float, gae_lambda: float, acting: Tensor | None = None
) -> Tensor:
    """Returns A_t; all are `[..., T, N]`."""
    steps, lanes = reward.shape[-2:]
    lifetimes, advantage = reward.numel() // steps, torch.empty_like(reward, memory_format=torch.contiguous_format)
    _advantages[(triton.cdiv(lifetimes, LANES_TOGETHER),)](
        reward.contiguous(),
        value.contiguous(),
        advantage if acting is None else acting.contiguous(),
        advantage,
        lifetimes,
        lanes,
        discount,
        gae_lambda,
        STEPS=steps,
        WAITS=acting is not None,
        BLOCK=LANES_TOGETHER,
        num_warps=2,
    )
    return advantage


@kernel
def _normalise(
    advantage: tl.tensor,
    acting: tl.tensor,
    out: tl.tensor,
    runs: tl.tensor,
    MINIBATCHES: tl.constexpr,
    ROWS: tl.constexpr,
    WAITS: tl.constexpr,
    EPSILON: tl.constexpr,
    BLOCK: tl.constexpr,
) -> None:
    """Writes normalised advantages `[M, S, X]`; sums do not depend on the number of runs."""
    s, x = tl.program_id(0).to(tl.int64), tl.arange(0, BLOCK)
    total, count = tl.zeros((BLOCK,), tl.float32), tl.zeros((BLOCK,), tl.float32)
    for m in range(MINIBATCHES):
        for first in range(0, ROWS, BLOCK):
            at, real = (m * runs + s) * ROWS + first + x, first + x < ROWS
            counts = tl.load(acting + at, mask=real, other=0.0) if WAITS else tl.where(real, 1.0, 0.0)
            total += tl.load(advantage + at, mask=real, other=0.0) * counts
            count += counts
    number = tl.maximum(tl.sum(count, 0), EPSILON)
    mean = tl.sum(total, 0) / number
    squares = tl.zeros((BLOCK,), tl.float32)
    for m in range(MINIBATCHES):
        for first in range(0, ROWS, BLOCK):
            at, real = (m * runs + s) * ROWS + first + x, first + x < ROWS
            counts = tl.load(acting + at, mask=real, other=0.0) if WAITS else tl.where(real, 1.0, 0.0)
            centred = (tl.load(advantage + at, mask=real, other=0.0) - mean) * counts
            squares += centred * centred
    deviation = tl.sqrt(tl.sum(squares, 0) / number) + EPSILON
    for m in range(MINIBATCHES):
        for first in range(0, ROWS, BLOCK):
            at, real = (m * runs + s) * ROWS + first + x, first + x < ROWS
            counts = tl.load(acting + at, mask=real, other=0.0) if WAITS else tl.where(real, 1.0, 0.0)
            centred = (tl.load(advantage + at, mask=real, other=0.0) - mean) * counts
            tl.store(out + at, centred / deviation, mask=real)


def normalised(advantage: Tensor, acting: Tensor | None, epsilon: float) -> Tensor:
    """Returns `learner.normalise_per_run` of advantages `[M, S, T, N]`."""
    advantage = advantage.contiguous()
    out = torch.empty_like(advantage)
    minibatches, runs = advantage.shape[:2]
    _normalise[(runs,)](
        advantage,
        out if acting is None else acting.contiguous(),
        out,
        runs,
        MINIBATCHES=minibatches,
        ROWS=advantage[0, 0].numel(),
        WAITS=acting is not None,
        EPSILON=epsilon,
        BLOCK=STEPS_A_TIME,
        num_warps=4,
    )
    return out
