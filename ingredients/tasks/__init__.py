"""Task families: task distributions as batched pure tensor programs, one file each.

Comes in: the `tasks` section of a study. Goes out: a `Family` (see `family.py`). How the episodes of a lifetime follow
one another is in `lifetime.py`; `environment.py` makes a family an ordinary Gymnasium environment.
"""

from __future__ import annotations

from ingredients.study.tasks import BernoulliBanditTasks, DarkRoomTasks, GymnasiumTasks, OwnTasks, Section
from ingredients.tasks.bernoulli_bandit import BernoulliBandit
from ingredients.tasks.dark_room import DarkRoom
from ingredients.tasks.family import Family, Step
from ingredients.tasks.gymnasium_family import gymnasium_family
from ingredients.tasks.own_family import own_family

__all__ = ["Family", "Step", "make_family"]


def make_family(tasks: Section) -> Family:
    """Returns the family that a study's `tasks` section names.

    Raises:
        StudyError: somebody else's environment or tasks are not there, or not what they have to be.
    """
    match tasks:
        case BernoulliBanditTasks():
            return BernoulliBandit(tasks.arms, tasks.episodes, tasks.action_noise)
        case DarkRoomTasks():
            return DarkRoom(**tasks.model_dump(exclude={"family"}))
        case GymnasiumTasks():
            return gymnasium_family(tasks)
        case OwnTasks():
            return own_family(tasks)
    raise AssertionError(f"no family for {tasks!r}")  # the study knows the families
