"""Images, downscaled for the agent's convolutions (docs/tasks.md).

A number below 2²⁴, exact in float32, holds three bytes.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any

import numpy as np
from gymnasium import spaces

from ingredients.boundary.failures import Unfit
from ingredients.gyms.parts import NUMBERS, Array, Floats, Part, Reading, array_shown

SHORTEST, LONGEST = 32, 64
BRIGHTEST = 255
BYTES = 3  # in a number
Frame = tuple[int, int, int]


def words_of(frame: Frame) -> int:
    """Returns how many numbers hold an image."""
    return -(-math.prod(frame) // BYTES)


def frame(space: spaces.Box) -> Reading | None:
    """Returns how an image is read; None for other spaces."""
    if len(space.shape) < 2 or sorted(space.shape)[-2] < SHORTEST or not space.is_bounded():
        return None
    low, high = float(space.low.min()), float(space.high.max())
    if low >= high or float(space.low.max()) > low or float(space.high.min()) < high:
        return None
    sides = sorted(np.argsort([-side for side in space.shape], kind="stable")[:2].tolist())
    channels = math.prod(space.shape) // (space.shape[sides[0]] * space.shape[sides[1]])
    blocks = [-(-space.shape[side] // LONGEST) for side in sides]
    small = [-(-space.shape[side] // block) for side, block in zip(sides, blocks, strict=True)]
    others = [axis for axis in range(len(space.shape)) if axis not in sides]
    shrink = _Shrink((*sides, *others), (blocks[0], blocks[1]), low, BRIGHTEST / (high - low))
    made = (small[0], small[1], channels)
    return Reading(words_of(made), shrink, frame=made)


@dataclass(frozen=True)
class _Shrink:
    """Converts an image to words; `axes` are sides, then channels; blocks become pixels."""

    axes: tuple[int, ...]
    block: tuple[int, int]
    low: float
    gain: float

    def __call__(self, part: Part, shown: Any) -> Array:  # noqa: ANN401 - whatever was shown
        image = array_shown(part, shown, NUMBERS).transpose(self.axes)
        small = image.astype(np.float32)
        if self.block != (1, 1):
            small = _block_sums(_block_sums(small, 0, self.block[0]), 1, self.block[1])
            small /= _counts(image.shape, self.block)
        bytes_ = np.rint((small - self.low) * self.gain).reshape(-1)
        if not ((bytes_ >= 0) & (bytes_ <= BRIGHTEST)).all():
            raise Unfit(
                f"{part.where} from {small.min():g} to {small.max():g}; expected: as its space {part.space} says"
            )
        return _words(bytes_)


def _words(bytes_: Floats) -> Floats:
    """Returns three bytes in each number, the first lowest."""
    padded = np.zeros(-(-len(bytes_) // BYTES) * BYTES, np.float32)
    padded[: len(bytes_)] = bytes_
    words: Floats = padded.reshape(-1, BYTES) @ np.array([1, 2**8, 2**16], np.float32)
    return words


def _block_sums(image: Floats, axis: int, block: int) -> Floats:
    sums: Floats = np.add.reduceat(image, np.arange(0, image.shape[axis], block), axis=axis)
    return sums


def _counts(shape: tuple[int, ...], blocks: tuple[int, int]) -> Floats:
    """Returns the pixels of each block, `[H, W, 1, ...]`; a side's last may be smaller."""
    sides = zip(shape[:2], blocks, strict=True)
    each = [np.diff([*range(0, side, block), side]).astype(np.float32) for side, block in sides]
    return np.outer(*each).reshape(*map(len, each), *(1,) * (len(shape) - 2))
