"""The GPUs of this machine."""

from __future__ import annotations

import ctypes
import os

from ingredients.errors import UsageError


def cuda_gpus() -> tuple[str, ...]:
    """Returns the GPUs of CUDA's driver, as `CUDA_VISIBLE_DEVICES` names them.

    Raises:
        UsageError: there is none.
    """
    if not (count := _devices()):
        raise UsageError("--device cuda: torch finds no CUDA device here; allowed here: cpu")
    named = os.environ.get("CUDA_VISIBLE_DEVICES")
    names = map(str, range(count)) if named is None else (name.strip() for name in named.split(","))
    return tuple(names)[:count]


def _devices() -> int:
    """Returns the number of devices that CUDA's driver finds."""
    count = ctypes.c_int(0)
    try:
        driver = ctypes.CDLL("nvcuda.dll" if os.name == "nt" else "libcuda.so.1")
    except OSError:
        return 0
    failed = driver.cuInit(0) or driver.cuDeviceGetCount(ctypes.byref(count))
    return 0 if failed else count.value
