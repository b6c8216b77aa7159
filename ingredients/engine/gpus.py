"""Which GPUs this machine lends to workers."""

from __future__ import annotations

import ctypes
import os

from ingredients.errors import UsageError


def cuda_gpus() -> tuple[str, ...]:
    """Returns the GPUs that CUDA may use here, as `CUDA_VISIBLE_DEVICES` names them.

    The driver is asked, which takes a fraction of the seconds that torch takes to load.

    Raises:
        UsageError: there is none.
    """
    if not (count := _devices()):
        raise UsageError("--device cuda: torch finds no CUDA device here; allowed here: cpu")
    named = os.environ.get("CUDA_VISIBLE_DEVICES")
    names = map(str, range(count)) if named is None else (name.strip() for name in named.split(","))
    return tuple(names)[:count]


def _devices() -> int:
    """Returns how many devices CUDA's driver finds; 0 where there is no driver."""
    count = ctypes.c_int(0)
    try:
        driver = ctypes.CDLL("nvcuda.dll" if os.name == "nt" else "libcuda.so.1")
    except OSError:
        return 0
    failed = driver.cuInit(0) or driver.cuDeviceGetCount(ctypes.byref(count))
    return 0 if failed else count.value
