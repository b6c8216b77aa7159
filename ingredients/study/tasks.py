"""The `tasks` section of a study: one kind for each task family, one for Gymnasium's, one for the user's own.

Comes in: a mapping from YAML. Goes out: the section of the family that its key `family` names, or the section of what
its key `gymnasium` or `own` names. What the settings mean is in the docstring of the family's file in
`ingredients/tasks/`.
"""

from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import BaseModel, BeforeValidator, ConfigDict, Discriminator, PlainValidator, Tag

from ingredients.study import fields, foreign

FEWEST_EPISODES = 5
BECAUSE = " (the verdict compares the first and the last fifth)"


class Section(BaseModel):
    """A part of a study: cannot be changed, knows no other keys than its own."""

    model_config = ConfigDict(frozen=True, extra="forbid")


def _family(name: str) -> BeforeValidator:
    return BeforeValidator(fields.one_of(name))


Episodes = Annotated[int, BeforeValidator(fields.whole(FEWEST_EPISODES, 10_000, because=BECAUSE))]
Steps = Annotated[int, BeforeValidator(fields.whole(1, 10_000))]
Switch = Annotated[bool, BeforeValidator(fields.switch)]


class BernoulliBanditTasks(Section):
    """Independent Bernoulli arms; an episode is a pull."""

    family: Annotated[Literal["bernoulli-bandit"], _family("bernoulli-bandit")]
    arms: Annotated[int, BeforeValidator(fields.whole(2, 1000))]
    episodes: Episodes
    action_noise: Annotated[float, BeforeValidator(fields.number(0, 1, below=True))] = 0.0


class DarkRoomTasks(Section):
    """A room with a hidden goal; an episode is `episode_steps` steps in it."""

    family: Annotated[Literal["dark-room"], _family("dark-room")]
    size: Annotated[int, BeforeValidator(fields.whole(2, 50))] = 5
    episodes: Episodes
    episode_steps: Steps = 12
    position_shown: Switch = True
    goal_shown: Switch = False
    ends_at_goal: Switch = False
    random_start: Switch = False


class GymnasiumTasks(Section):
    """Any Gymnasium environment (`tasks.gymnasium_family`); a task is what `vary` draws, or a seed.

    Attributes:
        gymnasium: an id, or `module:Name` of the user's own class or function.
        keywords: of its constructor, the same for every task.
        wrappers: `module:Name` of wrappers, the outermost last.
        vary: constructor keywords, attributes or `options.` of a reset, each with a range or choices.
        episodes: of a lifetime.
        episode_steps: of an episode; `auto` is the environment's own limit, but at most 200.
        vectorization: one process, or one for each core.
    """

    gymnasium: Annotated[str, BeforeValidator(foreign.environment_id)]
    keywords: Annotated[dict[str, Any], BeforeValidator(foreign.keywords)] = {}
    wrappers: Annotated[list[str], BeforeValidator(foreign.wrappers)] = []
    vary: Annotated[dict[str, Any], BeforeValidator(foreign.vary)] = {}
    episodes: Episodes
    episode_steps: Annotated[int | Literal["auto"], PlainValidator(fields.or_auto(fields.whole(1, 10_000)))] = "auto"
    vectorization: Annotated[Literal["sync", "async"], BeforeValidator(fields.one_of("sync", "async"))] = "sync"


class OwnTasks(Section):
    """A task distribution of the user's own (`tasks.own_family`); all other keys are keywords of its constructor."""

    model_config = ConfigDict(frozen=True, extra="allow")

    own: Annotated[str, BeforeValidator(foreign.code)]
    episodes: Episodes


SECTIONS: dict[str, type[Section]] = {
    "bernoulli-bandit": BernoulliBanditTasks,
    "dark-room": DarkRoomTasks,
}
FAMILIES = tuple(SECTIONS)
FOREIGN: dict[str, type[Section]] = {"gymnasium": GymnasiumTasks, "own": OwnTasks}
OTHERWISE = "or in its place gymnasium: an id, or own: module:Class"


def known_family(value: Any) -> Any:  # noqa: ANN401 - whatever YAML gave
    """Returns the section's data if they name a family; that is asked before anything else about them."""
    if isinstance(value, Section):
        return value
    if not isinstance(value, dict):
        raise fields.mistake("must hold keys", value, "family, and what the family asks for")
    if foreign_kind(value):
        return value
    if "family" not in value:
        raise fields.mistake("missing", None, ", ".join(FAMILIES), keys=("family",))
    if not isinstance(value["family"], str) or value["family"] not in FAMILIES:
        raise fields.unknown(value["family"], FAMILIES, keys=("family",))
    return value


def foreign_kind(value: dict[str, Any]) -> str | None:
    """Returns `gymnasium` or `own` where the data of a section name one and no family."""
    return None if "family" in value else next((kind for kind in FOREIGN if kind in value), None)


def family_of(value: Any) -> str:  # noqa: ANN401 - data or a section
    """Returns the family that a section, or its data, names; `gymnasium` or `own` where it is none of ours."""
    if isinstance(value, dict):
        return foreign_kind(value) or str(value["family"])
    return next((kind for kind, section in FOREIGN.items() if isinstance(value, section)), None) or str(value.family)


def family_key(section: Section) -> str:
    """Returns the key that names what the tasks are: `family`, `gymnasium` or `own`."""
    kind = family_of(section)
    return kind if kind in FOREIGN else "family"


def is_foreign(section: Section) -> bool:
    """Returns whether the tasks are somebody else's program: slower than ours, and without references."""
    return isinstance(section, tuple(FOREIGN.values()))


def own_code(section: Section) -> tuple[str, ...]:
    """Returns every `module:Name` of the user's that a section names."""
    if isinstance(section, OwnTasks):
        return (section.own,)
    if isinstance(section, GymnasiumTasks):
        return tuple(name for name in (section.gymnasium, *section.wrappers) if foreign.is_code(name))
    return ()


Tasks = Annotated[
    Annotated[BernoulliBanditTasks, Tag("bernoulli-bandit")]
    | Annotated[DarkRoomTasks, Tag("dark-room")]
    | Annotated[GymnasiumTasks, Tag("gymnasium")]
    | Annotated[OwnTasks, Tag("own")],
    Discriminator(family_of),
    BeforeValidator(known_family),
]
