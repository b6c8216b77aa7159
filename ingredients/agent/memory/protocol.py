"""The protocol of memories (docs/design.md §11), each a program for a stack of S runs with N lanes each."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Protocol

import torch
from torch import Tensor

State = tuple[Tensor, ...]
"""What is carried from step to step: parts `[S, N, ...]`. Dimension 1 is the lane: probes swap lanes by rolling it."""


class Memory(Protocol):
    """Carries the past through a lifetime."""

    def shapes(self) -> dict[str, tuple[int, ...]]:
        """Returns the shapes of one run's weights by name."""
        ...

    def initial_weights(self, draw: torch.Generator) -> dict[str, Tensor]:
        """Returns a run's first weights."""
        ...

    def initial_state(self, runs: int, lanes: int, steps: int, like: Tensor) -> State:
        """Returns the state at the start of lifetimes of at most `steps` steps."""
        ...

    def step(self, weights: Mapping[str, Tensor], state: State, carry_t: Tensor, x_t: Tensor) -> tuple[Tensor, State]:
        """Returns the output `[S, N, H]` and the state after input x_t `[S, N, F]`.

        A `carry_t` `[S, 1, 1]` of 0 first resets a run's lanes. `state` may be overwritten.
        """
        ...

    def unroll(self, weights: Mapping[str, Tensor], carry: Tensor, x: Tensor, start: State | None = None) -> Tensor:
        """Returns outputs `[S, T, N, H]` for carry `[S, T]` and inputs `[S, T, N, F]` from a lifetime's start.

        `start` is the state there, without gradient; None: the initial one. Only `gru` and `lstm` take another. They
        and `memoryless` also take a carry by lane: `[S, T, N]`, in a step `[S, N, 1]`.
        """
        ...

    def tape_floats(self, steps: int) -> int:
        """Returns the peak floats per lane and step of an unroll with its backward pass."""
        ...

    def state_floats(self, steps: int) -> int:
        """Returns the floats of a lane's state."""
        ...
