"""Recurrent PPO over whole lifetimes (Schulman et al. 2017; Duan et al. 2016).

Discounting crosses episodes; waiting steps do not count.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import NamedTuple

import torch
from torch import Tensor

from ingredients.agent.kernels import kernels_do

EPSILON = 1e-8


class Losses(NamedTuple):
    """A minibatch's losses and diagnostics, each `[S]`."""

    policy: Tensor
    value: Tensor
    entropy: Tensor
    kl: Tensor
    clip_fraction: Tensor


def generalised_advantage(
    reward: Tensor, value: Tensor, discount: float, gae_lambda: float, acting: Tensor | None = None
) -> Tensor:
    """Returns A_t = Σ_k (γλ)^k δ_{t+k}, δ_t = r_t + γ V_{t+1} − V_t with V_T = 0 (Schulman et al. 2016, eq. 16).

    All are `[..., T, N]`. Waiting steps (`acting` 0) are skipped, with advantage 0.
    """
    if kernels_do(reward, value):
        from ingredients.training import advantage_triton

        return advantage_triton.advantages(reward, value, discount, gae_lambda, acting)
    advantage = torch.empty_like(reward)
    next_value = running = torch.zeros_like(reward[..., 0, :])
    for t in range(reward.shape[-2] - 1, -1, -1):
        value_t = value[..., t, :]
        found = reward[..., t, :] + discount * next_value - value_t + discount * gae_lambda * running
        if acting is None:
            advantage[..., t, :], running, next_value = found, found, value_t
            continue
        acted = acting[..., t, :] != 0
        advantage[..., t, :] = torch.where(acted, found, 0.0)
        running, next_value = torch.where(acted, found, running), torch.where(acted, value_t, next_value)
    return advantage


def step_weights(acting: Tensor) -> Tensor:
    """Returns X steps' weights in a mean, `[S, X]`: X / n for n acting steps, else 0."""
    return acting / acting.mean(1, keepdim=True).clamp(min=EPSILON)


def mean_step(part: Tensor, weight: Tensor | None) -> Tensor:
    """Returns the weighted mean `[S]` of `part` `[S, X]`."""
    return part.mean(1) if weight is None else torch.where(weight > 0, part * weight, 0.0).mean(1)


def normalise_per_run(advantage: Tensor, acting: Tensor | None = None) -> Tensor:
    """Returns advantages `[M, S, T, N]` of mean 0 and deviation 1 over each run's acting steps, else 0."""
    if kernels_do(advantage):
        from ingredients.training import advantage_triton

        return advantage_triton.normalised(advantage, acting, EPSILON)
    by_run = advantage.transpose(0, 1).reshape(advantage.shape[1], -1)
    mean = by_run.mean(1, keepdim=True)
    centred = by_run - mean
    if acting is None:
        square = (centred * centred).mean(1, keepdim=True)
    else:
        counts = acting.transpose(0, 1).reshape(by_run.shape)
        share = counts / counts.mean(1, keepdim=True).clamp(min=EPSILON)
        centred = (by_run - (by_run * share).mean(1, keepdim=True)) * counts
        square = (centred * centred * share).mean(1, keepdim=True)
    runs_first = (centred / (square.sqrt() + EPSILON)).view(
        advantage.shape[1], advantage.shape[0], *advantage.shape[2:]
    )
    return runs_first.transpose(0, 1).contiguous()


class Minibatch(NamedTuple):
    """Actions `[S, X]` (int64; vectors `[S, X, A]`), log π_old, advantages and step weights (None: equal) `[S, X]`."""

    action: Tensor
    before: Tensor
    advantage: Tensor
    weight: Tensor | None = None


class PolicyLosses(NamedTuple):
    """Clipped surrogate, entropy, KL from the old policy (k3) and clipped share, each `[S]`."""

    surrogate: Tensor
    entropy: Tensor
    kl: Tensor
    clip_fraction: Tensor


class Surrogate(NamedTuple):
    """−min(ρA, clip(ρ, 1 ± ε)A), minus its slope over log π, KL (k3), whether ρ was clipped, each `[S, X]`."""

    loss: Tensor
    slope: Tensor
    kl: Tensor
    clipped: Tensor


