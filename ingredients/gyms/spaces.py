"""Observations of any supported Gymnasium space as rows of numbers (docs/tasks.md), checked (`parts`) and copied.

Images come first; other columns are ordered as by `gymnasium.spaces.flatten`.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from gymnasium import spaces
from numpy.typing import NDArray

from ingredients.gyms.frames import Frame
from ingredients.gyms.parts import NUMBERS, Floats, Part, Space
from ingredients.gyms.readings import leaves, reading_of
from ingredients.gyms.recipe import wrong
from ingredients.gyms.symbols import Counts


@dataclass(frozen=True, eq=False)
class Sight:
    """How observations of a space become numbers, `[size]`.

    Attributes:
        measured: whether a column is a Box's number.
        low, high: usual bounds of columns; infinite where unknown.
        plain: the shape of an observation that is one row of numbers, else None.
    """

    space: Space
    measured: NDArray[np.bool_]
    low: Floats
    high: Floats
    parts: tuple[Part, ...]
    plain: tuple[int, ...] | None

    @property
    def size(self) -> int:
        """Length of an observation."""
        return len(self.measured)

    @property
    def frames(self) -> tuple[Frame, ...]:
        """Height, width and channels of the first columns' images."""
        return tuple(part.reading.frame for part in self.parts if part.reading.frame)

    @property
    def is_symbols(self) -> bool:
        """Whether all parts are one-hots, bits or words."""
        return not self.measured.any() and not self.frames

    @property
    def notices(self) -> tuple[str, ...]:
        """Sentences for the user on how parts are read."""
        return tuple(f"{part.where} {part.reading.notice}" for part in self.parts if part.reading.notice)

    def write(self, row: Floats, observation: Any) -> None:  # noqa: ANN401 - of the space
        """Writes the observation into `row`'s first columns.

        Raises:
            Unfit: it is not of the space.
        """
        if type(observation) is np.ndarray and observation.shape == self.plain and observation.dtype.kind in NUMBERS:
            row[: self.size] = observation  # what most of them are; a check of each part takes its time
            return
        for part in self.parts:
            part.write(row, observation)

    def read(self, observation: Any) -> Floats:  # noqa: ANN401 - of the space
        """Returns a copy as numbers `[size]`.

        Raises:
            Unfit: it is not of the space.
        """
        row = np.zeros(self.size, np.float32)
        self.write(row, observation)
        return row

    def name(self, column: int) -> str:
        """Returns a column's name: `observation[2]`."""
        return next(part.name(column) for part in self.parts if column < part.end)


def sight_of(name: str, space: Space, known: Counts | None = None) -> Sight:
    """Returns the `Sight` of the environment `name`; `known` are `symbols.known`.

    Raises:
        StudyError: the observation space is unsupported.
    """
    parts = _parts(name, space, known)
    size = parts[-1].end if parts else 0
    if not size:
        what = f"observations of the space {space} hold no number; an agent must be shown at least one"
        raise wrong(name, f"{what} (a wrapper can add a constant: wrappers: [module:Class])")
    measured = np.zeros(size, np.bool_)
    low, high = np.full(size, -np.inf, np.float32), np.full(size, np.inf, np.float32)
    for part in parts:
        if part.reading.bounds:
            measured[part.start : part.end] = True
            low[part.start : part.end], high[part.start : part.end] = part.reading.bounds
    plain = space.shape if isinstance(space, spaces.Box) and len(space.shape) == 1 else None
    return Sight(space, measured, low, high, parts, plain)


def _parts(name: str, space: Space, known: Counts | None) -> tuple[Part, ...]:
    """Returns a space's consecutive parts, images first."""
    found: list[Part] = []
    for path, leaf in leaves(space):
        reading = reading_of(leaf, known)
        if reading is None:
            where = "".join(f"{key}: " for key in path)
            what = f"observations of the space {where}{type(leaf).__name__} are not supported"
            raise wrong(name, f"{what}; a wrapper can change them (wrappers: [module:Class])")
        found.append(Part(path, leaf, 0, reading))
    start = 0
    for index, part in enumerate(found := sorted(found, key=lambda part: part.reading.frame is None)):
        found[index] = replace(part, start=start)
        start += part.reading.size
    return tuple(found)
