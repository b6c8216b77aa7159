"""The audit's words for each environment, such as "supplied", by Holm's correction (docs/audit.md)."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, NamedTuple

import numpy as np

from ingredients.audit.measures import COLUMNS, INGREDIENTS, NEEDED
from ingredients.decoding.leak import LEAKS_ABOVE

FAMILY_ALPHA = 0.05
SUPPLIED, MEMORY_NEEDED, NOT_FOUND = "supplied", "needed", "not found"
NEEDED_ABOVE = 0.05
EMPTY = {
    "the reward is constant": "constant",
    "no reward was met": "not met",
    "too little was met": "too few",
    "the reward is the same at": "too few",
    "rewards were other": "too few",
}


class Word(NamedTuple):
    """A column's word, share with interval, Holm's p, or a reason."""

    word: str
    share: float | None
    low: float | None
    high: float | None
    p: float | None
    reason: str | None


def judged(lines: Sequence[dict[str, Any]]) -> list[dict[str, Word] | None]:
    """Returns lines' words by column; None for a failed line."""
    sound = [(row, name) for row, line in enumerate(lines) if not line["error"] for name in COLUMNS]
    found = {at: lines[at[0]]["findings"][at[1]] for at in sound}
    tested = [at for at in sound if found[at]["p"] is not None]
    adjusted = dict(zip(tested, holm([found[at]["p"] for at in tested]), strict=True))
    words: list[dict[str, Word] | None] = [None if line["error"] else {} for line in lines]
    for row, name in sound:
        of_line = words[row]
        assert of_line is not None
        of_line[name] = _word(name, found[row, name], adjusted.get((row, name)))
    return words


def holm(values: Sequence[float]) -> list[float]:
    """Returns Holm's adjusted p values."""
    order = np.argsort(values)
    scaled = np.asarray(values)[order] * (len(values) - np.arange(len(values)))
    adjusted = np.empty(len(values))
    adjusted[order] = np.minimum(np.maximum.accumulate(scaled), 1.0)
    return [float(value) for value in adjusted]


def _word(name: str, finding: dict[str, Any], p: float | None) -> Word:
    numbers = finding["share"], finding["low"], finding["high"], p
    if finding["share"] is None:
        reason = finding["reason"] or ""
        empty = next((word for begins, word in EMPTY.items() if reason.startswith(begins)), "not measured")
        return Word(empty, *numbers, reason)
    least, word = (NEEDED_ABOVE, MEMORY_NEEDED) if name == NEEDED else (LEAKS_ABOVE, SUPPLIED)
    shown = p is not None and p < FAMILY_ALPHA and finding["low"] > least
    return Word(word if shown else NOT_FOUND, *numbers, finding["reason"])


def summary(words: Sequence[dict[str, Word] | None], play: str = "random play") -> str:
    """Returns one sentence: how many environments supply what."""
    sound = [of_line for of_line in words if of_line is not None]
    counts = {name: sum(of_line[name].word == SUPPLIED for of_line in sound) for name in INGREDIENTS}
    all_four = sum(all(of_line[name].word == SUPPLIED for name in INGREDIENTS) for of_line in sound)
    each = ", ".join(f"{name} {count}" for name, count in counts.items())
    needed = sum(of_line[NEEDED].word == MEMORY_NEEDED for of_line in sound)
    failed = len(words) - len(sound)
    tail = f"; {failed} could not be audited" if failed else ""
    return (
        f"{all_four} of {len(sound)} environments supply all four by themselves under {play} ({each}); "
        f"a memory is needed in {needed}{tail}."
    )
