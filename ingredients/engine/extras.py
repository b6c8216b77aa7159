"""Packages that only some commands need: installed or not, whatever folders of the same name lie around.

A folder without a file in it is a package to Python, so that a module can be found says nothing: what is asked for is
the installed distribution, and the name without which the package is none.
"""

from __future__ import annotations

import importlib
from dataclasses import dataclass
from importlib.metadata import PackageNotFoundError, version

from ingredients.boundary.failures import in_short
from ingredients.errors import UsageError


@dataclass(frozen=True)
class Extra:
    """A package that an extra of this distribution brings.

    Attributes:
        title: as its authors write it.
        name: of the module and of the distribution.
        extra: of ours that brings it.
        has: a name that the module has.
    """

    title: str
    name: str
    extra: str
    has: str


def require(what: str, extra: Extra) -> None:
    """Refuses to go on without a package.

    Args:
        what: needs it, as it was typed.
        extra: the package.

    Raises:
        UsageError: it is not installed, cannot be imported, or something else of its name is found before it.
    """
    install = f"pip install 'rl2-ingredients[{extra.extra}]'"
    try:
        version(extra.name)
    except PackageNotFoundError:
        raise UsageError(f"{what} needs {extra.title}, which is not installed: {install}") from None
    try:
        module = importlib.import_module(extra.name)
    except Exception as error:  # whatever a broken installation raises
        raise UsageError(
            f"{what} needs {extra.title}, which cannot be imported ({in_short(error)}): {install}"
        ) from error
    if not hasattr(module, extra.has):
        found = getattr(module, "__file__", None) or next(iter(getattr(module, "__path__", ())), "nowhere")
        raise UsageError(f"{what} needs {extra.title}, and Python finds {found} in its place: rename it")
