"""What a memory is: the protocol that a memory of the user's own keeps (docs/design.md §11).

A memory is one program for a whole stack: weights `[S, ...]`, states and inputs of S runs with N lanes each.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Protocol

import torch
from torch import Tensor

State = tuple[Tensor, ...]
"""What is carried from step to step: parts `[S, N, ...]`. Dimension 1 is the lane: probes swap lanes by rolling it."""


class Memory(Protocol):
    """What carries the past through a lifetime."""

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

        `carry_t` `[S, 1, 1]` of 0 resets a run's lanes to the initial state before the step. The step may write into
        the storage of `state`: to keep the state, keep a clone.
        """
        ...

    def unroll(self, weights: Mapping[str, Tensor], carry: Tensor, x: Tensor, start: State | None = None) -> Tensor:
        """Returns the outputs `[S, T, N, H]` from a lifetime's start; carry is `[S, T]`, the inputs `[S, T, N, F]`.

        `start` is the state there, to which no gradient flows; None is the initial one. Only `gru` and `lstm`
        take another, and a carry of 0 at the first step resets that, too. They, and `memoryless`, also take a carry of
        each lane, `[S, T, N]`, and of a step `[S, N, 1]`.
        """
        ...

    def tape_floats(self, steps: int) -> int:
        """Returns the floats a lane and step that an unroll of `steps` steps and its way back hold at most."""
        ...

    def state_floats(self, steps: int) -> int:
        """Returns the floats of one lane's state, for lifetimes of at most `steps` steps."""
        ...
