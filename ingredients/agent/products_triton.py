"""Batched matrix products as kernels, summed in an order that does not depend on the stack.

    y_x = b + Σ_g a_{g,x} W_g        y_x = Σ_g a_{g,x} W_gᵀ        G_g = Σ_x a_xᵀ b_{g,x}

g counts a memory's gates. `last` is the last weights' block: a GRU's input enters blocks 0, 1 and 3.
"""

from __future__ import annotations

from typing import Any

import torch
import triton
import triton.language as tl
from torch import Tensor
from torch.autograd.function import once_differentiable

from ingredients.agent.kernels import PRECISION, SMALLEST, block, kernel, run_length

ENTERS_LAST = 3
ROWS_TOGETHER = 64  # of a product of rows and weights
ROWS_A_TIME = 32  # that sums of outer products take in
TILE = 64


@kernel
def _rows(
    a: tl.tensor,
    weights: tl.tensor,
    bias: tl.tensor,
    out: tl.tensor,
    a_run: tl.tensor,
    weights_run: tl.tensor,
    bias_run: tl.tensor,
    rows: tl.tensor,
    across: tl.tensor,
    along: tl.tensor,
    INNER: tl.constexpr,
    COLUMNS: tl.constexpr,
    GATES: tl.constexpr,
    LAST: tl.constexpr,
    BIASED: tl.constexpr,
    BLOCK_X: tl.constexpr,
    BLOCK_K: tl.constexpr,
    BLOCK_M: tl.constexpr,
    EXACT: tl.constexpr,
) -> None:
    """Writes `[S, X, M]` for a `[S, G, X, K]`, weights `[S, G, K, M]` with strides `across`, `along` in a gate."""
    s = tl.program_id(0).to(tl.int64)
    x = tl.program_id(1) * BLOCK_X + tl.arange(0, BLOCK_X)
    m = tl.program_id(2) * BLOCK_M + tl.arange(0, BLOCK_M)
    total = tl.zeros((BLOCK_X, BLOCK_M), tl.float32)
    if BIASED:
        total += tl.load(bias + s * bias_run + m, mask=m < COLUMNS, other=0.0)[None, :]
    for gate in tl.static_range(GATES):
        of = LAST if gate == GATES - 1 else gate
        for first in tl.static_range(0, INNER, BLOCK_K):
            k = first + tl.arange(0, BLOCK_K)
            read = (x < rows)[:, None] & (k < INNER)[None, :]
            left = tl.load(a + s * a_run + (of * rows + x[:, None]) * INNER + k[None, :], mask=read, other=0.0)
            at = gate * INNER * COLUMNS + k[:, None] * across + m[None, :] * along
            inside = (k < INNER)[:, None] & (m < COLUMNS)[None, :]
            total = tl.dot(
                left,
                tl.load(weights + s * weights_run + at, mask=inside, other=0.0),
                total,
                input_precision=EXACT,
            )
    written = (x < rows)[:, None] & (m < COLUMNS)[None, :]
    tl.store(out + (s * rows + x[:, None]) * COLUMNS + m[None, :], total, mask=written)


