"""An asymmetric critic: in training it also sees task and time (Pinto et al. 2018)."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor
from torch.nn.functional import pad

from ingredients.agent.compiled import ZERO, Floats, arrays, compiled, flat_rows, inlined, loops_do, of_run
from ingredients.agent.kernels import kernels_do
from ingredients.seeds import Purpose, generator

TIME_FEATURES = 3
CACHED_ROWS = 128  # rows per block in torch: the units of 16 runs stay in a level-2 cache
LAST_BLOCK = 4  # columns, the first of which is the value: MKL rounds a single one by its position


@dataclass(frozen=True)
class Critic:
    """One hidden ReLU layer on [memory's output, ψ, time, 1]."""

    output_size: int
    task_size: int
    hidden: int

    @property
    def inputs(self) -> int:
        """Width of the input."""
        return self.output_size + self.task_size + TIME_FEATURES

    def shapes(self) -> dict[str, tuple[int, ...]]:
        """Returns the shapes of one run's weights."""
        return {
            "critic.first": (self.inputs, self.hidden),
            "critic.last": (self.hidden, LAST_BLOCK),
        }

    def initial_weights(self, seed: int) -> dict[str, Tensor]:
        """Returns one run's weights: LeCun-uniform, a small last layer."""
        draw = generator(seed, Purpose.CRITIC_WEIGHTS)

        def uniform(shape: tuple[int, ...], bound: float) -> Tensor:
            return torch.empty(shape).uniform_(-bound, bound, generator=draw)

        return {
            "critic.first": uniform((self.inputs, self.hidden), math.sqrt(3.0 / self.inputs)),
            "critic.last": uniform((self.hidden, LAST_BLOCK), 0.1 * math.sqrt(3.0 / self.hidden)),
        }


def features(outputs: Tensor, tasks: Tensor, discount: float) -> Tensor:
    """Returns the input `[..., T, N, C]` for outputs `[..., T, N, H]` and tasks `[..., N, D]`.

    Time is t / T and γ^{T−t}, the share of an endless future that the lifetime cuts off.
    """
    steps = outputs.shape[-3]
    t = torch.arange(steps, dtype=outputs.dtype, device=outputs.device)
    clock = torch.stack([t / steps, discount ** (steps - t), torch.ones_like(t)], dim=-1)
    leading = outputs.shape[:-1]
    spread = tasks.unsqueeze(-3).expand((*leading, tasks.shape[-1]))
    return torch.cat([outputs, spread, clock.view(steps, 1, TIME_FEATURES).expand((*leading, TIME_FEATURES))], dim=-1)


def values(weights: Mapping[str, Tensor], inputs: Tensor) -> Tensor:
    """Returns values `[S, ...]` for inputs `[S, ..., C]`."""
    rows = inputs.reshape(inputs.shape[0], -1, inputs.shape[-1])
    if kernels_do(rows) and not torch.is_grad_enabled():
        from ingredients.training import critic_triton

        layers = weights["critic.first"], weights["critic.last"]
        if critic_triton.fits(rows.shape[-1], layers[1].shape[1]):
            return critic_triton.values(rows, *layers).reshape(inputs.shape[:-1])
    if not loops_do(rows, *weights.values()):
        return _values(weights, _units(weights, rows)).reshape(inputs.shape[:-1])
    value = rows.new_empty(rows.shape[:2])
    _value_loop(*_looped_weights(weights), *arrays(rows, value))
    return value.reshape(inputs.shape[:-1])


@torch.no_grad()
def value_gradient(
    weights: Mapping[str, Tensor], inputs: Tensor, target: Tensor, like: Tensor, counts: Tensor | None = None
) -> tuple[Tensor, Tensor]:
    """Returns ½ mean (V − R)², `[S]`, and its gradient, shaped as the flat weights `like` `[S, Q]`.

    `inputs` are `[S, X, C]`, `target` R and `counts` (`learner.step_weights`) `[S, X]`.
    """
    if kernels_do(inputs):
        from ingredients.training import critic_triton

        layers = weights["critic.first"], weights["critic.last"]
        if critic_triton.fits(inputs.shape[-1], layers[1].shape[1]):
            return critic_triton.value_gradient(inputs, target, layers, like, counts)
    if loops_do(inputs):
        return _looped_value_gradient(weights, inputs, target, like, counts)
    last = weights["critic.last"]
    d_first, d_last = torch.zeros_like(weights["critic.first"]), torch.zeros_like(last)
    losses = []
    at_once = CACHED_ROWS if target.is_cpu else target.shape[1]
    for first in range(0, target.shape[1], at_once):
        rows = slice(first, first + at_once)
        units = _units(weights, inputs[:, rows])
        error = _values(weights, units) - target[:, rows]
        counted = error if counts is None else error * counts[:, rows]
        d_value = pad((counted / target.shape[1]).unsqueeze(-1), (0, LAST_BLOCK - 1))
        d_last.baddbmm_(units.transpose(1, 2), d_value)
        d_units = torch.ops.aten.threshold_backward(torch.bmm(d_value, last.transpose(1, 2)), units, 0.0)
        d_first.baddbmm_(inputs[:, rows].transpose(1, 2), d_units)
        losses.append((error * d_value[..., 0]).sum(1))
    gradient = torch.cat([d_first.flatten(1), d_last.flatten(1)], dim=1)
    return 0.5 * torch.stack(losses, dim=1).sum(1), pad(gradient, (0, like.shape[1] - gradient.shape[1]))


def _looped_value_gradient(
    weights: Mapping[str, Tensor], inputs: Tensor, target: Tensor, like: Tensor, counts: Tensor | None
) -> tuple[Tensor, Tensor]:
    gradient = like.new_zeros(like.shape)
    losses = inputs.new_empty(len(inputs))
    counts = target.new_empty(len(target), 0) if counts is None else counts
    _value_gradient_loop(*_looped_weights(weights), *arrays(inputs, target, counts, losses, gradient))
    return losses, gradient


def _looped_weights(weights: Mapping[str, Tensor]) -> tuple[tuple[Floats, Floats], int]:
    """Returns the first layer's flat weights (`compiled.flat_rows`) with the last's column, and the row length."""
    first, row = flat_rows(weights["critic.first"])
    return (first, arrays(weights["critic.last"][..., 0])[0]), row


@compiled
def _value_loop(layers: tuple[Floats, Floats], row: int, inputs: Floats, value: Floats) -> None:
    """Writes values `[S, X]` of inputs `[S, X, C]`."""
    (first, last), (runs, rows, entering) = layers, inputs.shape
    size = last.shape[1]
    units = np.empty((rows, size), np.float32)
    for s in range(runs):
        _value_run(of_run(first, row, s, (entering, size)), last[s], inputs[s], units, value[s])


@compiled
def _value_gradient_loop(
    layers: tuple[Floats, Floats],
    row: int,
    inputs: Floats,
    target: Floats,
    counts: Floats,
    losses: Floats,
    gradient: Floats,
) -> None:
    """Writes losses `[S]` and the gradient `[S, Q]`; `counts` may be `[S, 0]`."""
    (first, last), (runs, rows, entering) = layers, inputs.shape
    size = last.shape[1]
    units, d_units = np.empty((rows, size), np.float32), np.empty((rows, size), np.float32)
    value, d_last = np.empty(rows, np.float32), np.empty(size, np.float32)
    for s in range(runs):
        _value_run(of_run(first, row, s, (entering, size)), last[s], inputs[s], units, value)
        squares = np.float32(0.0)
        for i in range(rows):
            error = value[i] - target[s, i]
            value[i] = (error * counts[s, i] if counts.shape[1] else error) / np.float32(rows)
            squares += error * value[i]
            _back_unit(d_units[i], units[i], value[i], last[s])
        losses[s] = np.float32(0.5) * squares
        np.dot(units.T, value, d_last)
        np.dot(inputs[s].T, d_units, gradient[s, : entering * size].reshape(entering, size))
        for j in range(size):
            gradient[s, entering * size + j * LAST_BLOCK] = d_last[j]


@inlined
def _value_run(first: Floats, last: Floats, inputs: Floats, units: Floats, value: Floats) -> None:
    """Writes units `[X, V]` and values `[X]` of one run."""
    np.dot(inputs, first, units)
    _rectify(units.reshape(-1))
    np.dot(units, last, value)


@inlined
def _rectify(units: Floats) -> None:
    for i in range(units.size):
        units[i] = ZERO if units[i] < ZERO else units[i]


@inlined
def _back_unit(d_unit: Floats, unit: Floats, d_value: np.float32, last: Floats) -> None:
    for j in range(unit.size):
        d_unit[j] = d_value * last[j] if unit[j] > ZERO else ZERO


def _units(weights: Mapping[str, Tensor], rows: Tensor) -> Tensor:
    return torch.bmm(rows, weights["critic.first"]).relu_()


def _values(weights: Mapping[str, Tensor], units: Tensor) -> Tensor:
    return torch.bmm(units, weights["critic.last"])[..., 0]
