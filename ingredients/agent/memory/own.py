"""A memory of the user's (docs/memories.md), one instance per run.

Where `torch.func.vmap` over weights fails, runs are computed one by one (`Own.notice`).
"""

from __future__ import annotations

import warnings
from collections.abc import Mapping
from dataclasses import dataclass

import torch
from torch import Tensor
from torch.autograd.graph import saved_tensors_hooks
from torch.func import vmap

from ingredients.agent.memory.own_contract import CHECK_LANES, CHECK_STEPS, drops, load_user_module
from ingredients.agent.memory.own_module import UserModule, unrolled
from ingredients.agent.memory.protocol import State

PREFIX = "own."
LANE_BLOCK = 32  # then every [lanes, w] of a run fills whole SIMD blocks, whatever its width w, for equal bits
ALIGNED_BYTES = 64  # of torch's memory, and so of a single run's
TRIED_STACKS, TRIED_LANES = (1, 2, 3, 7), (5, 16, 40)
DROPOUT_OFF = "its dropout is off: rollout and update must compute the same function"
LONGEST_REASON = 160
CLOSE = 1e-4


@dataclass(frozen=True, eq=False)
class Own:
    """The user's module as a stack; `one_by_one`: why it cannot be stacked."""

    user: UserModule
    one_by_one: str | None

    @property
    def notice(self) -> str | None:
        """Sentence that the user should read before training, or None."""
        slow = f"its runs are computed one by one, not as a stack: {self.one_by_one}" if self.one_by_one else None
        found = [part for part in (slow, DROPOUT_OFF if drops(self.user.module) else None) if part]
        return f"memory {self.user.kind}: {'; '.join(found)}" if found else None

    def shapes(self) -> dict[str, tuple[int, ...]]:
        """Returns shapes by the module's names."""
        return {PREFIX + name: tuple(weight.shape) for name, weight in self.user.module.named_parameters()}

    def initial_weights(self, draw: torch.Generator) -> dict[str, Tensor]:
        """Returns a run's weights by the class's initialisation, seeded from `draw`."""
        seed = int(torch.randint(2**31, (1,), generator=draw))
        return {PREFIX + name: weight for name, weight in self.user.weights(seed).items()}

    def initial_state(self, runs: int, lanes: int, steps: int, like: Tensor) -> State:
        """Returns every run's initial state, `[S, N, ...]`."""
        return tuple(part.expand(runs, *part.shape).clone() for part in self.user.start(lanes, like))

    def step(self, weights: Mapping[str, Tensor], state: State, carry_t: Tensor, x_t: Tensor) -> tuple[Tensor, State]:
        """Implements `Memory.step`."""
        with self.user.calling():
            return self._step(weights, state, carry_t, x_t)

    def _step(self, weights: Mapping[str, Tensor], state: State, carry_t: Tensor, x_t: Tensor) -> tuple[Tensor, State]:
        lanes = x_t.shape[1]
        first = self.user.start(x_t.shape[1], x_t)
        state = tuple(_reset(part, new, carry_t) for part, new in zip(state, first, strict=True))
        named = _named(weights)
        if self.one_by_one is None:
            output, after = vmap(self.user.run)(named, tuple(_filled(part, 1) for part in state), _filled(x_t, 1))
            return output[:, :lanes], tuple(part[:, :lanes] for part in after)
        states = zip(*state, strict=True) if state else ((),) * len(x_t)
        runs = zip(_each(named), states, x_t, strict=True)
        stepped = [self.user.run(own, tuple(part.clone() for part in parts), seen.clone()) for own, parts, seen in runs]
        outputs, after = zip(*stepped, strict=True)
        return torch.stack(outputs), tuple(torch.stack(parts) for parts in zip(*after, strict=True))

    def unroll(self, weights: Mapping[str, Tensor], carry: Tensor, x: Tensor, start: State | None = None) -> Tensor:
        """Implements `Memory.unroll`."""
        assert start is None, "a study asks only memories whose state has bounds for another start"
        with self.user.calling():
            return (_one_by_one if self.one_by_one else _stacked)(self.user, _named(weights), carry, x)

    def tape_floats(self, steps: int) -> int:
        """Implements `Memory.tape_floats`, extrapolated from a small unroll."""
        kept: dict[int, int] = {}

        def keep(tensor: Tensor) -> Tensor:
            kept[tensor.untyped_storage().data_ptr()] = tensor.untyped_storage().nbytes() // tensor.element_size()
            return tensor

        weights, carry, x = _trial(self.user, range(1), CHECK_LANES)
        own = {weight.untyped_storage().data_ptr() for weight in weights.values()}
        with saved_tensors_hooks(keep, lambda tensor: tensor):
            outputs = _one_by_one(self.user, weights, carry, x)
        assert outputs.requires_grad
        floats = sum(size for place, size in kept.items() if place not in own)
        tape = floats // (CHECK_STEPS * CHECK_LANES)
        return tape + tape // 2 + 4 * self.user.hidden  # gradients of what is kept, as measured, and of the outputs

    def state_floats(self, steps: int) -> int:
        """Implements `Memory.state_floats`."""
        return sum(part.numel() for part in self.user.start(1, torch.empty(0)))


