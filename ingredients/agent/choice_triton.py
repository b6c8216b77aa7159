"""Acting as one kernel, by inverse CDF from a uniform u; another computes log π(a).

    a = #{k < A − 1 : Σ_{j ≤ k} π_j ≤ u},    π = softmax of the first A columns of W o + b

W and b are the head's.
"""

from __future__ import annotations

import torch
import triton
import triton.language as tl
from torch import Tensor

from ingredients.agent.kernels import PRECISION, SMALLEST, Kernel, block, kernel, run_length


@kernel
def _logits(
    outputs: tl.tensor,
    weight: tl.tensor,
    bias: tl.tensor,
    lane: tl.tensor,
    real: tl.tensor,
    SIZE: tl.constexpr,
    HEAD: tl.constexpr,
    ACTIONS: tl.constexpr,
    BLOCK_H: tl.constexpr,
    BLOCK_P: tl.constexpr,
    EXACT: tl.constexpr,
) -> tl.tensor:
    """Returns logits `[N, P]`; columns beyond the actions are −∞."""
    j, p = tl.arange(0, BLOCK_H), tl.arange(0, BLOCK_P)
    inside = (j < SIZE)[:, None] & (p < ACTIONS)[None, :]
    w = tl.load(weight + j[:, None] * HEAD + p[None, :], mask=inside, other=0.0)
    b = tl.load(bias + p, mask=p < ACTIONS, other=0.0)
    full = real[:, None] & (j < SIZE)[None, :]
    shown = tl.load(outputs + lane[:, None] * SIZE + j[None, :], mask=full, other=0.0)
    return tl.where((p < ACTIONS)[None, :], tl.dot(shown, w, input_precision=EXACT) + b[None, :], float("-inf"))


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
    n, p = tl.program_id(1) * BLOCK_N + tl.arange(0, BLOCK_N), tl.arange(0, BLOCK_P)
    lane, real, w, b = s * lanes + n, n < lanes, weight + s * weight_run, bias + s * bias_run
    logits = _logits(outputs, w, b, lane, real, SIZE, HEAD, ACTIONS, BLOCK_H, BLOCK_P, EXACT)
    powers = tl.exp(logits - tl.max(logits, 1)[:, None])
    reached = tl.cumsum(powers / tl.sum(powers, 1)[:, None], 1)
    u = tl.load(uniform + lane, mask=real, other=0.0)
    passed = (reached <= u[:, None]) & (p < ACTIONS - 1)[None, :]
    tl.store(choice + lane, tl.sum(passed.to(tl.int32), 1).to(tl.int64), mask=real)


@kernel
def _weigh(
    outputs: tl.tensor,
    weight: tl.tensor,
    bias: tl.tensor,
    action: tl.tensor,
    log: tl.tensor,
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
    """Writes log π(a) `[S, N]`."""
    s = tl.program_id(0).to(tl.int64)
    n, p = tl.program_id(1) * BLOCK_N + tl.arange(0, BLOCK_N), tl.arange(0, BLOCK_P)
    lane, real, w, b = s * lanes + n, n < lanes, weight + s * weight_run, bias + s * bias_run
    logits = _logits(outputs, w, b, lane, real, SIZE, HEAD, ACTIONS, BLOCK_H, BLOCK_P, EXACT)
    top = tl.max(logits, 1)
    total = tl.log(tl.sum(tl.exp(logits - top[:, None]), 1))
    a = tl.load(action + lane, mask=real, other=0)
    taken = tl.sum(tl.where(p[None, :] == a[:, None], logits, 0.0), 1)
    tl.store(log + lane, taken - top - total, mask=real)


def fits(size: int, actions: int) -> bool:
    """Whether one program can hold the head."""
    return size <= 256 and actions <= 64


def choose(outputs: Tensor, weights: tuple[Tensor, Tensor], uniform: Tensor, actions: int) -> Tensor:
    """Returns choices `[S, N]` (int64) for outputs `[S, N, H]`, head weights and biases, draws `[S, N]`."""
    choice = torch.empty(uniform.shape, dtype=torch.int64, device=outputs.device)
    _launch(_choose, outputs, weights, uniform, choice, actions)
    return choice


def log_probabilities(outputs: Tensor, weights: tuple[Tensor, Tensor], action: Tensor, actions: int) -> Tensor:
    """Returns log π(a) `[S, X]` for outputs `[S, X, H]`, head weights and biases, actions `[S, X]`."""
    log = outputs.new_empty(action.shape)
    _launch(_weigh, outputs, weights, action, log, actions)
    return log


def _launch(
    of: Kernel, outputs: Tensor, weights: tuple[Tensor, Tensor], given: Tensor, out: Tensor, actions: int
) -> None:
    runs, lanes, size = outputs.shape
    assert given.shape == (runs, lanes), given.shape
    of[(runs, triton.cdiv(lanes, SMALLEST))](
        outputs.contiguous(),
        *weights,
        given.contiguous(),
        out,
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
