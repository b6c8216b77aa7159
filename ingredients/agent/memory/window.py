"""A window: two ReLU layers on the last k inputs, the current one included.

The state is the last k − 1 inputs, oldest first; before the first input they are zeros, even in the constant column.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Protocol

import torch
from torch import Tensor
from torch.nn.functional import pad

from ingredients.agent.memory.memoryless import KEPT, initial_layers, layer_shapes, second_layer
from ingredients.agent.memory.protocol import State

BLOCK_FLOATS = 2**15  # of one run's windows made at once: 16 runs of them are 2 MB


@dataclass(frozen=True)
class Window:
    """The last `length` inputs, H units in either layer."""

    inputs: int
    hidden: int
    length: int

    def shapes(self) -> dict[str, tuple[int, ...]]:
        """Returns shapes by name; the first layer's last F rows take the current input."""
        return layer_shapes("window", self.length * self.inputs, self.hidden)

    def initial_weights(self, draw: torch.Generator) -> dict[str, Tensor]:
        """Returns first weights (`initial_layers`)."""
        return initial_layers(self.shapes(), draw)

    def initial_state(self, runs: int, lanes: int, steps: int, like: Tensor) -> State:
        """Returns zeros `[S, N, (k − 1)·F]`; k is at most the lifetime's steps."""
        return (like.new_zeros(runs, lanes, self.state_floats(steps)),)

    def step(self, weights: Mapping[str, Tensor], state: State, carry_t: Tensor, x_t: Tensor) -> tuple[Tensor, State]:
        """Implements `Memory.step`."""
        seen = torch.cat([state[0] * carry_t, x_t], dim=-1)
        sums = torch.bmm(seen, weights["window.first"][:, -seen.shape[-1] :])
        return second_layer("window", weights, sums), (seen[..., self.inputs :],)

    def unroll(self, weights: Mapping[str, Tensor], carry: Tensor, x: Tensor, start: State | None = None) -> Tensor:
        """Implements `Memory.unroll`."""
        assert start is None, "a study asks only memories whose state has bounds for another start"
        held = min(self.length, x.shape[1])
        first = weights["window.first"][:, -held * self.inputs :]
        sums: Tensor = _FirstLayer.apply(x, _within_reach(carry, held), first)  # type: ignore[no-untyped-call]
        return second_layer("window", weights, sums).view(*x.shape[:3], self.hidden)

    def tape_floats(self, steps: int) -> int:
        """Implements `Memory.tape_floats`."""
        return KEPT * self.hidden + self.inputs

    def state_floats(self, steps: int) -> int:
        """Implements `Memory.state_floats`."""
        return (min(self.length, steps) - 1) * self.inputs


def _within_reach(carry: Tensor, held: int) -> Tensor:
    """Returns `[S, T, held]`: 1 where the input so far back (oldest first) follows the last reset."""
    stretch = (carry == 0).cumsum(1)
    return (pad(stretch, (held - 1, 0), value=-1).unfold(1, held, 1) == stretch.unsqueeze(-1)).to(carry.dtype)


class _Context(Protocol):
    """What torch hands from forward to backward pass."""

    saved_tensors: tuple[Tensor, ...]
    needs_input_grad: tuple[bool, ...]

    def save_for_backward(self, *tensors: Tensor) -> None: ...


class _FirstLayer(torch.autograd.Function):
    """Pre-activations `[S, T·N, H]` of the first layer."""

    @staticmethod
    def forward(ctx: _Context, x: Tensor, reach: Tensor, first: Tensor) -> Tensor:
        ctx.save_for_backward(x, reach, first)
        sums = x.new_empty(x.shape[0], x.shape[1] * x.shape[2], first.shape[-1])
        for rows, windows in _windows(x, reach):
            sums[:, rows] = torch.bmm(windows, first)
        return sums

    @staticmethod
    def backward(ctx: _Context, *gradients: Tensor) -> tuple[Tensor | None, ...]:
        x, reach, first = ctx.saved_tensors
        d_first = torch.zeros_like(first, memory_format=torch.contiguous_format)
        for rows, windows in _windows(x, reach):
            d_first.baddbmm_(windows.transpose(1, 2), gradients[0][:, rows])
        return _into_inputs(x, reach, first, gradients[0]) if ctx.needs_input_grad[0] else None, None, d_first


def _into_inputs(x: Tensor, reach: Tensor, first: Tensor, d_sums: Tensor) -> Tensor:
    """Returns the gradient over x."""
    runs, steps, lanes, features = x.shape
    held = reach.shape[-1]
    d_padded = x.new_zeros(runs, steps + held - 1, lanes, features)
    for place, block in enumerate(first.reshape(runs, held, features, -1).unbind(1)):
        part = torch.bmm(d_sums, block.transpose(1, 2)).view(x.shape)
        d_padded[:, place : place + steps] += part * reach[:, :, place, None, None]
    return d_padded[:, held - 1 :]


def _windows(x: Tensor, reach: Tensor) -> Iterator[tuple[slice, Tensor]]:
    """Yields rows of T·N and their windows `[S, b·N, held·F]`."""
    runs, steps, lanes, features = x.shape
    held = reach.shape[-1]
    padded = pad(x, (0, 0, 0, 0, held - 1, 0))
    block = max(1, BLOCK_FLOATS // (lanes * held * features))
    for start in range(0, steps, block):
        end = min(start + block, steps)
        seen = padded[:, start : end + held - 1].unfold(1, held, 1).permute(0, 1, 2, 4, 3)
        windows = x.new_empty(runs, end - start, lanes, held, features)
        torch.mul(seen, reach[:, start:end, None, :, None], out=windows)
        yield slice(start * lanes, end * lanes), windows.view(runs, -1, held * features)
