"""The stacked recurrence: its derivative, its resets, and that lifetimes and runs do not see each other."""

from __future__ import annotations

import pytest
import torch
from torch import Tensor

from ingredients.agent.memory import MEMORIES, gru

S, T, N, F, H = 2, 11, 3, 4, 4  # eleven steps: one whole block of the backward pass and a part of one


def _case(dtype: torch.dtype = torch.float64) -> tuple[dict[str, Tensor], Tensor, Tensor, Tensor]:
    draw = torch.Generator().manual_seed(0)

    def normal(*shape: int) -> Tensor:
        return torch.randn(*shape, generator=draw, dtype=dtype)

    weights = {"gru.input": normal(S, F, 3 * H), "gru.hidden": normal(S, H, 3 * H) * 0.5}
    carry = (torch.rand(S, T, generator=draw) > 0.3).to(dtype)
    return weights, normal(S, N, H), carry, normal(S, T, N, F)


def _by_steps(weights: dict[str, Tensor], state: Tensor, carry: Tensor, x: Tensor) -> Tensor:
    states = []
    for t in range(x.shape[1]):
        state = gru.step(weights, state, carry[:, t, None, None], x[:, t])
        states.append(state)
    return torch.stack(states, dim=1)


def _textbook(weights: dict[str, Tensor], state: Tensor, carry: Tensor, x: Tensor) -> Tensor:
    """The equations of the module's docstring, word by word, for autograd."""
    w_r, w_z, w_n = weights["gru.input"].chunk(3, dim=-1)
    u_r, u_z, u_n = weights["gru.hidden"].chunk(3, dim=-1)
    states = []
    for t in range(T):
        h = state * carry[:, t, None, None]
        r = torch.sigmoid(x[:, t] @ w_r + h @ u_r)
        z = torch.sigmoid(x[:, t] @ w_z + h @ u_z)
        n = torch.tanh(x[:, t] @ w_n + r * (h @ u_n))
        state = (1 - z) * n + z * h
        states.append(state)
    return torch.stack(states, dim=1)


def test_unroll_follows_the_equations() -> None:
    """Step by step, unrolled and the textbook's equations give the same states in float64."""
    case = _case()
    assert torch.allclose(gru.unroll(*case), _textbook(*case), atol=1e-12)
    assert torch.allclose(_by_steps(*case), _textbook(*case), atol=1e-12)


def test_hand_derived_gradient_against_finite_differences() -> None:
    """Gradcheck accepts the backward pass for inputs, state and both weights, with resets within the lifetime."""
    weights, state, carry, x = _case()
    parts = [part.requires_grad_() for part in (x, state, weights["gru.input"], weights["gru.hidden"])]

    def unroll(x: Tensor, state: Tensor, from_input: Tensor, from_state: Tensor) -> Tensor:
        return gru.unroll({"gru.input": from_input, "gru.hidden": from_state}, state, carry, x)

    assert torch.autograd.gradcheck(unroll, parts)


def test_hand_derived_gradient_against_autograd() -> None:
    """The gradients equal those of autograd through the textbook's loop, for a loss over all states."""
    gradients = []
    for forward in (gru.unroll, _textbook):
        weights, state, carry, x = _case()
        leaves = [leaf.requires_grad_() for leaf in (*weights.values(), state)]
        loss = (forward(weights, state, carry, x) * torch.linspace(-1, 1, H, dtype=torch.float64)).pow(2).sum()
        gradients.append(torch.autograd.grad(loss, leaves))
    for ours, autograd in zip(*gradients, strict=True):
        assert torch.allclose(ours, autograd, rtol=1e-10, atol=1e-12)


def test_a_reset_forgets_everything() -> None:
    """After a step without carry nothing of the state or the earlier inputs is left."""
    weights, state, _, x = _case()
    carry = torch.ones(S, T, dtype=torch.float64)
    carry[:, 5] = 0.0
    other = torch.cat([x[:, :5].flip(1) + 1.0, x[:, 5:]], dim=1)
    ours, theirs = gru.unroll(weights, state, carry, x), gru.unroll(weights, state * 3, carry, other)
    assert torch.equal(ours[:, 5:], theirs[:, 5:])
    assert not torch.allclose(ours[:, 4], theirs[:, 4])


def test_memory_off_is_a_function_of_the_input() -> None:
    """Without carry, equal inputs give equal states whenever they come."""
    weights, state, _, x = _case()
    x = x[:, :1].expand(S, T, N, F)
    states = gru.unroll(weights, state, torch.zeros(S, T, dtype=torch.float64), x)
    assert torch.equal(states, states[:, :1].expand_as(states))


def test_lifetimes_and_runs_do_not_see_each_other() -> None:
    """Changing one lane of one run changes that lane alone."""
    weights, state, carry, x = _case()
    before = gru.unroll(weights, state, carry, x)
    x = x.clone()
    x[1, :, 2] += 1.0
    changed = (gru.unroll(weights, state, carry, x) != before).any(dim=3).any(dim=1)
    assert changed.tolist() == [[False, False, False], [False, False, True]]


@pytest.mark.parametrize("kind", MEMORIES)
def test_the_contract_of_every_memory(kind: str) -> None:
    """Weights have the shapes that are named, the first state is empty, and step by step equals unrolled."""
    memory, draw = MEMORIES[kind], torch.Generator().manual_seed(3)
    weights = memory.initial_weights(5, 16, draw)
    assert {name: tuple(weight.shape) for name, weight in weights.items()} == memory.parameter_shapes(5, 16)
    stacked = {name: weight.expand(2, *weight.shape) for name, weight in weights.items()}
    x, carry = torch.randn(2, 7, 3, 5, generator=draw), torch.ones(2, 7)
    first = state = memory.initial_state(2, 3, 16, x)
    assert not first.any()
    states = memory.unroll(stacked, first, carry, x)
    for t in range(7):
        state = memory.step(stacked, state, carry[:, t, None, None], x[:, t])
        assert torch.allclose(states[:, t], state, atol=1e-6)


def test_squash_is_the_logistic_function_in_both_forms() -> None:
    """Whole SIMD blocks and odd sizes agree with σ, and a row's bits do not depend on how many rows there are."""
    for size in (32, 33, 7):
        x = torch.linspace(-9, 9, 5 * size).view(5, size)
        assert torch.allclose(gru.squash(x), torch.sigmoid(x.double()).float(), atol=2e-7)
        assert torch.equal(gru.squash(x)[3], gru.squash(x[3:4])[0])
