"""Memories as the tests of memory make and run them."""

from __future__ import annotations

import torch
from torch import Tensor

from ingredients.agent.memory import Memory, make_memory

OWN = ("own_memories:Gated", "own_memories:TorchGru")
KINDS = ("gru", "lstm", "fast-weights", "transitions", "transformer", "window", "none", *OWN)
CARRYING = tuple(kind for kind in KINDS if kind != "none")
F, LENGTH, HORIZON = 5, 4, 20
Weights = dict[str, Tensor]


def made(kind: str, hidden: int = 16) -> Memory:
    """Returns a memory of a kind."""
    return make_memory(kind, F, hidden, LENGTH, HORIZON)


def stack_of(memory: Memory, runs: int, dtype: torch.dtype = torch.float32) -> Weights:
    """Returns the weights `[S, ...]` of runs with the seeds 0, 1, ..."""
    each = [memory.initial_weights(torch.Generator().manual_seed(seed)) for seed in range(runs)]
    return {name: torch.stack([one[name] for one in each]).to(dtype) for name in memory.shapes()}


def inputs(runs: int, steps: int, lanes: int, dtype: torch.dtype = torch.float32) -> Tensor:
    """Returns inputs `[S, T, N, F]`, the last column 1; a run's do not depend on how many runs there are."""
    shape = (steps, lanes, F)
    x = torch.stack([torch.randn(shape, generator=torch.Generator().manual_seed(run)) for run in range(runs)])
    x[..., -1] = 1.0
    return x.to(dtype)


def carried(runs: int, steps: int, dtype: torch.dtype = torch.float32) -> Tensor:
    """Returns carry `[S, T]` with some resets, other ones for each run; run 0 is reset before every step."""
    each = [torch.rand(steps, generator=torch.Generator().manual_seed(run)) < 0.8 for run in range(runs)]
    each[0] = torch.zeros(steps, dtype=torch.bool)
    return torch.stack(each).to(dtype)


def by_steps(memory: Memory, weights: Weights, carry: Tensor, x: Tensor) -> Tensor:
    """Returns the outputs `[S, T, N, H]`, step by step."""
    state, outputs = memory.initial_state(x.shape[0], x.shape[2], x.shape[1], x), []
    for t in range(x.shape[1]):
        output, state = memory.step(weights, state, carry[:, t, None, None], x[:, t])
        outputs.append(output)
    return torch.stack(outputs, dim=1)
