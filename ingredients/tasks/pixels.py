"""Images in observations: bytes, three to a number (see `gyms.frames`)."""

from __future__ import annotations

import torch
from torch import Tensor
from torch.nn import functional

from ingredients.gyms.frames import Frame, words_of
from ingredients.tasks.family import Family
from ingredients.tasks.foreign import frames

GLANCE = 8  # blocks along each side


def pixels(words: Tensor, frame: Frame) -> Tensor:
    """Returns pixels `[..., H, W, C]`, 0 to 255, from columns `[..., words]`."""
    height, width, channels = frame
    whole = words.to(torch.int32)
    bytes_ = torch.stack([whole & 255, (whole >> 8) & 255, whole >> 16], dim=-1).flatten(-2)
    return bytes_[..., : height * width * channels].view(*words.shape[:-1], height, width, channels).to(words.dtype)


def glanced(family: Family, observation: Tensor) -> Tensor:
    """Returns observations with images as brightness in 8 × 8 blocks, 0 to 1."""
    parts = []
    start = 0
    for frame in frames(family):
        end = start + words_of(frame)
        brightness = pixels(observation[..., start:end], frame).mean(-1) / 255
        blocks = functional.adaptive_avg_pool2d(brightness.flatten(0, -3).unsqueeze(1), GLANCE)
        parts.append(blocks.view(*observation.shape[:-1], GLANCE * GLANCE))
        start = end
    return torch.cat([*parts, observation[..., start:]], dim=-1) if parts else observation
