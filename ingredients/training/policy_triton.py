"""The head and the policy's loss as one kernel, from the memory's outputs to their gradient."""

from __future__ import annotations

from collections.abc import Mapping
from typing import NamedTuple

import torch
import triton.language as tl
from torch import Tensor

from ingredients.agent.kernels import PRECISION, block, held, kernel, run_length
from ingredients.agent.network import Agent
from ingredients.agent.triton_functions import matrix, transposed
from ingredients.training.learner import Minibatch, PolicyLosses

ROWS_A_TIME = 64
LOSSES = 4


class HeadGradient(NamedTuple):
    """Losses (surrogate, entropy, KL, clipped share) `[S, 4]`; gradients over outputs `[S, X, H]`, weights, biases."""

    losses: Tensor
    outputs: Tensor
    weight: Tensor
    bias: Tensor


class Weighed(NamedTuple):
    """ε, and the weights of entropy and prediction."""

    clip: float
    entropy: float | Tensor
    prediction: float


# With y = W o + b, π the softmax of its first A columns, ρ = π(a) / π_old(a), X steps, weights w of entropy, v of
# prediction:
# ∂L/∂y_k = ((log π_k + H) w / X + c) π_k − [k = a] c,    c = ρ A / X where ρ A ≤ clip(ρ) A, else 0
# ∂L/∂y_{A+k} = (y_{A+k} − r) v A / X · [k = a],    or (y_{A+k} − r_k) v / X where all actions' rewards are known
# Step weights multiply each step.
@kernel
def _d_policy(
    y: tl.tensor,
    chooses: tl.tensor,
    taken: tl.tensor,
    before: tl.tensor,
    advantage: tl.tensor,
    counts: tl.tensor,
    of_entropy: tl.tensor,
    clip: tl.tensor,
    ROWS: tl.constexpr,
) -> tl.tensor:
    """Returns ∂L / ∂ logits `[X, P]`, and by step ρ, log ρ, −min(ρ A, clip(ρ) A), entropy, `[X]`."""
    logits = tl.where(chooses, y, float("-inf"))
    top = tl.max(logits, 1)
    powers = tl.exp(logits - top[:, None])
    total = tl.sum(powers, 1)
    policy = powers / total[:, None]
    log_policy = tl.where(chooses, y - top[:, None] - tl.log(total)[:, None], 0.0)
    log_ratio = tl.sum(tl.where(taken, log_policy, 0.0), 1) - before
    ratio = tl.exp(log_ratio)
    gained, kept = ratio * advantage, tl.minimum(tl.maximum(ratio, 1.0 - clip), 1.0 + clip) * advantage
    slope = tl.where((gained <= kept) & (counts > 0.0), gained * counts, 0.0) / ROWS
    minus_entropy = tl.sum(policy * log_policy, 1)
    d_y = ((log_policy - minus_entropy[:, None]) * (of_entropy * counts)[:, None] + slope[:, None]) * policy
    d_y -= tl.where(taken, slope[:, None], 0.0)
    return d_y, ratio, log_ratio, -tl.minimum(gained, kept), -minus_entropy


@kernel
def _d_prediction(
    y: tl.tensor,
    earned: tl.tensor,
    row: tl.tensor,
    real: tl.tensor,
    p: tl.tensor,
    a: tl.tensor,
    weight: tl.tensor,
    ROWS: tl.constexpr,
    ACTIONS: tl.constexpr,
    EARNED: tl.constexpr,
) -> tl.tensor:
    """Returns ∂L / ∂ predictions `[X, P]`, other columns 0; `EARNED` rewards are known per step: one, or all."""
    predicts = ((p >= ACTIONS) & (p < 2 * ACTIONS))[None, :]
    if EARNED == 1:
        paid = tl.load(earned + row, mask=real, other=0.0)[:, None]
        met = predicts & ((p - ACTIONS)[None, :] == a[:, None])
        return tl.where(met, (y - paid) * (weight * ACTIONS / ROWS), 0.0)
    at = earned + row[:, None] * EARNED + (p - ACTIONS)[None, :]
    paid = tl.load(at, mask=real[:, None] & predicts, other=0.0)
    return tl.where(predicts, (y - paid) * (weight / ROWS), 0.0)


@kernel
def _told(
    loss: tl.tensor, free: tl.tensor, ratio: tl.tensor, log_ratio: tl.tensor, clip: tl.tensor, counts: tl.tensor
) -> tl.tensor:
    """Returns each step's surrogate, entropy, KL and clipped share, `[X, 4]`."""
    k = tl.arange(0, 4)[None, :]
    clipped = tl.where(tl.abs(ratio - 1.0) > clip, 1.0, 0.0)
    told = tl.where(k == 0, loss[:, None], tl.where(k == 1, free[:, None], clipped[:, None]))
    told = tl.where(k == 2, (ratio - 1.0 - log_ratio)[:, None], told)
    return tl.where((counts > 0.0)[:, None], told * counts[:, None], 0.0)


