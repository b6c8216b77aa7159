"""Task families: distributions of tasks as batched pure tensor programs.

In reading order: `family`, `foreign`, `pixels`, `paced`, `constants`, `lifetime`, `blocks`, `bandit`, `maze`, `torus`,
`stay_probability`, `gymnasium_family`, `own_family`, `own_contract`, `informed`, `environment`, `vector_environment`.
"""

from __future__ import annotations

from ingredients.families import loaded, spec_named
from ingredients.study.section import TasksSection
from ingredients.study.tasks import GymnasiumTasks, OwnTasks
from ingredients.tasks.family import Family, Step
from ingredients.tasks.gymnasium_family import gymnasium_family
from ingredients.tasks.own_family import own_family

__all__ = ["Family", "Step", "make_family"]


def make_family(tasks: TasksSection) -> Family:
    """Returns the family of a study's `tasks` section.

    Raises:
        StudyError: the user's environment or class is missing or breaks the contract.
    """
    if isinstance(tasks, GymnasiumTasks):
        return gymnasium_family(tasks)
    if isinstance(tasks, OwnTasks):
        return own_family(tasks)
    settings = tasks.model_dump()
    family: Family = loaded(spec_named(settings.pop("family")).family)(**settings)
    return family
