"""The learner's arithmetic against numbers worked out by hand."""

from __future__ import annotations

import math

import torch

from ingredients.training.learner import (
    Adam,
    Clip,
    entropy_share,
    flat_gradient,
    generalised_advantage,
    gradient_norm,
    normalise_per_run,
    policy_loss,
    value_loss,
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
    log_probabilities = torch.log(torch.tensor([[[0.5, 0.5], [0.75, 0.25], [0.75, 0.25]]]))
    action = torch.tensor([[0, 0, 0]])
    before = torch.log(torch.tensor([[0.5, 0.5, 0.5]]))
    advantage = torch.tensor([[2.0, 1.0, -1.0]])
    loss, entropy, kl, clipped = policy_loss(log_probabilities, action, before, advantage, 0.2)
    assert math.isclose(loss.item(), -(2.0 + 1.2 - 1.5) / 3, rel_tol=1e-6)
    flat, skewed = math.log(2), -(0.75 * math.log(0.75) + 0.25 * math.log(0.25))
    assert math.isclose(entropy.item(), (flat + 2 * skewed) / 3, rel_tol=1e-6)
    assert math.isclose(kl.item(), 2 * (0.5 - math.log(1.5)) / 3, rel_tol=1e-5)
    assert math.isclose(clipped.item(), 2 / 3, rel_tol=1e-6)


def test_value_loss_by_hand() -> None:
    """Half the mean squared error, per run."""
    loss = value_loss(torch.tensor([[1.0, 2.0], [0.0, 0.0]]), torch.tensor([[0.0, 4.0], [0.0, 1.0]]))
    assert loss.tolist() == [1.25, 0.25]


def test_the_entropys_weight_falls_early() -> None:
    """All of it at the start, a tenth and a little after a quarter of training, nothing at the end."""
    assert math.isclose(entropy_share(1.0), 1.0)
    assert math.isclose(entropy_share(0.75), 0.9 * 0.1001129150390625 + 0.075)
    assert entropy_share(0.0) == 0.0


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
    loss = (leaves["a"] * torch.tensor([[1.0], [10.0]])).sum(1) + 3 * leaves["b"].sum(1)
    flat = flat_gradient(loss, leaves, torch.zeros(2, 5))
    assert flat.tolist() == [[1.0, 1.0, 3.0, 0.0, 0.0], [10.0, 10.0, 3.0, 0.0, 0.0]]
