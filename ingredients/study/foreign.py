"""`vary`, `keywords` and `wrappers` of a `gymnasium` section (see `gyms.vary`); names of users' code."""

from __future__ import annotations

import keyword
import math
from typing import Any

from ingredients.study import fields

RANGE = "[low, high], or {choices: [a, b, ...]}"
CODE = "module:Name, such as my_env:MyEnv"
STORED = "finite numbers, text, on, off, null, and lists and mappings of them"
LONGEST_CODE = 100  # it becomes part of a file's name


def is_code(text: object) -> bool:
    """Returns whether text is spelled `package.module:Name`."""
    if not isinstance(text, str) or len(text) > LONGEST_CODE:
        return False
    module, colon, name = text.partition(":")
    parts = [*module.split("."), name]
    spelled = all(part.isascii() and part.isidentifier() and not keyword.iskeyword(part) for part in parts)
    return bool(colon) and spelled


def code(value: object) -> object:
    """Returns `value` if it names users' code."""
    if not is_code(value):
        raise fields.mistake("names nothing that can be imported", value, CODE)
    return value


def environment_id(value: object) -> object:
    """Returns `value` if it can be a Gymnasium id or a class."""
    allowed = f"an id of Gymnasium's, such as CartPole-v1 or package:Name-v0, or your own {CODE}"
    if not isinstance(value, str):
        raise fields.mistake("must be text", value, allowed)
    if not value.isascii() or not value.isprintable() or " " in value or not 1 <= len(value) <= LONGEST_CODE:
        raise fields.mistake("is no id", value, allowed)
    return value


def wrappers(value: object) -> object:
    """Returns the names of wrappers, outermost last."""
    if not isinstance(value, list | tuple):
        raise fields.mistake("must be a list", value, f"[{CODE}, ...]")
    return [code(name) for name in value]


def keywords(value: object) -> object:
    """Returns `value` if it is a mapping with names as keys."""
    if not isinstance(value, dict):
        raise fields.mistake("must hold keys", value, "keywords of the environment's constructor")
    return {name: stored(given, (name,)) for name, given in value.items()}


def stored(value: object, keys: tuple[str, ...]) -> object:
    """Returns a copy of `value`, at `keys`, if JSON (without infinity and NaN) can store it."""
    match value:
        case float() if not math.isfinite(value):
            raise fields.mistake("cannot be stored", value, STORED, keys=(".".join(keys),))
        case str() if not _encodes(value):
            raise fields.mistake("is text that cannot be stored", ascii(value)[1:-1], STORED, keys=(".".join(keys),))
        case None | bool() | int() | float() | str():
            return value
        case list() | tuple():
            return [stored(entry, keys) for entry in value]
        case dict() if all(isinstance(key, str) and _encodes(key) for key in value):
            return {key: stored(entry, (*keys, key)) for key, entry in value.items()}
    raise fields.mistake("cannot be stored", f"a {type(value).__name__}", STORED, keys=(".".join(keys),))


def _encodes(text: str) -> bool:
    try:
        text.encode()
    except UnicodeEncodeError:
        return False
    return True


def vary(value: object) -> object:
    """Returns what tasks draw: by name, a range or choices."""
    if not isinstance(value, dict):
        raise fields.mistake("must hold keys", value, f"name: {RANGE}")
    return {name: _drawn(name, given) for name, given in value.items()}


def _drawn(name: str, given: object) -> list[float] | dict[str, list[Any]]:
    if isinstance(given, dict):
        return _choices(name, given)
    if not isinstance(given, list | tuple) or len(given) != 2 or not all(_is_number(number) for number in given):
        raise fields.mistake("must be a range or choices", given, RANGE, keys=(name,))
    if not given[0] < given[1]:
        raise fields.mistake("is an empty range", given, "[low, high] with low below high", keys=(name,))
    return list(given)


def _choices(name: str, given: dict[str, Any]) -> dict[str, list[Any]]:
    found = given.get("choices")
    if set(given) != {"choices"} or not isinstance(found, list | tuple) or not found:
        raise fields.mistake("must be a range or choices", given, f"{RANGE}, one at least", keys=(name,))
    return {"choices": [stored(choice, (name, "choices")) for choice in found]}


def _is_number(value: object) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool) and math.isfinite(value)
