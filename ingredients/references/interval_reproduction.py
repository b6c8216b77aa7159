"""References of interval reproduction.

`best_fixed_time` knows the time since the cue, not the interval; `exact_clock` earns the maximum. A visible position is
a memory (`walker`), so none is reactive.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial

import torch
from torch import Tensor

from ingredients.references.at_random import AtRandom
from ingredients.references.policy import Answer, PolicyCurves, Reference, ReferenceInput, ReferenceSet
from ingredients.references.simulation import simulate
from ingredients.tasks.interval_reproduction import GO, LEFT, LIGHT, PLACE, PRESS, RIGHT, IntervalReproduction


def interval_reproduction_references(family: IntervalReproduction) -> ReferenceSet:
    """Returns all references; `walker` if the environment can be a memory."""
    everything = [
        Reference("random", False, None, partial(simulate, family, AtRandom(family.actions))),
        Reference("best_fixed_time", True, *_fixed(family, best_fixed_time(family))),
        Reference("exact_clock", True, 1.0, partial(simulate, family, ExactClock())),
    ]
    if family.written:
        everything.insert(2, Reference("walker", True, 1.0, partial(simulate, family, Walker())))
    return ReferenceSet("best_fixed_time", None, "exact_clock", tuple(everything), floor_without_rewards=False)


def best_fixed_time(family: IntervalReproduction) -> int:
    """Returns the best number of steps from cue to press, the earliest of ties."""
    return int(_worth_of_fixed_times(family).argmax())


def _worth_of_fixed_times(family: IntervalReproduction) -> Tensor:
    """Returns the mean worth of pressing 0, 1, ... steps after cue."""
    intervals = torch.arange(family.shortest, family.longest + 1, dtype=torch.float64)
    pressed = torch.arange(family.longest + 1, dtype=torch.float64)
    return family.worth(intervals.unsqueeze(0), pressed.unsqueeze(1)).mean(1)


def _fixed(family: IntervalReproduction, time: int) -> tuple[float, Callable[[Tensor, int], PolicyCurves]]:
    """Returns expected return and curves of pressing at `time`."""

    def curves(tasks: Tensor, run: int) -> PolicyCurves:
        intervals = family.interval(tasks.double())
        paid = family.worth(intervals, torch.full_like(intervals, time)).mean().item()
        curve = [0.0] * (family.episodes - 1) + [paid]
        return PolicyCurves(curve, list(curve), list(curve) if family.written else None)

    return float(_worth_of_fixed_times(family)[time]), curves


@dataclass(frozen=True)
class Walker:
    """Moves right in the light, left after the cue, and presses at 0."""

    def initial(self, lanes: int) -> Tensor:
        """Returns no memory."""
        return torch.empty(lanes, 0)

    def act(self, memory: Tensor, moment: ReferenceInput) -> Tensor:
        """See `ReferencePolicy.act`."""
        light, go, place = (moment.observation[..., column] for column in (LIGHT, GO, PLACE))
        back = torch.where(place > 0, LEFT, PRESS)
        return torch.where(go > 0, back, torch.where(light > 0, RIGHT, LEFT))

    def update(self, memory: Tensor, answer: Answer) -> Tensor:
        """Returns no memory."""
        return memory


@dataclass(frozen=True)
class ExactClock:
    """Counts steps of light and cue, `[N, 2]`; presses when they are equal."""

    def initial(self, lanes: int) -> Tensor:
        """Returns zero counts."""
        return torch.zeros(lanes, 2)

    def act(self, memory: Tensor, moment: ReferenceInput) -> Tensor:
        """See `ReferencePolicy.act`."""
        now = (moment.observation[..., GO] > 0) & (memory[:, 0] == memory[:, 1])
        return torch.where(now, PRESS, LEFT)

    def update(self, memory: Tensor, answer: Answer) -> Tensor:
        """See `ReferencePolicy.update`."""
        return memory + answer.observation[..., [LIGHT, GO]]
