"""Epochs over a rollout's minibatches, one gradient step each."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence

import torch
from torch import Tensor

from ingredients.agent.network import flat_gradient, views
from ingredients.training.batches import Batch, Leaves, head_by_kernels, log_probabilities
from ingredients.training.critic import features, value_gradient, values
from ingredients.training.gaussian import gaussian_gradient
from ingredients.training.learner import (
    Clip,
    Losses,
    Minibatch,
    PolicyLosses,
    UpdateSchedule,
    entropy_share,
    generalised_advantage,
    gradient_norm,
    normalise_per_run,
    policy_gradient,
    prediction_gradient,
    step_weights,
)
from ingredients.training.rollout import Rollout
from ingredients.training.setup import Setup, Training


def paces(setup: Setup, training: Training) -> list[UpdateSchedule]:
    """Returns the schedule of the next update's gradient steps."""
    left = 1 - training.update / setup.updates
    count = training.policy_adam.count
    rate = setup.tuned.learning_rate * left
    share = left if setup.tuned.segment else entropy_share(left, setup.family.steps)
    entropy_weight = setup.tuned.entropy * share
    steps = setup.tuned.epochs * setup.tuned.minibatches
    return [UpdateSchedule.of(rate, count + step + 1, entropy_weight) for step in range(steps)]


def improve(
    setup: Setup, training: Training, rollout: Rollout, steps: Sequence[UpdateSchedule]
) -> tuple[Losses, Tensor]:
    """Returns mean losses and gradient norms `[S]` of a rollout's epochs; changes weights in place.

    `steps` are `paces`, numbers or tensors.
    """
    return improve_by(setup, training, lambda leaves: _batches(setup, leaves, rollout), steps)


def improve_by(
    setup: Setup, training: Training, batched: Callable[[Leaves], Sequence[Batch]], steps: Sequence[UpdateSchedule]
) -> tuple[Losses, Tensor]:
    """Returns the same; `batched` makes minibatches with the weights before the update."""
    leaves = Leaves(_leaves(training.policy, setup.agent.shapes()), _leaves(training.critic, setup.critic.shapes()))
    batches = batched(leaves)
    made = [_step(setup, training, leaves, batches[index % len(batches)], pace) for index, pace in enumerate(steps)]
    means = (torch.stack(parts, dim=1).mean(1) for parts in zip(*(losses for losses, _ in made), strict=True))
    return Losses(*means), torch.stack([norm for _, norm in made], dim=1).mean(1)


@torch.no_grad()
def _batches(setup: Setup, leaves: Leaves, rollout: Rollout) -> list[Batch]:
    """Returns minibatches with advantages, targets and old log-probabilities, of rewards × (1 − γ)."""
    discount = setup.tuned.discount
    seen = rollout.tasks[..., : setup.critic.task_size]
    seen_by_critic = [features(m, t, discount) for m, t in zip(rollout.outputs, seen, strict=True)]
    value = torch.stack([values(leaves.critic, inputs) for inputs in seen_by_critic])
    scaled = rollout.reward * (1 - discount)
    acting = rollout.acting
    raw = generalised_advantage(scaled, value, discount, setup.tuned.gae_lambda, acting)
    target = raw + value
    advantage = normalise_per_run(raw, acting)
    batches = []
    for m, critic_inputs in enumerate(seen_by_critic):
        action = rollout.action[m].flatten(1, 2)
        before = log_probabilities(setup, leaves.policy, rollout.outputs[m].flatten(1, 2), action)
        weight = None if acting is None else step_weights(acting[m].flatten(1))
        minibatch = Minibatch(action, before, advantage[m].flatten(1), weight)
        earned = rollout.earned[m].flatten(1, 2)
        start = None if rollout.start is None else tuple(part[m] for part in rollout.start)
        about_critic = critic_inputs.flatten(1, 2), target[m].flatten(1)
        batches.append(Batch(rollout.inputs[m], start, rollout.carry, minibatch, earned, *about_critic))
    return batches


def _step(
    setup: Setup,
    training: Training,
    leaves: Leaves,
    batch: Batch,
    pace: UpdateSchedule,
) -> tuple[Losses, Tensor]:
    """Takes a gradient step; returns losses and the policy's gradient norm, `[S]`."""
    outputs = setup.agent.unroll(leaves.policy, batch.carry, batch.inputs, batch.start)
    losses, policy_step = _policy_step(setup, leaves.policy, outputs, batch, pace.entropy_weight, training.policy)
    counts = batch.minibatch.weight
    error, critic_step = value_gradient(leaves.critic, batch.critic_inputs, batch.target, training.critic, counts)
    norm, critic_norm = gradient_norm(policy_step), gradient_norm(critic_step)
    training.alive &= torch.isfinite(norm) & torch.isfinite(critic_norm)
    clip = Clip(setup.learner.max_gradient_norm, training.alive)
    training.policy_adam.move(training.policy, policy_step, norm, pace, clip)
    training.critic_adam.move(training.critic, critic_step, critic_norm, pace, clip)
    return Losses(losses.surrogate, error, losses.entropy, losses.kl, losses.clip_fraction), norm


def _policy_step(
    setup: Setup,
    leaves: Mapping[str, Tensor],
    outputs: Tensor,
    batch: Batch,
    entropy_weight: float | Tensor,
    like: Tensor,
) -> tuple[PolicyLosses, Tensor]:
    """Returns the policy's losses and flat gradient `[S, P]` for outputs `[S, T, N, H]`."""
    if head_by_kernels(setup, outputs):
        from ingredients.training import policy_triton

        weighed = policy_triton.Weighed(setup.learner.clip, entropy_weight, setup.tuned.reward_prediction)
        return policy_triton.policy_step(setup.agent, leaves, outputs, batch.minibatch, batch.earned, weighed, like)
    heads = setup.agent.heads(leaves, outputs).flatten(1, 2)
    losses, d_heads = _heads_gradient(setup, heads, batch, entropy_weight)
    return losses, flat_gradient(heads, d_heads, leaves, like)


def _heads_gradient(
    setup: Setup, heads: Tensor, batch: Batch, entropy_weight: float | Tensor
) -> tuple[PolicyLosses, Tensor]:
    """Returns the policy's losses, and their gradient over all head columns, `[S, X, P]`."""
    learner, actions = setup.learner, setup.agent.layout.actions
    predicting = slice(actions, 2 * actions)
    d_heads = torch.zeros_like(heads)
    if setup.family.continuous:
        losses, d_heads[..., : 2 * actions] = gaussian_gradient(
            heads.detach(), batch.minibatch, learner.clip, entropy_weight
        )
        return losses, d_heads
    losses, d_heads[..., :actions] = policy_gradient(
        heads[..., :actions], batch.minibatch, learner.clip, entropy_weight
    )
    if setup.tuned.reward_prediction:
        d_heads[..., predicting] = prediction_gradient(
            heads[..., predicting].detach(),
            batch.minibatch.action,
            batch.earned,
            setup.tuned.reward_prediction,
            batch.minibatch.weight,
        )
    return losses, d_heads


def _leaves(flat: Tensor, shapes: Mapping[str, tuple[int, ...]]) -> dict[str, Tensor]:
    """Returns autograd leaves that share `flat`, by name."""
    return {name: view.detach().requires_grad_() for name, view in views(flat, shapes).items()}
