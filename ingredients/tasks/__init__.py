"""Task families: task distributions as batched pure tensor programs, one file each.

Comes in: the `tasks` section of a study. Goes out: a `Family` (see `family.py`).
"""

from __future__ import annotations

from ingredients.study import BernoulliBanditTasks
from ingredients.tasks.bernoulli_bandit import BernoulliBandit
from ingredients.tasks.family import Family, Step

__all__ = ["Family", "Step", "make_family"]


def make_family(tasks: BernoulliBanditTasks) -> Family:
    """Returns the family that a study's `tasks` section names."""
    return BernoulliBandit(tasks.arms, tasks.episodes, tasks.action_noise)
