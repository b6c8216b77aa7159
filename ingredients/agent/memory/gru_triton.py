"""The equations of `gru` as kernels for float32 on a GPU, with a = U_n h: whole lifetimes, one launch each way.

Programs hold a run's weights in registers. The tape `[S, 5, T, N, H]` is r, z, n, a, h.
"""

from __future__ import annotations

from typing import Any

import torch
import triton
import triton.language as tl
from torch import Tensor
from torch.autograd.function import once_differentiable

from ingredients.agent.kernels import PRECISION, block, kernel, run_length
from ingredients.agent.products_triton import ENTERS_LAST, sums_of_outer_products, times_transposed
from ingredients.agent.triton_functions import matrix, sigmoid, tanh, transposed, write_four

FEW_LANES, MANY_LANES = 16, 32
WARPS, STAGES = 8, 1


@kernel
def _forward(
    x: tl.tensor,
    carry: tl.tensor,
    start: tl.tensor,
    w_input: tl.tensor,
    w_hidden: tl.tensor,
    states: tl.tensor,
    tape: tl.tensor,
    input_run: tl.tensor,
    hidden_run: tl.tensor,
    lanes: tl.tensor,
    STEPS: tl.constexpr,
    FEATURES: tl.constexpr,
    SIZE: tl.constexpr,
    BLOCK_F: tl.constexpr,
    BLOCK_H: tl.constexpr,
    BLOCK_N: tl.constexpr,
    KEEP: tl.constexpr,
    EXACT: tl.constexpr,
) -> None:
    """Writes states `[S, T, N, H]`, and the tape if `KEEP`."""
    s = tl.program_id(0).to(tl.int64)
    n = tl.program_id(1) * BLOCK_N + tl.arange(0, BLOCK_N)
    j, f = tl.arange(0, BLOCK_H), tl.arange(0, BLOCK_F)
    real = (n < lanes)[:, None] & (j < SIZE)[None, :]
    seen = (n < lanes)[:, None] & (f < FEATURES)[None, :]
    recurrent, enters = w_hidden + s * hidden_run, w_input + s * input_run
    u_r = matrix(recurrent, SIZE, SIZE, BLOCK_H, BLOCK_H)
    u_z = matrix(recurrent + SIZE * SIZE, SIZE, SIZE, BLOCK_H, BLOCK_H)
    u_n = matrix(recurrent + 2 * SIZE * SIZE, SIZE, SIZE, BLOCK_H, BLOCK_H)
    w_r = matrix(enters, FEATURES, SIZE, BLOCK_F, BLOCK_H)
    w_z = matrix(enters + FEATURES * SIZE, FEATURES, SIZE, BLOCK_F, BLOCK_H)
    w_n = matrix(enters + 2 * FEATURES * SIZE, FEATURES, SIZE, BLOCK_F, BLOCK_H)
    h = tl.load(start + (s * lanes + n[:, None]) * SIZE + j[None, :], mask=real, other=0.0)
    part = STEPS * lanes * SIZE
    for t in range(STEPS):
        x_t = tl.load(x + ((s * STEPS + t) * lanes + n[:, None]) * FEATURES + f[None, :], mask=seen, other=0.0)
        h = h * tl.load(carry + s * STEPS + t)
        r = tl.dot(h, u_r, tl.dot(x_t, w_r, input_precision=EXACT), input_precision=EXACT)
        z = tl.dot(h, u_z, tl.dot(x_t, w_z, input_precision=EXACT), input_precision=EXACT)
        a = tl.dot(h, u_n, input_precision=EXACT)
        r, z = sigmoid(r), sigmoid(z)
        new = tanh(tl.dot(x_t, w_n, input_precision=EXACT) + r * a)
        at = (t * lanes + n[:, None]) * SIZE + j[None, :]
        if KEEP:
            kept = tape + s * 5 * part + at
            write_four(kept, part, real, r, z, new, a)
            tl.store(kept + 4 * part, h, mask=real)
        h = (1.0 - z) * new + z * h
        tl.store(states + s * part + at, h, mask=real)


