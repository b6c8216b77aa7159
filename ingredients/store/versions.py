"""With what a run was made: the versions that are stored with it.

Comes in: nothing. Goes out: version by package name.
"""

from __future__ import annotations

import functools
import platform
from importlib.metadata import PackageNotFoundError, version

DISTRIBUTION = "rl2-ingredients"
PACKAGES = (DISTRIBUTION, "torch", "numpy", "pandas", "pyarrow")


def versions() -> dict[str, str]:
    """Returns the versions of Python and of the packages that decide what a run gives."""
    return {"python": platform.python_version(), **{name: installed(name) for name in PACKAGES}}


@functools.cache  # read from disk, and asked for by every run
def installed(name: str) -> str:
    """Returns a package's version; a checkout of ours that was never installed works too."""
    try:
        return version(name)
    except PackageNotFoundError:
        return "checkout"
