"""The kernels of memories against the same memories in torch and float64: outputs, gradients, steps, bits."""

from __future__ import annotations

import pytest
import torch
from kernels import DEVICE, assert_near, by_kernels, draw
from memories import F, Weights, carried, inputs, made, stack_of
from torch import Tensor

from ingredients.agent.kernels import without_kernels
from ingredients.agent.memory import Memory, State
from ingredients.agent.memory.fast_weights import FastWeights

KINDS = ("gru", "lstm", "fast-weights")
STEPS = 4
Case = tuple[Weights, Tensor, Tensor, State]


def case(memory: Memory, runs: int, lanes: int, dtype: torch.dtype) -> Case:
    """Returns weights, carry with resets in it, inputs, and a state in which lifetimes start."""
    x = inputs(runs, STEPS, lanes)
    start = memory.initial_state(runs, lanes, STEPS, x)
    if not isinstance(memory, FastWeights):  # whose lifetimes start empty
        start = tuple(draw(7, *part.shape).tanh() for part in start)
    weights = {name: weight.to(DEVICE, dtype) for name, weight in stack_of(memory, runs).items()}
    carry, x = carried(runs, STEPS).to(DEVICE, dtype), x.to(DEVICE, dtype)
    return weights, carry, x, tuple(part.to(DEVICE, dtype) for part in start)


def outcome(memory: Memory, given: Case) -> list[Tensor]:
    """Returns the outputs, and the gradients of Σ outputs² / 2 over inputs and weights."""
    weights, carry, x, start = given
    leaves = {name: weight.clone().requires_grad_() for name, weight in weights.items()}
    x = x.clone().requires_grad_()
    outputs = memory.unroll(leaves, carry, x, None if isinstance(memory, FastWeights) else start)
    return [outputs.detach(), *torch.autograd.grad(outputs, [x, *leaves.values()], outputs.detach())]


def stepped(memory: Memory, given: Case) -> Tensor:
    """Returns the outputs `[S, T, N, H]`, step by step."""
    weights, carry, x, start = given
    state, outputs = tuple(part.clone() for part in start), []
    with torch.no_grad():
        for t in range(STEPS):
            output, state = memory.step(weights, state, carry[:, t, None, None], x[:, t])
            outputs.append(output)
    return torch.stack(outputs, dim=1)


@pytest.mark.parametrize(
    ("kind", "hidden", "lanes"),
    [
        *(("gru", 16, 3), ("gru", 32, 17), ("gru", 64, 2)),
        *(("lstm", 16, 3), ("lstm", 48, 17), ("lstm", 64, 2)),
        *(("fast-weights", 32, 3), ("fast-weights", 48, 2)),
    ],
)
def test_a_kernel_computes_the_equations(kind: str, hidden: int, lanes: int) -> None:
    """Outputs, gradients and steps are those of float64 up to float32's rounding, whatever the sizes and resets."""
    memory = made(kind, hidden)
    exact = outcome(memory, case(memory, 2, lanes, torch.float64))
    with by_kernels():
        given = case(memory, 2, lanes, torch.float32)
        assert_near(outcome(memory, given), exact)
        assert_near([stepped(memory, given)], exact[:1])


@pytest.mark.parametrize("kind", KINDS)
def test_bits_of_a_kernel_do_not_depend_on_the_stack(kind: str) -> None:
    """A run alone and among three has the same bytes, wherever it stands."""
    memory = made(kind)
    with by_kernels():
        weights, carry, x, start = case(memory, 3, 2, torch.float32)
        among = outcome(memory, (weights, carry, x, start))
        for run in range(3):
            one = slice(run, run + 1)
            alone = {name: weight[one].clone() for name, weight in weights.items()}, carry[one], x[one]
            mine = outcome(memory, (*alone, tuple(part[one] for part in start)))
            assert all(torch.equal(ours, all_[one]) for ours, all_ in zip(mine, among, strict=True))


@pytest.mark.parametrize("kind", KINDS)
def test_weights_may_be_views_of_longer_rows(kind: str) -> None:
    """Weights that stand in the flat rows of a stack give the same bytes as weights by themselves."""
    memory = made(kind)
    with by_kernels():
        weights, carry, x, start = case(memory, 2, 3, torch.float32)
        rows = {name: torch.cat([w.flatten(1), w.flatten(1)[:, :32]], 1) for name, w in weights.items()}
        views = {name: rows[name][:, : w[0].numel()].view(w.shape) for name, w in weights.items()}
        given = weights, carry, x, start
        assert torch.equal(stepped(memory, (views, carry, x, start)), stepped(memory, given))


@pytest.mark.parametrize("kind", ["gru", "lstm"])
def test_what_is_too_large_for_a_program_is_left_to_torch(kind: str) -> None:
    """More than 64 units do not fit registers: the same numbers then come from torch."""
    memory = made(kind, 80)
    with by_kernels():
        given = case(memory, 2, 3, torch.float32)
        ours = outcome(memory, given)
        with without_kernels():
            assert all(torch.equal(*pair) for pair in zip(ours, outcome(memory, given), strict=True))


def test_inputs_are_as_wide_as_the_tests_think() -> None:
    """The widths of inputs and units in these tests are no powers of two, so that padding is met."""
    assert F & (F - 1)
