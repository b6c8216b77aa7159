"""Imports users' code by the name in a study; reading a study does not come here."""

from __future__ import annotations

import importlib
from collections.abc import Callable
from pathlib import Path
from typing import Any

from ingredients.boundary.call import calling
from ingredients.errors import StudyError
from ingredients.study.messages import nearest, one_line
from ingredients.study.own_source import look_in


def imported(name: str, what: str, fits: Callable[[Any], bool]) -> Any:  # noqa: ANN401 - whatever a user wrote
    """Returns what `module:Name` names; modules are searched on Python's path, then in the current folder.

    `what` (`memory` or `tasks`) is for the message; `fits` selects what a misspelled name could mean.

    Raises:
        StudyError: there is no such module, or nothing of that name in it.
    """
    module_name, _, attribute = name.partition(":")
    look_in(here := Path.cwd())
    importlib.invalidate_caches()
    where = f"looked for in {here} and on Python's path"
    with calling(lambda raised: wrong(name, what, f"cannot be imported: {raised} ({where})")):
        module = importlib.import_module(module_name)
    try:
        found = getattr(module, attribute, None)
    except Exception:  # a module may have a __getattr__ of its own
        found = None
    if found is None:
        guess = nearest(attribute, [key for key, value in vars(module).items() if fits(value)])
        so = f". Did you mean '{guess}'?" if guess else ""
        raise wrong(name, what, f"{module_name} has no {attribute}{so}")
    return found


def wrong(name: str, what: str, how: str) -> StudyError:
    """Returns the error for something of the user's."""
    return StudyError(one_line(f"{what} {name}: {how}"))
