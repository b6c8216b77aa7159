"""Loops that numba compiles for this CPU: they save torch's microseconds per operation.

`fastmath` is off: bits must not depend on the stack.
"""

from __future__ import annotations

import hashlib
import logging
import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from pathlib import Path
from typing import Any, TypeVar, cast

import llvmlite.binding
import numba
import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

Floats = NDArray[np.float32]
Function = TypeVar("Function", bound=Callable[..., Any])
SETTINGS: Any = numba.config  # its names are made when it is imported


def inlined(function: Function) -> Function:
    """Returns the function for use within compiled ones."""
    # a division by zero is infinite, as everywhere in this arithmetic
    made: Any = numba.njit(error_model="numpy")(function)
    return cast(Function, made)


def compiled(function: Function) -> Function:
    """Returns the function, compiled at its first call."""
    return cast(Function, _Loop(function))


class _Loop:
    """A compiled function, cached on disk where possible."""

    def __init__(self, function: Callable[..., Any]) -> None:
        self._function = function
        self._made = _kept(function)
        self._tried = False

    def __call__(self, *arguments: Any) -> None:  # noqa: ANN401 - arrays, and what numba takes besides
        if self._tried:
            self._made(*arguments)
            return
        self._tried = True
        try:
            self._made(*arguments)
        except Exception as error:  # a full disk, a file cut by a power failure: pickle raises whatever it meets
            logging.getLogger(__name__).warning("%s is compiled anew: %r", self._function.__name__, error)
            self._made = inlined(self._function)
            self._made(*arguments)


def _kept(function: Callable[..., Any]) -> Callable[..., Any]:
    """Returns the compiled function, cached by source, called functions included."""
    before = SETTINGS.CACHE_DIR
    SETTINGS.CACHE_DIR = CODE_FOLDER or SETTINGS.CACHE_DIR
    made: Any
    try:
        made = numba.njit(cache=True, error_model="numpy")(function)
    except (RuntimeError, OSError):  # there is nowhere to write
        made = inlined(function)
    finally:
        SETTINGS.CACHE_DIR = before
    return cast(Callable[..., Any], made)


def _code_folder() -> str:
    """Returns the folder of machine code; empty without a home."""
    package = Path(__file__).parent.parent
    sources = [file for wing in ("agent", "training") for file in (package / wing).rglob("*.py")]
    sources = sorted(file for file in sources if file.parent.name != "probes")  # these have no loops
    digest = hashlib.sha256(b"".join(file.read_bytes() for file in sources)).hexdigest()[:16]
    try:
        caches = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "ingredients"
    except RuntimeError:
        return ""
    return str(Path(SETTINGS.CACHE_DIR or caches) / f"loops-{digest}-{llvmlite.binding.get_host_cpu_name()}")


CODE_FOLDER = _code_folder()
_with_loops: ContextVar[bool] = ContextVar("with_loops", default=True)


@contextmanager
def without_loops() -> Iterator[None]:
    """Uses torch instead of loops inside the context."""
    token = _with_loops.set(False)
    try:
        yield
    finally:
        _with_loops.reset(token)


def loops_do(*tensors: Tensor) -> bool:
    """Whether loops can take the tensors: float32 on a CPU, without gradient."""
    if not _with_loops.get():
        return False
    asked = torch.is_grad_enabled() and any(tensor.requires_grad for tensor in tensors)
    return not asked and all(tensor.is_cpu and tensor.dtype == torch.float32 for tensor in tensors)


def arrays(*tensors: Tensor) -> list[Floats]:
    """Returns arrays on the tensors' storage, or copies of those not contiguous."""
    return [tensor.detach().contiguous().numpy() for tensor in tensors]


def flat_rows(weights: Tensor) -> tuple[Floats, int]:
    """Returns weights `[S, ...]` as one flat array on their storage, and the stride between runs.

    Each run's own must be contiguous.
    """
    weights = weights.detach()
    if not weights[0].is_contiguous():
        weights = weights.contiguous()
    row = weights.stride(0)
    return weights.as_strided(((len(weights) - 1) * row + weights[0].numel(),), (1,)).numpy(), row


@inlined
def of_run(weights: Floats, row: int, run: int, shape: tuple[int, ...]) -> Floats:
    """Returns one run's weights as a view."""
    count = 1
    for size in shape:
        count *= size
    return weights[run * row : run * row + count].reshape(shape)


LARGEST = np.float32(7.90531110763549805)  # where the fraction is as near to 1 as a float can be
ZERO = np.float32(0.0)
HALF = np.float32(0.5)
ONE = np.float32(1.0)
# Eigen's fraction for tanh in float32: odd powers of x over even ones, within six units of the last place
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


@inlined
def tanh(x: np.float32) -> np.float32:
    """Returns tanh x; NaN stays NaN."""
    x = LARGEST if x > LARGEST else x
    x = -LARGEST if x < -LARGEST else x
    square = x * x
    odd = ((((((P13 * square + P11) * square + P9) * square + P7) * square + P5) * square + P3) * square + P1) * x
    return odd / (((Q6 * square + Q4) * square + Q2) * square + Q0)


@inlined
def sigmoid(x: np.float32) -> np.float32:
    """Returns σ(x) = ½ + ½ tanh(x / 2)."""
    return HALF + HALF * tanh(HALF * x)


@inlined
def add_to(out: Floats, more: Floats) -> None:
    """Adds `more` to `out` in place, `[M]`."""
    for i in range(out.size):
        out[i] += more[i]
