"""The kernels of products, acting and learning against the same in torch and float64."""

from __future__ import annotations

import pytest
import torch
from kernels import DEVICE, assert_near, by_kernels, draw
from torch import Tensor

from ingredients.agent import choice_triton, products_triton
from ingredients.agent.kernels import without_kernels
from ingredients.agent.observation import InputLayout, Past, assemble
from ingredients.agent.policy import sample
from ingredients.training import adam_triton, advantage_triton, critic_triton, policy_triton
from ingredients.training.critic import value_gradient, values
from ingredients.training.learner import (
    EPSILON,
    Adam,
    Clip,
    Minibatch,
    generalised_advantage,
    gradient_norm,
    log_probability,
    normalise_per_run,
    policy_gradient,
    prediction_gradient,
    step_weights,
)
from ingredients.training.policy_triton import Weighed

RUNS = 3


def on_device(*tensors: Tensor) -> list[Tensor]:
    """Returns tensors on the device where kernels run."""
    return [tensor.to(DEVICE) for tensor in tensors]


@pytest.mark.parametrize("waits", [False, True])
def test_advantages_are_those_of_the_learner(waits: bool) -> None:
    """One pass from the last step to the first gives A_t of every lifetime, and leaves out steps of waiting."""
    reward, value, acted = on_device(*(draw(seed, 2, RUNS, 5, 4) for seed in range(3)))
    acting = (acted > 0).float() if waits else None
    exact = generalised_advantage(reward.double(), value.double(), 0.97, 0.8, acting)
    assert_near([advantage_triton.advantages(reward, value, 0.97, 0.8, acting)], [exact])


def test_a_step_of_adam_clips_and_freezes() -> None:
    """Weights and moments after one step are Adam's; a frozen run keeps its weights to the bit."""
    weights, gradient, mean, square = on_device(*(draw(seed, RUNS, 1500) for seed in range(4)))
    alive, square = torch.tensor([True, False, True], device=DEVICE), square.abs()
    adam, exact, frozen = Adam(mean.double(), square.double(), 4), weights.double(), weights[1].clone()
    norm = adam_triton.norms(gradient)
    assert_near([norm], [gradient_norm(gradient.double())])
    adam.step(exact, gradient.double(), gradient_norm(gradient.double()), 0.01, Clip(0.5, alive))
    pace = 0.01 / (1 - 0.9**5), torch.tensor(1 - 0.999**5, dtype=torch.float64, device=DEVICE)
    adam_triton.step(weights, gradient, (mean, square), norm, pace, (0.5, alive))
    assert_near([weights, mean, square], [exact, adam.mean, adam.square])
    assert torch.equal(weights[1], frozen)


@pytest.mark.parametrize(
    ("hidden", "actions", "rows", "all_known", "waits"), [(16, 3, 10, False, True), (48, 5, 70, True, False)]
)
def test_the_heads_gradient_is_that_of_the_losses(
    hidden: int, actions: int, rows: int, all_known: bool, waits: bool
) -> None:
    """Losses, and gradients over outputs, weights and biases, are those that the learner has in several passes."""
    head = 2 * actions + -2 * actions % 4
    outputs, weight, bias = on_device(draw(0, RUNS, rows, hidden), draw(1, RUNS, hidden, head), draw(2, RUNS, 1, head))
    action = torch.randint(actions, (RUNS, rows), generator=torch.Generator().manual_seed(3)).to(DEVICE)
    advantage, earned = on_device(
        draw(4, RUNS, rows), draw(5, RUNS, rows, actions) if all_known else draw(5, RUNS, rows)
    )
    weight *= 0.3
    leaves = [part.double().requires_grad_() for part in (outputs, weight, bias)]
    heads = torch.baddbmm(leaves[2], leaves[0], leaves[1])
    logits, predicted = heads[..., :actions], heads[..., actions : 2 * actions]
    before = (log_probability(logits.detach(), action) + 0.3 * draw(6, RUNS, rows).double().to(DEVICE)).float()
    counts = step_weights((draw(7, RUNS, rows) > 0).float()).to(DEVICE) if waits else None
    losses, d_logits = policy_gradient(logits, Minibatch(action, before.double(), advantage.double(), counts), 0.2, 0.1)
    d_heads = torch.zeros_like(heads)
    d_heads[..., :actions] = d_logits
    d_heads[..., actions : 2 * actions] = prediction_gradient(predicted.detach(), action, earned.double(), 0.7, counts)
    exact = torch.autograd.grad(heads, leaves, d_heads)
    made = policy_triton.head_gradient(
        outputs, (weight, bias), Minibatch(action, before, advantage, counts), earned, actions, Weighed(0.2, 0.1, 0.7)
    )
    assert_near(made[1:], exact)
    assert_near(made.losses.unbind(1), losses, 2e-5)  # the KL is a small difference of large numbers
    assert losses.clip_fraction.min() > 0


