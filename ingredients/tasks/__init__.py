"""Task families: task distributions as batched pure tensor programs, one file each (`ingredients.families`).

In reading order: `family` (what one is), `foreign` (what only some have), `pixels` (of those that show images), `paced`
(lanes that need not keep step), `constants`, `lifetime` (how its episodes follow one another), `blocks` (means over
parts of the tasks); `bandit` (what bandits share) and the families, of which `dark_room` has a `maze`,
`memory_planning` a `torus` and `two_step` a `stay_probability`; those of others: `gymnasium_family`, `own_family` with
`own_contract`; `informed` (any of them, with the task shown); `environment` and `vector_environment` (any of them as an
ordinary Gymnasium environment).
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
    """Returns the family that a study's `tasks` section names.

    Raises:
        StudyError: somebody else's environment or tasks are not there, or not what they have to be.
    """
    if isinstance(tasks, GymnasiumTasks):
        return gymnasium_family(tasks)
    if isinstance(tasks, OwnTasks):
        return own_family(tasks)
    settings = tasks.model_dump()
    family: Family = loaded(spec_named(settings.pop("family")).family)(**settings)
    return family
