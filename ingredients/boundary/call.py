"""A call of somebody else's code where what it raises is a mistake that the user can mend: an error of one line.

    with calling(lambda raised: wrong(name, f"cannot be made: {raised}")):
        made = maker()

The exception is the cause of that error, so that a log has the traceback.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager

from ingredients.boundary.failures import in_short, ours
from ingredients.boundary.guard import AllKept, Kept
from ingredients.errors import IngredientsError


@contextmanager
def calling(say: Callable[[str], IngredientsError], guard: type[Kept] = AllKept) -> Iterator[None]:
    """Runs somebody else's code; nothing of ours is changed by it (`guard`).

    Raises:
        IngredientsError: what `say` makes of the exception in short.
    """
    with guard():
        try:
            yield
        except BaseException as error:
            if ours(error) or isinstance(error, IngredientsError):
                raise
            raise say(in_short(error)) from error