def clipped_surrogate(log_probability: Tensor, minibatch: Minibatch, clip: float) -> Surrogate:
    """Returns the loss for log π(a) `[S, X]`, ρ = π / π_old (Schulman et al. 2017, eq. 7), with weighted slope."""
    log_ratio = log_probability - minibatch.before
    ratio = log_ratio.exp()
    gained, held = ratio * minibatch.advantage, ratio.clamp(1 - clip, 1 + clip) * minibatch.advantage
    slope = torch.where(gained <= held, gained, torch.zeros_like(gained))
    if minibatch.weight is not None:
        slope = torch.where(minibatch.weight > 0, slope * minibatch.weight, 0.0)
    clipped = ((ratio - 1).abs() > clip).to(ratio.dtype)
    return Surrogate(-torch.minimum(gained, held), slope, ratio - 1 - log_ratio, clipped)


@torch.no_grad()
def policy_gradient(
    logits: Tensor, minibatch: Minibatch, clip: float, entropy_weight: float | Tensor
) -> tuple[PolicyLosses, Tensor]:
    """Returns the losses, and ∂ (surrogate − weight · entropy) over the logits, `[S, X, A]`; `clip` is ε."""
    action = minibatch.action
    log_policy, policy = _log_policy(logits)
    surrogate = clipped_surrogate(log_policy.gather(1, action.unsqueeze(1)).squeeze(1), minibatch, clip)
    minus_entropy = (policy * log_policy).sum(1)
    of_ratio = surrogate.slope / action.shape[1]
    gradient = (log_policy - minus_entropy.unsqueeze(1)).mul_(entropy_weight / action.shape[1])
    if minibatch.weight is not None:
        gradient.mul_(minibatch.weight.unsqueeze(1))
    gradient.add_(of_ratio.unsqueeze(1)).mul_(policy).scatter_add_(1, action.unsqueeze(1), -of_ratio.unsqueeze(1))
    parts = (surrogate.loss, -minus_entropy, surrogate.kl, surrogate.clipped)
    return PolicyLosses(*(mean_step(part, minibatch.weight) for part in parts)), gradient.transpose(1, 2)


@torch.no_grad()
def prediction_gradient(
    predicted: Tensor, action: Tensor, earned: Tensor, weight: float, counts: Tensor | None = None
) -> Tensor:
    """Returns the gradient over `predicted` r̂, `[S, X, A]`, of weight · ½ · A · mean (r̂(a) − r)², a the action taken.

    For all actions' `earned` rewards, `[S, X, A]` not `[S, X]`, of weight · ½ · Σ_a mean (r̂(a) − r(a))², equal in
    expectation for uniform actions. An auxiliary task (Jaderberg et al. 2017). `counts` are `step_weights`.
    """
    if earned.dim() == predicted.dim():
        gradient = (predicted - earned).mul_(weight / action.shape[1])
        return gradient if counts is None else gradient.mul_(counts.unsqueeze(-1))
    actions = predicted.shape[-1]
    column = action.unsqueeze(-1)
    error = predicted.gather(-1, column).sub_(earned.unsqueeze(-1)).mul_(weight * actions / action.shape[1])
    if counts is not None:
        error.mul_(counts.unsqueeze(-1))
    return torch.zeros_like(predicted).scatter_(-1, column, error)


def log_probability(logits: Tensor, action: Tensor) -> Tensor:
    """Returns log π(a), `[S, X]`, for logits `[S, X, A]` and actions `[S, X]`."""
    return _log_policy(logits)[0].gather(1, action.unsqueeze(1)).squeeze(1)


def _log_policy(logits: Tensor) -> tuple[Tensor, Tensor]:
    """Returns log π and π, `[S, A, X]`."""
    rows = logits.transpose(1, 2).contiguous()
    rows -= rows.amax(1, keepdim=True)
    policy = rows.exp()
    total = policy.sum(1, keepdim=True)
    return rows - total.log(), policy / total


def entropy_share(left: float, steps: int) -> float:
    """Returns the share of the first entropy weight, with a share `left` of training left (docs/learner.md)."""
    power = min(max(200 / steps, 2.0), 4.0)
    return 0.9 * math.pow(left, power) + 0.1 * left


