"""Images, made small: what an agent's convolutions see.

Comes in: a Box of two or more dimensions. Goes out: a `Reading` of its pixels from 0 to 1, each a whole number of 255th
parts, so that a byte keeps it to the bit; None where it is no image. It is one where its two longest sides, height and
width, are 32 or more, and all its numbers have the same finite bounds. Other dimensions are channels: colours, or
frames that were stacked. Sides above 64 are made smaller by the mean of square blocks of pixels.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any

import numpy as np
from gymnasium import spaces

from ingredients.gyms.parts import NUMBERS, Array, Floats, Part, Reading, array_shown

SHORTEST, LONGEST = 32, 64
BRIGHTEST = 255
PIXEL = np.float32(1 / BRIGHTEST)


def frame(space: spaces.Box) -> Reading | None:
    """Returns how an image is read; None where the space is none."""
    if len(space.shape) < 2 or sorted(space.shape)[-2] < SHORTEST or not space.is_bounded():
        return None
    low, high = float(space.low.min()), float(space.high.max())
    if low >= high or float(space.low.max()) > low or float(space.high.min()) < high:
        return None
    sides = sorted(np.argsort([-side for side in space.shape], kind="stable")[:2].tolist())
    channels = math.prod(space.shape) // (space.shape[sides[0]] * space.shape[sides[1]])
    block = -(-max(space.shape) // LONGEST)
    height, width = (-(-space.shape[side] // block) for side in sides)
    others = [axis for axis in range(len(space.shape)) if axis not in sides]
    shrink = _Shrink((*sides, *others), block, low, BRIGHTEST / (high - low))
    return Reading(height * width * channels, shrink, frame=(height, width, channels))


@dataclass(frozen=True)
class _Shrink:
    """Makes pixels of an image: its sides and then its channels are `axes`; blocks of `block` × `block` are one."""

    axes: tuple[int, ...]
    block: int
    low: float
    gain: float

    def __call__(self, part: Part, shown: Any) -> Array:  # noqa: ANN401 - whatever was shown
        image = array_shown(part, shown, NUMBERS).transpose(self.axes)
        small = image.astype(np.float32)
        if self.block > 1:
            small = _block_sums(_block_sums(small, 0, self.block), 1, self.block)
            small /= _counts(image.shape, self.block)
        bytes_ = np.rint((small - self.low) * self.gain).clip(0, BRIGHTEST)
        pixels: Array = bytes_.reshape(-1) * PIXEL
        return pixels


def _block_sums(image: Floats, axis: int, block: int) -> Floats:
    sums: Floats = np.add.reduceat(image, np.arange(0, image.shape[axis], block), axis=axis)
    return sums


def _counts(shape: tuple[int, ...], block: int) -> Floats:
    """Returns how many pixels each block is the mean of, `[H, W, 1, ...]`: the last of a side may be smaller."""
    each = [np.diff([*range(0, side, block), side]).astype(np.float32) for side in shape[:2]]
    return np.outer(*each).reshape(*map(len, each), *(1,) * (len(shape) - 2))
