"""Memories, one stacked tensor program each, behind one signature (a seam that a user may replace).

Comes in: weights `[S, ...]`, a state, inputs. Goes out: states. A module with these five functions is a memory.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final, Protocol

import torch
from torch import Tensor

from ingredients.agent.memory import gru


class Memory(Protocol):
    """What carries the past through a lifetime."""

    def parameter_shapes(self, inputs: int, hidden: int) -> dict[str, tuple[int, ...]]:
        """Returns the shapes of one run's weights by name."""
        ...

    def initial_weights(self, inputs: int, hidden: int, draw: torch.Generator) -> dict[str, Tensor]:
        """Returns one run's first weights."""
        ...

    def initial_state(self, runs: int, lanes: int, hidden: int, like: Tensor) -> Tensor:
        """Returns the state at a lifetime's start, `[S, N, H]`."""
        ...

    def step(self, weights: Mapping[str, Tensor], state: Tensor, carry_t: Tensor, x_t: Tensor) -> Tensor:
        """Returns the state `[S, N, H]` after input x_t `[S, N, F]`; `carry_t` `[S, 1, 1]` of 0 resets it before."""
        ...

    def unroll(self, weights: Mapping[str, Tensor], state: Tensor, carry: Tensor, x: Tensor) -> Tensor:
        """Returns the states `[S, T, N, H]` after each of the inputs `[S, T, N, F]`; carry is `[S, T]`."""
        ...


MEMORIES: Final[Mapping[str, Memory]] = {"gru": gru}
