"""Observations and actions of any space as numbers for decoders.

A Box of at most 512 numbers, MultiDiscrete and MultiBinary are read as they are, a larger image as means of at most
8 × 8 blocks over channels, Discrete of at most 16 as one-hot, else as its number, Text as a number, Dict and Tuple by
parts.
"""

from __future__ import annotations

import zlib
from collections.abc import Callable
from typing import Any

import numpy as np
from gymnasium import spaces

from ingredients.decoding.played import Numbers
from ingredients.errors import IngredientsError

Space = spaces.Space[Any]
Reader = Callable[[Any], list[Numbers]]
MOST_NUMBERS, BLOCKS, MOST_CHOICES = 512, 8, 16


def reader(space: Space) -> Callable[[Any], Numbers]:
    """Returns what converts observations to numbers `[O]`.

    Raises:
        IngredientsError: the space is unsupported.
    """
    parts = _parts(space)
    return lambda observation: np.concatenate(parts(observation))


def action_reader(space: Space) -> Callable[[Any], Numbers]:
    """Returns what converts actions to components `[C]`, choices to whole numbers.

    Raises:
        IngredientsError: the space is unsupported.
    """
    if isinstance(space, spaces.Discrete):
        return lambda action: np.array([float(action)])
    return reader(space)


def has_quantities(space: Space) -> bool:
    """Returns whether an action has a quantity, not only choices."""
    if isinstance(space, spaces.Dict | spaces.Tuple):
        inner = space.spaces.values() if isinstance(space, spaces.Dict) else space.spaces
        return any(has_quantities(part) for part in inner)
    return isinstance(space, spaces.Box)


def _parts(space: Space) -> Reader:
    match space:
        case spaces.Box():
            return _box(space)
        case spaces.Discrete():
            return _choice(int(space.start), int(space.n))
        case spaces.MultiDiscrete() | spaces.MultiBinary():
            return lambda element: [np.asarray(element, np.float64).ravel()]
        case spaces.Dict():
            named = {key: _parts(part) for key, part in space.spaces.items()}
            return lambda element: [column for key, read in named.items() for column in read(element[key])]
        case spaces.Tuple():
            each = [_parts(part) for part in space.spaces]
            return lambda element: [column for read, part in zip(each, element, strict=True) for column in read(part)]
    if isinstance(space, spaces.Text) or space.contains("a text") or type(space).__name__ == "MissionSpace":
        return lambda element: [np.array([float(zlib.crc32(str(element).encode()))])]
    raise IngredientsError(
        f"observations of the space {type(space).__name__} are not supported; a wrapper can change them"
    )


def _box(space: spaces.Box) -> Reader:
    size = int(np.prod(space.shape))
    if size <= MOST_NUMBERS:
        return lambda element: [np.asarray(element, np.float64).ravel()]
    if len(space.shape) not in (2, 3):
        raise IngredientsError(f"observations of the shape {space.shape} are not supported; a wrapper can shrink them")
    return lambda element: [_blocks(np.asarray(element, np.float64)).ravel()]


def _blocks(image: Numbers) -> Numbers:
    """Returns means over at most 8 × 8 blocks, and over channels."""
    if image.ndim == 3:
        image = image.mean(-1) if image.shape[-1] <= image.shape[0] else image.mean(0)
    for axis in (0, 1):
        edges = np.linspace(0, image.shape[axis], min(BLOCKS, image.shape[axis]) + 1).astype(np.int64)[:-1]
        width = np.diff([*edges, image.shape[axis]])
        shape = [1, 1]
        shape[axis] = -1
        image = np.add.reduceat(image, edges, axis=axis) / width.reshape(shape)
    return image


def _choice(start: int, count: int) -> Reader:
    if count > MOST_CHOICES:
        return lambda element: [np.array([float(element)])]
    unit = np.eye(count)
    return lambda element: [unit[int(element) - start]]
