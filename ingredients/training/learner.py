"""Recurrent proximal policy optimisation over whole lifetimes (Schulman et al. 2017; Duan et al. 2016).

Comes in: a rollout and weights. Goes out: losses, gradients and better weights, S runs at once and each by itself:
advantages are normalised per run, gradients clipped per run, a run that diverges is frozen and named, and the others
do not notice.

Discounting runs across episodes to the lifetime's end, where the return ends: a lifetime has a fixed length.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import NamedTuple

import torch
from torch import Tensor

EPSILON = 1e-8


class Losses(NamedTuple):
    """One minibatch's losses and diagnostics, each `[S]`."""

    policy: Tensor
    value: Tensor
    entropy: Tensor
    kl: Tensor
    clip_fraction: Tensor


def generalised_advantage(reward: Tensor, value: Tensor, discount: float, trace: float) -> Tensor:
    """Returns A_t = Σ_k (γλ)^k δ_{t+k}, δ_t = r_t + γ V_{t+1} − V_t with V_T = 0 (Schulman et al. 2016, eq. 16).

    Args:
        reward: r_t, paid for the action at t, `[..., T, N]`.
        value: V_t, before the action at t, `[..., T, N]`.
        discount: γ, over steps, across episodes.
        trace: λ.
    """
    advantage = torch.empty_like(reward)
    next_value = running = torch.zeros_like(reward[..., 0, :])
    for t in range(reward.shape[-2] - 1, -1, -1):
        value_t = value[..., t, :]
        running = reward[..., t, :] + discount * next_value - value_t + discount * trace * running
        advantage[..., t, :] = running
        next_value = value_t
    return advantage


def normalise_per_run(advantage: Tensor) -> Tensor:
    """Returns advantages `[M, S, T, N]` with mean 0 and deviation 1 over each run's own rollout."""
    by_run = advantage.transpose(0, 1).reshape(advantage.shape[1], -1)
    mean = by_run.mean(1, keepdim=True)
    centred = by_run - mean
    scale = (centred * centred).mean(1, keepdim=True).sqrt() + EPSILON
    runs_first = (centred / scale).view(advantage.shape[1], advantage.shape[0], *advantage.shape[2:])
    return runs_first.transpose(0, 1).contiguous()


def policy_loss(
    log_probabilities: Tensor, action: Tensor, before: Tensor, advantage: Tensor, clip: float
) -> tuple[Tensor, Tensor, Tensor, Tensor]:
    """Returns the clipped surrogate, the entropy, the KL from the old policy (k3) and the clipped share, each `[S]`.

    Args:
        log_probabilities: log π, `[S, X, A]`.
        action: a, `[S, X]`.
        before: log π_old(a), `[S, X]`.
        advantage: A, `[S, X]`.
        clip: ε in −min(ρA, clip(ρ, 1 ± ε)A) (Schulman et al. 2017, eq. 7).
    """
    log_ratio = log_probabilities.gather(-1, action.unsqueeze(-1)).squeeze(-1) - before
    ratio = log_ratio.exp()
    surrogate = torch.minimum(ratio * advantage, ratio.clamp(1 - clip, 1 + clip) * advantage)
    entropy = -(log_probabilities.exp() * log_probabilities).sum(-1)
    kl = (ratio - 1 - log_ratio).detach()
    clipped = ((ratio - 1).abs() > clip).to(ratio.dtype)
    return -surrogate.mean(1), entropy.mean(1), kl.mean(1), clipped.mean(1)


def value_loss(value: Tensor, target: Tensor) -> Tensor:
    """Returns ½ mean (V − R)², `[S]`, for values and targets `[S, X]`."""
    error = value - target
    return 0.5 * (error * error).mean(1)


def entropy_share(left: float) -> float:
    """Returns the entropy's weight as a share of its first one, where `left` of 1 of the training is left.

    Most of it falls with the eighth power (to a tenth within a quarter of training), the rest in a straight line. Much
    at first: with a constant weight of .003 an agent without memory settles for a cycle through three of five arms (.63
    a pull late in a lifetime of 50, where four give .67 and the best five .69). Little soon after: an agent that does
    not see its actions can infer them only if it hardly draws lots (.70 a pull with .2 times `left` squared, .74 so).
    Some to the end: on two arms one seed in four otherwise stays with win-stay-lose-shift.
    Seen on seeds 0 to 2 and the first 4,000 evaluation tasks of 5 arms × 50 pulls, and seeds 0 to 3 of 2 × 20.
    """
    return 0.9 * left**8 + 0.1 * left


class Clip(NamedTuple):
    """To which norm each run's gradient is clipped, and which runs are alive, `[S]` (bool); the others are frozen."""

    max_norm: float
    alive: Tensor


@dataclass
class Adam:
    """Adam for a stack (Kingma & Ba 2015): moments `[S, P]`, and a step that clips and freezes run by run."""

    mean: Tensor
    square: Tensor
    count: int = 0

    @staticmethod
    def zeros(weights: Tensor) -> Adam:
        """Returns the optimiser's state before the first step on `weights` `[S, P]`."""
        return Adam(torch.zeros_like(weights), torch.zeros_like(weights))

    def step(self, weights: Tensor, gradient: Tensor, norm: Tensor, rate: float, clip: Clip) -> None:
        """Improves `weights` `[S, P]` in place by `gradient` `[S, P]` of `norm` `[S]`; frozen runs stay as they are."""
        alive = clip.alive.unsqueeze(1)
        shrink = (clip.max_norm / (norm + EPSILON)).clamp(max=1.0).unsqueeze(1)
        gradient = torch.where(alive, gradient * shrink, torch.zeros_like(gradient))
        self.count += 1
        self.mean.lerp_(gradient, 0.1)
        self.square.mul_(0.999).addcmul_(gradient, gradient, value=0.001)
        unbiased = (self.square / (1 - 0.999**self.count)).sqrt_().add_(EPSILON)
        change = (self.mean / unbiased).mul_(rate / (1 - 0.9**self.count))
        weights.sub_(torch.where(alive, change, torch.zeros_like(change)))


def gradient_norm(gradient: Tensor) -> Tensor:
    """Returns each run's norm `[S]` of a gradient `[S, P]`; it is not finite where the run has diverged."""
    return (gradient * gradient).sum(1).sqrt()


def flat_gradient(loss: Tensor, leaves: Mapping[str, Tensor], like: Tensor) -> Tensor:
    """Returns ∂ Σ_s loss_s over the leaves, `[S, P]`: runs share no weight, so each row is its own run's gradient."""
    parts = torch.autograd.grad(loss.sum(), list(leaves.values()))
    flat = torch.cat([part.reshape(part.shape[0], -1) for part in parts], dim=1)
    return torch.nn.functional.pad(flat, (0, like.shape[1] - flat.shape[1]))
