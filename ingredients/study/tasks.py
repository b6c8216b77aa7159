"""The `tasks` section of a study: a section class for each family, for Gymnasium, and for users' own.

The key `family`, `gymnasium` or `own` selects the class.
"""

from __future__ import annotations

from functools import reduce
from operator import or_
from typing import TYPE_CHECKING, Annotated, Any, Literal

from pydantic import BeforeValidator, ConfigDict, Discriminator, Field, PlainValidator, Tag, model_validator

from ingredients.families import FAMILIES, loaded
from ingredients.study import fields, foreign
from ingredients.study.section import FEWEST_EPISODES, Episodes, TasksSection


class GymnasiumTasks(TasksSection):
    """Any Gymnasium environment (`tasks.gymnasium_family`); a task is what `vary` draws, or a seed.

    Attributes:
        gymnasium: an id, or `module:Name` of your own class or function.
        keywords: of the constructor, the same for every task.
        wrappers: `module:Name` of each wrapper, outermost last.
        vary: constructor keywords, attributes, or `options.` of a reset, each with a range or choices.
        fresh_start: if nothing varies, whether each episode starts anew (`segmented.is_one_task`).
        episodes: of a lifetime; at least five, so that a verdict can be made.
        episode_steps: of an episode; `auto` is the environment's own limit, at most 1000.
        vectorization: `sync` steps all environments in one process, `async` in one for each core.
    """

    gymnasium: Annotated[str, BeforeValidator(foreign.environment_id)]
    keywords: Annotated[dict[str, Any], BeforeValidator(foreign.keywords)] = Field(default_factory=dict)
    wrappers: Annotated[list[str], BeforeValidator(foreign.wrappers)] = Field(default_factory=list)
    vary: Annotated[dict[str, Any], BeforeValidator(foreign.vary)] = Field(default_factory=dict)
    fresh_start: Annotated[bool, BeforeValidator(fields.switch)] = True
    episodes: Episodes = FEWEST_EPISODES
    episode_steps: Annotated[int | Literal["auto"], PlainValidator(fields.or_auto(fields.whole(1, 10_000)))] = "auto"
    vectorization: Annotated[Literal["sync", "async"], BeforeValidator(fields.one_of("sync", "async"))] = "sync"

    @property
    def may_end_early(self) -> bool:
        """True: the environment decides."""
        return True


class OwnTasks(TasksSection):
    """Your own task distribution (`tasks.own_family`); all other keys are keywords of its constructor."""

    model_config = ConfigDict(frozen=True, extra="allow")

    own: Annotated[str, BeforeValidator(foreign.code)]
    episodes: Episodes

    @property
    def may_end_early(self) -> bool:
        """True: the user's class decides."""
        return True

    @model_validator(mode="before")
    @classmethod
    def _the_rest_can_be_stored(cls, data: Any) -> Any:  # noqa: ANN401 - whatever YAML gave
        if not isinstance(data, dict):
            return data
        return {key: value if key in cls.model_fields else foreign.stored(value, (key,)) for key, value in data.items()}


SECTIONS: dict[str, type[TasksSection]] = {spec.name: loaded(spec.settings) for spec in FAMILIES}
FOREIGN: dict[str, type[TasksSection]] = {"gymnasium": GymnasiumTasks, "own": OwnTasks}
OTHERWISE = "or in its place gymnasium: an id, or own: module:Class"


def known_family(value: Any) -> Any:  # noqa: ANN401 - whatever YAML gave
    """Returns the data of a section that names a family, which is checked first."""
    if isinstance(value, TasksSection):
        return value
    if not isinstance(value, dict):
        raise fields.mistake("must hold keys", value, "family, and what the family asks for")
    if foreign_kind(value):
        return value
    if "family" not in value:
        raise fields.mistake("missing", None, ", ".join(SECTIONS), keys=("family",))
    if not isinstance(value["family"], str) or value["family"] not in SECTIONS:
        raise fields.unknown(value["family"], tuple(SECTIONS), keys=("family",))
    return value


def foreign_kind(value: dict[str, Any]) -> str | None:
    """Returns `gymnasium` or `own` if the data name one, and no family."""
    return None if "family" in value else next((kind for kind in FOREIGN if kind in value), None)


def family_of(value: Any) -> str:  # noqa: ANN401 - data or a section
    """Returns the family of a section or its data, or `gymnasium` or `own`."""
    if isinstance(value, dict):
        return foreign_kind(value) or str(value["family"])
    return next((kind for kind, section in FOREIGN.items() if isinstance(value, section)), None) or str(value.family)


def family_key(section: TasksSection) -> str:
    """Returns the key that names the tasks: `family`, `gymnasium` or `own`."""
    kind = family_of(section)
    return kind if kind in FOREIGN else "family"


def is_foreign(section: TasksSection) -> bool:
    """Returns whether the tasks are foreign code: slower, and without references."""
    return isinstance(section, tuple(FOREIGN.values()))


def own_code(section: TasksSection) -> tuple[str, ...]:
    """Returns every `module:Name` in a section."""
    if isinstance(section, OwnTasks):
        return (section.own,)
    if isinstance(section, GymnasiumTasks):
        return tuple(name for name in (section.gymnasium, *section.wrappers) if foreign.is_code(name))
    return ()


if TYPE_CHECKING:
    Tasks = TasksSection
else:
    _KINDS = (Annotated[section, Tag(kind)] for kind, section in (SECTIONS | FOREIGN).items())
    Tasks = Annotated[reduce(or_, _KINDS), Discriminator(family_of), BeforeValidator(known_family)]
