"""The critic's values and gradient as kernels."""

from __future__ import annotations

import triton
import triton.language as tl
from torch import Tensor

from ingredients.agent.kernels import PRECISION, block, kernel, run_length

VALUE_ROWS, GRADIENT_ROWS = 64, 32
WIDEST = 64  # block of inputs or units that fits


@kernel
def _values(
    inputs: tl.tensor,
    first: tl.tensor,
    last: tl.tensor,
    value: tl.tensor,
    first_run: tl.tensor,
    last_run: tl.tensor,
    rows: tl.tensor,
    SEEN: tl.constexpr,
    INPUTS: tl.constexpr,
    UNITS: tl.constexpr,
    LAST: tl.constexpr,
    BLOCK_X: tl.constexpr,
    BLOCK_A: tl.constexpr,
    BLOCK_B: tl.constexpr,
    BLOCK_V: tl.constexpr,
    EXACT: tl.constexpr,
) -> None:
    """Writes V `[S, X]`."""
    s = tl.program_id(0).to(tl.int64)
    x = tl.program_id(1) * BLOCK_X + tl.arange(0, BLOCK_X)
    a, b, v = tl.arange(0, BLOCK_A), SEEN + tl.arange(0, BLOCK_B), tl.arange(0, BLOCK_V)
    real, unit = (x < rows)[:, None], (v < UNITS)[None, :]
    w_a = tl.load(first + s * first_run + a[:, None] * UNITS + v[None, :], mask=(a < SEEN)[:, None] & unit, other=0.0)
    w_b = tl.load(first + s * first_run + b[:, None] * UNITS + v[None, :], mask=(b < INPUTS)[:, None] & unit, other=0.0)
    w = tl.load(last + s * last_run + v * LAST, mask=v < UNITS, other=0.0)
    row = inputs + (s * rows + x[:, None]) * INPUTS
    x_a = tl.load(row + a[None, :], mask=real & (a < SEEN)[None, :], other=0.0)
    x_b = tl.load(row + b[None, :], mask=real & (b < INPUTS)[None, :], other=0.0)
    u = tl.dot(x_a, w_a, tl.dot(x_b, w_b, input_precision=EXACT), input_precision=EXACT)
    u = tl.where(u < 0.0, 0.0, u)
    tl.store(value + s * rows + x, tl.sum(u * w[None, :], 1), mask=x < rows)