# δ_n = δ ∘ (1 − z) ∘ (1 − n²)    δ_z = δ ∘ (h − n) ∘ z ∘ (1 − z)    δ_a = δ_n ∘ r    δ_r = δ_n ∘ a ∘ r ∘ (1 − r)
# δ_{t−1} = ∂L/∂h_{t−1} + carry ∘ (δ ∘ z + δ_r U_rᵀ + δ_z U_zᵀ + δ_a U_nᵀ),        h = carry ∘ h_{t−1}
@kernel
def _back(
    carry: tl.tensor,
    w_hidden: tl.tensor,
    tape: tl.tensor,
    d_states: tl.tensor,
    d_sums: tl.tensor,
    hidden_run: tl.tensor,
    lanes: tl.tensor,
    STEPS: tl.constexpr,
    SIZE: tl.constexpr,
    BLOCK_H: tl.constexpr,
    BLOCK_N: tl.constexpr,
    EXACT: tl.constexpr,
) -> None:
    """Writes the gradients over what enters r, z, a, n, `[S, 4, T, N, H]`."""
    s = tl.program_id(0).to(tl.int64)
    n = tl.program_id(1) * BLOCK_N + tl.arange(0, BLOCK_N)
    j = tl.arange(0, BLOCK_H)
    real, recurrent = (n < lanes)[:, None] & (j < SIZE)[None, :], w_hidden + s * hidden_run
    u_r = transposed(recurrent, SIZE, SIZE, BLOCK_H, BLOCK_H)
    u_z = transposed(recurrent + SIZE * SIZE, SIZE, SIZE, BLOCK_H, BLOCK_H)
    u_n = transposed(recurrent + 2 * SIZE * SIZE, SIZE, SIZE, BLOCK_H, BLOCK_H)
    part = STEPS * lanes * SIZE
    d_h = tl.zeros((BLOCK_N, BLOCK_H), tl.float32)
    for back in range(STEPS):
        t = STEPS - 1 - back
        at = (t * lanes + n[:, None]) * SIZE + j[None, :]
        kept, into = tape + s * 5 * part + at, d_sums + s * 4 * part + at
        r, z = tl.load(kept, mask=real, other=0.0), tl.load(kept + part, mask=real, other=0.0)
        new, a = tl.load(kept + 2 * part, mask=real, other=0.0), tl.load(kept + 3 * part, mask=real, other=0.0)
        h = tl.load(kept + 4 * part, mask=real, other=0.0)
        d_h += tl.load(d_states + s * part + at, mask=real, other=0.0)
        d_n = d_h * (1.0 - z) * (1.0 - new * new)
        d_z = d_h * (h - new) * z * (1.0 - z)
        d_a = d_n * r
        d_r = d_n * a * r * (1.0 - r)
        write_four(into, part, real, d_r, d_z, d_a, d_n)
        d_h = d_h * z + tl.dot(d_r, u_r, input_precision=EXACT)  # three sums of their own: a chain would wait thrice
        d_h += tl.dot(d_z, u_z, input_precision=EXACT) + tl.dot(d_a, u_n, input_precision=EXACT)
        d_h = d_h * tl.load(carry + s * STEPS + t)


def fits(features: int, size: int) -> bool:
    """Whether one program's registers can hold the weights."""
    return max(features, size) <= 64


def states(x: Tensor, carry: Tensor, start: Tensor, weights: tuple[Tensor, Tensor], tape: Tensor | None) -> Tensor:
    """Returns states `[S, T, N, H]`; fills the tape `[S, 5, T, N, H]`, if given.

    `start` is `[S, N, H]`; weights are `[S, 3, F, H]` and `[S, 3, H, H]`.
    """
    (runs, steps, lanes, features), size = x.shape, start.shape[-1]
    assert (carry.shape, start.shape) == ((runs, steps), (runs, lanes, size)), (carry.shape, start.shape)
    after = x.new_empty(runs, steps, lanes, size)
    together = lanes_together(lanes)
    _forward[(runs, triton.cdiv(lanes, together))](
        *(part.contiguous() for part in (x, carry, start)),
        *weights,
        after,
        after if tape is None else tape,
        *(run_length(part) for part in weights),
        lanes,
        STEPS=steps,
        FEATURES=features,
        SIZE=size,
        BLOCK_F=block(features),
        BLOCK_H=block(size),
        BLOCK_N=together,
        KEEP=tape is not None,
        EXACT=PRECISION,
        num_warps=WARPS,
        num_stages=STAGES,
    )
    return after


def lanes_together(lanes: int) -> int:
    """Returns the lanes of a program."""
    return FEW_LANES if lanes <= FEW_LANES else MANY_LANES


def unroll(x: Tensor, carry: Tensor, start: Tensor, w_input: Tensor, w_hidden: Tensor) -> Tensor:
    """Returns differentiable states `[S, T, N, H]`; arguments of `states`."""
    made: Tensor = _Unroll.apply(x, carry, start, w_input, w_hidden)  # type: ignore[no-untyped-call]
    return made


class _Unroll(torch.autograd.Function):
    @staticmethod
    def forward(ctx: Any, x: Tensor, carry: Tensor, start: Tensor, w_input: Tensor, w_hidden: Tensor) -> Tensor:  # noqa: ANN401
        runs, steps, lanes, _ = x.shape
        tape = x.new_empty(runs, 5, steps, lanes, start.shape[-1]) if any(ctx.needs_input_grad) else None
        ctx.save_for_backward(x, carry, w_input, w_hidden, tape)
        return states(x, carry, start, (w_input, w_hidden), tape)

    @staticmethod
    @once_differentiable
    def backward(ctx: Any, *gradients: Tensor) -> tuple[Tensor | None, ...]:  # noqa: ANN401
        x, carry, w_input, w_hidden, tape = ctx.saved_tensors
        runs, _, steps, lanes, size = tape.shape
        d_sums, together = tape.new_empty(runs, 4, steps, lanes, size), lanes_together(lanes)
        _back[(runs, triton.cdiv(lanes, together))](
            carry.contiguous(),
            w_hidden,
            tape,
            gradients[0].contiguous(),
            d_sums,
            run_length(w_hidden),
            lanes,
            STEPS=steps,
            SIZE=size,
            BLOCK_H=block(size),
            BLOCK_N=together,
            EXACT=PRECISION,
            num_warps=WARPS,
            num_stages=STAGES,
        )
        flat, before = d_sums.view(runs, 4, steps * lanes, size), tape[:, 4].flatten(1, 2)
        d_hidden = sums_of_outer_products(before, flat, 3)
        d_input = sums_of_outer_products(x.contiguous().flatten(1, 2), flat, 3, ENTERS_LAST)
        d_x = times_transposed(flat, w_input, ENTERS_LAST).view(x.shape) if ctx.needs_input_grad[0] else None
        return d_x, None, None, d_input, d_hidden
