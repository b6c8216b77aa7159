"""The agent's weights, S runs in one flat tensor, and its policy head.

Comes in: the input layout, the number of hidden units, seeds. Goes out: weights `[S, P]` and views of them by name.

All runs of a stack stand in one contiguous `[S, P]` tensor: the optimiser is a handful of operations whatever the
number of weights, and gradient norms are one reduction a run. Every cell has the same weights for the same seed.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import torch
from torch import Tensor

from ingredients.agent.memory import gru
from ingredients.agent.observation import Layout
from ingredients.seeds import Purpose, generator

SIMD_BLOCK = 32


@dataclass(frozen=True)
class Agent:
    """One architecture: memory, then a linear policy head on the memory's state."""

    layout: Layout
    hidden: int

    def shapes(self) -> dict[str, tuple[int, ...]]:
        """Returns the shapes of one run's weights, in the order in which they stand in the flat tensor."""
        return {
            **gru.parameter_shapes(self.layout.size, self.hidden),
            "policy.weight": (self.hidden, self.layout.actions),
            "policy.bias": (1, self.layout.actions),
        }

    def initial_weights(self, seed: int) -> dict[str, Tensor]:
        """Returns one run's weights; the small policy head starts close to the uniform policy."""
        draw = generator(seed, Purpose.WEIGHTS)
        bound = 0.01 * math.sqrt(3.0 / self.hidden)
        weights = gru.initial_weights(self.layout.size, self.hidden, draw)
        weights["policy.weight"] = torch.empty(self.hidden, self.layout.actions).uniform_(-bound, bound, generator=draw)
        weights["policy.bias"] = torch.zeros(1, self.layout.actions)
        return weights


def logits(weights: Mapping[str, Tensor], states: Tensor) -> Tensor:
    """Returns the policy's logits `[S, ..., A]` for memory states `[S, ..., H]`."""
    flat = states.reshape(states.shape[0], -1, states.shape[-1])
    out = torch.baddbmm(weights["policy.bias"], flat, weights["policy.weight"])
    return out.view((*states.shape[:-1], -1))


def flatten(weights: Sequence[Mapping[str, Tensor]]) -> Tensor:
    """Returns `[S, P]`: one row a run, padded with zeros to whole SIMD blocks so that rows never share one."""
    rows = [torch.cat([w.reshape(-1) for w in run.values()]) for run in weights]
    return torch.nn.functional.pad(torch.stack(rows), (0, -rows[0].numel() % SIMD_BLOCK))


def views(flat: Tensor, shapes: Mapping[str, tuple[int, ...]]) -> dict[str, Tensor]:
    """Returns the weights by name, `[S, *shape]`, as views of `flat` `[S, P]`."""
    named, start = {}, 0
    for name, shape in shapes.items():
        size = math.prod(shape)
        named[name] = flat[:, start : start + size].view(flat.shape[0], *shape)
        start += size
    return named
