"""The learner's arithmetic against numbers worked out by hand."""

from __future__ import annotations

import math

import torch

from ingredients.agent.network import flat_gradient
from ingredients.training.learner import (
    Adam,
    Clip,
    Minibatch,
    entropy_share,
    first_entropy,
    generalised_advantage,
    gradient_norm,
    horizon_discount,
    horizon_lambda,
    log_probability,
    normalise_per_run,
    policy_gradient,
    prediction_gradient,
    prediction_weight,
    rollout_lifetimes,
)


def test_generalised_advantage_by_hand() -> None:
    """Three steps with γ = ½, λ = ½: the lifetime's end has no value, and nothing is bootstrapped."""
    reward = torch.tensor([[1.0], [0.0], [2.0]])
    value = torch.tensor([[0.5], [1.0], [4.0]])
    # δ_2 = 2 − 4 = −2; δ_1 = 0 + ½·4 − 1 = 1; δ_0 = 1 + ½·1 − ½ = 1
    # A_2 = −2; A_1 = 1 + ¼·(−2) = 0.5; A_0 = 1 + ¼·0.5 = 1.125
    assert generalised_advantage(reward, value, 0.5, 0.5).flatten().tolist() == [1.125, 0.5, -2.0]


def test_advantage_crosses_episodes() -> None:
    """With λ = 1 a reward at the lifetime's last step reaches the first, discounted by every step between."""
    reward = torch.zeros(5, 1)
    reward[4] = 1.0
    advantage = generalised_advantage(reward, torch.zeros(5, 1), 0.9, 1.0)
    assert torch.allclose(advantage.flatten(), torch.tensor([0.9**4, 0.9**3, 0.9**2, 0.9, 1.0]))


def test_advantages_are_normalised_per_run() -> None:
    """Each run has mean 0 and deviation 1 over its own rollout, whatever the size of its neighbours."""
    raw = torch.randn(2, 3, 5, 4, generator=torch.Generator().manual_seed(0))
    raw[:, 1] *= 1000.0
    ours = normalise_per_run(raw).transpose(0, 1).reshape(3, -1)
    assert torch.allclose(ours.mean(1), torch.zeros(3), atol=1e-5)
    assert torch.allclose(ours.std(1, correction=0), torch.ones(3), atol=1e-4)
    assert torch.equal(normalise_per_run(raw)[:, :1], normalise_per_run(raw[:, :1]))


def test_clipped_surrogate_by_hand() -> None:
    """Two actions: one ratio inside the clip, one beyond it with a positive and one with a negative advantage."""
    logits = torch.log(torch.tensor([[[0.5, 0.5], [0.75, 0.25], [0.75, 0.25]]]))
    action, before = torch.tensor([[0, 0, 0]]), torch.log(torch.tensor([[0.5, 0.5, 0.5]]))
    advised = Minibatch(action, before, torch.tensor([[2.0, 1.0, -1.0]]))
    losses, gradient = policy_gradient(logits, advised, 0.2, entropy_weight=0.0)
    assert math.isclose(losses.surrogate.item(), -(2.0 + 1.2 - 1.5) / 3, rel_tol=1e-6)
    flat, skewed = math.log(2), -(0.75 * math.log(0.75) + 0.25 * math.log(0.25))
    assert math.isclose(losses.entropy.item(), (flat + 2 * skewed) / 3, rel_tol=1e-6)
    assert math.isclose(losses.kl.item(), 2 * (0.5 - math.log(1.5)) / 3, rel_tol=1e-5)
    assert math.isclose(losses.clip_fraction.item(), 2 / 3, rel_tol=1e-6)
    # −ρA (1 − π) / X at the action taken; beyond the clip a gain pushes no more, a loss still does
    expected = torch.tensor([[[-2 * 0.5 / 3, 2 * 0.5 / 3], [0.0, 0.0], [1.5 * 0.25 / 3, -1.5 * 0.25 / 3]]])
    assert torch.allclose(gradient, expected, atol=1e-6)


def test_the_policys_gradient_is_autograds() -> None:
    """Surrogate and entropy by torch's own softmax have the gradient that is derived by hand."""
    draw = torch.Generator().manual_seed(3)
    logits = torch.randn(2, 50, 5, generator=draw).requires_grad_()
    action = torch.randint(0, 5, (2, 50), generator=draw)
    old = torch.log_softmax(logits.detach() + 0.3 * torch.randn(2, 50, 5, generator=draw), -1)
    before = old.gather(-1, action.unsqueeze(-1)).squeeze(-1)
    advised = Minibatch(action, before, torch.randn(2, 50, generator=draw))
    _, gradient = policy_gradient(logits, advised, 0.2, entropy_weight=0.3)
    log_policy = torch.log_softmax(logits, -1)
    assert torch.allclose(log_probability(logits, action), log_policy.gather(-1, action.unsqueeze(-1)).squeeze(-1))
    ratio = (log_policy.gather(-1, action.unsqueeze(-1)).squeeze(-1) - before).exp()
    surrogate = torch.minimum(ratio * advised.advantage, ratio.clamp(0.8, 1.2) * advised.advantage)
    entropy = -(log_policy.exp() * log_policy).sum(-1)
    (theirs,) = torch.autograd.grad((-surrogate - 0.3 * entropy).mean(1).sum(), logits)
    assert torch.allclose(gradient, theirs, atol=1e-7)


