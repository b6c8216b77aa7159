"""Observations and actions of any supported Gymnasium space, as numbers.

Comes in: spaces. Goes out: a `Sight` (observation -> a row of numbers) and a `Reach` (a choice, or a vector from −1 to
1, -> an action). What is not supported is refused by name, with the way out. An observation is held to its space
(`parts`); a row of numbers is a copy of it, always.

| observation space | columns |
|---|---|
| Box, of no or one dimension | its numbers |
| Discrete(n), MultiDiscrete | one-hot, for each number |
| MultiBinary | its bits |
| Dict, Tuple | all of their parts, as `gymnasium.spaces.flatten` orders them |

| action space | agent's action |
|---|---|
| Discrete(n) | one of n choices |
| MultiDiscrete, MultiBinary | one of all joint choices, at most 1024 |
| Box | a vector, each component from −1 to 1 stretched to its bounds and cut there; as it is where there are none, or \
where they are so far (a million) that they only mean that there are none |
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
from gymnasium import spaces
from numpy.typing import NDArray

from ingredients.gyms.parts import NUMBERS, Part, Space, parts_of
from ingredients.gyms.recipe import wrong

MOST_CHOICES = 1024
FARTHEST = 1e6  # a bound beyond it says nothing about what is usual
WAY_OUT = "give a wrapper that flattens it (wrappers: [module:Class], of MiniGrid minigrid.wrappers:FlatObsWrapper)"
Floats = NDArray[np.float32]


@dataclass(frozen=True, eq=False)
class Sight:
    """How observations become numbers, `[size]`.

    Attributes:
        space: of the observations.
        measured: which columns are numbers of a Box rather than one-hot or bits.
        low, high: bounds of the columns; infinite where there are none that say what is usual.
        parts: of an observation, in the order of the columns.
        plain: its shape where all of it is one row of numbers, else None.
    """

    space: Space
    measured: NDArray[np.bool_]
    low: Floats
    high: Floats
    parts: tuple[Part, ...]
    plain: tuple[int, ...] | None

    @property
    def size(self) -> int:
        """Returns how many numbers an observation is."""
        return len(self.measured)

    def write(self, row: Floats, observation: Any) -> None:  # noqa: ANN401 - of the space
        """Writes the observation as numbers into the first columns of `row`.

        Raises:
            Unfit: it is not of the space.
        """
        if type(observation) is np.ndarray and observation.shape == self.plain and observation.dtype.kind in NUMBERS:
            row[: self.size] = observation  # what most of them are; a check of each part takes its time
            return
        for part in self.parts:
            part.write(row, observation)

    def read(self, observation: Any) -> Floats:  # noqa: ANN401 - of the space
        """Returns the observation as numbers `[size]`, a copy.

        Raises:
            Unfit: it is not of the space.
        """
        row = np.zeros(self.size, np.float32)
        self.write(row, observation)
        return row

    def name(self, column: int) -> str:
        """Returns what a column shows, in words: `observation[2]`."""
        return next(part.name(column) for part in self.parts if column < part.end)


def sight_of(name: str, space: Space) -> Sight:
    """Returns how observations of the environment `name` are read.

    Raises:
        StudyError: its observation space is not supported.
    """
    if refused := _refused(space):
        raise wrong(name, f"observations of the space {refused} are not supported; {WAY_OUT}")
    parts = parts_of(space)
    flat = spaces.flatten_space(space)
    assert isinstance(flat, spaces.Box)
    measured = _by_part(parts, lambda part: isinstance(part, spaces.Box))
    # whole numbers in a byte rarely fill it: their bounds do not say what is usual
    continuous = _by_part(parts, lambda part: isinstance(part, spaces.Box) and part.dtype.kind == "f")
    bounded = (np.abs(flat.low) < FARTHEST) & (np.abs(flat.high) < FARTHEST) & continuous
    low = np.where(bounded, flat.low, -np.inf).astype(np.float32)
    high = np.where(bounded, flat.high, np.inf).astype(np.float32)
    plain = space.shape if isinstance(space, spaces.Box) and len(space.shape) == 1 else None
    return Sight(space, measured, low, high, parts, plain)


def _refused(space: Space) -> str | None:
    """Returns the part of a space that is not supported, in words; None if all is."""
    match space:
        case spaces.Box():
            image = " (an image?)" if len(space.shape) > 1 and space.dtype == np.uint8 else ""
            return f"Box of shape {space.shape}{image}" if len(space.shape) > 1 else None
        case spaces.Discrete() | spaces.MultiDiscrete() | spaces.MultiBinary():
            return None
        case spaces.Dict():
            parts = ((f"{key}: ", part) for key, part in space.spaces.items())
        case spaces.Tuple():
            parts = ((f"{index}: ", part) for index, part in enumerate(space.spaces))
        case _:
            return type(space).__name__
    return next((f"{key}{refused}" for key, part in parts if (refused := _refused(part))), None)


def _by_part(parts: tuple[Part, ...], holds: Callable[[Space], bool]) -> NDArray[np.bool_]:
    return np.concatenate([np.full(part.end - part.start, holds(part.space), dtype=np.bool_) for part in parts])


@dataclass(frozen=True, eq=False)
class Reach:
    """How an agent's actions become the environment's.

    Attributes:
        space: of the environment's actions.
        actions: number of choices, or length of a vector.
        continuous: whether it is a vector.
    """

    space: Space
    actions: int
    continuous: bool

    def taken(self, chosen: NDArray[Any]) -> NDArray[Any]:
        """Returns the actions that choices (numbers, `[L, 1]`) or vectors `[L, A]` stand for, one for each lane."""
        match self.space:
            case spaces.Discrete():
                choices: NDArray[Any] = chosen[:, 0].astype(self.space.dtype) + self.space.start
                return choices
            case spaces.MultiDiscrete():
                return _joint(self.space, chosen, self.space.nvec.flatten().tolist()) + self.space.start
            case spaces.MultiBinary():
                return _joint(self.space, chosen, [2] * _bits(self.space))
        assert isinstance(self.space, spaces.Box)
        return _stretched(self.space, chosen)


def _joint(space: Space, chosen: NDArray[Any], each: list[int]) -> NDArray[Any]:
    parts = np.unravel_index(chosen[:, 0].astype(np.int64), each)
    joint: NDArray[Any] = np.stack(parts, axis=1).astype(space.dtype).reshape(-1, *(space.shape or ()))
    return joint


def _stretched(space: spaces.Box, vectors: NDArray[Any]) -> NDArray[Any]:
    low, high = space.low.flatten(), space.high.flatten()
    bounded = (np.abs(low) < FARTHEST) & (np.abs(high) < FARTHEST)
    with np.errstate(invalid="ignore", over="ignore"):
        middle, half = np.where(bounded, (low + high) / 2, 0.0), np.where(bounded, (high - low) / 2, 1.0)
    stretched: NDArray[Any] = np.clip(middle + half * vectors, low, high).astype(space.dtype).reshape(-1, *space.shape)
    return stretched


def _bits(space: spaces.MultiBinary) -> int:
    return math.prod(space.shape)


def reach_of(name: str, space: Space) -> Reach:
    """Returns how actions of the environment `name` are chosen.

    Raises:
        StudyError: its action space is not supported.
    """
    match space:
        case spaces.Discrete():
            return Reach(space, int(space.n), False)
        case spaces.MultiDiscrete() | spaces.MultiBinary():
            each = space.nvec.flatten().tolist() if isinstance(space, spaces.MultiDiscrete) else [2] * _bits(space)
            if (joint := math.prod(each)) > MOST_CHOICES:
                raise wrong(name, f"{joint} joint choices of the action space {space}; allowed: at most {MOST_CHOICES}")
            return Reach(space, joint, False)
        case spaces.Box() if space.dtype.kind == "f":
            return Reach(space, math.prod(space.shape), True)
    raise wrong(name, f"actions of the space {space} are not supported; a wrapper can make them a Discrete or a Box")
