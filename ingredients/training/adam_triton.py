"""A stack's gradient step as two kernels: gradient norms; Adam with clipping and freezing."""

from __future__ import annotations

import triton
import triton.language as tl
from torch import Tensor

from ingredients.agent.kernels import held, kernel
from ingredients.training.learner import EPSILON

NORM_BLOCK, STEP_BLOCK = 4096, 1024


@kernel
def _norm(gradient: tl.tensor, norm: tl.tensor, WEIGHTS: tl.constexpr, BLOCK: tl.constexpr) -> None:
    """Writes |g| `[S]` of g `[S, P]`, one program a run."""
    s = tl.program_id(0).to(tl.int64)
    squares = tl.zeros((BLOCK,), tl.float32)
    for first in range(0, WEIGHTS, BLOCK):
        i = first + tl.arange(0, BLOCK)
        g = tl.load(gradient + s * WEIGHTS + i, mask=i < WEIGHTS, other=0.0)
        squares += g * g
    tl.store(norm + s, tl.sqrt(tl.sum(squares, 0)))


# g' = g · min(1, c / (|g| + ε))    m ← m + (g' − m) / 10    v ← .999 v + .001 g'²
# w ← w − α / (1 − .9ⁿ) · m / (√(v / (1 − .999ⁿ)) + ε)
@kernel
def _step(
    weights: tl.tensor,
    gradient: tl.tensor,
    mean: tl.tensor,
    square: tl.tensor,
    norm: tl.tensor,
    alive: tl.tensor,
    step_size: tl.tensor,
    unbias: tl.tensor,
    max_norm: tl.tensor,
    WEIGHTS: tl.constexpr,
    EPSILON: tl.constexpr,
    BLOCK: tl.constexpr,
) -> None:
    """Updates weights `[S, P]` and moments in place; dead runs keep theirs."""
    s = tl.program_id(0).to(tl.int64)
    i = tl.program_id(1) * BLOCK + tl.arange(0, BLOCK)
    at, real = s * WEIGHTS + i, i < WEIGHTS
    lives = tl.load(alive + s)
    shrink = tl.minimum(max_norm / (tl.load(norm + s) + EPSILON), 1.0)
    g = tl.load(gradient + at, mask=real, other=0.0)
    g = tl.where(lives, g * shrink, 0.0)
    m, v = tl.load(mean + at, mask=real, other=0.0), tl.load(square + at, mask=real, other=0.0)
    m += (g - m) * 0.1
    v = v * 0.999 + g * g * 0.001
    change = m / (tl.sqrt(v / tl.load(unbias).to(tl.float32)) + EPSILON) * tl.load(step_size).to(tl.float32)
    w = tl.load(weights + at, mask=real, other=0.0)
    tl.store(mean + at, m, mask=real)
    tl.store(square + at, v, mask=real)
    tl.store(weights + at, w - tl.where(lives, change, 0.0), mask=real)


def norms(gradient: Tensor) -> Tensor:
    """Returns |g| `[S]` of gradients `[S, P]`; not finite for a diverged run."""
    assert gradient.is_contiguous(), gradient.stride()
    norm = gradient.new_empty(len(gradient))
    _norm[(len(gradient),)](gradient, norm, WEIGHTS=gradient.shape[1], BLOCK=NORM_BLOCK, num_warps=8)
    return norm


def step(
    weights: Tensor,
    gradient: Tensor,
    moments: tuple[Tensor, Tensor],
    norm: Tensor,
    pace: tuple[float | Tensor, float | Tensor],
    clip: tuple[float, Tensor],
) -> None:
    """Updates `weights` and Adam's `moments` (mean, square) in place, `[S, P]` each.

    `norm` `[S]` is the gradients', `pace` (α / (1 − β₁ⁿ), 1 − β₂ⁿ), `clip` the largest norm and runs alive, `[S]`
    (bool).
    """
    assert all(part.is_contiguous() for part in (weights, gradient, *moments))
    runs, size = weights.shape
    max_norm, alive = clip
    _step[(runs, triton.cdiv(size, STEP_BLOCK))](
        weights,
        gradient,
        *moments,
        norm,
        alive,
        *(held(number, weights) for number in pace),
        max_norm,
        WEIGHTS=size,
        EPSILON=EPSILON,
        BLOCK=STEP_BLOCK,
        num_warps=4,
    )
