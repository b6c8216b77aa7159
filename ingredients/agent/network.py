"""The agent's weights, one flat tensor `[S, P]`, and its head; initial weights depend on the seed alone."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
from torch import Tensor
from torch.autograd.function import once_differentiable
from torch.autograd.graph import _engine_run_backward

from ingredients.agent.compiled import Floats, arrays, compiled, flat_rows, loops_do, of_run
from ingredients.agent.eye import Eye
from ingredients.agent.kernels import kernels_do
from ingredients.agent.memory import Memory, State
from ingredients.agent.memory.recurrence import SIMD_BLOCK
from ingredients.agent.observation import InputLayout
from ingredients.agent.policy import sample
from ingredients.seeds import Purpose, generator

HEAD_BLOCK = 4
NO_EYE = Eye()  # of observations without images


@dataclass(frozen=True)
class Agent:
    """One architecture: image encoder if any, memory, optional ReLU layer of `head_hidden` units, linear head.

    After A columns of logits come the actions' predicted rewards, for training (`learner.prediction_gradient`); for
    vectors, means and log-deviations (`policy`).
    """

    layout: InputLayout
    hidden: int
    memory: Memory
    head_hidden: int = 0
    eye: Eye = NO_EYE

    @property
    def head(self) -> int:
        """Width of the head: 2A, padded to a multiple of four."""
        used = 2 * self.layout.actions
        return used + -used % HEAD_BLOCK

    def shapes(self) -> dict[str, tuple[int, ...]]:
        """Returns shapes by name, in the flat tensor's order."""
        between = {"head.first": (self.hidden, self.head_hidden), "head.first_bias": (1, self.head_hidden)}
        return {
            **self.memory.shapes(),
            **(between if self.head_hidden else {}),
            "head.weight": (self.head_hidden or self.hidden, self.head),
            "head.bias": (1, self.head),
            **self.eye.shapes(),
        }

    def initial_weights(self, seed: int) -> dict[str, Tensor]:
        """Returns first weights; the first policy is nearly uniform."""
        draw = generator(seed, Purpose.WEIGHTS)
        weights = self.memory.initial_weights(draw)
        read = self.hidden
        if self.head_hidden:
            bound = math.sqrt(3.0 / self.hidden)
            read = self.head_hidden
            weights["head.first"] = torch.empty(self.hidden, read).uniform_(-bound, bound, generator=draw)
            weights["head.first_bias"] = torch.zeros(1, read)
        bound = 0.01 * math.sqrt(3.0 / read)
        weights["head.weight"] = torch.empty(read, self.head).uniform_(-bound, bound, generator=draw)
        weights["head.bias"] = torch.zeros(1, self.head)
        return weights | self.eye.initial_weights(draw)

    def step(self, weights: Mapping[str, Tensor], state: State, carry_t: Tensor, x_t: Tensor) -> tuple[Tensor, State]:
        """Returns the memory's output `[S, N, H]` and state."""
        return self.memory.step(weights, state, carry_t, self.eye.seen(weights, x_t))

    def unroll(self, weights: Mapping[str, Tensor], carry: Tensor, x: Tensor, start: State | None = None) -> Tensor:
        """Returns the memory's outputs `[S, T, N, H]`."""
        return self.memory.unroll(weights, carry, self.eye.seen(weights, x), start)

    def choices(self, weights: Mapping[str, Tensor], outputs: Tensor, uniform: Tensor) -> Tensor:
        """Returns choices `[S, N]` (int64) for outputs `[S, N, H]`, uniforms `[S, N]`."""
        if kernels_do(outputs, uniform) and not self.head_hidden:
            from ingredients.agent import choice_triton

            if choice_triton.fits(self.hidden, self.layout.actions):
                head = weights["head.weight"], weights["head.bias"]
                return choice_triton.choose(outputs, head, uniform, self.layout.actions)
        return sample(self.logits(weights, outputs), uniform)

    def logits(self, weights: Mapping[str, Tensor], outputs: Tensor) -> Tensor:
        """Returns logits `[S, ..., A]` for outputs `[S, ..., H]`."""
        return self.heads(weights, outputs)[..., : self.layout.actions]

    def heads(self, weights: Mapping[str, Tensor], outputs: Tensor) -> Tensor:
        """Returns all head columns `[S, ..., P]` for outputs `[S, ..., H]`."""
        rows = outputs.reshape(outputs.shape[0], -1, outputs.shape[-1])
        if self.head_hidden:
            rows = _linear(rows, weights["head.first"], weights["head.first_bias"]).relu()
        return _linear(rows, weights["head.weight"], weights["head.bias"]).view(*outputs.shape[:-1], self.head)


