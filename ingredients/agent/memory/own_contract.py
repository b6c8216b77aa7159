"""The contract of a user's module, checked before training."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from functools import partial

import torch
from torch import Tensor, nn
from torch.nn.modules.batchnorm import _BatchNorm

from ingredients.agent.memory.own_module import (
    UserModule,
    kept_luck,
    load_class,
    new_module,
    parts_of,
    unrolled,
    weights_of,
    wrong,
)
from ingredients.agent.memory.protocol import State
from ingredients.boundary.call import calling
from ingredients.boundary.guard import Kept
from ingredients.errors import StudyError

CHECK_LANES, CHECK_STEPS = 6, 3
MIXED = 1e-5
MIXES = "mixes lifetimes: each lane must be computed by itself"


def load_user_module(kind: str, inputs: int, hidden: int) -> UserModule:
    """Returns the checked module that `kind` names.

    Raises:
        StudyError: the class is missing or breaks the contract.
    """
    found = load_class(kind)
    module = new_module(kind, found, inputs, hidden, seed=0)
    _check_weights(kind, module)
    _check_buffers(kind, module, new_module(kind, found, inputs, hidden, seed=1))
    user = UserModule(kind, inputs, hidden, module, _check_start(kind, module))
    with kept_luck():
        _check_forward(user)
        _check_purity(user)
    _check_lanes(user)
    return user


def drops(module: nn.Module) -> bool:
    """Returns whether the module has dropout (`nn.Dropout(p)`, `nn.GRU(dropout=p)`)."""
    shares = [getattr(part, "p" if "Dropout" in type(part).__name__ else "dropout", 0.0) for part in module.modules()]
    return any(isinstance(share, float | int) and share > 0 for share in shares)


def _check_weights(kind: str, module: nn.Module) -> None:
    weights = dict(module.named_parameters())
    if not weights:
        raise wrong(kind, "has no weights, so there is nothing to train")
    if frozen := [name for name, weight in weights.items() if not weight.requires_grad]:
        raise wrong(kind, f"has frozen weights: make them buffers: {', '.join(frozen)}")
    for name, weight in weights.items():
        _check_types(kind, f"weight {name}", [weight])


def _check_buffers(kind: str, module: nn.Module, other: nn.Module) -> None:
    """Checks that buffers are float32 and equal for every seed."""
    others = dict(other.named_buffers())
    for name, buffer in module.named_buffers():
        if buffer.is_floating_point() or buffer.is_complex():
            _check_types(kind, f"buffer {name}", [buffer])
        if name not in others or not torch.equal(buffer, others[name]):
            raise wrong(kind, f"random buffers would be the same for every seed: {name}")
    if normed := [name for name, part in module.named_modules() if isinstance(part, _BatchNorm)]:
        raise wrong(kind, f"{MIXES}; {normed[0]} is a batch normalisation")


def _check_types(kind: str, what: str, tensors: Iterable[Tensor]) -> None:
    for tensor in tensors:
        if tensor.dtype != torch.float32:
            raise wrong(kind, f"the {what} must be torch.float32, got {tensor.dtype}")


def _check_start(kind: str, module: nn.Module) -> bool:
    """Checks that the initial state has lanes; returns whether it is one tensor."""
    if not callable(getattr(module, "initial_state", None)):
        raise wrong(kind, "has no method initial_state(lanes)")
    for lanes in (CHECK_LANES, CHECK_LANES + 1):
        with calling(partial(_start_raised, kind, lanes)):
            given = module.initial_state(lanes)  # type: ignore[operator]
        parts = parts_of(given)
        if not all(isinstance(part, Tensor) and part.dim() and part.shape[0] == lanes for part in parts):
            allowed = f"tensors [lanes, ...]; initial_state({lanes}) gave {_shown(given)}"
            raise wrong(kind, f"the initial state must be {allowed}")
        if any(part.requires_grad for part in parts):
            raise wrong(kind, "the initial state must not depend on weights: a reset restores it")
    return isinstance(given, Tensor)


def _start_raised(kind: str, lanes: int, raised: str) -> StudyError:
    return wrong(kind, f"initial_state({lanes}) raised {raised}")


def _check_forward(user: UserModule) -> None:
    """Checks the shapes of output and state."""
    x = torch.zeros(CHECK_LANES, user.inputs)
    start = user.start(CHECK_LANES, x)
    state = start[0] if user.single else start
    result = _called(user, x, state)
    if not (isinstance(result, tuple) and len(result) == 2):
        raise wrong(user.kind, f"forward must return (output, state), got {_shown(result)}")
    output, new = result
    wanted = (CHECK_LANES, user.hidden)
    if not isinstance(output, Tensor) or tuple(output.shape) != wanted:
        raise wrong(user.kind, f"the output must be [lanes, hidden] = {list(wanted)}, got {_shown(output)}")
    if isinstance(new, Tensor) != user.single or _shown(parts_of(new)) != _shown(start):
        raise wrong(user.kind, f"the state must keep its shape {_shown(state)}, got {_shown(new)}")
    _check_types(user.kind, "output", [output])
    if (types := [part.dtype for part in parts_of(new)]) != (kept := [part.dtype for part in start]):
        raise wrong(user.kind, f"the state must keep its types {kept}, got {types}")


def _called(user: UserModule, x: Tensor, state: State | Tensor) -> object:
    """Returns forward's result; it must not raise, draw random numbers or change buffers."""
    buffers = {name: buffer.clone() for name, buffer in user.module.named_buffers()}
    luck = torch.default_generator.get_state()
    with calling(lambda raised: wrong(user.kind, f"forward raised {raised}"), Kept):
        result = user.module(x, state)
    if not torch.equal(luck, torch.default_generator.get_state()):
        raise wrong(user.kind, "forward draws random numbers: rollout and update must compute the same function")
    changed = [name for name, buffer in user.module.named_buffers() if not torch.equal(buffer, buffers[name])]
    if changed:
        raise wrong(user.kind, f"forward changes the buffer {changed[0]}: keep what it remembers in the state")
    return result


