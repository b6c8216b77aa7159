"""Leaf parts of an observation: where each stands, and how it is read and checked."""

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
    """How a part becomes `size` numbers.

    Attributes:
        bounds: usual low and high, `[size]` each, infinite where unknown; None (unscaled) for one-hots, bits and
            pixels.
        frame: height, width and channels of an image.
        notice: for the user, or empty.
    """

    size: int
    columns: Callable[[Part, Any], Array]
    bounds: tuple[Floats, Floats] | None = None
    frame: tuple[int, int, int] | None = None
    notice: str = ""


@dataclass(frozen=True, eq=False)
class Part:
    """One part of an observation, from column `start`; `path` has dict keys and tuple indices."""

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
            Unfit: the part is missing, or not of its space.
        """
        for place, key in enumerate(self.path):
            observation = self._inner(observation, place, key)
        row[self.start : self.end] = self.reading.columns(self, observation)

    @property
    def where(self) -> str:
        """The part in words: `observation['speed'][0]`."""
        return "observation" + "".join(f"[{key!r}]" for key in self.path)

    def name(self, column: int) -> str:
        """Returns a column's name: `observation[2]`."""
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
    """Returns an observation as a numeric array of its space's shape.

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
