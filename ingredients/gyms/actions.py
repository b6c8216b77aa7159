"""Agents' choices and vectors as actions of any supported Gymnasium space (docs/tasks.md).

Vectors are scaled from [−1, 1] to their bounds and clipped, unscaled if one is beyond ±10⁶.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from gymnasium import spaces
from numpy.typing import NDArray

from ingredients.gyms.parts import WHOLE, Space
from ingredients.gyms.readings import FARTHEST, leaves
from ingredients.gyms.recipe import wrong

MOST_CHOICES = 1024


@dataclass(frozen=True, eq=False)
class Reach:
    """How choices, or vectors of `actions` numbers, become actions of `space`."""

    space: Space
    actions: int
    continuous: bool

    def taken(self, chosen: NDArray[Any]) -> Sequence[Any]:
        """Returns each lane's action for choices `[L, 1]` or vectors `[L, A]`."""
        space = self.space
        if isinstance(space, spaces.Discrete):
            choices: NDArray[Any] = chosen[:, 0].astype(space.dtype) + space.start
            return choices  # type: ignore[return-value]  # a row for each lane
        parts = [part for _, part in leaves(space)]
        made = _vectors(parts, chosen) if self.continuous else _joint(parts, chosen)
        if isinstance(space, spaces.Dict | spaces.Tuple):
            return [_nested(space, iter(each)) for each in zip(*made, strict=True)]
        return made[0]  # type: ignore[return-value]


def reach_of(name: str, space: Space) -> Reach:
    """Returns the `Reach` of the environment `name`.

    Raises:
        StudyError: the action space is unsupported.
    """
    parts = [part for _, part in leaves(space)]
    if isinstance(space, spaces.Discrete):
        return Reach(space, int(space.n), False)
    if parts and all(isinstance(part, spaces.Box) and part.dtype.kind == "f" for part in parts):
        return Reach(space, sum(math.prod(part.shape or ()) for part in parts), True)
    if parts and all(_chosen(part) for part in parts):
        if (joint := math.prod(count for part in parts for count in _counts(part))) > MOST_CHOICES:
            raise wrong(name, f"{joint} joint choices of the action space {space}; allowed: at most {MOST_CHOICES}")
        return Reach(space, joint, False)
    mixed = "; choices and vectors together are not" if isinstance(space, spaces.Dict | spaces.Tuple) else ""
    raise wrong(
        name, f"actions of the space {space} are not supported{mixed}; a wrapper can make them a Discrete or a Box"
    )


def _chosen(part: Space) -> bool:
    """Returns whether a part's actions are choices."""
    if isinstance(part, spaces.Box):
        return part.dtype.kind in WHOLE and part.is_bounded()
    return isinstance(part, spaces.Discrete | spaces.MultiDiscrete | spaces.MultiBinary)


def _counts(part: Space) -> list[int]:
    """Returns how many choices each number of a part has."""
    match part:
        case spaces.Discrete():
            return [int(part.n)]
        case spaces.MultiDiscrete():
            return [int(count) for count in part.nvec.flatten()]
        case spaces.Box():
            return [int(high) - int(low) + 1 for low, high in zip(part.low.flat, part.high.flat, strict=True)]
    return [2] * math.prod(part.shape or ())


def _joint(parts: list[Space], chosen: NDArray[Any]) -> list[NDArray[Any]]:
    """Returns each part's actions, `[L, ...]`, for joint choices `[L, 1]`."""
    each = [_counts(part) for part in parts]
    whole = [count for counts in each for count in counts]
    places = np.stack(np.unravel_index(chosen[:, 0].astype(np.int64), whole), axis=1)
    columns = np.split(places, np.cumsum([len(counts) for counts in each])[:-1], axis=1)
    return [_whole(part, own) for part, own in zip(parts, columns, strict=True)]


def _whole(part: Space, places: NDArray[Any]) -> NDArray[Any]:
    start: Any = part.low if isinstance(part, spaces.Box) else getattr(part, "start", 0)
    actions: NDArray[Any] = places.astype(part.dtype).reshape(-1, *(part.shape or ())) + start
    return actions


def _vectors(parts: list[Space], chosen: NDArray[Any]) -> list[NDArray[Any]]:
    """Returns each part's actions, `[L, ...]`, for vectors `[L, A]`."""
    sizes = [math.prod(part.shape or ()) for part in parts]
    columns = np.split(chosen, np.cumsum(sizes)[:-1], axis=1)
    return [_stretched(part, own) for part, own in zip(parts, columns, strict=True) if isinstance(part, spaces.Box)]


def _stretched(space: spaces.Box, vectors: NDArray[Any]) -> NDArray[Any]:
    low, high = space.low.flatten(), space.high.flatten()
    bounded = (np.abs(low) < FARTHEST) & (np.abs(high) < FARTHEST)
    with np.errstate(invalid="ignore", over="ignore"):
        middle, half = np.where(bounded, (low + high) / 2, 0.0), np.where(bounded, (high - low) / 2, 1.0)
    stretched: NDArray[Any] = np.clip(middle + half * vectors, low, high).astype(space.dtype).reshape(-1, *space.shape)
    return stretched


def _nested(space: Space, parts: Iterable[Any]) -> Any:  # noqa: ANN401 - of the space
    """Returns a nested action from parts in the order of `leaves`."""
    each = iter(parts)
    if isinstance(space, spaces.Dict):
        return {key: _nested(part, each) for key, part in space.spaces.items()}
    if isinstance(space, spaces.Tuple):
        return tuple(_nested(part, each) for part in space.spaces)
    return next(each)
