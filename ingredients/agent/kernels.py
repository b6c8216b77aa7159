"""Kernels that Triton compiles for a card: when they can be taken, and what they share.

Torch begins a small operation on a card in two to five microseconds, whatever it does; an update of small networks is
thirty thousand of them. A kernel holds what belongs together in registers for a whole lifetime, and begins once.

Every kernel stands in a file `..._triton` of its own beside the equations that it computes. A program of a kernel
belongs to one run, sums in an order that its own sizes fix, and adds to nothing that others add to. So a run's bits do
not depend on its stack. Products are made of three in the matrix units' short format (`PRECISION`): the error is that
of float32, the speed several times that of the plain units.

Triton is imported only with such a file, and such a file only where `kernels_do` says yes: a CPU needs no Triton. Its
interpreter runs the same kernels on a CPU, slowly: `interpreted`, for tests.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from functools import cache
from importlib.util import find_spec
from typing import Any

import torch
from torch import Tensor

Kernel = Any  # `kernel[grid](...)` begins it

PRECISION = "tf32x3"
SMALLEST = 16  # rows, columns and inner length of the smallest product that the matrix units take
_with_kernels: ContextVar[bool] = ContextVar("with_kernels", default=True)
_interpreted: ContextVar[bool] = ContextVar("interpreted", default=False)


def kernel(function: Callable[..., Any]) -> Kernel:
    """Returns the function as a kernel, or as a function that kernels call; compiled when it is first called."""
    import triton

    made: Kernel = triton.jit(function)
    return made


@contextmanager
def without_kernels() -> Iterator[None]:
    """Lets torch do everything inside."""
    token = _with_kernels.set(False)
    try:
        yield
    finally:
        _with_kernels.reset(token)


@contextmanager
def interpreted() -> Iterator[None]:
    """Lets kernels take the tensors of a CPU, too: right where TRITON_INTERPRET=1 was set before Triton's import."""
    token = _interpreted.set(True)
    try:
        yield
    finally:
        _interpreted.reset(token)


def kernels_do(*tensors: Tensor) -> bool:
    """Whether kernels can take the tensors: float32 on a card, where there is a Triton."""
    if not _with_kernels.get() or not all(tensor.dtype == torch.float32 for tensor in tensors):
        return False
    return _interpreted.get() or (all(tensor.is_cuda for tensor in tensors) and _there_is_triton())


@cache
def _there_is_triton() -> bool:
    return find_spec("triton") is not None


def block(size: int) -> int:
    """Returns the side of a block that holds `size` rows or columns: a power of two, 16 or larger."""
    return max(SMALLEST, 1 << (size - 1).bit_length())


def held(number: float | Tensor, like: Tensor) -> Tensor:
    """Returns a number as what a kernel reads from the card, where it is not there already.

    A captured graph can be replayed with other numbers only if it reads them.
    """
    return number if isinstance(number, Tensor) else torch.tensor(number, device=like.device)


def run_length(weights: Tensor) -> int:
    """Returns how far a run's weights are from the next's, `[S, ...]`: views of longer rows, each contiguous."""
    assert weights[0].is_contiguous(), weights.stride()
    return weights.stride(0)
