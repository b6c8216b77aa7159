"""The policy loss for vector actions: the clipped surrogate of a normal distribution."""

from __future__ import annotations

import torch
from torch import Tensor

from ingredients.agent.policy import log_density, normal, vector_entropy
from ingredients.training.learner import Minibatch, PolicyLosses, clipped_surrogate, mean_step


@torch.no_grad()
def gaussian_gradient(
    heads: Tensor, minibatch: Minibatch, clip: float, entropy_weight: float | Tensor
) -> tuple[PolicyLosses, Tensor]:
    """Returns the losses, and ∂ (surrogate − weight · entropy) over means and log-deviations, `[S, X, 2A]`.

    With z = (a − μ) / σ:  ∂ log π / ∂μ = z / σ,  ∂ log π / ∂ log σ = z² − 1,  ∂ entropy / ∂ log σ = 1.

    `heads` are `[S, X, P]`, actions `[S, X, A]`; `clip` is ε.
    """
    steps = minibatch.action.shape[1]
    policy = normal(heads, minibatch.action.shape[-1])
    surrogate = clipped_surrogate(log_density(policy, minibatch.action), minibatch, clip)
    of_log = -surrogate.slope.unsqueeze(-1) / steps
    narrow = (-policy.log_deviation).exp()
    z = (minibatch.action - policy.mean) * narrow
    d_mean = of_log * z * narrow
    alike = entropy_weight / steps
    of_entropy = alike if minibatch.weight is None else alike * minibatch.weight.unsqueeze(-1)
    d_log_deviation = (of_log * (z * z - 1) - of_entropy) * policy.free
    losses = (surrogate.loss, vector_entropy(policy), surrogate.kl, surrogate.clipped)
    means = PolicyLosses(*(mean_step(part, minibatch.weight) for part in losses))
    return means, torch.cat([d_mean, d_log_deviation], dim=-1)


def gaussian_log_probability(heads: Tensor, action: Tensor) -> Tensor:
    """Returns log π(a), `[S, X]`, for heads `[S, X, P]` and actions `[S, X, A]`."""
    return log_density(normal(heads, action.shape[-1]), action)