def test_the_predictions_gradient_is_autograds() -> None:
    """Only the action taken is predicted, and its squared error counts as often as there are actions."""
    predicted = torch.tensor([[[0.5, 0.25, 0.0], [1.0, 0.5, 0.75]]], requires_grad=True)
    action, earned = torch.tensor([[1, 0]]), torch.tensor([[1.0, 0.5]])
    gradient = prediction_gradient(predicted.detach(), action, earned, weight=2.0)
    # errors -0.75 and 0.5, times weight 2, 3 actions, over 2 steps
    assert torch.equal(gradient, torch.tensor([[[0.0, -2.25, 0.0], [1.5, 0.0, 0.0]]]))
    taken = predicted.gather(-1, action.unsqueeze(-1)).squeeze(-1)
    loss = 2.0 * 3 * 0.5 * ((taken - earned) ** 2).mean()
    assert torch.allclose(torch.autograd.grad(loss, predicted)[0], gradient)


def test_the_entropys_weight_falls_early() -> None:
    """All of it at the start, a third after a quarter of training, a ninth half-way, nothing at the end."""
    assert math.isclose(entropy_share(1.0, 50), 1.0)
    assert math.isclose(entropy_share(0.75, 50), 0.9 * 0.31640625 + 0.075)
    assert math.isclose(entropy_share(0.5, 10), 0.10625)
    assert math.isclose(entropy_share(0.5, 100), 0.275)
    assert entropy_share(0.5, 1000) == entropy_share(0.5, 100)
    assert entropy_share(0.0, 50) == 0.0


def test_the_first_entropy_goes_with_the_lifetime() -> None:
    """A tenth up to fifty steps, three tenths from a hundred on."""
    assert [round(first_entropy(steps), 4) for steps in (10, 50, 75, 100, 500)] == [0.1, 0.1, 0.2, 0.3, 0.3]


def test_the_predictions_weight_goes_with_the_lifetime() -> None:
    """Nothing up to fifty steps, as much as the policy's loss from a hundred on."""
    assert [prediction_weight(steps) for steps in (10, 50, 75, 100, 500)] == [0.0, 0.0, 0.5, 1.0, 1.0]


def test_adam_takes_torchs_steps() -> None:
    """Ten steps equal torch.optim.Adam with a clipped gradient."""
    draw = torch.Generator().manual_seed(1)
    ours = torch.randn(1, 32, generator=draw)
    theirs = ours.clone().requires_grad_()
    adam, reference = Adam.zeros(ours), torch.optim.Adam([theirs], lr=0.01)
    for _ in range(10):
        gradient = torch.randn(1, 32, generator=draw)
        norm = gradient_norm(gradient)
        adam.step(ours, gradient, norm, 0.01, Clip(0.5, torch.tensor([True])))
        theirs.grad = gradient.clone()
        assert torch.allclose(norm, torch.nn.utils.clip_grad_norm_([theirs], 0.5))
        reference.step()
    assert torch.allclose(ours, theirs, atol=1e-6)


def test_a_diverged_run_is_frozen_and_its_neighbours_do_not_notice() -> None:
    """A NaN gradient leaves the run's weights as they are, and every other run's bits too."""
    weights = torch.randn(3, 32, generator=torch.Generator().manual_seed(2))
    gradient, everyone = torch.ones(3, 32), torch.ones(3, dtype=torch.bool)
    healthy, mixed = weights.clone(), weights.clone()
    Adam.zeros(healthy).step(healthy, gradient, gradient_norm(gradient), 0.1, Clip(1.0, everyone))
    gradient[1, 5] = torch.nan
    norm = gradient_norm(gradient)
    assert torch.isfinite(norm).tolist() == [True, False, True]
    Adam.zeros(mixed).step(mixed, gradient, norm, 0.1, Clip(1.0, torch.isfinite(norm)))
    assert torch.equal(mixed[1], weights[1])
    assert torch.equal(mixed[[0, 2]], healthy[[0, 2]])


def test_flat_gradient_keeps_runs_apart() -> None:
    """Each row holds the gradient of its own run's loss, in the order of the leaves, padded with zeros."""
    leaves = {"a": torch.ones(2, 2, requires_grad=True), "b": torch.ones(2, 1, requires_grad=True)}
    outputs = torch.cat([leaves["a"], leaves["b"]], dim=1)
    gradient = torch.tensor([[1.0, 1.0, 3.0], [10.0, 10.0, 3.0]])
    flat = flat_gradient(outputs, gradient, leaves, torch.zeros(2, 5))
    assert flat.tolist() == [[1.0, 1.0, 3.0, 0.0, 0.0], [10.0, 10.0, 3.0, 0.0, 0.0]]


def test_the_discount_goes_with_the_lifetime() -> None:
    """A horizon of ten steps up to fifty, of eighty for a hundred, never more than a hundred."""
    rounded = [round(horizon_discount(steps), 4) for steps in (10, 50, 100, 200, 500, 5000)]
    assert rounded == [0.9, 0.9, 0.9875, 0.99, 0.99, 0.99]


def test_the_rollout_goes_with_the_lifetime() -> None:
    """Up to 12,800 steps in whole minibatches, but 16 to 128 lifetimes, and one lifetime a minibatch at least."""
    assert [rollout_lifetimes(steps, 4) for steps in (10, 100, 200, 500, 10_000)] == [128, 128, 64, 24, 16]
    assert [rollout_lifetimes(100, minibatches) for minibatches in (1, 3, 200)] == [128, 126, 200]


def test_the_trace_goes_with_the_lifetime() -> None:
    """λ = ½ up to fifty steps, longer then, never more than .9."""
    assert [horizon_lambda(steps) for steps in (10, 50, 100, 500)] == [0.5, 0.5, 0.875, 0.9]
