"""When Triton kernels (`..._triton`) apply, and what they share.

A program serves one run and sums in a fixed order: bits must not depend on the stack. Products are three tf32 products
each: float32 accuracy, faster.
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
    """Returns the function as a Triton kernel."""
    import triton

    made: Kernel = triton.jit(function)
    return made


@contextmanager
def without_kernels() -> Iterator[None]:
    """Uses torch instead of kernels inside the context."""
    token = _with_kernels.set(False)
    try:
        yield
    finally:
        _with_kernels.reset(token)


@contextmanager
def interpreted() -> Iterator[None]:
    """Lets kernels take CPU tensors; needs TRITON_INTERPRET=1 before Triton's import."""
    token = _interpreted.set(True)
    try:
        yield
    finally:
        _interpreted.reset(token)


def kernels_do(*tensors: Tensor) -> bool:
    """Whether kernels can take the tensors: float32 on a GPU, with Triton."""
    if not _with_kernels.get() or not all(tensor.dtype == torch.float32 for tensor in tensors):
        return False
    return _interpreted.get() or (all(tensor.is_cuda for tensor in tensors) and _there_is_triton())


@cache
def _there_is_triton() -> bool:
    return find_spec("triton") is not None


def block(size: int) -> int:
    """Returns the block side for `size`: a power of two from 16."""
    return max(SMALLEST, 1 << (size - 1).bit_length())


def held(number: float | Tensor, like: Tensor) -> Tensor:
    """Returns a number as a device tensor, which replayed graphs read anew."""
    return number if isinstance(number, Tensor) else torch.tensor(number, device=like.device)


def run_length(weights: Tensor) -> int:
    """Returns the stride between runs of weights `[S, ...]`, each contiguous."""
    assert weights[0].is_contiguous(), weights.stride()
    return weights.stride(0)
