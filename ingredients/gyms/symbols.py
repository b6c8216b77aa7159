"""Symbols as one-hots (docs/tasks.md): choices, and cells of small arrays of whole numbers."""

from __future__ import annotations

import sys
from functools import partial
from typing import Any

import gymnasium
import numpy as np
from gymnasium import spaces
from numpy.typing import NDArray

from ingredients.boundary.failures import Unfit, spelled
from ingredients.gyms.parts import WHOLE, Array, Part, Reading, array_shown

MOST_VALUES, MOST_COLUMNS = 16, 16_384
DIRECTIONS = 4  # where a cell holds the agent, its state is where it looks
Counts = tuple[int, ...]
Whole = NDArray[np.int64]


def known(made: gymnasium.Env[Any, Any]) -> Counts | None:
    """Returns the number of values by channel of the environment's arrays, if known."""
    kinds = {f"{kind.__module__}.{kind.__name__}" for kind in type(made.unwrapped).__mro__}
    if "minigrid.minigrid_env.MiniGridEnv" not in kinds:
        return None
    told = sys.modules["minigrid.core.constants"]
    each = [max(names.values()) + 1 for names in (told.OBJECT_TO_IDX, told.COLOR_TO_IDX, told.STATE_TO_IDX)]
    return each[0], each[1], max(each[2], DIRECTIONS)


def symbols(space: spaces.Box, counts: Counts | None) -> Reading | None:
    """Returns how an array of symbols is read; None if it is none, or too large.

    `counts` are known values by channel.
    """
    if len(space.shape) < 2 or space.dtype.kind not in WHOLE or not space.is_bounded():
        return None
    low, high = (bound.astype(np.int64).reshape(-1) for bound in (space.low, space.high))
    each = high - low + 1
    if counts and space.shape[-1] == len(counts) and (each == 256).all():
        each = np.tile(counts, each.size // len(counts))
    elif each.max() > MOST_VALUES:
        return None
    if each.max() <= 2:
        return Reading(each.size, partial(_bits, low))
    return one_hots(each, low) if each.sum() <= MOST_COLUMNS else None


def one_hots(counts: NDArray[Any], starts: NDArray[Any]) -> Reading:
    """Returns how numbers become joined one-hots of `counts` values from `starts`."""
    each, first = counts.astype(np.int64), starts.astype(np.int64)
    return Reading(int(each.sum()), partial(_columns, each, first, np.cumsum(each) - each))


def _bits(starts: Whole, part: Part, shown: Any) -> Array:  # noqa: ANN401 - whatever was shown
    places: Whole = array_shown(part, shown, WHOLE).reshape(-1).astype(np.int64) - starts
    if ((places < 0) | (places > 1)).any():
        raise Unfit(f"{part.where} {spelled(shown)}; expected: one of its space {part.space}")
    return places


def _columns(counts: Whole, starts: Whole, offsets: Whole, part: Part, shown: Any) -> Array:  # noqa: ANN401
    places = array_shown(part, shown, WHOLE).reshape(-1).astype(np.int64) - starts
    if ((places < 0) | (places >= counts)).any():
        raise Unfit(f"{part.where} {_outside(places, counts, starts, shown)}; expected: one of its space {part.space}")
    columns = np.zeros(part.reading.size, np.float32)
    columns[offsets + places] = 1.0
    return columns


def _outside(places: Whole, counts: Whole, starts: Whole, shown: Any) -> str:  # noqa: ANN401 - whatever was shown
    """Returns what was shown; of an array, the first invalid number."""
    if np.ndim(shown) < 2:
        return spelled(shown)
    index = int(np.flatnonzero((places < 0) | (places >= counts))[0])
    at = ", ".join(str(int(place)) for place in np.unravel_index(index, np.shape(shown)))
    low = int(starts[index])
    return f"[{at}] is {int(places[index]) + low}, not {low} to {low + int(counts[index]) - 1}"
