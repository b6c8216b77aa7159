"""Where the tests of kernels run: on a card if there is one, else on a CPU by Triton's interpreter."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager

import pytest
import torch
from torch import Tensor

from ingredients.agent.kernels import interpreted

pytest.importorskip("triton", reason="there is no Triton on this machine")

DEVICE = torch.device("cuda" if torch.cuda.is_available() else "cpu")
NEAR = 2e-6  # largest relative distance from float64: float32's rounding, summed over some hundred terms


@contextmanager
def by_kernels() -> Iterator[None]:
    """Lets kernels do what they can inside, whatever the device."""
    if DEVICE.type == "cuda":
        yield
        return
    with interpreted():
        yield


def distance(ours: Tensor, exact: Tensor) -> float:
    """Returns ‖ours − exact‖ / ‖exact‖; infinite where anything is no number."""
    apart = float((ours.double().cpu() - exact.double().cpu()).norm() / exact.double().cpu().norm())
    return apart if apart == apart else float("inf")


def assert_near(ours: Sequence[Tensor], exact: Sequence[Tensor], near: float = NEAR) -> None:
    """Asserts that tensors are as near to those in float64 as float32 can be."""
    assert [one.shape for one in ours] == [one.shape for one in exact]
    apart = [distance(*pair) for pair in zip(ours, exact, strict=True)]
    assert max(apart) < near, apart


def draw(seed: int, *shape: int) -> Tensor:
    """Returns standard normals, the same on every device."""
    return torch.randn(shape, generator=torch.Generator().manual_seed(seed))
