"""The critic: the value of a moment, seen with more eyes than the policy has, and only in training.

Comes in: the policy's memory state (detached), the task ψ, the time. Goes out: values `[S, ...]`.

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

from ingredients.seeds import Purpose, generator

TIME_FEATURES = 3


@dataclass(frozen=True)
class Critic:
    """One hidden layer of rectified units on [memory state, ψ, time, 1]."""

    state_size: int
    task_size: int
    hidden: int

    @property
    def inputs(self) -> int:
        """Returns the length of the critic's input."""
        return self.state_size + self.task_size + TIME_FEATURES

    def shapes(self) -> dict[str, tuple[int, ...]]:
        """Returns the shapes of one run's weights."""
        return {
            "critic.first": (self.inputs, self.hidden),
            "critic.last": (1, self.hidden),
        }

    def initial_weights(self, seed: int) -> dict[str, Tensor]:
        """Returns one run's weights: LeCun-uniform, a small last layer."""
        draw = generator(seed, Purpose.CRITIC_WEIGHTS)

        def uniform(shape: tuple[int, ...], bound: float) -> Tensor:
            return torch.empty(shape).uniform_(-bound, bound, generator=draw)

        return {
            "critic.first": uniform((self.inputs, self.hidden), math.sqrt(3.0 / self.inputs)),
            "critic.last": uniform((1, self.hidden), 0.1 * math.sqrt(3.0 / self.hidden)),
        }


def features(states: Tensor, tasks: Tensor, discount: float) -> Tensor:
    """Returns the critic's input `[..., T, N, C]` for states `[..., T, N, H]` and tasks `[..., N, D]`.

    Time is given as t / T and as γ^{T−t}, the share of an endless future that the lifetime's end cuts off.
    """
    steps = states.shape[-3]
    t = torch.arange(steps, dtype=states.dtype, device=states.device)
    clock = torch.stack([t / steps, discount ** (steps - t), torch.ones_like(t)], dim=-1)
    leading = states.shape[:-1]
    spread = tasks.unsqueeze(-3).expand((*leading, tasks.shape[-1]))
    return torch.cat([states, spread, clock.view(steps, 1, TIME_FEATURES).expand((*leading, TIME_FEATURES))], dim=-1)


def values(weights: Mapping[str, Tensor], inputs: Tensor) -> Tensor:
    """Returns values `[S, ...]` for the critic's inputs `[S, ..., C]`."""
    flat = inputs.reshape(inputs.shape[0], -1, inputs.shape[-1])
    features = torch.bmm(flat, weights["critic.first"]).relu_()
    return (features * weights["critic.last"]).sum(-1).view(inputs.shape[:-1])
