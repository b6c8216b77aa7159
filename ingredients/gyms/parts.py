"""The parts of an observation that hold no others: where each stands in it, and how it is read.

A number beyond the bounds of a Box is let through, since many environments do not keep theirs (`warm_up` says so); any
number can stand in a column, but not any in a one-hot.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from gymnasium import spaces
from numpy.typing import NDArray

from ingredients.boundary.answers import array_of
from ingredients.boundary.failures import Unfit, spelled

Space = spaces.Space[Any]
Array = NDArray[Any]
Floats = NDArray[np.float32]
NUMBERS, WHOLE = "biuf", "biu"


@dataclass(frozen=True, eq=False)
class Reading:
    """How a part becomes numbers.

    Attributes:
        size: how many.
        columns: what makes numbers `[size]` of what was shown.
        bounds: of measured numbers, low and high, `[size]` each; infinite where there are none that say what is usual.
            None where nothing is measured: of one-hots, bits and pixels, which stay as they are.
        frame: height, width and channels, where it is an image: its numbers hold bytes (`frames`).
        notice: what the user should know of it, in one sentence; empty if nothing.
    """

    size: int
    columns: Callable[[Part, Any], Array]
    bounds: tuple[Floats, Floats] | None = None
    frame: tuple[int, int, int] | None = None
    notice: str = ""


@dataclass(frozen=True, eq=False)
class Part:
    """One part of an observation.

    Attributes:
        path: keys of dicts and places in tuples that lead to it.
        space: its space.
        start: its first column.
        reading: how it becomes numbers.
    """

    path: tuple[str | int, ...]
    space: Space
    start: int
    reading: Reading

    @property
    def end(self) -> int:
        """The column after its last."""
        return self.start + self.reading.size

    def write(self, row: Floats, observation: Any) -> None:  # noqa: ANN401 - whatever was shown
        """Writes its columns of the observation.

        Raises:
            Unfit: it is not there, or not of its space.
        """
        for place, key in enumerate(self.path):
            observation = self._inner(observation, place, key)
        row[self.start : self.end] = self.reading.columns(self, observation)

    @property
    def where(self) -> str:
        """The part in words: `observation['speed'][0]`."""
        return "observation" + "".join(f"[{key!r}]" for key in self.path)

    def name(self, column: int) -> str:
        """Returns what a column shows in words."""
        return self.where if self.reading.size == 1 else f"{self.where}[{column - self.start}]"

    def _inner(self, outer: Any, place: int, key: str | int) -> Any:  # noqa: ANN401 - whatever was shown
        found = "observation" + "".join(f"[{name!r}]" for name in self.path[:place])
        if isinstance(key, str):
            if not isinstance(outer, Mapping) or key not in outer:
                raise Unfit(f"{found} {spelled(outer)}; expected: a dict with the key {key!r}")
            return outer[key]
        if not isinstance(outer, tuple | list) or len(outer) <= key:
            raise Unfit(f"{found} {spelled(outer)}; expected: a tuple of more than {key} parts")
        return outer[key]


def array_shown(part: Part, shown: Any, kinds: str) -> Array:  # noqa: ANN401 - whatever was shown
    """Returns what is shown as an array of its space's shape and of numbers.

    Raises:
        Unfit: it is none.
    """
    array: Array | None = shown if type(shown) is np.ndarray else array_of(shown)
    if array is None or array.dtype.kind not in kinds:
        what = f"of type {array.dtype}" if array is not None and array.dtype != object else spelled(shown)
        wanted = "whole numbers" if kinds == WHOLE else "numbers"
        raise Unfit(f"{part.where} {what}; expected: {wanted}, as its space {part.space} says")
    if array.shape != part.space.shape:
        raise Unfit(f"{part.where} of shape {array.shape}; expected: {part.space.shape}, as its space says")
    return array
