"""Functions shared by kernels; scalar ones use `exp` alone, as not every Triton has others."""

from __future__ import annotations

import triton.language as tl

from ingredients.agent.kernels import kernel


@kernel
def sigmoid(x: tl.tensor) -> tl.tensor:
    """Returns σ(x) = 1 / (1 + exp(−x))."""
    return 1.0 / (1.0 + tl.exp(-x))


@kernel
def tanh(x: tl.tensor) -> tl.tensor:
    """Returns tanh x = 2 σ(2x) − 1, to an absolute 1e-7."""
    return 2.0 / (1.0 + tl.exp(-2.0 * x)) - 1.0


@kernel
def matrix(
    at: tl.tensor,
    ROWS: tl.constexpr,
    COLUMNS: tl.constexpr,
    BLOCK_R: tl.constexpr,
    BLOCK_C: tl.constexpr,
) -> tl.tensor:
    """Returns the matrix `[ROWS, COLUMNS]` at an address, zero-padded to a block."""
    i, j = tl.arange(0, BLOCK_R), tl.arange(0, BLOCK_C)
    inside = (i < ROWS)[:, None] & (j < COLUMNS)[None, :]
    return tl.load(at + i[:, None] * COLUMNS + j[None, :], mask=inside, other=0.0)


@kernel
def transposed(
    at: tl.tensor,
    ROWS: tl.constexpr,
    COLUMNS: tl.constexpr,
    BLOCK_R: tl.constexpr,
    BLOCK_C: tl.constexpr,
) -> tl.tensor:
    """Returns the transpose `[COLUMNS, ROWS]` of the matrix at an address, zero-padded."""
    i, j = tl.arange(0, BLOCK_R), tl.arange(0, BLOCK_C)
    inside = (i < ROWS)[None, :] & (j < COLUMNS)[:, None]
    return tl.load(at + i[None, :] * COLUMNS + j[:, None], mask=inside, other=0.0)


@kernel
def write_four(
    at: tl.tensor, apart: tl.tensor, real: tl.tensor, a: tl.tensor, b: tl.tensor, c: tl.tensor, d: tl.tensor
) -> None:
    """Writes four blocks of equal shape, `apart` numbers from each other, where `real`."""
    tl.store(at, a, mask=real)
    tl.store(at + apart, b, mask=real)
    tl.store(at + 2 * apart, c, mask=real)
    tl.store(at + 3 * apart, d, mask=real)
