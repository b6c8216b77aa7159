"""The user's own single-agent module, loaded by name and held to its contract.

    class Mine(torch.nn.Module):
        def __init__(self, inputs: int, hidden: int): ...
        def initial_state(self, lanes: int) -> Tensor | tuple[Tensor, ...]: ...    # each [lanes, ...]
        def forward(self, x, state): ...        # x [lanes, inputs] -> (output [lanes, hidden], new state)

Comes in: `package.module:Class`. Goes out: a `UserModule` that is a pure function of weights, state and input, or one
`StudyError` that says what is wrong with it. Modules are looked for where Python looks, then in the current folder.

A module that draws random numbers (dropout) gets them from its weights' bits: the same in every step as long as the
weights are the same, others after the next gradient step. So a rollout and its unroll see one function, as in the
dropout for recurrent nets of Gal & Ghahramani (2016), and a study's bytes stay the same on every run.
"""

from __future__ import annotations

import importlib
import zlib
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch
from torch import Tensor, nn
from torch.func import functional_call

from ingredients.agent.memory.protocol import State
from ingredients.errors import StudyError
from ingredients.study.messages import nearest
from ingredients.study.own_source import look_in

CHECK_LANES, CHECK_STEPS = 6, 3


@dataclass(frozen=True, eq=False)
class UserModule:
    """A module of the user's as a pure function.

    Attributes:
        kind: `package.module:Class`.
        inputs: F.
        hidden: H.
        module: one instance; its weights are never used, but for their names and shapes.
        single: whether its state is one tensor rather than a tuple.
        draws: whether its forward pass draws random numbers.
    """

    kind: str
    inputs: int
    hidden: int
    module: nn.Module
    single: bool
    draws: bool

    def weights(self, seed: int) -> dict[str, Tensor]:
        """Returns first weights by name, those that the class gives itself when torch's generator has this seed."""
        return _weights(_new(self.kind, load_class(self.kind), self.inputs, self.hidden, seed))

    def start(self, lanes: int, like: Tensor) -> State:
        """Returns the initial state of so many lanes, parts `[lanes, ...]`, on the device and in the type of `like`."""
        with torch.no_grad():
            parts = _parts(self.module.initial_state(lanes))  # type: ignore[operator] # checked when it was loaded
        return tuple(part.to(like.device, like.dtype if part.is_floating_point() else part.dtype) for part in parts)

    def run(self, weights: Mapping[str, Tensor], state: State, x: Tensor) -> tuple[Tensor, State]:
        """Returns the output `[lanes, H]` and the new state for weights by name, a state and the input `[lanes, F]`."""
        buffers = {name: buffer.to(x.device) for name, buffer in self.module.named_buffers()}
        with _luck_of(weights) if self.draws else _as_it_is():
            result = functional_call(self.module, {**buffers, **weights}, (x, state[0] if self.single else state))
        output, new = result
        return output, _parts(new)


def load_user_module(kind: str, inputs: int, hidden: int) -> UserModule:
    """Returns the module that `kind` names, tried on real shapes.

    Raises:
        StudyError: there is no such class, or it breaks the contract.
    """
    module = _new(kind, load_class(kind), inputs, hidden, seed=0)
    if not any(True for _ in module.parameters()):
        raise _wrong(kind, "has no weights, so there is nothing to train")
    single = _check_start(kind, module)
    before = torch.default_generator.get_state()
    user = UserModule(kind, inputs, hidden, module, single, draws=False)
    with _kept_luck():
        _check_forward(user)
        draws = not torch.equal(before, torch.default_generator.get_state())
    user = UserModule(kind, inputs, hidden, module, single, draws)
    _check_purity(user)
    return user


def load_class(kind: str) -> type[nn.Module]:
    """Returns the class that `package.module:Class` names.

    Raises:
        StudyError: it cannot be imported, or is no `torch.nn.Module`.
    """
    module_name, _, name = kind.partition(":")
    look_in(here := Path.cwd())
    importlib.invalidate_caches()
    try:
        module = importlib.import_module(module_name)
    except Exception as error:
        what = f"cannot be imported: {_in_short(error)} (looked for in {here} and on Python's path)"
        raise _wrong(kind, what) from error
    found = getattr(module, name, None)
    classes = [key for key, value in vars(module).items() if isinstance(value, type) and issubclass(value, nn.Module)]
    if found is None:
        guess = nearest(name, classes)
        raise _wrong(kind, f"{module_name} has no {name}" + (f". Did you mean '{guess}'?" if guess else ""))
    if not (isinstance(found, type) and issubclass(found, nn.Module)):
        raise _wrong(kind, f"{name} is no torch.nn.Module")
    return found


def unrolled(user: UserModule, weights: Mapping[str, Tensor], carry: Tensor, x: Tensor) -> Tensor:
    """Returns the outputs `[T, lanes, H]` of a run from a lifetime's start; carry is `[T]`, inputs `[T, lanes, F]`."""
    first = state = user.start(x.shape[1], x)
    outputs = []
    for t in range(x.shape[0]):
        state = tuple(torch.where(carry[t] != 0, part, new) for part, new in zip(state, first, strict=True))
        output, state = user.run(weights, state, x[t])
        outputs.append(output)
    return torch.stack(outputs)