def _linear(rows: Tensor, weight: Tensor, bias: Tensor) -> Tensor:
    """Returns x W + b, `[S, X, P]`, for rows x `[S, X, H]`."""
    if kernels_do(rows.detach()):
        from ingredients.agent import products_triton

        return products_triton.linear(rows, weight, bias)
    if not loops_do(rows.detach()):  # gradients are allowed: the loops have a backward pass
        return torch.baddbmm(bias, rows, weight)
    made: Tensor = _LoopedLinear.apply(rows, weight, bias)  # type: ignore[no-untyped-call]
    return made


class _LoopedLinear(torch.autograd.Function):
    """x W + b with its derivative, for few columns."""

    @staticmethod
    def forward(ctx: Any, x: Tensor, weight: Tensor, bias: Tensor) -> Tensor:  # noqa: ANN401
        heads = x.new_empty(*x.shape[:2], weight.shape[-1])
        rows, wide = arrays(x, heads)
        _products_loop(rows, *flat_rows(weight), wide)
        ctx.save_for_backward(x, weight)
        return heads.add_(bias)

    @staticmethod
    @once_differentiable
    def backward(ctx: Any, *gradients: Tensor) -> tuple[Tensor, Tensor, Tensor]:  # noqa: ANN401
        x, weight = ctx.saved_tensors
        d_x, d_weight = x.new_empty(x.shape), x.new_empty(weight.shape)
        _products_back_loop(*arrays(x, weight.transpose(1, 2), gradients[0], d_x, d_weight))
        return d_x, d_weight, gradients[0].sum(1, keepdim=True)


@compiled
def _products_loop(x: Floats, weight: Floats, row: int, out: Floats) -> None:
    """Writes x W `[S, X, P]`, for x `[S, X, H]` and weights from `compiled.flat_rows`."""
    runs, _, size = x.shape
    columns = out.shape[2]
    for s in range(runs):
        np.dot(x[s], of_run(weight, row, s, (size, columns)), out[s])


@compiled
def _products_back_loop(x: Floats, back: Floats, d_out: Floats, d_x: Floats, d_weight: Floats) -> None:
    """Writes the gradients over x and weights; `back` `[S, P, H]` is weights transposed."""
    for s in range(x.shape[0]):
        np.dot(d_out[s], back[s], d_x[s])
        np.dot(x[s].T, d_out[s], d_weight[s])


def flatten(weights: Sequence[Mapping[str, Tensor]]) -> Tensor:
    """Returns `[S, P]`, zero-padded to whole SIMD blocks, which runs never share."""
    rows = [torch.cat([w.reshape(-1) for w in run.values()]) for run in weights]
    return torch.nn.functional.pad(torch.stack(rows), (0, -rows[0].numel() % SIMD_BLOCK))


def views(rows: Tensor, shapes: Mapping[str, tuple[int, ...]]) -> dict[str, Tensor]:
    """Returns weights by name, `[S, *shape]`, as views of `rows` `[S, P]`."""
    named = {}
    start = 0
    for name, shape in shapes.items():
        size = math.prod(shape)
        named[name] = rows[:, start : start + size].view(rows.shape[0], *shape)
        start += size
    return named


def flat_gradient(outputs: Tensor, gradient: Tensor, leaves: Mapping[str, Tensor], like: Tensor) -> Tensor:
    """Returns the gradient over the leaves, `[S, P]`, given that over `outputs`; runs share no weight."""
    # what `torch.autograd.grad` does once it has loaded SymPy to compare two shapes: half a second in each new worker
    wanted = tuple(leaves.values())
    parts = _engine_run_backward((outputs,), (gradient,), False, False, wanted, False, accumulate_grad=False)
    flat = torch.cat([part.reshape(part.shape[0], -1) for part in parts], dim=1)
    return torch.nn.functional.pad(flat, (0, like.shape[1] - flat.shape[1]))
