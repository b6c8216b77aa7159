"""How a leaf space is read: numbers, bits, one-hots (as by `gymnasium.spaces.flatten`), symbols, pixels, words."""

from __future__ import annotations

import math
from collections.abc import Iterator
from typing import Any

import numpy as np
from gymnasium import spaces
from numpy.typing import NDArray

from ingredients.boundary.failures import Unfit, spelled
from ingredients.gyms.frames import frame
from ingredients.gyms.parts import NUMBERS, WHOLE, Array, Part, Reading, Space, array_shown
from ingredients.gyms.symbols import MOST_VALUES, Counts, one_hots, symbols
from ingredients.gyms.words import words

FARTHEST = 1e6  # a bound beyond it says nothing about what is usual
Path = tuple[str | int, ...]


def reading_of(space: Space, known: Counts | None = None) -> Reading | None:
    """Returns how a leaf space is read, None if unsupported; `known` are `symbols.known`."""
    match space:
        case spaces.Box() if 0 in space.shape:  # neither symbols nor an image
            return _numbers(space)
        case spaces.Box():
            return symbols(space, known) or frame(space) or _numbers(space)
        case spaces.MultiBinary():
            return Reading(math.prod(space.shape), _of_bits)
        case spaces.Discrete():
            return one_hots(np.array([space.n]), np.array([space.start]))
        case spaces.MultiDiscrete():
            return one_hots(space.nvec.reshape(-1), space.start.reshape(-1))
    return words() if _is_text(space) else None


def leaves(space: Space, path: Path = ()) -> Iterator[tuple[Path, Space]]:
    """Yields the leaf spaces, in the order of `gymnasium.spaces.flatten`."""
    match space:
        case spaces.Dict():
            inner: Any = space.spaces.items()
        case spaces.Tuple():
            inner = enumerate(space.spaces)
        case _:
            yield path, space
            return
    for key, part in inner:
        yield from leaves(part, (*path, key))


def _is_text(space: Space) -> bool:
    """Returns whether a space holds text: Gymnasium's, or MiniGrid's missions."""
    return space.dtype is not None and np.dtype(space.dtype).kind == "U"


def _numbers(space: spaces.Box) -> Reading:
    low, high = (np.asarray(bound, np.float64).reshape(-1) for bound in (space.low, space.high))
    # whole numbers in a byte rarely fill it: their bounds do not say what is usual
    usual = (np.abs(low) < FARTHEST) & (np.abs(high) < FARTHEST) & (space.dtype.kind == "f")
    bounds = _bound(low, usual, -np.inf), _bound(high, usual, np.inf)
    notice = ""
    if len(space.shape) > 1 and space.dtype.kind in WHOLE:
        notice = (
            f"is an array of whole numbers whose bounds do not say which it holds, so they are read as quantities; a "
            f"wrapper with bounds of at most {MOST_VALUES} values makes it symbols, one-hot"
        )
    return Reading(len(low), _of_box, bounds, notice=notice)


def _bound(bound: NDArray[np.float64], usual: NDArray[np.bool_], otherwise: float) -> NDArray[np.float32]:
    return np.where(usual, bound, otherwise).astype(np.float32)


def _of_box(part: Part, shown: Any) -> Array:  # noqa: ANN401 - whatever was shown
    array = array_shown(part, shown, NUMBERS)
    return array if array.ndim == 1 else array.reshape(-1)


def _of_bits(part: Part, shown: Any) -> Array:  # noqa: ANN401 - whatever was shown
    array = array_shown(part, shown, WHOLE).reshape(-1)
    if ((array != 0) & (array != 1)).any():
        raise Unfit(f"{part.where} {spelled(shown)}; expected: zeros and ones, as its space {part.space} says")
    return array
