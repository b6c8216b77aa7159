"""Action distributions: a softmax over A choices, or independent normals over a vector's A components.

Means and log-deviations, clipped to [−4, 1], are head columns. NaN logits give an arbitrary action.
"""

from __future__ import annotations

import math
from typing import NamedTuple

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from ingredients.agent.compiled import Floats, arrays, compiled, loops_do

NARROWEST, WIDEST = -4.0, 1.0
EDGE = 1e-6  # a uniform draw may be 0, whose normal quantile is −∞


class Normal(NamedTuple):
    """Means and log-deviations, `[..., A]`; `free` is 1 where the log-deviation is not clipped."""

    mean: Tensor
    log_deviation: Tensor
    free: Tensor


def normal(heads: Tensor, actions: int) -> Normal:
    """Returns the normals of heads `[..., P]`."""
    asked = heads[..., actions : 2 * actions]
    bounded = asked.clamp(NARROWEST, WIDEST)
    return Normal(heads[..., :actions], bounded, (asked == bounded).to(heads.dtype))


def sample(logits: Tensor, uniform: Tensor) -> Tensor:
    """Returns choices `[...]` (int64) for logits `[..., A]` and uniforms `[...]`."""
    if loops_do(logits, uniform):
        choice = torch.empty(uniform.shape, dtype=torch.int64)
        rows, drawn = arrays(logits.reshape(-1, logits.shape[-1]), uniform.reshape(-1))
        _sample_loop(rows, drawn, choice.view(-1).numpy())
        return choice
    cumulative = torch.softmax(logits, dim=-1).cumsum(-1)
    return (cumulative[..., :-1] <= uniform.unsqueeze(-1)).sum(-1)


@compiled
def _sample_loop(logits: Floats, uniform: Floats, choice: NDArray[np.int64]) -> None:
    """Writes choices `[X]` for logits `[X, A]`."""
    rows, actions = logits.shape
    weights = np.empty(actions, np.float32)
    for i in range(rows):
        highest = logits[i].max()
        total = np.float32(0.0)
        for j in range(actions):
            weights[j] = math.exp(logits[i, j] - highest)
            total += weights[j]
        reached = 0
        cumulative = np.float32(0.0)
        for j in range(actions - 1):
            cumulative += weights[j]
            reached += cumulative <= uniform[i] * total
        choice[i] = reached


def sample_vector(heads: Tensor, uniform: Tensor) -> Tensor:
    """Returns vectors `[..., A]` for heads `[..., P]` and uniforms `[..., A]`."""
    policy = normal(heads, uniform.shape[-1])
    quantile: Tensor = torch.special.ndtri(uniform.clamp(EDGE, 1 - EDGE))
    return policy.mean + policy.log_deviation.exp() * quantile


def log_density(policy: Normal, action: Tensor) -> Tensor:
    """Returns log π(a), `[...]`, of vectors `[..., A]`."""
    distance = (action - policy.mean) * (-policy.log_deviation).exp()
    return (-0.5 * distance * distance - policy.log_deviation - 0.5 * math.log(2 * math.pi)).sum(-1)


def vector_entropy(policy: Normal) -> Tensor:
    """Returns the entropy Σ (log σ + ½ log 2πe), `[...]`."""
    return (policy.log_deviation + 0.5 * math.log(2 * math.pi * math.e)).sum(-1)
