"""The user's own single-agent module (docs/memories.md), loaded by name.

Dropout is off.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor, nn
from torch.func import functional_call

from ingredients.agent.memory.protocol import State
from ingredients.boundary.call import calling
from ingredients.boundary.guard import Kept
from ingredients.errors import StudyError
from ingredients.study import own_import
from ingredients.study.own_source import MEMORY


@dataclass(frozen=True, eq=False)
class UserModule:
    """A user's module as a pure function.

    `kind` is `package.module:Class`; `module` gives names and shapes; `single`: the state is one tensor.
    """

    kind: str
    inputs: int
    hidden: int
    module: nn.Module
    single: bool

    def weights(self, seed: int) -> dict[str, Tensor]:
        """Returns first weights by name, initialised under this seed."""
        return weights_of(new_module(self.kind, load_class(self.kind), self.inputs, self.hidden, seed))

    def start(self, lanes: int, like: Tensor) -> State:
        """Returns the initial state, `[lanes, ...]` each, with device and type of `like`."""
        with torch.no_grad():
            parts = parts_of(self.module.initial_state(lanes))  # type: ignore[operator] # checked when it was loaded
        return tuple(part.to(like.device, like.dtype if part.is_floating_point() else part.dtype) for part in parts)

    def run(self, weights: Mapping[str, Tensor], state: State, x: Tensor) -> tuple[Tensor, State]:
        """Returns output `[lanes, H]` and new state for an input `[lanes, F]`."""
        buffers = {name: buffer.to(x.device) for name, buffer in self.module.named_buffers()}
        with Kept():
            output, new = functional_call(self.module, {**buffers, **weights}, (x, state[0] if self.single else state))
        return output, parts_of(new)

    def calling(self) -> AbstractContextManager[None]:
        """Returns a context that makes the module's exceptions one line."""
        return calling(lambda raised: wrong(self.kind, f"forward raised {raised}"), Kept)


def load_class(kind: str) -> type[nn.Module]:
    """Returns the class `package.module:Class`.

    Raises:
        StudyError: it cannot be imported, or is no `nn.Module`.
    """
    found = own_import.imported(kind, MEMORY, lambda value: isinstance(value, type) and issubclass(value, nn.Module))
    if not (isinstance(found, type) and issubclass(found, nn.Module)):
        raise wrong(kind, f"{kind.partition(':')[2]} is no torch.nn.Module")
    return found


def unrolled(user: UserModule, weights: Mapping[str, Tensor], carry: Tensor, x: Tensor) -> Tensor:
    """Returns a run's outputs `[T, lanes, H]` for carry `[T]`, inputs `[T, lanes, F]`."""
    first = state = user.start(x.shape[1], x)
    outputs = []
    for t in range(x.shape[0]):
        state = tuple(torch.where(carry[t] != 0, part, new) for part, new in zip(state, first, strict=True))
        output, state = user.run(weights, state, x[t])
        outputs.append(output)
    return torch.stack(outputs)


def new_module(kind: str, found: type[nn.Module], inputs: int, hidden: int, seed: int) -> nn.Module:
    """Returns an instance in evaluation mode, made under this seed.

    Raises:
        StudyError: it cannot be made from (inputs, hidden).
    """
    with kept_luck():
        torch.default_generator.manual_seed(seed)
        with calling(lambda raised: wrong(kind, f"(inputs={inputs}, hidden={hidden}) raised {raised}")):
            return found(inputs, hidden).eval()


def weights_of(module: nn.Module) -> dict[str, Tensor]:
    """Returns copies of the weights by name."""
    return {name: weight.detach().clone() for name, weight in module.named_parameters()}


def parts_of(state: Any) -> State:  # noqa: ANN401 - what a user's module returned
    """Returns the state's parts as a tuple."""
    return state if isinstance(state, tuple) else tuple(state) if isinstance(state, list) else (state,)


def wrong(kind: str, what: str) -> StudyError:
    """Returns the error about a memory."""
    return own_import.wrong(kind, MEMORY, what)


@contextmanager
def kept_luck() -> Iterator[None]:
    """Restores torch's CPU generator at exit."""
    before = torch.default_generator.get_state()
    try:
        yield
    finally:
        torch.default_generator.set_state(before)
