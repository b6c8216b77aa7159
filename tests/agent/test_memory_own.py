"""A memory of the user's own: when it is stacked, what it computes, what is refused, and where it is looked for."""

from __future__ import annotations

import multiprocessing
from pathlib import Path

import own_memories
import pytest
import torch
from memories import F, by_steps, inputs, made, stack_of
from torch import Tensor

from ingredients.agent.memory import memory_notice
from ingredients.agent.memory.own import Own
from ingredients.errors import StudyError


def test_own_modules_are_stacked_where_they_can_be() -> None:
    """A plain module is one tensor program; the user is told of one that is not, and why."""
    assert memory_notice("own_memories:Gated", F, 16) is None
    reasons = {"TorchGru": "Batching rule not implemented for aten::gru", "Branching": "data-dependent control flow"}
    for name, reason in reasons.items():
        notice = memory_notice(f"own_memories:{name}", F, 16)
        assert notice is not None
        assert notice.startswith(f"memory own_memories:{name}: its runs are computed one by one, not as a stack: ")
        assert reason in notice
        assert "\n" not in notice
        assert len(notice) < 300
    assert memory_notice("gru", F, 16) is None


@pytest.mark.parametrize("name", ["Gated", "Branching"])
def test_an_own_module_computes_what_it_computes_alone(name: str) -> None:
    """The stack's outputs are those of the user's own instances, called as the user would."""
    memory, x = made(f"own_memories:{name}"), inputs(2, 6, 3)
    assert isinstance(memory, Own)
    weights = stack_of(memory, 2)
    outputs = memory.unroll(weights, torch.ones(2, 6), x)
    for run in range(2):
        alone = getattr(own_memories, name)(F, 16)
        alone.load_state_dict({key.removeprefix("own."): weight[run] for key, weight in weights.items()})
        state = alone.initial_state(3)
        for t in range(6):
            output, state = alone(x[run, t], state)
            assert torch.allclose(output, outputs[run, t], atol=1e-6)


def test_dropout_is_off_and_said_to_be() -> None:
    """A rollout and its unroll see one function, without dropout, as is said; torch's own luck is left alone."""
    before = torch.default_generator.get_state()
    memory, x, carry = made("own_memories:Dropping"), inputs(2, 6, 4), torch.ones(2, 6)
    assert memory_notice("own_memories:Dropping", F, 16) == (
        "memory own_memories:Dropping: its dropout is off: rollout and update must compute the same function"
    )
    weights = stack_of(memory, 2)
    assert memory.unroll(weights, carry, x).all()
    assert torch.allclose(memory.unroll(weights, carry, x), by_steps(memory, weights, carry, x), atol=1e-6)
    assert torch.equal(before, torch.default_generator.get_state())


@pytest.mark.parametrize("name", ["Stateless", "StatelessBranching"])
def test_a_state_may_be_empty(name: str) -> None:
    """A module that carries nothing computes step by step what it computes unrolled, stacked or one by one."""
    memory, x, carry = made(f"own_memories:{name}"), inputs(3, 4, 2), torch.ones(3, 4)
    weights = stack_of(memory, 3)
    assert memory.state_floats(4) == 0
    assert torch.allclose(memory.unroll(weights, carry, x), by_steps(memory, weights, carry, x), atol=1e-6)


@pytest.mark.parametrize("lanes", [5, 16, 40])
def test_bits_of_a_scalar_gate_do_not_depend_on_the_stack(lanes: int) -> None:
    """Outputs both ways and gradients of a run are the same bytes in stacks of 1, 2, 3 and 7."""
    memory, carry, x = made("own_memories:ScalarGate"), torch.ones(7, 6), inputs(7, 6, lanes)
    weights = stack_of(memory, 7)

    def bits(of: slice) -> list[Tensor]:
        own = {name: weight[of].clone().requires_grad_() for name, weight in weights.items()}
        outputs = memory.unroll(own, carry[of], x[of].clone())
        gradients = torch.autograd.grad(outputs.square().sum(), list(own.values()))
        with torch.no_grad():
            return [outputs.detach(), by_steps(memory, own, carry[of], x[of].clone()), *gradients]

    everything = bits(slice(0, 7))
    for of in (slice(0, 1), slice(6, 7), slice(3, 5), slice(4, 7)):
        assert all(torch.equal(part, whole[of]) for part, whole in zip(bits(of), everything, strict=True))


