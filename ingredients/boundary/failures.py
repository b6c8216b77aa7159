"""What went wrong in foreign code: one line for people, the traceback for the log."""

from __future__ import annotations

import logging
import signal
import traceback
from contextlib import suppress
from dataclasses import dataclass

from ingredients.errors import IngredientsError

LONGEST = 300
LONGEST_VALUE = 60


class Unfit(Exception):
    """Foreign code returned something invalid; the text says what, and what was expected."""


class Elsewhere(Exception):
    """Another process's exception, as a cause; its text is the traceback."""


@dataclass(frozen=True)
class Failure:
    """Why foreign code failed; `traceback` is empty if nothing was raised."""

    line: str
    traceback: str = ""

    def __str__(self) -> str:
        return self.line

    def cause(self) -> Elsewhere | None:
        """Returns the traceback as a cause for our error."""
        return Elsewhere(self.traceback) if self.traceback else None

    def log(self) -> None:
        """Logs line and traceback."""
        logging.getLogger(__name__).error("%s", "\n".join(part for part in (self.line, self.traceback) if part))


def ours(error: BaseException) -> bool:
    """Returns whether an exception is no failure of the code: Ctrl-C, or a generator's end.

    Workers ignore Ctrl-C: there a KeyboardInterrupt is the code's.
    """
    if isinstance(error, KeyboardInterrupt):
        return signal.getsignal(signal.SIGINT) is not signal.SIG_IGN
    return isinstance(error, GeneratorExit)


def failure(error: BaseException, where: str, place: str = "") -> Failure:
    """Returns an exception's failure; `where` is the call (`reset`, `step`), `place` the task, episode and step.

    Raises:
        KeyboardInterrupt: it is the user's Ctrl-C.
    """
    if ours(error):
        raise error
    told = f" ({place})" if place else ""
    if isinstance(error, Unfit):
        return Failure(one_line(f"{where} gave {error}{told}"))
    if isinstance(error, IngredientsError):
        return Failure(one_line(f"{error}{told}"), trace(error))
    return Failure(one_line(f"{where} raised {in_short(error)}{told}"), trace(error))


def trace(error: BaseException) -> str:
    """Returns an exception's traceback as Python prints it."""
    try:
        return "".join(traceback.format_exception(error)).rstrip()
    except Exception:
        return f"{type(error).__name__}, whose traceback cannot be shown"


def in_short(error: BaseException) -> str:
    """Returns an error's type and first line, printable."""
    try:
        text = str(error)
    except BaseException as second:
        if ours(second):
            raise
        text = f"its text cannot be shown ({type(second).__name__})"
    first = next((line for line in text.splitlines() if line.strip()), "")
    return one_line(": ".join(part for part in (type(error).__name__, first.strip()) if part))[:LONGEST]


def spelled(value: object) -> str:
    """Returns a short text for any value."""
    text = f"a {type(value).__name__}"
    with suppress(Exception):
        text = one_line(" ".join(repr(value).split()))
    return text if len(text) <= LONGEST_VALUE else f"{text[:LONGEST_VALUE]}..."


def one_line(text: str) -> str:
    """Returns `text` with unprintable characters escaped, line breaks too."""
    return "".join(char if char.isprintable() else repr(char)[1:-1] for char in text)