@kernel
def _outer(
    a: tl.tensor,
    b: tl.tensor,
    out: tl.tensor,
    a_run: tl.tensor,
    b_run: tl.tensor,
    ROWS: tl.constexpr,
    INNER: tl.constexpr,
    COLUMNS: tl.constexpr,
    GATES: tl.constexpr,
    LAST: tl.constexpr,
    BLOCK_X: tl.constexpr,
    BLOCK_K: tl.constexpr,
    BLOCK_M: tl.constexpr,
    EXACT: tl.constexpr,
) -> None:
    """Writes `[S, G, K, M]` for a `[S, X, K]`, b `[S, G', X, M]`."""
    s, gate = tl.program_id(0).to(tl.int64), tl.program_id(1)
    wide = tl.cdiv(COLUMNS, BLOCK_M)
    k = (tl.program_id(2) // wide) * BLOCK_K + tl.arange(0, BLOCK_K)
    m = (tl.program_id(2) % wide) * BLOCK_M + tl.arange(0, BLOCK_M)
    of = tl.where(gate == GATES - 1, LAST, gate)
    total = tl.zeros((BLOCK_K, BLOCK_M), tl.float32)
    for first in range(0, ROWS, BLOCK_X):
        x = first + tl.arange(0, BLOCK_X)
        left_at = a + s * a_run + x[None, :] * INNER + k[:, None]
        left = tl.load(left_at, mask=(x < ROWS)[None, :] & (k < INNER)[:, None], other=0.0)
        right_at = b + s * b_run + (of * ROWS + x[:, None]) * COLUMNS + m[None, :]
        right = tl.load(right_at, mask=(x < ROWS)[:, None] & (m < COLUMNS)[None, :], other=0.0)
        total = tl.dot(left, right, total, input_precision=EXACT)
    at = ((s * GATES + gate) * INNER + k[:, None]) * COLUMNS + m[None, :]
    tl.store(out + at, total, mask=(k < INNER)[:, None] & (m < COLUMNS)[None, :])


def times(rows: Tensor, weights: Tensor, bias: Tensor | None) -> Tensor:
    """Returns x W + b, `[S, X, M]`, for rows `[S, X, K]`, weights `[S, K, M]`, bias `[S, 1, M]`."""
    across = weights.shape[-1], 1
    return _product(rows.unsqueeze(1), weights.unsqueeze(1), weights.shape[-1], across, 0, bias)


def times_transposed(rows: Tensor, weights: Tensor, last: int) -> Tensor:
    """Returns Σ_g a_g W_gᵀ, `[S, X, K]`, for a `[S, G', X, M]`, W `[S, G, K, M]`; G's last is `last` of G'."""
    return _product(rows, weights, weights.shape[-2], (1, weights.shape[-1]), last, None)


def _product(
    a: Tensor, weights: Tensor, columns: int, strides: tuple[int, int], last: int, bias: Tensor | None
) -> Tensor:
    assert a[0].is_contiguous(), a.stride()
    (runs, _, rows, inner), wide = a.shape, min(block(columns), TILE)
    out = a.new_empty(runs, rows, columns)
    _rows[(runs, triton.cdiv(rows, ROWS_TOGETHER), triton.cdiv(columns, wide))](
        a,
        weights,
        out if bias is None else bias,
        out,
        a.stride(0),
        run_length(weights),
        0 if bias is None else run_length(bias),
        rows,
        *strides,
        INNER=inner,
        COLUMNS=columns,
        GATES=weights.shape[1],
        LAST=last,
        BIASED=bias is not None,
        BLOCK_X=ROWS_TOGETHER,
        BLOCK_K=min(block(inner), TILE),
        BLOCK_M=wide,
        EXACT=PRECISION,
        num_warps=4,
    )
    return out


def sums_of_outer_products(a: Tensor, b: Tensor, gates: int, last: int | None = None) -> Tensor:
    """Returns Σ_x a_xᵀ b_{g,x}, `[S, G, K, M]`, for a `[S, X, K]`, b `[S, G', X, M]`; G's last is `last` of G'."""
    assert a[0].is_contiguous(), a.stride()
    assert b[0].is_contiguous(), b.stride()
    (runs, rows, inner), columns = a.shape, b.shape[-1]
    tall, wide = min(block(inner), TILE), min(block(columns), TILE)
    out = a.new_empty(runs, gates, inner, columns)
    _outer[(runs, gates, triton.cdiv(inner, tall) * triton.cdiv(columns, wide))](
        a,
        b,
        out,
        a.stride(0),
        b.stride(0),
        ROWS=rows,
        INNER=inner,
        COLUMNS=columns,
        GATES=gates,
        LAST=gates - 1 if last is None else last,
        BLOCK_X=ROWS_A_TIME,
        BLOCK_K=max(tall, SMALLEST),
        BLOCK_M=max(wide, SMALLEST),
        EXACT=PRECISION,
        num_warps=4,
    )
    return out


def linear(rows: Tensor, weight: Tensor, bias: Tensor | None) -> Tensor:
    """Returns x W + b with its derivative; shapes as for `times`."""
    made: Tensor = _Linear.apply(rows, weight, bias)  # type: ignore[no-untyped-call]
    return made


class _Linear(torch.autograd.Function):
    @staticmethod
    def forward(ctx: Any, x: Tensor, weight: Tensor, bias: Tensor | None) -> Tensor:  # noqa: ANN401
        x = x.contiguous()
        ctx.save_for_backward(x, weight)
        ctx.biased = bias is not None
        return times(x, weight, bias)

    @staticmethod
    @once_differentiable
    def backward(ctx: Any, *gradients: Tensor) -> tuple[Tensor | None, ...]:  # noqa: ANN401
        x, weight = ctx.saved_tensors
        d_y = gradients[0].contiguous().unsqueeze(1)
        d_x = times_transposed(d_y, weight.unsqueeze(1), 0) if ctx.needs_input_grad[0] else None
        ones = x.new_ones(1, x.shape[1], 1).expand(len(x), -1, -1)
        d_bias = sums_of_outer_products(ones, d_y, 1).squeeze(1) if ctx.biased else None
        return d_x, sums_of_outer_products(x, d_y, 1).squeeze(1), d_bias
