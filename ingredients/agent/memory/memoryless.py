"""No memory: two ReLU layers on the current input."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass

import torch
from torch import Tensor

from ingredients.agent.memory.protocol import State

KEPT = 6  # most floats alive per lane, step and unit: two layers and their gradients, as measured


@dataclass(frozen=True)
class Memoryless:
    """The memory without a state."""

    inputs: int
    hidden: int

    def shapes(self) -> dict[str, tuple[int, ...]]:
        """Returns shapes by name; the constant column's weight is a bias."""
        return layer_shapes("none", self.inputs, self.hidden)

    def initial_weights(self, draw: torch.Generator) -> dict[str, Tensor]:
        """Returns first weights (`initial_layers`)."""
        return initial_layers(self.shapes(), draw)

    def initial_state(self, runs: int, lanes: int, steps: int, like: Tensor) -> State:
        """Returns the empty state."""
        return ()

    def step(self, weights: Mapping[str, Tensor], state: State, carry_t: Tensor, x_t: Tensor) -> tuple[Tensor, State]:
        """Implements `Memory.step`, whatever the carry."""
        return second_layer("none", weights, torch.bmm(x_t, weights["none.first"])), ()

    def unroll(self, weights: Mapping[str, Tensor], carry: Tensor, x: Tensor, start: State | None = None) -> Tensor:
        """Implements `Memory.unroll`."""
        assert start is None, "a study asks only memories whose state has bounds for another start"
        sums = torch.bmm(x.flatten(1, 2), weights["none.first"])
        return second_layer("none", weights, sums).view(*x.shape[:3], self.hidden)

    def tape_floats(self, steps: int) -> int:
        """Implements `Memory.tape_floats`."""
        return KEPT * self.hidden

    def state_floats(self, steps: int) -> int:
        """Implements `Memory.state_floats`."""
        return 0


def layer_shapes(name: str, inputs: int, hidden: int) -> dict[str, tuple[int, ...]]:
    """Returns the shapes of two ReLU layers."""
    return {f"{name}.first": (inputs, hidden), f"{name}.second": (hidden, hidden), f"{name}.bias": (1, hidden)}


def initial_layers(shapes: Mapping[str, tuple[int, ...]], draw: torch.Generator) -> dict[str, Tensor]:
    """Returns first weights for `layer_shapes`: U(±√(6 / fan-in)) (He et al. 2015), biases 0."""
    first, second, bias = shapes
    weights = {
        name: torch.empty(shapes[name]).uniform_(-1.0, 1.0, generator=draw).mul_(math.sqrt(6.0 / shapes[name][0]))
        for name in (first, second)
    }
    weights[first][-1] = 0.0
    return weights | {bias: torch.zeros(shapes[bias])}


def second_layer(name: str, weights: Mapping[str, Tensor], sums: Tensor) -> Tensor:
    """Returns outputs `[S, X, H]` for the first layer's pre-activations `[S, X, H]`."""
    return torch.baddbmm(weights[f"{name}.bias"], sums.relu_(), weights[f"{name}.second"]).relu_()
