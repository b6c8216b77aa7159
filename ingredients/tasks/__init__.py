"""Task families: task distributions as batched pure tensor programs, one file each.

Comes in: the `tasks` section of a study. Goes out: a `Family` (see `family.py`). How the episodes of a lifetime follow
one another is in `lifetime.py`; `environment.py` makes a family an ordinary Gymnasium environment.
"""

from __future__ import annotations

from ingredients.study.tasks import (
    BernoulliBanditTasks,
    DarkRoomTasks,
    DependentBanditTasks,
    GaussianBanditTasks,
    InformativeBanditTasks,
    RestlessBanditTasks,
    Section,
    TabularMdpTasks,
    TwoStepTasks,
)
from ingredients.tasks.bernoulli_bandit import BernoulliBandit
from ingredients.tasks.dark_room import DarkRoom
from ingredients.tasks.dependent_bandit import DependentBandit
from ingredients.tasks.family import Family, Step
from ingredients.tasks.gaussian_bandit import GaussianBandit
from ingredients.tasks.informative_bandit import InformativeBandit
from ingredients.tasks.restless_bandit import RestlessBandit
from ingredients.tasks.tabular_mdp import TabularMdp
from ingredients.tasks.two_step import TwoStep

__all__ = ["Family", "Step", "make_family"]


def make_family(tasks: Section) -> Family:
    """Returns the family that a study's `tasks` section names."""
    match tasks:
        case BernoulliBanditTasks():
            return BernoulliBandit(tasks.arms, tasks.episodes, tasks.action_noise, tasks.forced_pulls)
        case DependentBanditTasks():
            return DependentBandit(tasks.episodes, tasks.difficulty)
        case GaussianBanditTasks():
            return GaussianBandit(tasks.arms, tasks.episodes, tasks.deviation)
        case RestlessBanditTasks():
            return RestlessBandit(tasks.arms, tasks.episodes, tasks.decay, tasks.deviation)
        case InformativeBanditTasks():
            return InformativeBandit(tasks.episodes, tasks.action_noise)
        case DarkRoomTasks():
            return DarkRoom(**tasks.model_dump(exclude={"family"}))
        case TabularMdpTasks():
            return TabularMdp(**tasks.model_dump(exclude={"family"}))
        case TwoStepTasks():
            return TwoStep(**tasks.model_dump(exclude={"family"}))
    raise AssertionError(f"no family for {tasks!r}")  # the study knows the families
