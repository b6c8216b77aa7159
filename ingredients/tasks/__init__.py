"""Task families: task distributions as batched pure tensor programs, one file each (`ingredients.families`).

In reading order: `family` (the protocol), `foreign` (optional attributes), `pixels`, `paced`, `constants`, `lifetime`
(how episodes follow one another), `blocks`. Then `bandit` (what bandits share) and the families: `dark_room` has a
`maze`, `memory_planning` a `torus`, `two_step` a `stay_probability`. Other people's: `gymnasium_family`, `own_family`
with `own_contract`. Around any of them: `informed` (shows the task), `environment` and `vector_environment`
(Gymnasium).
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
        StudyError: an environment or class of the user's is missing or breaks the contract.
    """
    if isinstance(tasks, GymnasiumTasks):
        return gymnasium_family(tasks)
    if isinstance(tasks, OwnTasks):
        return own_family(tasks)
    settings = tasks.model_dump()
    family: Family = loaded(spec_named(settings.pop("family")).family)(**settings)
    return family
