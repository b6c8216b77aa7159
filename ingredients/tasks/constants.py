"""Python numbers as tensors that are kept on their device.

On a GPU, making such a tensor is a copy that blocks, which a recorded graph may not contain.
"""

from __future__ import annotations

import functools
from typing import Any

import torch
from torch import Tensor


def constant(numbers: tuple[Any, ...], like: Tensor) -> Tensor:
    """Returns the numbers as a tensor of the type and device of `like`, shared: do not write on it."""
    return _constant(numbers, like.dtype, like.device)


@functools.cache
def _constant(numbers: tuple[Any, ...], dtype: torch.dtype, device: torch.device) -> Tensor:
    return torch.tensor(numbers, dtype=dtype, device=device)
