"""The references of interval reproduction: the best press at a fixed time, a walker, an exact clock.

Floor: `best_fixed_time`, which knows how long ago the cue came and
nothing of the interval; who has no clock either earns less than the floor. Yardstick: `exact_clock`, which earns all
there is. No reactive reference: where the position is shown, a memoryless agent can do as well as anyone (`walker`),
by what it has written, so that the swap of that decides.
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
    """Returns `random`, `best_fixed_time`, `walker` (where the environment is a memory) and `exact_clock`."""
    everything = [
        Reference("random", False, None, partial(simulate, family, AtRandom(family.actions))),
        Reference("best_fixed_time", True, *_fixed(family, best_fixed_time(family))),
        Reference("exact_clock", True, 1.0, partial(simulate, family, ExactClock())),
    ]
    if family.written:
        everything.insert(2, Reference("walker", True, 1.0, partial(simulate, family, Walker())))
    return ReferenceSet("best_fixed_time", None, "exact_clock", tuple(everything), floor_without_rewards=False)


def best_fixed_time(family: IntervalReproduction) -> int:
    """Returns how many steps after the cue to press if the interval is unknown; the earliest of equals."""
    return int(_worth_of_fixed_times(family).argmax())


def _worth_of_fixed_times(family: IntervalReproduction) -> Tensor:
    """Returns the mean worth of a press at 0, 1, ..., longest steps after the cue, over all intervals."""
    intervals = torch.arange(family.shortest, family.longest + 1, dtype=torch.float64)
    pressed = torch.arange(family.longest + 1, dtype=torch.float64)
    return family.worth(intervals.unsqueeze(0), pressed.unsqueeze(1)).mean(1)


def _fixed(family: IntervalReproduction, time: int) -> tuple[float, Callable[[Tensor, int], PolicyCurves]]:
    """Returns what pressing at `time` earns in expectation, and its curves on given tasks."""

    def curves(tasks: Tensor, run: int) -> PolicyCurves:
        intervals = family.interval(tasks.double())
        paid = family.worth(intervals, torch.full_like(intervals, time)).mean().item()
        curve = [0.0] * (family.episodes - 1) + [paid]
        return PolicyCurves(curve, list(curve), list(curve) if family.written else None)

    return float(_worth_of_fixed_times(family)[time]), curves


@dataclass(frozen=True)
class Walker:
    """Goes by what it sees now: right in the light, left after the cue, and a press at 0. Its memory is the track."""

    def initial(self, lanes: int) -> Tensor:
        """Returns no memory, `[N, 0]`."""
        return torch.empty(lanes, 0)

    def act(self, memory: Tensor, moment: ReferenceInput) -> Tensor:
        """Returns the walker's move."""
        light, go, place = (moment.observation[..., column] for column in (LIGHT, GO, PLACE))
        back = torch.where(place > 0, LEFT, PRESS)
        return torch.where(go > 0, back, torch.where(light > 0, RIGHT, LEFT))

    def update(self, memory: Tensor, answer: Answer) -> Tensor:
        """Returns no memory."""
        return memory


@dataclass(frozen=True)
class ExactClock:
    """Counts the steps of the light and those of the cue, `[N, 2]`; presses when they are equal."""

    def initial(self, lanes: int) -> Tensor:
        """Returns both counts at 0."""
        return torch.zeros(lanes, 2)

    def act(self, memory: Tensor, moment: ReferenceInput) -> Tensor:
        """Presses as many steps after the cue came as the light was on."""
        now = (moment.observation[..., GO] > 0) & (memory[:, 0] == memory[:, 1])
        return torch.where(now, PRESS, LEFT)

    def update(self, memory: Tensor, answer: Answer) -> Tensor:
        """Counts one step more of what was on."""
        return memory + answer.observation[..., [LIGHT, GO]]
