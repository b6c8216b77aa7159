"""References of a family without known ones.

`random` is not the optimum without history; `experiment.informed` adds `informed`.
"""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor

from ingredients.boundary.failures import Failure
from ingredients.errors import StudyError
from ingredients.references.policy import CURVES, Answer, PolicyCurves, Reference, ReferenceInput, ReferenceSet
from ingredients.references.simulation import simulate
from ingredients.tasks.blocks import by_block
from ingredients.tasks.family import Family
from ingredients.tasks.foreign import most_lanes, take_failures

INFORMED = "informed"
MOST_LANES = 10_000


@dataclass(frozen=True)
class RandomPolicy:
    """Uniform actions, or components uniform in [−1, 1]."""

    actions: int
    continuous: bool

    def initial(self, lanes: int) -> Tensor:
        """Returns no memory."""
        return torch.zeros(lanes, 0)

    def act(self, memory: Tensor, moment: ReferenceInput) -> Tensor:
        """Returns uniform draws."""
        lanes = len(moment.tasks)
        if self.continuous:
            return 2 * torch.rand(lanes, self.actions, generator=moment.generator) - 1
        return torch.randint(self.actions, (lanes,), generator=moment.generator)

    def update(self, memory: Tensor, answer: Answer) -> Tensor:
        """Returns no memory."""
        return memory


def ignorant_references(family: Family) -> ReferenceSet:
    """Returns the floor, and the yardstick's name."""
    policy = RandomPolicy(family.actions, family.continuous)

    def curves(tasks: Tensor, run: int) -> PolicyCurves:
        return _in_parts(family, policy, tasks, run)

    floor = Reference("random", False, None, curves)
    return ReferenceSet("random", None, INFORMED, (floor,), floor_without_rewards=False)


def _in_parts(family: Family, policy: RandomPolicy, tasks: Tensor, run: int) -> PolicyCurves:
    """Returns mean curves, played in parts if each lane is an environment.

    Raises:
        StudyError: an environment raised.
    """
    parts = tasks.tensor_split(-(-len(tasks) // most_lanes(family, MOST_LANES)))
    played: list[PolicyCurves] = []
    failures: list[Failure] = []
    for part in parts:
        played.append(simulate(family, policy, part, run))
        failures += take_failures(family).values()
    if failures:
        told = f"random play failed in {len(failures)} of {len(tasks)} lifetimes: {failures[0]}"
        raise StudyError(f"tasks {family.name}: {told}") from failures[0].cause()
    weights = torch.tensor([len(part) / len(tasks) for part in parts], dtype=torch.float64)

    def mean(curves: list[list[float]]) -> list[float]:
        averaged: list[float] = (weights @ torch.tensor(curves, dtype=torch.float64)).tolist()
        return averaged

    curves = {name: [part[name] for part in map(_named, played)] for name in _named(played[0])}
    blocks = played[0].blocks if len(played) == 1 else {name: _grouped(each) for name, each in curves.items()}
    return PolicyCurves(**{name: mean(each) for name, each in curves.items()}, blocks=blocks)


def _named(curves: PolicyCurves) -> dict[str, list[float]]:
    """Returns the existing curves by probe."""
    return {name: curve for name in CURVES if (curve := getattr(curves, name)) is not None}


def _grouped(curves: list[list[float]]) -> list[list[float]]:
    """Returns mean curves of blocks from those of parts."""
    blocks: list[list[float]] = by_block(torch.tensor(curves, dtype=torch.float64)).tolist()
    return blocks