REFUSED = {
    "own_memories:Nothing": "own_memories has no Nothing",
    "own_memories:TorchGRU": "own_memories has no TorchGRU. Did you mean 'TorchGru'?",
    "own_memories:NOT_A_MODULE": "NOT_A_MODULE is no torch.nn.Module",
    "no_such_memories:Any": "cannot be imported: ModuleNotFoundError: No module named 'no_such_memories'",
    "own_memories:OneArgument": "(inputs=5, hidden=16) raised TypeError: ",
    "own_memories:Weightless": "has no weights, so there is nothing to train",
    "own_memories:NoStart": "has no method initial_state(lanes)",
    "own_memories:LeadingDimension": "the initial state must be tensors [lanes, ...]; initial_state(6) gave [1, 6, 16]",
    "own_memories:LearnedStart": "the initial state must not depend on weights: a reset restores it",
    "own_memories:Failing": "forward raised RuntimeError: ",
    "own_memories:Alone": "forward must return (output, state), got [6, 16]",
    "own_memories:Narrow": "the output must be [lanes, hidden] = [6, 16], got [6, 8]",
    "own_memories:Growing": "the state must keep its shape [6, 16], got [6, 32]",
    "own_memories:Normed": "mixes lifetimes: each lane must be computed by itself; norm is a batch normalisation",
    "own_memories:Centred": "mixes lifetimes: each lane must be computed by itself",
    "own_memories:Neighbourly": "mixes lifetimes: each lane must be computed by itself",
    "own_memories:Attending": "mixes lifetimes: each lane must be computed by itself",
    "own_memories:Noting": "forward changes the buffer calls: keep what it remembers in the state",
    "own_memories:Drawing": "forward draws random numbers: rollout and update must compute the same function",
    "own_memories:Double": "the weight layer.weight must be torch.float32, got torch.float64",
    "own_memories:DoubleOutput": "the output must be torch.float32, got torch.float64",
    "own_memories:DoubleBuffer": "the buffer scale must be torch.float32, got torch.float64",
    "own_memories:RandomBuffer": "random buffers would be the same for every seed: projection",
    "own_memories:Frozen": "has frozen weights: make them buffers: layer.bias",
    "own_memories:Exiting": "(inputs=5, hidden=16) raised SystemExit: 2",
    "exiting_memories:Any": "cannot be imported: SystemExit: bye",
    "own_memories:NoNumber": "gives NaN",
    "own_memories:Infinite": "gives infinite numbers",
    "own_memories:NoGradient": "gives NaN in the gradient of layer.weight",
    "own_memories:Counting": "gives other outputs for equal inputs: keep what it remembers in the state",
    "own_memories:Idle": "the output does not depend on idle.weight: take out what is not used",
}


@pytest.mark.parametrize(("kind", "what"), REFUSED.items())
def test_an_own_module_that_breaks_the_contract_is_refused(kind: str, what: str) -> None:
    """One message names the memory, what is wrong with it, and what should be."""
    with pytest.raises(StudyError) as caught:
        made(kind)
    assert str(caught.value).startswith(f"memory {kind}: {what}")
    assert "\n" not in str(caught.value)


def test_a_worker_finds_a_module_in_the_current_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A spawned process starts where its parent is, and looks there too."""
    source = Path(own_memories.__file__).read_text(encoding="utf-8")
    (tmp_path / "my_memory.py").write_text(source, encoding="utf-8")
    monkeypatch.chdir(tmp_path)
    with multiprocessing.get_context("spawn").Pool(1) as pool:
        notice = pool.apply(memory_notice, ("my_memory:TorchGru", F, 16))
    assert notice is not None
    assert notice.startswith("memory my_memory:TorchGru")
