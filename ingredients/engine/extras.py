"""Optional packages: checks that distribution and module are installed."""

from __future__ import annotations

import importlib
from dataclasses import dataclass
from importlib.metadata import PackageNotFoundError, version

from ingredients.boundary.failures import in_short
from ingredients.errors import UsageError


@dataclass(frozen=True)
class Extra:
    """An optional package: `name` of module and distribution, our `extra`, a name that the module `has`."""

    title: str
    name: str
    extra: str
    has: str


def require(what: str, extra: Extra) -> None:
    """Refuses to continue without a package that `what`, as typed, needs.

    Raises:
        UsageError: it is not installed, cannot be imported, or is hidden by another module.
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