def own_memory(kind: str, inputs: int, hidden: int) -> Own:
    """Returns the memory of class `package.module:Class`.

    Raises:
        StudyError: as for `load_user_module`.
    """
    user = load_user_module(kind, inputs, hidden)
    return Own(user, stacks(user))


def stacks(user: UserModule) -> str | None:
    """Returns None if runs can be one tensor program with the same lifetimes and gradients, else the reason."""
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("error")  # vmap warns where it loops over the runs by itself, slowly
            reasons = [_differs(user, lanes) for lanes in TRIED_LANES]
    except Exception as error:  # whatever torch raises there means the same
        return _first_sentence(error)
    return next((reason for reason in reasons if reason), None)


def _differs(user: UserModule, lanes: int) -> str | None:
    """Returns how a stack differs from single runs or smaller stacks."""
    most = max(TRIED_STACKS)
    together, one_by_one = _tried(user, range(most), lanes), _tried(user, range(most), lanes, stacked=False)
    if not all(torch.allclose(a, b, rtol=CLOSE, atol=CLOSE) for a, b in zip(together, one_by_one, strict=True)):
        return "torch.func.vmap gives other numbers"
    for runs in TRIED_STACKS:
        fewer = _tried(user, range(most - runs, most), lanes)
        if not all(torch.equal(a[-runs:], b) for a, b in zip(together, fewer, strict=True)):
            return "in a stack a run's last bits would depend on the other runs"
    return None


def _stacked(user: UserModule, weights: Mapping[str, Tensor], carry: Tensor, x: Tensor) -> Tensor:
    lanes = x.shape[2]
    by_step = _filled(x, 2).transpose(0, 1).contiguous().transpose(0, 1)
    outputs: Tensor = vmap(lambda *run: unrolled(user, *run))(dict(weights), carry, by_step)
    return outputs[:, :, :lanes]


def _trial(user: UserModule, seeds: range, lanes: int) -> tuple[dict[str, Tensor], Tensor, Tensor]:
    """Returns weights, carry `[S, T]`, inputs `[S, T, N, F]` of short lifetimes with a reset, by seed."""
    each = [user.weights(seed) for seed in seeds]
    weights = {name: torch.stack([one[name] for one in each]).requires_grad_() for name in each[0]}
    draws = [torch.Generator().manual_seed(seed) for seed in seeds]
    x = torch.stack([torch.randn(CHECK_STEPS, lanes, user.inputs, generator=draw) for draw in draws])
    carry = torch.ones(len(seeds), CHECK_STEPS)
    carry[:, 1] = 0.0
    return weights, carry, x


def _tried(user: UserModule, seeds: range, lanes: int, stacked: bool = True) -> list[Tensor]:
    """Returns the trial's outputs and gradients, each `[S, ...]`."""
    weights, carry, x = _trial(user, seeds, lanes)
    outputs = (_stacked if stacked else _one_by_one)(user, weights, carry, x)
    return [outputs.detach(), *torch.autograd.grad(outputs.square().sum(), list(weights.values()))]


def _named(weights: Mapping[str, Tensor]) -> dict[str, Tensor]:
    return {name.removeprefix(PREFIX): weight for name, weight in weights.items() if name.startswith(PREFIX)}


def _each(weights: Mapping[str, Tensor]) -> list[dict[str, Tensor]]:
    """Returns each run's weights by name."""
    rows = zip(*(map(_aligned, weight.unbind(0)) for weight in weights.values()), strict=True)
    return [dict(zip(weights, row, strict=True)) for row in rows]


def _one_by_one(user: UserModule, weights: Mapping[str, Tensor], carry: Tensor, x: Tensor) -> Tensor:
    # clones start where memory is aligned, whatever the run's place in the stack: products round by that
    runs = zip(_each(weights), carry, x, strict=True)
    return torch.stack([unrolled(user, of_run, carried, seen.clone()) for of_run, carried, seen in runs])


def _filled(part: Tensor, lane_dim: int) -> Tensor:
    """Returns a tensor with lanes padded to a multiple of `LANE_BLOCK`."""
    missing = -part.shape[lane_dim] % LANE_BLOCK
    if not missing:
        return part
    # copies of a lane, not zeros: copies are finite where the lane is, and their gradients are 0
    copies = part.narrow(lane_dim, 0, 1).expand(*part.shape[:lane_dim], missing, *part.shape[lane_dim + 1 :])
    return torch.cat([part, copies], dim=lane_dim)


def _aligned(part: Tensor) -> Tensor:
    return part.clone() if part.data_ptr() % ALIGNED_BYTES else part


def _reset(part: Tensor, new: Tensor, carry_t: Tensor) -> Tensor:
    return torch.where(carry_t.view(-1, *(1,) * new.dim()) != 0, part, new)


def _first_sentence(error: Exception) -> str:
    sentence = " ".join(str(error).split()).split(". ")[0].rstrip(".")
    return sentence if len(sentence) <= LONGEST_REASON else sentence[: LONGEST_REASON - 1] + "…"
