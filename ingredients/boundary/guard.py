"""Restores what foreign code may change: folder, settings of numpy and torch, warning filters, random generators.

    with Kept():            # at every step
    with AllKept():         # where something is imported or made: also random generators

Saving those takes as long as ten cart-pole steps.
"""

from __future__ import annotations

import os
import random
import sys
import warnings
from types import TracebackType
from typing import Any

import numpy as np

from ingredients.boundary import trail


class Kept:
    """Restores folder, numpy's errors, warning filters, and torch's dtype, gradient mode and threads (if loaded).

    With `quiet` numpy does not warn of overflow or NaN.
    """

    __slots__ = ("_errors", "_filters", "_folder", "_torch")

    def __init__(self, quiet: bool = False) -> None:
        self._errors = np.errstate(over="ignore", invalid="ignore") if quiet else np.errstate()

    def __enter__(self) -> Kept:
        self._folder = _folder()
        self._filters = warnings.filters[:]
        self._errors.__enter__()
        torch = _torch()
        self._torch: tuple[Any, bool, int] | None = None
        if torch is not None:
            self._torch = (torch.get_default_dtype(), torch.is_grad_enabled(), torch.get_num_threads())
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        trail.clear()
        if self._folder is not None and _folder() != self._folder:
            os.chdir(self._folder)
        self._errors.__exit__(kind, error, at)
        if warnings.filters != self._filters:
            warnings.filters[:] = self._filters  # type: ignore[index]  # a list, whatever its stub says
        torch = _torch()
        if torch is not None:
            self._put_back(torch)

    def _put_back(self, torch: Any) -> None:  # noqa: ANN401 - the module, which may not be there
        dtype, gradients, threads = self._torch or (torch.float32, True, None)
        if torch.get_default_dtype() != dtype:
            torch.set_default_dtype(dtype)
        if torch.is_grad_enabled() != gradients:
            torch.set_grad_enabled(gradients)
        if threads is not None and torch.get_num_threads() != threads:
            torch.set_num_threads(threads)


class AllKept(Kept):
    """Also restores all shared random generators, and torch's device."""

    __slots__ = ("_device", "_luck")

    def __enter__(self) -> AllKept:
        super().__enter__()
        self._luck = shared_luck()
        torch = _torch()
        self._device = None if torch is None else torch.get_default_device()
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        super().__exit__(kind, error, at)
        random.setstate(self._luck[0])
        np.random.set_state(self._luck[1])
        torch = _torch()
        if torch is not None and self._luck[2] is not None:
            torch.set_rng_state(self._luck[2])
        if torch is not None and self._device is not None and torch.get_default_device() != self._device:
            torch.set_default_device(self._device)


def shared_luck() -> tuple[Any, Any, Any]:
    """Returns the states of shared generators: Python, numpy, torch (None if not loaded)."""
    torch = _torch()
    return random.getstate(), np.random.get_state(), None if torch is None else torch.get_rng_state()


def same_luck(one: tuple[Any, Any, Any], other: tuple[Any, Any, Any]) -> bool:
    """Returns whether no shared generator was used between two states."""
    numpy = all(np.array_equal(a, b) for a, b in zip(one[1], other[1], strict=True))
    torch = one[2] is None or other[2] is None or bool((one[2] == other[2]).all())
    return bool(one[0] == other[0]) and numpy and torch


def _folder() -> str | None:
    try:
        return os.getcwd()
    except OSError:  # it has been deleted
        return None


def _torch() -> Any:  # noqa: ANN401 - the module, if it is loaded to its end
    torch = sys.modules.get("torch")
    return torch if hasattr(torch, "get_num_threads") else None
