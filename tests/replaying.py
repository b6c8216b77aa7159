"""Stand-ins for a GPU where there is none: a recording made of torch's own operations, and one that refuses to wait.

`Tape` repeats recorded operations, each writing where it wrote, as a CUDA graph does: what a program takes from Python
instead of from a fixed place stays what it was when it was recorded. `unwaiting` is for programs over tensors of the
device `meta`, which hold nothing: to wait for it, or to bring it a number from Python, raises.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any, TypeVar

import torch
from torch import Tensor
from torch.overrides import TorchFunctionMode
from torch.utils._python_dispatch import TorchDispatchMode
from torch.utils._pytree import tree_leaves

from ingredients.agent.compiled import without_loops

Result = TypeVar("Result")


class Tape:
    """A recorder for the CPU: `training.recorded.Recorder` without a graph."""

    def __init__(self) -> None:
        """Has recorded nothing."""
        self.plays = 0

    def run(self, function: Callable[[], Result]) -> Result:
        """Calls it as it is."""
        with without_loops():
            return function()

    def record(self, function: Callable[[], Result]) -> tuple[Result, Callable[[], None]]:
        """Returns the results' places and what fills them; the first play has been made while recording."""
        with without_loops(), _Listener() as heard:
            result = function()
        fresh = True

        def play() -> None:
            nonlocal fresh
            self.plays += 1
            if not fresh:
                heard.repeat()
            fresh = False

        return result, play


class _Listener(TorchDispatchMode):  # type: ignore[no-untyped-call]
    """Hears every operation that reaches torch's kernels."""

    def __init__(self) -> None:
        super().__init__()  # type: ignore[no-untyped-call]
        self._heard: list[tuple[Any, Any, Any, Any]] = []

    def __torch_dispatch__(self, function: Any, types: Any, arguments: Any = (), named: Any = None) -> Any:  # noqa: ANN401
        made = function(*arguments, **(named or {}))
        self._heard.append((function, arguments, named or {}, made))
        return made

    def repeat(self) -> None:
        """Does every operation again, on the same tensors and into the same places."""
        with torch.no_grad():
            for function, arguments, named, made in self._heard:
                again = function(*arguments, **named)
                for place, part in zip(_tensors(made), _tensors(again), strict=True):
                    if place.data_ptr() != part.data_ptr():
                        place.copy_(part)


def _tensors(made: object) -> list[Tensor]:
    return [leaf for leaf in tree_leaves(made) if isinstance(leaf, Tensor) and leaf.numel()]


class Waits(AssertionError):
    """A program would wait for the device, or for a copy to it."""


class _NoWaiting(TorchDispatchMode):  # type: ignore[no-untyped-call]
    """Refuses what brings numbers to the device or back."""

    def __torch_dispatch__(self, function: Any, types: Any, arguments: Any = (), named: Any = None) -> Any:  # noqa: ANN401
        name = function.overloadpacket.__name__
        devices = {leaf.device.type for leaf in tree_leaves((arguments, named)) if isinstance(leaf, Tensor)}
        to = (named or {}).get("device")
        if name in ("_local_scalar_dense", "nonzero", "equal", "is_nonzero", "masked_select"):
            raise Waits(f"{name} on {devices}")
        if name in ("_to_copy", "copy_", "lift_fresh", "lift") and "cpu" in devices:
            raise Waits(f"{name} from {devices} to {to}")
        return function(*arguments, **(named or {}))


class _NothingMade(TorchFunctionMode):
    """Refuses tensors made of Python's numbers: on a device each is a copy, which below is not seen."""

    def __torch_function__(self, function: Any, types: Any, arguments: Any = (), named: Any = None) -> Any:  # noqa: ANN401
        if function in (torch.tensor, torch.as_tensor, Tensor.new_tensor):
            raise Waits(f"{function.__name__} of {arguments[-1]}")
        return function(*arguments, **(named or {}))


@contextmanager
def unwaiting() -> Iterator[None]:
    """Inside, what waits raises `Waits`."""
    with _NoWaiting(), _NothingMade():  # type: ignore[no-untyped-call]
        yield
