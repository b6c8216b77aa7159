"""The parts of an observation that hold no others, each written into its columns and held to its space.

Comes in: a space, an observation. Goes out: numbers in a row; what is not of the space is `Unfit`, which says where.
Columns are those of `gymnasium.spaces.flatten`. A number beyond the bounds of a Box is let through, since many
environments do not keep theirs (`warm_up` says so); any number can stand in a column, but not any in a one-hot.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
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
class Part:
    """One part of an observation.

    Attributes:
        path: keys of dicts and places in tuples that lead to it.
        space: its space.
        start, end: its columns.
        columns: what makes numbers `[end - start]` of it.
    """

    path: tuple[str | int, ...]
    space: Space
    start: int
    end: int
    columns: Callable[[Part, Any], Array]

    def write(self, row: Floats, observation: Any) -> None:  # noqa: ANN401 - whatever was shown
        """Writes its columns of the observation.

        Raises:
            Unfit: it is not there, or not of its space.
        """
        for place, key in enumerate(self.path):
            observation = self._inner(observation, place, key)
        row[self.start : self.end] = self.columns(self, observation)

    @property
    def where(self) -> str:
        """Returns the part in words: `observation['speed'][0]`."""
        return "observation" + "".join(f"[{key!r}]" for key in self.path)

    def name(self, column: int) -> str:
        """Returns what a column shows in words."""
        return self.where if self.end - self.start == 1 else f"{self.where}[{column - self.start}]"

    def _inner(self, outer: Any, place: int, key: str | int) -> Any:  # noqa: ANN401 - whatever was shown
        found = "observation" + "".join(f"[{name!r}]" for name in self.path[:place])
        if isinstance(key, str):
            if not isinstance(outer, Mapping) or key not in outer:
                raise Unfit(f"{found} {spelled(outer)}; expected: a dict with the key {key!r}")
            return outer[key]
        if not isinstance(outer, tuple | list) or len(outer) <= key:
            raise Unfit(f"{found} {spelled(outer)}; expected: a tuple of more than {key} parts")
        return outer[key]


def parts_of(space: Space) -> tuple[Part, ...]:
    """Returns the parts of a supported space, in the order of their columns."""
    start, found = 0, []
    for path, leaf in _leaves(space, ()):
        end = start + spaces.flatdim(leaf)
        found.append(Part(path, leaf, start, end, _columns_of(leaf)))
        start = end
    return tuple(found)


def _leaves(space: Space, path: tuple[str | int, ...]) -> Iterator[tuple[tuple[str | int, ...], Space]]:
    match space:
        case spaces.Dict():
            inner: Any = space.spaces.items()
        case spaces.Tuple():
            inner = enumerate(space.spaces)
        case _:
            yield path, space
            return
    for key, part in inner:
        yield from _leaves(part, (*path, key))


def _columns_of(space: Space) -> Callable[[Part, Any], Array]:
    match space:
        case spaces.Box():
            return _of_box
        case spaces.MultiBinary():
            return _of_bits
    return _of_choices


def _of_box(part: Part, shown: Any) -> Array:  # noqa: ANN401 - whatever was shown
    array = _array(part, shown, NUMBERS)
    return array if array.ndim == 1 else array.reshape(-1)


def _of_bits(part: Part, shown: Any) -> Array:  # noqa: ANN401 - whatever was shown
    array = _array(part, shown, WHOLE).reshape(-1)
    if ((array != 0) & (array != 1)).any():
        raise Unfit(f"{part.where} {spelled(shown)}; expected: zeros and ones, as its space {part.space} says")
    return array


def _of_choices(part: Part, shown: Any) -> Array:  # noqa: ANN401 - whatever was shown
    """Returns one-hots, one behind the other."""
    space = part.space
    if isinstance(space, spaces.Discrete):
        counts, starts = np.array([space.n]), np.array([space.start])
    else:
        assert isinstance(space, spaces.MultiDiscrete)
        counts, starts = space.nvec.reshape(-1), space.start.reshape(-1)
    places = _array(part, shown, WHOLE).reshape(-1).astype(np.int64) - starts
    if ((places < 0) | (places >= counts)).any():
        raise Unfit(f"{part.where} {spelled(shown)}; expected: one of its space {space}")
    columns = np.zeros(part.end - part.start, np.float32)
    columns[np.cumsum(counts) - counts + places] = 1.0
    return columns


def _array(part: Part, shown: Any, kinds: str) -> Array:  # noqa: ANN401 - whatever was shown
    """Returns what is shown as an array of its space's shape and of numbers."""
    array: Array | None = shown if type(shown) is np.ndarray else array_of(shown)
    if array is None or array.dtype.kind not in kinds:
        what = f"of type {array.dtype}" if array is not None and array.dtype != object else spelled(shown)
        wanted = "whole numbers" if kinds == WHOLE else "numbers"
        raise Unfit(f"{part.where} {what}; expected: {wanted}, as its space {part.space} says")
    if array.shape != part.space.shape:
        raise Unfit(f"{part.where} of shape {array.shape}; expected: {part.space.shape}, as its space says")
    return array