@pytest.mark.parametrize(("inputs", "units", "rows"), [(24, 16, 10), (72, 64, 70), (56, 48, 33)])
def test_the_critics_values_and_gradient(inputs: int, units: int, rows: int) -> None:
    """Values, the loss and the gradient over the flat weights, zeros included, are the critic's."""
    x, target = on_device(draw(0, RUNS, rows, inputs), draw(1, RUNS, rows))
    first, last = on_device(0.2 * draw(2, RUNS, inputs, units), draw(3, RUNS, units, 4))
    like = torch.zeros(RUNS, inputs * units + units * 4 + 32, device=DEVICE)
    weights = {"critic.first": first.double(), "critic.last": last.double()}
    for counts in (None, draw(4, RUNS, rows).abs().to(DEVICE)):
        exact = value_gradient(weights, x.double(), target.double(), like.double(), counts)
        assert_near(critic_triton.value_gradient(x, target, (first, last), like, counts), exact)
    assert_near([critic_triton.values(x, first, last)], [values(weights, x.double())])


def test_choices_are_those_of_the_policy() -> None:
    """Every uniform draw gives the action that its place in the cumulated softmax says."""
    outputs, weight, bias = on_device(draw(0, RUNS, 40, 48), draw(1, RUNS, 48, 12), draw(2, RUNS, 1, 12))
    uniform = torch.rand(RUNS, 40, generator=torch.Generator().manual_seed(3)).to(DEVICE)
    logits = torch.baddbmm(bias.double(), outputs.double(), weight.double())[..., :5]
    chosen = choice_triton.choose(outputs, (weight, bias), uniform, 5)
    assert torch.equal(chosen, sample(logits, uniform.double()))
    assert set(chosen.flatten().tolist()) == set(range(5))
    logs = choice_triton.log_probabilities(outputs, (weight, bias), chosen, 5)
    assert_near([logs], [log_probability(logits, chosen)])


@pytest.mark.parametrize("waits", [False, True])
def test_advantages_are_normalised_run_by_run(waits: bool) -> None:
    """Mean 0 and deviation 1 over a run's steps that count, and the same bytes whatever runs stand beside it."""
    raw, acted = on_device(1 + draw(0, 2, RUNS, 5, 4), draw(1, 2, RUNS, 5, 4))
    acting = (acted > 0).float() if waits else None
    made = advantage_triton.normalised(raw, acting, EPSILON)
    assert_near([made], [normalise_per_run(raw.double(), None if acting is None else acting.double())])
    alone = advantage_triton.normalised(raw[:, 1:2], None if acting is None else acting[:, 1:2], EPSILON)
    assert torch.equal(alone[:, 0], made[:, 1])


@pytest.mark.parametrize(("continuous", "observed"), [(False, True), (True, False)])
def test_inputs_are_assembled_to_the_bit(continuous: bool, observed: bool) -> None:
    """Every column of the input, masked or not, is that of torch."""
    layout, lead = InputLayout(2, 3, continuous), (RUNS, 30)
    flags = [(draw(seed, *lead, 1) > 0).float() for seed in range(5)]
    action = draw(5, *lead, 3) if continuous else draw(5, *lead, 1).abs().long().clamp_(max=2)
    start, episode, *shown, seen = on_device(*flags)
    given = on_device(draw(6, *lead, 2), draw(7, *lead, 1), action)
    past = Past(given[0], start, episode, given[1], given[2], seen if observed else None)
    with by_kernels():
        made = assemble(layout, past, *shown)
    with without_kernels():
        assert torch.equal(made, assemble(layout, past, *shown))


@pytest.mark.parametrize(("inner", "columns"), [(12, 20), (80, 72)])
def test_products_of_each_run(inner: int, columns: int) -> None:
    """Rows times weights plus bias, and its gradients, for sizes that fill no block and such as need several."""
    leaves = on_device(draw(0, RUNS, 70, inner), draw(1, RUNS, inner, columns), draw(2, RUNS, 1, columns))
    exact_leaves = [leaf.double().requires_grad_() for leaf in leaves]
    exact = torch.baddbmm(exact_leaves[2], exact_leaves[0], exact_leaves[1])
    leaves = [leaf.requires_grad_() for leaf in leaves]
    made, d_made = products_triton.linear(*leaves), draw(3, *exact.shape).to(DEVICE)
    assert_near([made.detach()], [exact.detach()])
    assert_near(torch.autograd.grad(made, leaves, d_made), torch.autograd.grad(exact, exact_leaves, d_made.double()))


def test_bits_of_a_learner_do_not_depend_on_the_stack() -> None:
    """A run's gradients are the same bytes alone and among three."""
    x, target = on_device(draw(0, RUNS, 40, 24), draw(1, RUNS, 40))
    first, last = on_device(draw(2, RUNS, 24, 16), draw(3, RUNS, 16, 4))
    like = torch.zeros(RUNS, 480, device=DEVICE)
    with by_kernels():
        among = critic_triton.value_gradient(x, target, (first, last), like)
        for run in range(RUNS):
            one = slice(run, run + 1)
            alone = critic_triton.value_gradient(x[one], target[one], (first[one], last[one]), like[one])
            assert all(torch.equal(mine, all_[one]) for mine, all_ in zip(alone, among, strict=True))
