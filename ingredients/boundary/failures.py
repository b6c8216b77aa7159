"""What went wrong in somebody else's code: one line for people, the traceback for the log.

An exception's own text is somebody else's code, too: one that cannot be shown is said to be so.
"""

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
    """What somebody else's code gave is not what it has to be; the text says what was shown, and what was expected."""


class Elsewhere(Exception):
    """Stands in for an exception that is not here any more, as the cause of one that is; its text is the traceback."""


@dataclass(frozen=True)
class Failure:
    """Why something of somebody else's cannot be gone on with.

    Attributes:
        line: one line.
        traceback: of what it raised, some lines; empty where it raised nothing.
    """

    line: str
    traceback: str = ""

    def __str__(self) -> str:
        return self.line

    def cause(self) -> Elsewhere | None:
        """Returns what an error of ours can name as its cause, so that a log has the traceback."""
        return Elsewhere(self.traceback) if self.traceback else None

    def log(self) -> None:
        """Writes line and traceback where the process says what happens to it: a worker's log."""
        logging.getLogger(__name__).error("%s", "\n".join(part for part in (self.line, self.traceback) if part))


def ours(error: BaseException) -> bool:
    """Returns whether an exception is no failure of the code that it came through: Ctrl-C, and the end of a process.

    A worker is deaf to Ctrl-C, so a KeyboardInterrupt there is the code's own.
    """
    if isinstance(error, KeyboardInterrupt):
        return signal.getsignal(signal.SIGINT) is not signal.SIG_IGN
    return isinstance(error, GeneratorExit)


def failure(error: BaseException, where: str, place: str = "") -> Failure:
    """Returns the failure for an exception.

    Raises:
        KeyboardInterrupt: it is one; it belongs to whoever called us.

    Args:
        error: what was raised, or what was `Unfit`.
        where: what was called: `reset`, `step`.
        place: where in its work it was, in words.
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
    """Returns a short text of whatever somebody else's code gave."""
    text = f"a {type(value).__name__}"
    with suppress(Exception):
        text = one_line(" ".join(repr(value).split()))
    return text if len(text) <= LONGEST_VALUE else f"{text[:LONGEST_VALUE]}..."


def one_line(text: str) -> str:
    """Returns `text` with everything that cannot be printed on one line written as escapes."""
    return "".join(char if char.isprintable() else repr(char)[1:-1] for char in text)