def first_entropy(steps: int) -> float:
    """Returns the first entropy weight for lifetimes of T steps: T / 250 − .1, in [.1, .3]."""
    return min(max(steps / 250 - 0.1, 0.1), 0.3)


def prediction_weight(steps: int) -> float:
    """Returns `prediction_gradient`'s weight for lifetimes of T steps: T / 50 − 1, in [0, 1] (docs/learner.md)."""
    return min(max(steps / 50 - 1, 0.0), 1.0)


def rollout_lifetimes(steps: int, minibatches: int) -> int:
    """Returns a rollout's lifetimes of T steps: some 12,800 steps, but 16 to 128 lifetimes."""
    lanes = min(max(12_800 // steps, 16), 128) // minibatches
    return max(lanes, 1) * minibatches


def horizon_discount(steps: int) -> float:
    """Returns γ for lifetimes of T steps: 1 − 12,500 / T³, in [.9, .99] (docs/learner.md)."""
    return min(max(1 - 12_500 / steps**3, 0.9), 0.99)


def horizon_lambda(steps: int) -> float:
    """Returns λ for lifetimes of T steps: 1 − 1,250 / T², in [.5, .9] (docs/learner.md)."""
    return min(max(1 - 1_250 / steps**2, 0.5), 0.9)


class UpdateSchedule(NamedTuple):
    """Parameters of one gradient step: numbers, or 0-dimensional tensors (float64).

    Attributes:
        step_size: α / (1 − β₁ⁿ) in step n.
        unbias: 1 − β₂ⁿ.
    """

    step_size: float | Tensor
    unbias: float | Tensor
    entropy_weight: float | Tensor

    @staticmethod
    def of(rate: float, count: int, entropy_weight: float = 0.0) -> UpdateSchedule:
        """Returns the schedule of step `count` ≥ 1."""
        return UpdateSchedule(rate / (1 - 0.9**count), 1 - 0.999**count, entropy_weight)


class Clip(NamedTuple):
    """The largest gradient norm, and the runs alive, `[S]` (bool); others are frozen."""

    max_norm: float
    alive: Tensor


@dataclass
class Adam:
    """Adam for a stack (Kingma & Ba 2015): moments `[S, P]`, clipping and freezing by run."""

    mean: Tensor
    square: Tensor
    count: int = 0

    @staticmethod
    def zeros(weights: Tensor) -> Adam:
        """Returns the initial state for `weights` `[S, P]`."""
        return Adam(torch.zeros_like(weights), torch.zeros_like(weights))

    def step(self, weights: Tensor, gradient: Tensor, norm: Tensor, rate: float, clip: Clip) -> None:
        """Updates `weights` `[S, P]` in place by `gradient` `[S, P]` of `norm` `[S]`."""
        self.move(weights, gradient, norm, UpdateSchedule.of(rate, self.count + 1), clip)

    def move(self, weights: Tensor, gradient: Tensor, norm: Tensor, pace: UpdateSchedule, clip: Clip) -> None:
        """Updates `weights` by the schedule."""
        if kernels_do(weights):
            from ingredients.training import adam_triton

            self.count += 1
            adam_triton.step(weights, gradient, (self.mean, self.square), norm, pace[:2], clip)
            return
        alive = clip.alive.unsqueeze(1)
        shrink = (clip.max_norm / (norm + EPSILON)).clamp(max=1.0).unsqueeze(1)
        gradient = torch.where(alive, gradient * shrink, torch.zeros_like(gradient))
        self.count += 1
        self.mean.lerp_(gradient, 0.1)
        self.square.mul_(0.999).addcmul_(gradient, gradient, value=0.001)
        unbiased = (self.square / pace.unbias).sqrt_().add_(EPSILON)
        change = (self.mean / unbiased).mul_(pace.step_size)
        weights.sub_(torch.where(alive, change, torch.zeros_like(change)))


def gradient_norm(gradient: Tensor) -> Tensor:
    """Returns each run's norm `[S]` of a gradient `[S, P]`; not finite if it diverged."""
    if kernels_do(gradient):
        from ingredients.training import adam_triton

        return adam_triton.norms(gradient)
    return (gradient * gradient).sum(1).sqrt()
