"""The equations of `lstm` as kernels for float32 on a GPU: whole lifetimes, one launch each way.

Programs hold a run's weights. The tape `[S, 7, T, N, H]` is i, f, g, o, h, c, tanh c_t.
"""

from __future__ import annotations

from typing import Any

import torch
import triton
import triton.language as tl
from torch import Tensor
from torch.autograd.function import once_differentiable

from ingredients.agent.kernels import PRECISION, SMALLEST, block, kernel, run_length
from ingredients.agent.products_triton import sums_of_outer_products, times_transposed
from ingredients.agent.triton_functions import matrix, sigmoid, tanh, transposed, write_four

WARPS, STAGES = 8, 1
GATES = 4


@kernel
def _forward(
    x: tl.tensor,
    carry: tl.tensor,
    h_start: tl.tensor,
    c_start: tl.tensor,
    w_input: tl.tensor,
    w_hidden: tl.tensor,
    outputs: tl.tensor,
    cells: tl.tensor,
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
    """Writes outputs `[S, T, N, H]`, last cells `[S, N, H]`, and the tape if `KEEP`."""
    s = tl.program_id(0).to(tl.int64)
    n = tl.program_id(1) * BLOCK_N + tl.arange(0, BLOCK_N)
    j, f = tl.arange(0, BLOCK_H), tl.arange(0, BLOCK_F)
    real = (n < lanes)[:, None] & (j < SIZE)[None, :]
    seen = (n < lanes)[:, None] & (f < FEATURES)[None, :]
    recurrent, enters = w_hidden + s * hidden_run, w_input + s * input_run
    u_i = matrix(recurrent, SIZE, SIZE, BLOCK_H, BLOCK_H)
    u_f = matrix(recurrent + SIZE * SIZE, SIZE, SIZE, BLOCK_H, BLOCK_H)
    u_g = matrix(recurrent + 2 * SIZE * SIZE, SIZE, SIZE, BLOCK_H, BLOCK_H)
    u_o = matrix(recurrent + 3 * SIZE * SIZE, SIZE, SIZE, BLOCK_H, BLOCK_H)
    w_i = matrix(enters, FEATURES, SIZE, BLOCK_F, BLOCK_H)
    w_f = matrix(enters + FEATURES * SIZE, FEATURES, SIZE, BLOCK_F, BLOCK_H)
    w_g = matrix(enters + 2 * FEATURES * SIZE, FEATURES, SIZE, BLOCK_F, BLOCK_H)
    w_o = matrix(enters + 3 * FEATURES * SIZE, FEATURES, SIZE, BLOCK_F, BLOCK_H)
    begins = (s * lanes + n[:, None]) * SIZE + j[None, :]
    h, c = tl.load(h_start + begins, mask=real, other=0.0), tl.load(c_start + begins, mask=real, other=0.0)
    part = STEPS * lanes * SIZE
    for t in range(STEPS):
        x_t = tl.load(x + ((s * STEPS + t) * lanes + n[:, None]) * FEATURES + f[None, :], mask=seen, other=0.0)
        carried = tl.load(carry + s * STEPS + t)
        h, c = h * carried, c * carried
        i_t = sigmoid(_sum(x_t, w_i, h, u_i, EXACT))
        f_t = sigmoid(_sum(x_t, w_f, h, u_f, EXACT))
        g_t = tanh(_sum(x_t, w_g, h, u_g, EXACT))
        o_t = sigmoid(_sum(x_t, w_o, h, u_o, EXACT))
        after = f_t * c + i_t * g_t
        shown = tanh(after)
        at = (t * lanes + n[:, None]) * SIZE + j[None, :]
        if KEEP:
            kept = tape + s * 7 * part + at
            write_four(kept, part, real, i_t, f_t, g_t, o_t)
            tl.store(kept + 4 * part, h, mask=real)
            tl.store(kept + 5 * part, c, mask=real)
            tl.store(kept + 6 * part, shown, mask=real)
        h, c = o_t * shown, after
        tl.store(outputs + s * part + at, h, mask=real)
    tl.store(cells + begins, c, mask=real)


@kernel
def _sum(x: tl.tensor, w: tl.tensor, h: tl.tensor, u: tl.tensor, EXACT: tl.constexpr) -> tl.tensor:
    """Returns x w + h u."""
    return tl.dot(h, u, tl.dot(x, w, input_precision=EXACT), input_precision=EXACT)


# γ = γ' + δ ∘ o ∘ (1 − tanh² c_t)    δ_i = γ ∘ g ∘ i ∘ (1 − i)    δ_f = γ ∘ c ∘ f ∘ (1 − f)    δ_g = γ ∘ i ∘ (1 − g²)
# δ_o = δ ∘ tanh c_t ∘ o ∘ (1 − o)    γ' of the step before = carry ∘ γ ∘ f,    c, h = carry ∘ (c_{t−1}, h_{t−1})
# δ_{t−1} = ∂L/∂h_{t−1} + carry ∘ Σ_gate δ_gate U_gateᵀ
@kernel
def _back(
    carry: tl.tensor,
    w_hidden: tl.tensor,
    tape: tl.tensor,
    d_outputs: tl.tensor,
    d_sums: tl.tensor,
    hidden_run: tl.tensor,
    lanes: tl.tensor,
    STEPS: tl.constexpr,
    SIZE: tl.constexpr,
    BLOCK_H: tl.constexpr,
    BLOCK_N: tl.constexpr,
    EXACT: tl.constexpr,
) -> None:
    """Writes the gradients over what enters i, f, g, o, `[S, 4, T, N, H]`."""
    s = tl.program_id(0).to(tl.int64)
    n = tl.program_id(1) * BLOCK_N + tl.arange(0, BLOCK_N)
    j = tl.arange(0, BLOCK_H)
    real, recurrent = (n < lanes)[:, None] & (j < SIZE)[None, :], w_hidden + s * hidden_run
    u_i = transposed(recurrent, SIZE, SIZE, BLOCK_H, BLOCK_H)
    u_f = transposed(recurrent + SIZE * SIZE, SIZE, SIZE, BLOCK_H, BLOCK_H)
    u_g = transposed(recurrent + 2 * SIZE * SIZE, SIZE, SIZE, BLOCK_H, BLOCK_H)
    u_o = transposed(recurrent + 3 * SIZE * SIZE, SIZE, SIZE, BLOCK_H, BLOCK_H)
    part = STEPS * lanes * SIZE
    d_h = tl.zeros((BLOCK_N, BLOCK_H), tl.float32)
    d_c = tl.zeros((BLOCK_N, BLOCK_H), tl.float32)
    for back in range(STEPS):
        t = STEPS - 1 - back
        at = (t * lanes + n[:, None]) * SIZE + j[None, :]
        kept, into = tape + s * 7 * part + at, d_sums + s * 4 * part + at
        i_t, f_t = tl.load(kept, mask=real, other=0.0), tl.load(kept + part, mask=real, other=0.0)
        g_t, o_t = tl.load(kept + 2 * part, mask=real, other=0.0), tl.load(kept + 3 * part, mask=real, other=0.0)
        c, shown = tl.load(kept + 5 * part, mask=real, other=0.0), tl.load(kept + 6 * part, mask=real, other=0.0)
        d_h += tl.load(d_outputs + s * part + at, mask=real, other=0.0)
        d_c += d_h * o_t * (1.0 - shown * shown)
        d_i = d_c * g_t * i_t * (1.0 - i_t)
        d_f = d_c * c * f_t * (1.0 - f_t)
        d_g = d_c * i_t * (1.0 - g_t * g_t)
        d_o = d_h * shown * o_t * (1.0 - o_t)
        write_four(into, part, real, d_i, d_f, d_g, d_o)
        carried = tl.load(carry + s * STEPS + t)
        d_c = d_c * f_t * carried
        d_h = tl.dot(d_i, u_i, input_precision=EXACT) + tl.dot(d_f, u_f, input_precision=EXACT)
        d_h += tl.dot(d_g, u_g, input_precision=EXACT) + tl.dot(d_o, u_o, input_precision=EXACT)
        d_h = d_h * carried


def fits(features: int, size: int) -> bool:
    """Whether one program can hold the weights."""
    return size <= 64 and block(features) * block(size) <= 32 * 64


def outputs(
    x: Tensor, carry: Tensor, start: tuple[Tensor, Tensor], weights: tuple[Tensor, Tensor], tape: Tensor | None
) -> tuple[Tensor, Tensor]:
    """Returns outputs `[S, T, N, H]`, last cells `[S, N, H]`; fills the tape `[S, 7, T, N, H]`, if given.

    `start` is (h, c), `[S, N, H]` each; weights are `[S, 4, F, H]` and `[S, 4, H, H]`.
    """
    (runs, steps, lanes, features), size = x.shape, start[0].shape[-1]
    assert (carry.shape, start[1].shape) == ((runs, steps), (runs, lanes, size)), (carry.shape, start[1].shape)
    shown, cells = x.new_empty(runs, steps, lanes, size), x.new_empty(runs, lanes, size)
    _forward[(runs, triton.cdiv(lanes, SMALLEST))](
        *(part.contiguous() for part in (x, carry, *start)),
        *weights,
        shown,
        cells,
        shown if tape is None else tape,
        *(run_length(part) for part in weights),
        lanes,
        STEPS=steps,
        FEATURES=features,
        SIZE=size,
        BLOCK_F=block(features),
        BLOCK_H=block(size),
        BLOCK_N=SMALLEST,
        KEEP=tape is not None,
        EXACT=PRECISION,
        num_warps=WARPS,
        num_stages=STAGES,
    )
    return shown, cells


def unroll(x: Tensor, carry: Tensor, start: tuple[Tensor, Tensor], w_input: Tensor, w_hidden: Tensor) -> Tensor:
    """Returns differentiable outputs `[S, T, N, H]`; arguments of `outputs`."""
    made: Tensor = _Unroll.apply(x, carry, start, w_input, w_hidden)  # type: ignore[no-untyped-call]
    return made


class _Unroll(torch.autograd.Function):
    @staticmethod
    def forward(
        ctx: Any,  # noqa: ANN401
        x: Tensor,
        carry: Tensor,
        start: tuple[Tensor, Tensor],
        w_input: Tensor,
        w_hidden: Tensor,
    ) -> Tensor:
        runs, steps, lanes, _ = x.shape
        tape = x.new_empty(runs, 7, steps, lanes, w_hidden.shape[-1]) if any(ctx.needs_input_grad) else None
        ctx.save_for_backward(x, carry, w_input, w_hidden, tape)
        return outputs(x, carry, start, (w_input, w_hidden), tape)[0]

    @staticmethod
    @once_differentiable
    def backward(ctx: Any, *gradients: Tensor) -> tuple[Tensor | None, ...]:  # noqa: ANN401
        x, carry, w_input, w_hidden, tape = ctx.saved_tensors
        runs, _, steps, lanes, size = tape.shape
        d_sums = tape.new_empty(runs, GATES, steps, lanes, size)
        _back[(runs, triton.cdiv(lanes, SMALLEST))](
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
            BLOCK_N=SMALLEST,
            EXACT=PRECISION,
            num_warps=WARPS,
            num_stages=STAGES,
        )
        flat, before = d_sums.view(runs, GATES, steps * lanes, size), tape[:, 4].flatten(1, 2)
        d_hidden = sums_of_outer_products(before, flat, GATES)
        d_input = sums_of_outer_products(x.contiguous().flatten(1, 2), flat, GATES)
        d_x = times_transposed(flat, w_input, GATES - 1).view(x.shape) if ctx.needs_input_grad[0] else None
        return d_x, None, None, d_input, d_hidden
