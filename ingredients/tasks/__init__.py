"""Task families: task distributions as batched pure tensor programs, one file each.

Comes in: the `tasks` section of a study. Goes out: a `Family` (see `family.py`). How the episodes of a lifetime follow
one another is in `lifetime.py`; `environment.py` makes a family an ordinary Gymnasium environment.
"""

from __future__ import annotations

from ingredients.study.tasks import (
    BernoulliBanditTasks,
    CausalBanditTasks,
    DarkRoomTasks,
    IntervalReproductionTasks,
    Section,
)
from ingredients.tasks.bernoulli_bandit import BernoulliBandit
from ingredients.tasks.causal_bandit import CausalBandit
from ingredients.tasks.dark_room import DarkRoom
from ingredients.tasks.family import Family, Step
from ingredients.tasks.interval_reproduction import IntervalReproduction

__all__ = ["Family", "Step", "make_family"]


def make_family(tasks: Section) -> Family:
    """Returns the family that a study's `tasks` section names."""
    match tasks:
        case BernoulliBanditTasks():
            return BernoulliBandit(tasks.arms, tasks.episodes, tasks.action_noise)
        case CausalBanditTasks():
            return CausalBandit(tasks.nodes, tasks.episodes, tasks.noise)
        case DarkRoomTasks():
            return DarkRoom(**tasks.model_dump(exclude={"family"}))
        case IntervalReproductionTasks():
            return IntervalReproduction(**tasks.model_dump(exclude={"family"}))
    raise AssertionError(f"no family for {tasks!r}")  # the study knows the families
