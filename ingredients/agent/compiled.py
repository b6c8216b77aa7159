"""Loops that numba compiles for this machine's processor, and the functions of one number that they share.

A training step of small networks is thousands of small operations, and torch takes microseconds to begin each.
Compiled loops do the same arithmetic without that: products go to the BLAS that scipy brings, everything between them
is one pass over a few kilobytes that stay in the first cache.

No operation here is reordered or contracted (`fastmath` is off): a vector of sixteen and the rest that fills none give
the same bits, so a run's numbers do not depend on where it stands in a stack.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any, TypeVar, cast

import numba
import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

Floats = NDArray[np.float32]
Function = TypeVar("Function", bound=Callable[..., Any])


def compiled(function: Function) -> Function:
    """Returns the function, compiled when it is first called; the code is kept for later processes where it can be."""
    # a division by zero is infinite, as everywhere in this arithmetic
    try:
        return cast(Function, numba.njit(cache=True, error_model="numpy")(function))
    except RuntimeError:  # neither beside the source nor in the user's cache may anything be written
        return cast(Function, numba.njit(error_model="numpy")(function))


class _Switch:
    on = True


_switch = _Switch()


@contextmanager
def without_loops() -> Iterator[None]:
    """Lets torch do everything inside, as it does on other devices."""
    before, _switch.on = _switch.on, False
    try:
        yield
    finally:
        _switch.on = before


def loops_do(*tensors: Tensor) -> bool:
    """Whether compiled loops can take the tensors: float32 on a CPU, and no gradient is asked over them."""
    if not _switch.on:
        return False
    asked = torch.is_grad_enabled() and any(tensor.requires_grad for tensor in tensors)
    return not asked and all(tensor.is_cpu and tensor.dtype == torch.float32 for tensor in tensors)


def arrays(*tensors: Tensor) -> list[Floats]:
    """Returns arrays that share the tensors' storage where that is contiguous."""
    return [tensor.detach().contiguous().numpy() for tensor in tensors]


def flat(weights: Tensor) -> tuple[Floats, int]:
    """Returns weights `[S, ...]` as one flat array that shares their storage, and how far a run's are from the next's.

    The weights may be views of longer rows, as `network.views` makes them; each run's own are contiguous.
    """
    weights = weights.detach()
    if not weights[0].is_contiguous():
        weights = weights.contiguous()
    row = weights.stride(0)
    return weights.as_strided(((len(weights) - 1) * row + weights[0].numel(),), (1,)).numpy(), row


LARGEST = np.float32(7.90531110763549805)  # where the fraction is as near to 1 as a float can be
HALF = np.float32(0.5)
ONE = np.float32(1.0)
# Eigen's fraction for tanh in float32: odd powers of x over even ones, within four units of the last place
P1, P3, P5, P7, P9, P11, P13 = (
    np.float32(c)
    for c in (
        4.89352455891786e-03,
        6.37261928875436e-04,
        1.48572235717979e-05,
        5.12229709037114e-08,
        -8.60467152213735e-11,
        2.00018790482477e-13,
        -2.76076847742355e-16,
    )
)
Q0, Q2, Q4, Q6 = (
    np.float32(c) for c in (4.89352518554385e-03, 2.26843463243900e-03, 1.18534705686654e-04, 1.19825839466702e-06)
)


@compiled
def tanh(x: np.float32) -> np.float32:
    """Returns the hyperbolic tangent of a float32; not a number stays that."""
    x = LARGEST if x > LARGEST else x
    x = -LARGEST if x < -LARGEST else x
    square = x * x
    odd = ((((((P13 * square + P11) * square + P9) * square + P7) * square + P5) * square + P3) * square + P1) * x
    return odd / (((Q6 * square + Q4) * square + Q2) * square + Q0)


@compiled
def sigmoid(x: np.float32) -> np.float32:
    """Returns σ(x) = ½ + ½ tanh(x / 2) of a float32."""
    return HALF + HALF * tanh(HALF * x)