@kernel
def _gradient(
    outputs: tl.tensor,
    weight: tl.tensor,
    bias: tl.tensor,
    action: tl.tensor,
    before: tl.tensor,
    advantage: tl.tensor,
    earned: tl.tensor,
    weights: tl.tensor,
    losses: tl.tensor,
    d_outputs: tl.tensor,
    d_weight: tl.tensor,
    d_bias: tl.tensor,
    entropy_weight: tl.tensor,
    weight_run: tl.tensor,
    bias_run: tl.tensor,
    clip: tl.tensor,
    prediction: tl.tensor,
    ROWS: tl.constexpr,
    SIZE: tl.constexpr,
    HEAD: tl.constexpr,
    ACTIONS: tl.constexpr,
    EARNED: tl.constexpr,
    COUNTED: tl.constexpr,
    BLOCK_X: tl.constexpr,
    BLOCK_H: tl.constexpr,
    BLOCK_P: tl.constexpr,
    EXACT: tl.constexpr,
) -> None:
    """Writes losses `[S, 4]`; gradients over outputs, weights and biases."""
    s = tl.program_id(0).to(tl.int64)
    j, p = tl.arange(0, BLOCK_H), tl.arange(0, BLOCK_P)
    w = matrix(weight + s * weight_run, SIZE, HEAD, BLOCK_H, BLOCK_P)
    w_back = transposed(weight + s * weight_run, SIZE, HEAD, BLOCK_H, BLOCK_P)
    b = tl.load(bias + s * bias_run + p, mask=p < HEAD, other=0.0)
    chooses, of_entropy = (p < ACTIONS)[None, :], tl.load(entropy_weight).to(tl.float32) / ROWS
    into_w, into_b = tl.zeros((BLOCK_H, BLOCK_P), tl.float32), tl.zeros((BLOCK_P,), tl.float32)
    told = tl.zeros((BLOCK_X, 4), tl.float32)
    for first in range(0, ROWS, BLOCK_X):
        x = first + tl.arange(0, BLOCK_X)
        real, row = x < ROWS, s * ROWS + x
        at, full = row[:, None] * SIZE + j[None, :], real[:, None] & (j < SIZE)[None, :]
        shown = tl.load(outputs + at, mask=full, other=0.0)
        y = tl.dot(shown, w, input_precision=EXACT) + b[None, :]
        a = tl.load(action + row, mask=real, other=0)
        old, good = tl.load(before + row, mask=real, other=0.0), tl.load(advantage + row, mask=real, other=0.0)
        taken, counts = p[None, :] == a[:, None], tl.where(real, 1.0, 0.0)
        if COUNTED:
            counts = tl.load(weights + row, mask=real, other=0.0)
        d_y, ratio, log_ratio, loss, free = _d_policy(y, chooses, taken, old, good, counts, of_entropy, clip, ROWS)
        d_later = _d_prediction(y, earned, row, real, p, a, prediction, ROWS, ACTIONS, EARNED) * counts[:, None]
        d_y = tl.where(real[:, None], tl.where(chooses, d_y, d_later), 0.0)
        tl.store(d_outputs + at, tl.dot(d_y, w_back, input_precision=EXACT), mask=full)
        into_w = tl.dot(tl.trans(shown), d_y, into_w, input_precision=EXACT)
        into_b += tl.sum(d_y, 0)
        told += _told(loss, free, ratio, log_ratio, clip, counts)
    into = d_weight + s * SIZE * HEAD + j[:, None] * HEAD + p[None, :]
    tl.store(into, into_w, mask=(j < SIZE)[:, None] & (p < HEAD)[None, :])
    tl.store(d_bias + s * HEAD + p, into_b, mask=p < HEAD)
    tl.store(losses + s * 4 + tl.arange(0, 4), tl.sum(told, 0) / ROWS)


def fits(size: int, head: int) -> bool:
    """Whether one program can hold the head."""
    return max(size, head) <= 64


def head_gradient(
    outputs: Tensor,
    weights: tuple[Tensor, Tensor],
    minibatch: Minibatch,
    earned: Tensor,
    actions: int,
    weighed: Weighed,
) -> HeadGradient:
    """Returns losses and gradients for outputs `[S, X, H]`, head weights `[S, H, P]` and biases `[S, 1, P]`.

    `earned` is `[S, X]`, or of each action `[S, X, A]`.
    """
    (runs, rows, size), head = outputs.shape, weights[0].shape[-1]
    made = HeadGradient(
        outputs.new_empty(runs, LOSSES),
        outputs.new_empty(outputs.shape),
        outputs.new_empty(runs, size, head),
        outputs.new_empty(runs, 1, head),
    )
    _gradient[(runs,)](
        outputs.contiguous(),
        *weights,
        *(part.contiguous() for part in minibatch[:3]),
        earned.contiguous(),
        earned if minibatch.weight is None else minibatch.weight.contiguous(),
        *made,
        held(weighed.entropy, outputs),
        *(run_length(part) for part in weights),
        weighed.clip,
        weighed.prediction,
        ROWS=rows,
        SIZE=size,
        HEAD=head,
        ACTIONS=actions,
        EARNED=1 if earned.dim() == 2 else actions,
        COUNTED=minibatch.weight is not None,
        BLOCK_X=ROWS_A_TIME,
        BLOCK_H=block(size),
        BLOCK_P=block(head),
        EXACT=PRECISION,
        num_warps=4,
    )
    return made


def policy_step(
    agent: Agent,
    leaves: Mapping[str, Tensor],
    outputs: Tensor,
    minibatch: Minibatch,
    earned: Tensor,
    weighed: Weighed,
    like: Tensor,
) -> tuple[PolicyLosses, Tensor]:
    """Returns losses and gradient, `[S, P]` as `Agent.shapes` orders it, for outputs `[S, T, N, H]`."""
    head = leaves["head.weight"].detach(), leaves["head.bias"].detach()
    made = head_gradient(outputs.detach().flatten(1, 2), head, minibatch, earned, agent.layout.actions, weighed)
    of_memory = [leaf for name, leaf in leaves.items() if not name.startswith("head.")]
    parts = torch.autograd.grad(outputs, of_memory, made.outputs.view(outputs.shape))
    flat = torch.cat([part.reshape(len(part), -1) for part in (*parts, made.weight, made.bias)], dim=1)
    return PolicyLosses(*made.losses.unbind(1)), torch.nn.functional.pad(flat, (0, like.shape[1] - flat.shape[1]))
