"""Curves that need no simulation."""

from __future__ import annotations

from collections.abc import Callable

from torch import Tensor

from ingredients.references.bandit_reactive import ReactivePolicy, WinOrLose, reactive_curve
from ingredients.references.policy import PolicyCurves
from ingredients.tasks.family import Family


def same_every_pull(family: Family, reward: Callable[[Tensor], Tensor]) -> Callable[[Tensor, int], PolicyCurves]:
    """Returns the curves of a policy that earns `reward(tasks)` `[N]` every pull."""

    def curves(tasks: Tensor, run: int) -> PolicyCurves:
        return without_memory(reward(tasks).double().mean().expand(family.episodes))

    return curves


def chain(family: WinOrLose, policy: ReactivePolicy) -> Callable[[Tensor, int], PolicyCurves]:
    """Returns a reactive policy's curves, exact on the given tasks."""

    def curves(tasks: Tensor, run: int) -> PolicyCurves:
        return without_memory(reactive_curve(family, policy, tasks))

    return curves


def without_memory(curve: Tensor) -> PolicyCurves:
    """Returns the curves of a policy without memory to swap."""
    values: list[float] = curve.tolist()
    return PolicyCurves(values, list(values))
