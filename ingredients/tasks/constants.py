"""Numbers that a tensor program uses at every step, held where it computes.

On a GPU a tensor made of Python's numbers is a copy that everything waits for, which no recording may contain.
"""

from __future__ import annotations

import functools
from typing import Any

import torch
from torch import Tensor


def constant(numbers: tuple[Any, ...], like: Tensor) -> Tensor:
    """Returns the numbers as a tensor; who gets it writes nothing on it."""
    return _constant(numbers, like.dtype, like.device)


@functools.cache
def _constant(numbers: tuple[Any, ...], dtype: torch.dtype, device: torch.device) -> Tensor:
    return torch.tensor(numbers, dtype=dtype, device=device)