def _new(kind: str, found: type[nn.Module], inputs: int, hidden: int, seed: int) -> nn.Module:
    with _kept_luck():
        torch.default_generator.manual_seed(seed)
        try:
            return found(inputs, hidden)
        except Exception as error:
            raise _wrong(kind, f"(inputs={inputs}, hidden={hidden}) raised {_in_short(error)}") from error


def _weights(module: nn.Module) -> dict[str, Tensor]:
    return {name: weight.detach().clone() for name, weight in module.named_parameters()}


def _check_start(kind: str, module: nn.Module) -> bool:
    """Makes sure that there is an initial state with a lane dimension; returns whether it is one tensor."""
    if not callable(getattr(module, "initial_state", None)):
        raise _wrong(kind, "has no method initial_state(lanes)")
    for lanes in (CHECK_LANES, CHECK_LANES + 1):
        try:
            given = module.initial_state(lanes)  # type: ignore[operator]
        except Exception as error:
            raise _wrong(kind, f"initial_state({lanes}) raised {_in_short(error)}") from error
        parts = _parts(given)
        if not all(isinstance(part, Tensor) and part.dim() and part.shape[0] == lanes for part in parts):
            allowed = f"tensors [lanes, ...]; initial_state({lanes}) gave {_shown(given)}"
            raise _wrong(kind, f"the initial state must be {allowed}")
        if any(part.requires_grad for part in parts):
            raise _wrong(kind, "the initial state must not depend on weights: it is what a reset puts back")
    return isinstance(given, Tensor)


def _check_forward(user: UserModule) -> None:
    """Makes sure that a step gives an output and a state of the right shapes, and that the state keeps its shape."""
    x = torch.zeros(CHECK_LANES, user.inputs)
    start = user.start(CHECK_LANES, x)
    state = start[0] if user.single else start
    buffers = {name: buffer.clone() for name, buffer in user.module.named_buffers()}
    try:
        result = user.module(x, state)
    except Exception as error:
        raise _wrong(user.kind, f"forward raised {_in_short(error)}") from error
    if not (isinstance(result, tuple) and len(result) == 2):
        raise _wrong(user.kind, f"forward must return (output, state), got {_shown(result)}")
    output, new = result
    wanted = (CHECK_LANES, user.hidden)
    if not isinstance(output, Tensor) or tuple(output.shape) != wanted:
        raise _wrong(user.kind, f"the output must be [lanes, hidden] = {list(wanted)}, got {_shown(output)}")
    if isinstance(new, Tensor) != user.single or _shown(_parts(new)) != _shown(start):
        raise _wrong(user.kind, f"the state must keep its shape {_shown(state)}, got {_shown(new)}")
    changed = [name for name, buffer in user.module.named_buffers() if not torch.equal(buffer, buffers[name])]
    if changed:
        raise _wrong(user.kind, f"forward changes the buffer {changed[0]}: what is remembered belongs into the state")


def _check_purity(user: UserModule) -> None:
    """Makes sure that equal inputs give equal outputs, and that every weight has a part in them."""
    weights = {name: weight.requires_grad_() for name, weight in _weights(user.module).items()}
    draw = torch.Generator().manual_seed(0)
    x = torch.randn(CHECK_STEPS, CHECK_LANES, user.inputs, generator=draw)
    outputs, again = (unrolled(user, weights, torch.ones(CHECK_STEPS), x) for _ in range(2))
    if not torch.equal(outputs, again):
        raise _wrong(user.kind, "gives other outputs for equal inputs: what is remembered belongs into the state")
    if not outputs.requires_grad:
        raise _wrong(user.kind, "the output does not depend on the weights, so nothing can be trained")
    gradients = torch.autograd.grad(outputs.sum(), list(weights.values()), allow_unused=True)
    unused = [name for name, gradient in zip(weights, gradients, strict=True) if gradient is None]
    if unused:
        raise _wrong(user.kind, f"the output does not depend on {', '.join(unused)}: take out what is not used")


def _parts(state: Any) -> State:  # noqa: ANN401 - what a user's module returned
    return state if isinstance(state, tuple) else tuple(state) if isinstance(state, list) else (state,)


def _shown(value: object) -> str:
    """Returns what a user's module gave, in brief: the shapes of tensors, the type of anything else."""
    if isinstance(value, Tensor):
        return str(list(value.shape))
    if isinstance(value, tuple):
        return f"({', '.join(_shown(part) for part in value)})"
    return type(value).__name__


def _in_short(error: Exception) -> str:
    lines = str(error).splitlines() or [""]
    return f"{type(error).__name__}: {lines[0]}"


def _wrong(kind: str, what: str) -> StudyError:
    return StudyError(f"memory {kind}: {what}")


@contextmanager
def _kept_luck() -> Iterator[None]:
    """Leaves torch's CPU generator as it was."""
    before = torch.default_generator.get_state()
    try:
        yield
    finally:
        torch.default_generator.set_state(before)


@contextmanager
def _luck_of(weights: Mapping[str, Tensor]) -> Iterator[None]:
    with _kept_luck():
        bits = b"".join(weight.detach().cpu().numpy().tobytes() for weight in weights.values())
        torch.default_generator.manual_seed(zlib.crc32(bits))
        yield


@contextmanager
def _as_it_is() -> Iterator[None]:
    yield
