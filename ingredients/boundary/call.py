"""Calls of foreign code whose exceptions become one-line errors.

    with calling(lambda raised: wrong(name, f"cannot be made: {raised}")):
        made = maker()

The exception is the error's cause.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager

from ingredients.boundary.failures import in_short, ours
from ingredients.boundary.guard import AllKept, Kept
from ingredients.errors import IngredientsError


@contextmanager
def calling(say: Callable[[str], IngredientsError], guard: type[Kept] = AllKept) -> Iterator[None]:
    """Runs foreign code under `guard`, which restores our state.

    Raises:
        IngredientsError: what `say` makes of the exception.
    """
    with guard():
        try:
            yield
        except BaseException as error:
            if ours(error) or isinstance(error, IngredientsError):
                raise
            raise say(in_short(error)) from error
