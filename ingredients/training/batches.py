"""Minibatches for the learner; log-probabilities."""

from __future__ import annotations

from collections.abc import Mapping
from typing import NamedTuple

from torch import Tensor

from ingredients.agent.kernels import kernels_do
from ingredients.agent.memory import State
from ingredients.training.gaussian import gaussian_log_probability
from ingredients.training.learner import Minibatch, log_probability
from ingredients.training.setup import Setup


class Leaves(NamedTuple):
    """Weights by name, as autograd leaves."""

    policy: Mapping[str, Tensor]
    critic: Mapping[str, Tensor]


class Batch(NamedTuple):
    """One minibatch of X = T · N steps.

    Attributes:
        inputs: `[S, T, N, F]`.
        start: initial memory, parts `[S, N, ...]`; None: the default.
        carry: `[S, T]`, or by lane `[S, T, N]`.
        earned: `[S, X]`, or of every action `[S, X, A]`.
        critic_inputs: `[S, X, C]`.
        target: the critic's, `[S, X]`.
    """

    inputs: Tensor
    start: State | None
    carry: Tensor
    minibatch: Minibatch
    earned: Tensor
    critic_inputs: Tensor
    target: Tensor


def head_by_kernels(setup: Setup, outputs: Tensor) -> bool:
    """Whether `policy_triton` can take the head: discrete, small."""
    if setup.agent.layout.continuous or setup.agent.head_hidden or not kernels_do(outputs):
        return False
    from ingredients.training import policy_triton

    return policy_triton.fits(setup.agent.hidden, setup.agent.head)


def log_probabilities(setup: Setup, weights: Mapping[str, Tensor], outputs: Tensor, action: Tensor) -> Tensor:
    """Returns log π(a), `[S, X]`, for outputs `[S, X, H]`."""
    if head_by_kernels(setup, outputs):
        from ingredients.agent import choice_triton

        head = weights["head.weight"], weights["head.bias"]
        return choice_triton.log_probabilities(outputs, head, action, setup.family.actions)
    heads = setup.agent.heads(weights, outputs)
    if setup.family.continuous:
        return gaussian_log_probability(heads, action)
    return log_probability(heads[..., : setup.family.actions], action)
