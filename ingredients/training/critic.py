"""The critic: the value of a moment, seen with more eyes than the policy has, and only in training.

Comes in: the memory's output (detached), the task ψ, the time. Goes out: values `[S, ...]`.

In a lifetime most of the return's variance is which task was drawn and how much time is left; a critic that sees both
leaves to the advantage what the action did (an asymmetric critic, Pinto et al. 2018). The policy never sees them, so
the trained agent's information is that of its cell.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass

import torch
from torch import Tensor
from torch.nn.functional import pad

from ingredients.seeds import Purpose, generator

TIME_FEATURES = 3
CACHED_ROWS = 128  # steps whose units are made and used before the next: 16 runs' stay in a level-2 cache
LAST_BLOCK = 4  # the value is the first of so many columns: MKL rounds a product one column wide by where it stands


@dataclass(frozen=True)
class Critic:
    """One hidden layer of rectified units on [memory's output, ψ, time, 1]."""

    output_size: int
    task_size: int
    hidden: int

    @property
    def inputs(self) -> int:
        """Returns the length of the critic's input."""
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
    """Returns the critic's input `[..., T, N, C]` for outputs `[..., T, N, H]` and tasks `[..., N, D]`.

    Time is given as t / T and as γ^{T−t}, the share of an endless future that the lifetime's end cuts off.
    """
    steps = outputs.shape[-3]
    t = torch.arange(steps, dtype=outputs.dtype, device=outputs.device)
    clock = torch.stack([t / steps, discount ** (steps - t), torch.ones_like(t)], dim=-1)
    leading = outputs.shape[:-1]
    spread = tasks.unsqueeze(-3).expand((*leading, tasks.shape[-1]))
    return torch.cat([outputs, spread, clock.view(steps, 1, TIME_FEATURES).expand((*leading, TIME_FEATURES))], dim=-1)


def values(weights: Mapping[str, Tensor], inputs: Tensor) -> Tensor:
    """Returns values `[S, ...]` for the critic's inputs `[S, ..., C]`."""
    flat = inputs.reshape(inputs.shape[0], -1, inputs.shape[-1])
    return _values(weights, _units(weights, flat)).reshape(inputs.shape[:-1])


@torch.no_grad()
def value_gradient(
    weights: Mapping[str, Tensor], inputs: Tensor, target: Tensor, like: Tensor
) -> tuple[Tensor, Tensor]:
    """Returns ½ mean (V − R)², `[S]`, and its gradient in the shape of `like`, the flat weights `[S, Q]`.

    Derived by hand: autograd makes two products of one-column factors, which torch computes element by element.

    Args:
        weights: the critic's, by name.
        inputs: `[S, X, C]`.
        target: R, `[S, X]`; no gradient goes through it.
        like: `[S, Q]`.
    """
    last = weights["critic.last"]
    d_first, d_last = torch.zeros_like(weights["critic.first"]), torch.zeros_like(last)
    losses = []
    for first in range(0, target.shape[1], CACHED_ROWS):
        rows = slice(first, first + CACHED_ROWS)
        units = _units(weights, inputs[:, rows])
        error = _values(weights, units) - target[:, rows]
        d_value = pad((error / target.shape[1]).unsqueeze(-1), (0, LAST_BLOCK - 1))
        d_last.baddbmm_(units.transpose(1, 2), d_value)
        d_units = torch.ops.aten.threshold_backward(torch.bmm(d_value, last.transpose(1, 2)), units, 0.0)
        d_first.baddbmm_(inputs[:, rows].transpose(1, 2), d_units)
        losses.append((error * d_value[..., 0]).sum(1))
    flat = torch.cat([d_first.flatten(1), d_last.flatten(1)], dim=1)
    return 0.5 * torch.stack(losses, dim=1).sum(1), pad(flat, (0, like.shape[1] - flat.shape[1]))


def _units(weights: Mapping[str, Tensor], flat: Tensor) -> Tensor:
    return torch.bmm(flat, weights["critic.first"]).relu_()


def _values(weights: Mapping[str, Tensor], units: Tensor) -> Tensor:
    return torch.bmm(units, weights["critic.last"])[..., 0]
