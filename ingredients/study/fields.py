"""Validators of values in a study.

Only 2 for a number and 1e6 for a whole one are converted; booleans are no numbers.
"""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Sequence

from pydantic_core import PydanticCustomError

from ingredients.study.messages import nearest, shown

AUTO = "auto"
Check = Callable[[object], object]


def mistake(
    what: str,
    value: object,
    allowed: str,
    known: Sequence[str] = (),
    keys: Sequence[str] = (),
) -> PydanticCustomError:
    """Returns the error to raise for `value`; `known` words suggest the nearest match.

    `keys` share a rule; the first is blamed.
    """
    # pydantic prints the whole context, so a value that aliases made huge must be cut before
    guess = nearest(next(iter(value), "") if isinstance(value, dict) else value, known)
    context = {"what": f"{what}, got {shown(value)}", "allowed": allowed, "guess": guess, "keys": tuple(keys)}
    return PydanticCustomError("mistake", "{what}", context)


def unknown(value: object, known: Sequence[str], others: str = "", keys: Sequence[str] = ()) -> PydanticCustomError:
    """Returns the error for a word that is not `known`."""
    listed = ", ".join([*known, others] if others else known)
    if not isinstance(value, str):
        return mistake("must be text", value, listed, keys=keys)
    context = {"what": f"unknown {shown(value)}; known: {listed}", "allowed": "", "guess": nearest(value, known)}
    return PydanticCustomError("mistake", "{what}", {**context, "keys": tuple(keys)})


def whole(low: int, high: int, multiple: int = 1, because: str = "") -> Check:
    """Returns the check of a whole number from `low` to `high`."""
    allowed = f"{low} to {high}" + (f" in multiples of {multiple}" if multiple > 1 else "") + because

    def check(value: object) -> object:
        if isinstance(value, float) and value.is_integer():  # 1e6 is how people write a million
            value = int(value)
        if type(value) is not int:
            raise mistake("must be a whole number", value, allowed)
        if not low <= value <= high or value % multiple:
            raise mistake("out of range", value, allowed)
        return value

    return check


def number(low: float, high: float, *, above: bool = False, below: bool = False) -> Check:
    """Returns the check of a finite number in [low, high]; `above` and `below` exclude `low` and `high`."""
    allowed = f"a number {'above' if above else 'from'} {low:g} {'to below' if below else 'up to'} {high:g}"

    def check(value: object) -> object:
        if isinstance(value, bool) or not isinstance(value, int | float):
            raise mistake("must be a number", value, allowed)
        inside = math.isfinite(value) and low <= value <= high
        if not inside or (above and value == low) or (below and value == high):
            raise mistake("out of range", value, allowed)
        return float(value)

    return check


def or_auto(check: Check) -> Check:
    """Returns the check of `auto`, or of what `check` allows."""

    def either(value: object) -> object:
        if value == AUTO:
            return value
        try:
            return check(value)
        except PydanticCustomError as error:
            found = dict(error.context or {})
            found |= {"allowed": f"{AUTO}, or {found['allowed']}", "guess": nearest(value, (AUTO,))}
            raise PydanticCustomError("mistake", "{what}", found) from None

    return either


def switch(value: object) -> object:
    """Returns `value` if it is a boolean."""
    if not isinstance(value, bool):
        raise mistake("must be on or off", value, "on, off")
    return value


def one_of(*known: str) -> Check:
    """Returns the check of a word from a closed list."""

    def check(value: object) -> object:
        if not isinstance(value, str) or value not in known:
            raise unknown(value, known)
        return value

    return check


def folder_name(value: object) -> object:
    """Returns `value` if it can name folders on every system."""
    allowed = "letters, digits, '.', '_', '-', at most 100, the first a letter or a digit"
    if not isinstance(value, str):
        raise mistake("must be text", value, allowed)
    if not re.fullmatch(r"[A-Za-z0-9][A-Za-z0-9._-]{0,99}", value):
        raise mistake("cannot name a results folder", value, allowed)
    return value


def sentence(value: object) -> object:
    """Returns `value` as one line of text."""
    allowed = "printable text of at most 1000 characters"
    if not isinstance(value, str):
        raise mistake("must be text", value, allowed)
    line = " ".join(value.split())
    if not line.isprintable() or len(line) > 1000:
        raise mistake("cannot be printed on one line", value, allowed)
    return line
