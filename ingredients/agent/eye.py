"""The image encoder (Mnih et al. 2013, §4.1, a quarter of the last layer); without images the identity.

    first      16 kernels of 8 × 8 pixels, stride 4, ReLU
    second     32 kernels of 4 × 4, stride 2, ReLU
    last       64 units, ReLU

Runs are computed one by one: bits must not depend on the stack.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor
from torch.autograd.function import once_differentiable
from torch.nn import functional

from ingredients.gyms.frames import BRIGHTEST, Frame, words_of
from ingredients.tasks.pixels import pixels

FEATURES = 64
BLOCK = 128  # images
FIRST, SECOND = (16, 8, 4), (32, 4, 2)  # kernels, their side, how far they stand apart
PAD_FIRST, PAD_SECOND = 2, 1
LAYERS = ("first", "first_bias", "second", "second_bias", "last", "last_bias")


@dataclass(frozen=True)
class Eye:
    """The encoder for images of these (height, width, channels)."""

    frames: tuple[Frame, ...] = ()

    @property
    def words(self) -> int:
        """Number of image columns; they come first."""
        return sum(words_of(frame) for frame in self.frames)

    def entering(self, size: int) -> int:
        """Returns the memory's input width, for observations of width `size`."""
        return size - self.words + FEATURES * len(self.frames)

    @property
    def block_floats(self) -> int:
        """Upper bound of a block's floats, layers and gradients included."""
        return 3 * BLOCK * sum(_block_floats(frame) for frame in self.frames)

    def shapes(self) -> dict[str, tuple[int, ...]]:
        """Returns shapes by name."""
        return {
            _name(index, layer): shape
            for index, frame in enumerate(self.frames)
            for layer, shape in zip(LAYERS, _shapes(frame), strict=True)
        }

    def initial_weights(self, draw: torch.Generator) -> dict[str, Tensor]:
        """Returns a run's weights: He-uniform (He et al. 2015), biases 0."""
        weights = {}
        for name, shape in self.shapes().items():
            bound = 0.0 if name.endswith("bias") else math.sqrt(6.0 / _fan_in(shape))
            weights[name] = torch.empty(shape).uniform_(-bound, bound, generator=draw)
        return weights

    def seen(self, weights: Mapping[str, Tensor], inputs: Tensor) -> Tensor:
        """Returns inputs `[S, ..., F]` with images replaced by features: `[S, ..., entering(F)]`."""
        if not self.frames:
            return inputs
        parts = []
        start = 0
        for index, frame in enumerate(self.frames):
            end = start + words_of(frame)
            shown = inputs[..., start:end].flatten(1, -2)
            layers = (weights[_name(index, layer)] for layer in LAYERS)
            features: Tensor = _Features.apply(frame, shown, *layers)  # type: ignore[no-untyped-call]
            parts.append(features.view(*inputs.shape[:-1], FEATURES))
            start = end
        return torch.cat([*parts, inputs[..., start:]], dim=-1)


class _Features(torch.autograd.Function):
    """Features `[S, X, E]` of images `[S, X, words]`, differentiable in weights `[S, ...]`."""

    @staticmethod
    def forward(ctx: Any, frame: Frame, shown: Tensor, *layers: Tensor) -> Tensor:  # noqa: ANN401
        ctx.frame = frame
        ctx.save_for_backward(shown, *layers)
        features = shown.new_empty(*shown.shape[:2], FEATURES)
        for run in range(len(shown)):
            own = _own(layers, run)
            for rows in _blocks(shown.shape[1]):
                features[run, rows] = _features(frame, shown[run, rows], own)
        return features

    @staticmethod
    @once_differentiable
    def backward(ctx: Any, *gradients: Tensor) -> tuple[Tensor | None, ...]:  # noqa: ANN401
        shown, *layers = ctx.saved_tensors
        into = [torch.zeros_like(layer, memory_format=torch.contiguous_format) for layer in layers]
        for run in range(len(shown)):
            own = [layer.requires_grad_() for layer in _own(layers, run)]
            for rows in _blocks(shown.shape[1]):
                with torch.enable_grad():
                    features = _features(ctx.frame, shown[run, rows], own)
                for total, part in zip(into, torch.autograd.grad(features, own, gradients[0][run, rows]), strict=True):
                    total[run] += part
        return None, None, *into


def _features(frame: Frame, shown: Tensor, layers: Sequence[Tensor]) -> Tensor:
    """Returns features `[X, E]` of a run's images `[X, words]`."""
    first, first_bias, second, second_bias, last, last_bias = layers
    with _alike(shown):
        image = pixels(shown, frame).permute(0, 3, 1, 2) * (1 / BRIGHTEST)
        units = functional.conv2d(image, first, first_bias, stride=FIRST[2], padding=PAD_FIRST).relu()
        units = functional.conv2d(units, second, second_bias, stride=SECOND[2], padding=PAD_SECOND).relu()
        return torch.addmm(last_bias, units.flatten(1), last).relu()


def _alike(shown: Tensor) -> AbstractContextManager[object]:
    """Makes convolutions on a GPU deterministic and full-precision."""
    if not shown.is_cuda:
        return nullcontext()
    return torch.backends.cudnn.flags(enabled=True, benchmark=False, deterministic=True, allow_tf32=False)


def _own(layers: Sequence[Tensor], run: int) -> list[Tensor]:
    """Returns copies of a run's weights, aligned as in any stack."""
    return [layer[run].detach().clone(memory_format=torch.contiguous_format) for layer in layers]


def _blocks(rows: int) -> Iterator[slice]:
    return (slice(start, start + BLOCK) for start in range(0, rows, BLOCK))


def _shapes(frame: Frame) -> tuple[tuple[int, ...], ...]:
    """Returns the shapes of `LAYERS`."""
    height, width, channels = frame
    units = SECOND[0] * math.prod(
        _after(_after(side, FIRST, PAD_FIRST), SECOND, PAD_SECOND) for side in (height, width)
    )
    first, second = (FIRST[0], channels, FIRST[1], FIRST[1]), (SECOND[0], FIRST[0], SECOND[1], SECOND[1])
    return first, (FIRST[0],), second, (SECOND[0],), (units, FEATURES), (FEATURES,)


def _block_floats(frame: Frame) -> int:
    """Returns the floats of one image and its layers."""
    height, width, channels = frame
    sides = [_after(side, FIRST, PAD_FIRST) for side in (height, width)]
    return height * width * channels + FIRST[0] * math.prod(sides) + _shapes(frame)[4][0]


def _after(side: int, kernels: tuple[int, int, int], padding: int) -> int:
    return (side + 2 * padding - kernels[1]) // kernels[2] + 1


def _fan_in(shape: tuple[int, ...]) -> int:
    return shape[0] if len(shape) == 2 else math.prod(shape[1:])


def _name(index: int, layer: str) -> str:
    return f"eye.{index}.{layer}"
