"""Python numbers as tensors kept on their device, since on a GPU making one blocks."""

from __future__ import annotations

import functools
from typing import Any

import torch
from torch import Tensor


def constant(numbers: tuple[Any, ...], like: Tensor) -> Tensor:
    """Returns the numbers as a shared tensor like `like`; do not write on it."""
    return _constant(numbers, like.dtype, like.device)


@functools.cache
def _constant(numbers: tuple[Any, ...], dtype: torch.dtype, device: torch.device) -> Tensor:
    return torch.tensor(numbers, dtype=dtype, device=device)
