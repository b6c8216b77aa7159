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

from ingredients.agent.memory import Memory
from ingredients.agent.observation import Layout
from ingredients.seeds import Purpose, generator

SIMD_BLOCK = 32
HEAD_BLOCK = 4


@dataclass(frozen=True)
class Agent:
    """One architecture: memory, then a linear policy head on the memory's output."""

    layout: Layout
    hidden: int
    memory: Memory

    @property
    def head(self) -> int:
        """Returns the width of the policy head: the actions, padded to a multiple of four.

        A product of another width starts some runs of a stack off a 16-byte boundary, and MKL rounds there otherwise.
        The columns beyond the actions are cut off the logits, so their weights stay where they are.
        """
        return self.layout.actions + -self.layout.actions % HEAD_BLOCK

    def shapes(self) -> dict[str, tuple[int, ...]]:
        """Returns the shapes of one run's weights, in the order in which they stand in the flat tensor."""
        return {
            **self.memory.shapes(),
            "policy.weight": (self.hidden, self.head),
            "policy.bias": (1, self.head),
        }

    def initial_weights(self, seed: int) -> dict[str, Tensor]:
        """Returns one run's weights; the small policy head starts close to the uniform policy."""
        draw = generator(seed, Purpose.WEIGHTS)
        bound = 0.01 * math.sqrt(3.0 / self.hidden)
        weights = self.memory.initial_weights(draw)
        weights["policy.weight"] = torch.empty(self.hidden, self.head).uniform_(-bound, bound, generator=draw)
        weights["policy.bias"] = torch.zeros(1, self.head)
        return weights

    def logits(self, weights: Mapping[str, Tensor], outputs: Tensor) -> Tensor:
        """Returns the policy's logits `[S, ..., A]` for the memory's outputs `[S, ..., H]`."""
        flat = outputs.reshape(outputs.shape[0], -1, outputs.shape[-1])
        wide = torch.baddbmm(weights["policy.bias"], flat, weights["policy.weight"])
        return wide.view(*outputs.shape[:-1], self.head)[..., : self.layout.actions]


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
