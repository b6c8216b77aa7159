"""The protocol of memories, the user's own included (docs/design.md §11).

A memory is one program for a stack of S runs with N lanes each.
"""

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
        """Returns one run's first weights."""
        ...

    def initial_state(self, runs: int, lanes: int, steps: int, like: Tensor) -> State:
        """Returns the state at the start of lifetimes of at most `steps` steps."""
        ...

    def step(self, weights: Mapping[str, Tensor], state: State, carry_t: Tensor, x_t: Tensor) -> tuple[Tensor, State]:
        """Returns the output `[S, N, H]` and the state after input x_t `[S, N, F]`.

        A `carry_t` `[S, 1, 1]` of 0 resets a run's lanes before the step. The step may write into `state`: clone it to
        keep it.
        """
        ...

    def unroll(self, weights: Mapping[str, Tensor], carry: Tensor, x: Tensor, start: State | None = None) -> Tensor:
        """Returns the outputs `[S, T, N, H]` from a lifetime's start, for carry `[S, T]` and inputs `[S, T, N, F]`.

        `start` is the state there, without gradient; None is the initial one. Only `gru` and `lstm` take another, and a
        carry of 0 at the first step resets it. They and `memoryless` also take a carry by lane: `[S, T, N]`, and
        `[S, N, 1]` in a step.
        """
        ...

    def tape_floats(self, steps: int) -> int:
        """Returns the peak floats per lane and step of an unroll of `steps` steps with its backward pass."""
        ...

    def state_floats(self, steps: int) -> int:
        """Returns the floats of one lane's state, for lifetimes of at most `steps` steps."""
        ...