# u = max(W x, 0)    V = wᵀ u    e = V − R    ∂L/∂w = Σ u e / X    ∂L/∂W = Σ x ((e / X) w ∘ [u > 0])ᵀ
# Step weights multiply e / X.
@kernel
def _gradient(
    inputs: tl.tensor,
    target: tl.tensor,
    counts: tl.tensor,
    first: tl.tensor,
    last: tl.tensor,
    losses: tl.tensor,
    gradient: tl.tensor,
    first_run: tl.tensor,
    last_run: tl.tensor,
    gradient_run: tl.tensor,
    ROWS: tl.constexpr,
    SEEN: tl.constexpr,
    INPUTS: tl.constexpr,
    UNITS: tl.constexpr,
    LAST: tl.constexpr,
    COUNTED: tl.constexpr,
    BLOCK_X: tl.constexpr,
    BLOCK_A: tl.constexpr,
    BLOCK_B: tl.constexpr,
    BLOCK_V: tl.constexpr,
    EXACT: tl.constexpr,
) -> None:
    """Writes ½ mean e² `[S]` and, in flat rows `[S, Q]`, the gradient over W `[C, V]`, then w."""
    s = tl.program_id(0).to(tl.int64)
    a, b, v = tl.arange(0, BLOCK_A), SEEN + tl.arange(0, BLOCK_B), tl.arange(0, BLOCK_V)
    is_a, is_b = (a < SEEN)[:, None] & (v < UNITS)[None, :], (b < INPUTS)[:, None] & (v < UNITS)[None, :]
    at_a, at_b = a[:, None] * UNITS + v[None, :], b[:, None] * UNITS + v[None, :]
    w_a = tl.load(first + s * first_run + at_a, mask=is_a, other=0.0)
    w_b = tl.load(first + s * first_run + at_b, mask=is_b, other=0.0)
    w = tl.load(last + s * last_run + v * LAST, mask=v < UNITS, other=0.0)
    d_a, d_b = tl.zeros((BLOCK_A, BLOCK_V), tl.float32), tl.zeros((BLOCK_B, BLOCK_V), tl.float32)
    d_w, squares = tl.zeros((BLOCK_V,), tl.float32), tl.zeros((BLOCK_X,), tl.float32)
    for begin in range(0, ROWS, BLOCK_X):
        x = begin + tl.arange(0, BLOCK_X)
        real, row = (x < ROWS)[:, None], inputs + (s * ROWS + x[:, None]) * INPUTS
        x_a = tl.load(row + a[None, :], mask=real & (a < SEEN)[None, :], other=0.0)
        x_b = tl.load(row + b[None, :], mask=real & (b < INPUTS)[None, :], other=0.0)
        u = tl.dot(x_a, w_a, tl.dot(x_b, w_b, input_precision=EXACT), input_precision=EXACT)
        u = tl.where(u < 0.0, 0.0, u)
        error = tl.sum(u * w[None, :], 1) - tl.load(target + s * ROWS + x, mask=x < ROWS, other=0.0)
        error = tl.where(x < ROWS, error, 0.0)
        of_error = error / ROWS
        if COUNTED:
            of_error *= tl.load(counts + s * ROWS + x, mask=x < ROWS, other=0.0)
        squares += error * of_error
        d_w += tl.sum(u * of_error[:, None], 0)
        d_u = tl.where(u > 0.0, of_error[:, None] * w[None, :], 0.0)
        d_a = tl.dot(tl.trans(x_a), d_u, d_a, input_precision=EXACT)
        d_b = tl.dot(tl.trans(x_b), d_u, d_b, input_precision=EXACT)
    into = gradient + s * gradient_run
    tl.store(into + at_a, d_a, mask=is_a)
    tl.store(into + at_b, d_b, mask=is_b)
    tl.store(into + INPUTS * UNITS + v * LAST, d_w, mask=v < UNITS)
    tl.store(losses + s, 0.5 * tl.sum(squares, 0))


def fits(inputs: int, units: int) -> bool:
    """Whether one program can hold the critic."""
    return units <= WIDEST and inputs <= 2 * WIDEST


def values(inputs: Tensor, first: Tensor, last: Tensor) -> Tensor:
    """Returns V `[S, X]` for inputs `[S, X, C]` and both layers."""
    runs, rows, _ = inputs.shape
    value = inputs.new_empty(runs, rows)
    _values[(runs, triton.cdiv(rows, VALUE_ROWS))](
        inputs.contiguous(),
        first,
        last,
        value,
        run_length(first),
        run_length(last),
        rows,
        BLOCK_X=VALUE_ROWS,
        num_warps=4,
        **_sizes(inputs, first, last),
    )
    return value


def value_gradient(
    inputs: Tensor, target: Tensor, layers: tuple[Tensor, Tensor], like: Tensor, counts: Tensor | None = None
) -> tuple[Tensor, Tensor]:
    """Returns `critic.value_gradient`, in its shapes.

    `layers` are W `[S, C, V]`, and w as the first column of `[S, V, L]`.
    """
    losses, gradient = inputs.new_empty(len(inputs)), like.new_zeros(like.shape)
    _gradient[(len(inputs),)](
        inputs.contiguous(),
        target.contiguous(),
        losses if counts is None else counts.contiguous(),
        *layers,
        losses,
        gradient,
        *(run_length(layer) for layer in layers),
        gradient.stride(0),
        ROWS=inputs.shape[1],
        COUNTED=counts is not None,
        BLOCK_X=GRADIENT_ROWS,
        num_warps=4,
        **_sizes(inputs, *layers),
    )
    return losses, gradient


def _sizes(inputs: Tensor, first: Tensor, last: Tensor) -> dict[str, int | str]:
    columns = inputs.shape[-1]
    seen = min(WIDEST, 1 << (columns.bit_length() - 1))
    return {
        "SEEN": seen,
        "INPUTS": columns,
        "UNITS": first.shape[-1],
        "LAST": last.shape[-1],
        "BLOCK_A": block(seen),
        "BLOCK_B": block(columns - seen),
        "BLOCK_V": block(first.shape[-1]),
        "EXACT": PRECISION,
    }
