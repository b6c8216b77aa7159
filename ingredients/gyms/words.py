"""A text as numbers: its words, and its neighbouring pairs (docs/tasks.md)."""

from __future__ import annotations

import re
import zlib
from functools import lru_cache
from itertools import pairwise
from typing import Any

import numpy as np

from ingredients.boundary.failures import Unfit, spelled
from ingredients.gyms.parts import Array, Floats, Part, Reading

WORDS = 128
REMEMBERED = 256  # a text stays the same for an episode


def words() -> Reading:
    """Returns how a text is read."""
    return Reading(2 * WORDS, _of_text)


def _of_text(part: Part, shown: Any) -> Array:  # noqa: ANN401 - whatever was shown
    if not isinstance(shown, str):
        raise Unfit(f"{part.where} {spelled(shown)}; expected: a text")
    return _columns(str(shown))


@lru_cache(REMEMBERED)
def _columns(text: str) -> Floats:
    found = re.findall(r"\w+", text.lower())
    columns = np.zeros(2 * WORDS, np.float32)
    for word in found:
        columns[_place(word)] = 1.0
    for pair in pairwise(found):
        columns[WORDS + _place(" ".join(pair))] = 1.0
    return columns


def _place(word: str) -> int:
    return zlib.crc32(word.encode(errors="surrogatepass")) % WORDS