def _check_purity(user: UserModule) -> None:
    """Checks that equal inputs give equal outputs, which depend on every weight."""
    weights = {name: weight.requires_grad_() for name, weight in weights_of(user.module).items()}
    draw = torch.Generator().manual_seed(0)
    x = torch.randn(CHECK_STEPS, CHECK_LANES, user.inputs, generator=draw)
    x[0, :, :-1] = 0.0  # as at a lifetime's start
    outputs, again = (unrolled(user, weights, torch.ones(CHECK_STEPS), x) for _ in range(2))
    _check_finite(user.kind, {"": outputs})
    if not torch.equal(outputs, again):
        raise wrong(user.kind, "gives other outputs for equal inputs: keep what it remembers in the state")
    if not outputs.requires_grad:
        raise wrong(user.kind, "the output does not depend on the weights, so nothing can be trained")
    gradients = torch.autograd.grad(outputs.sum(), list(weights.values()), allow_unused=True)
    unused = [name for name, gradient in zip(weights, gradients, strict=True) if gradient is None]
    if unused:
        raise wrong(user.kind, f"the output does not depend on {', '.join(unused)}: take out what is not used")
    named = zip(weights, gradients, strict=True)
    _check_finite(user.kind, {f" in the gradient of {name}": gradient for name, gradient in named})


def _check_finite(kind: str, found: Mapping[str, Tensor]) -> None:
    for where, numbers in found.items():
        if numbers.isinf().any():  # first, for NaN often follows from it a step later
            raise wrong(kind, f"gives infinite numbers{where}")
        if numbers.isnan().any():
            raise wrong(kind, f"gives NaN{where}")


def _check_lanes(user: UserModule) -> None:
    """Checks that no lane depends on another."""
    draw = torch.Generator().manual_seed(0)
    x = torch.randn(2, CHECK_STEPS, CHECK_LANES, user.inputs, generator=draw)
    with torch.no_grad():
        state = _went_on(user, user.start(CHECK_LANES, x), x[0])[-1]
        plain = _went_on(user, state, x[1])
        for lane in range(CHECK_LANES):
            changed = x[1].clone()
            other = tuple(part.clone() for part in state)
            changed[:, lane] += 1.0
            for part in other:
                part[lane] = part[lane - 1]  # a possible state, as under a swap
            _compare_lanes(user, lane, plain, _went_on(user, other, changed))


def _went_on(user: UserModule, state: State, x: Tensor) -> list[State]:
    """Returns each step's output and state `[lanes, ...]`, then the last state."""
    weights = weights_of(user.module)
    found = []
    for x_t in x:
        output, state = user.run(weights, tuple(part.clone() for part in state), x_t)
        found.append((output, *state))
    return [*found, state]


def _compare_lanes(user: UserModule, lane: int, plain: list[State], changed: list[State]) -> None:
    others = [index for index in range(CHECK_LANES) if index != lane]
    for before, after in zip(plain, changed, strict=True):
        for a, b in zip(before, after, strict=True):
            if not torch.allclose(a[others].double(), b[others].double(), rtol=0.0, atol=MIXED, equal_nan=True):
                raise wrong(user.kind, MIXES)


def _shown(value: object) -> str:
    """Returns the shapes of tensors, the types of other values."""
    if isinstance(value, Tensor):
        return str(list(value.shape))
    if isinstance(value, tuple):
        return f"({', '.join(_shown(part) for part in value)})"
    return type(value).__name__
