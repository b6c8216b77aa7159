"""Error messages: file, key, what is wrong, value, what is allowed, nearest match."""

from __future__ import annotations

import difflib
import itertools
from collections.abc import Iterable, Sequence

import yaml

LONGEST_TEXT, MOST_ENTRIES, DEEPEST = 60, 6, 3


def one_line(text: str) -> str:
    """Returns `text` with unprintable characters and line breaks escaped."""
    return "".join(char if char.isprintable() else repr(char)[1:-1] for char in text)


def shown(value: object) -> str:
    """Returns a value's short text, as a study spells it."""
    return f"the boolean {_spelled(value)}" if isinstance(value, bool) else one_line(_spelled(value))


def several(count: int, noun: str) -> str:
    """Returns a count with its noun: `1 run`, `5 runs`."""
    return f"{count} {noun}" if count == 1 else f"{count} {noun}s"


def nearest(word: object, known: Iterable[str]) -> str | None:
    """Returns the most similar known word, but never `word` itself."""
    if not isinstance(word, str):
        return None
    matches = difflib.get_close_matches(word.lower(), list(known), n=1, cutoff=0.6)
    return matches[0] if matches and matches[0] != word else None


def complaint(where: Sequence[str], what: str, allowed: str = "", guess: str | None = None) -> str:
    """Returns `<where>: <what>; allowed: <allowed>. Did you mean '<guess>'?`, without empty parts."""
    text = ": ".join([*where, what])
    if allowed:
        text += f"; allowed: {allowed}"
    if guess:
        text += f". Did you mean '{guess}'?"
    return one_line(text)


def _spelled(value: object, depth: int = DEEPEST) -> str:
    """Returns a value as one short YAML line; aliases can make it huge."""
    match value:
        case None:
            return "nothing"
        case bool():
            return "on" if value else "off"
        case int() if abs(value) >= 10**30:
            return f"an integer of {value.bit_length()} bits"
        case str() if len(value) > LONGEST_TEXT:
            return f"{value[:LONGEST_TEXT]!r}..."
        case list() | tuple() | dict() if not depth:
            return "..."
        case list() | tuple():
            return f"[{_joined(_spelled(entry, depth - 1) for entry in value)}]"
        case dict():
            return f"{{{_joined(f'{key}: {_spelled(entry, depth - 1)}' for key, entry in value.items())}}}"
    return repr(value)


def _joined(entries: Iterable[str]) -> str:
    first = list(itertools.islice(entries, MOST_ENTRIES + 1))
    return ", ".join([*first[:MOST_ENTRIES], *(["..."] if len(first) > MOST_ENTRIES else [])])


def yaml_complaint(source: str, error: yaml.YAMLError) -> str:
    """Returns the message for invalid YAML."""
    problem = getattr(error, "problem", None) or getattr(error, "reason", None) or str(error)
    mark = getattr(error, "problem_mark", None)
    where = [source, f"line {mark.line + 1}, column {mark.column + 1}"] if mark else [source]
    return complaint(where, f"cannot be read: {problem}")
