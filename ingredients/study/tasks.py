"""A study's `tasks`: a class per family, for Gymnasium, for users' own."""

from __future__ import annotations

from functools import reduce
from operator import or_
from typing import TYPE_CHECKING, Annotated, Any, Literal, Self

from pydantic import BeforeValidator, ConfigDict, Discriminator, Field, PlainValidator, Tag, model_validator

from ingredients.families import FAMILIES, loaded
from ingredients.study import fields, foreign
from ingredients.study.section import BECAUSE, FEWEST_EPISODES, Episodes, TasksSection

USUAL_BINS, FEWEST_BINS = 20, 6  # an even number, at least as many as the fewest episodes


class GymnasiumTasks(TasksSection):
    """Any Gymnasium environment (`tasks.gymnasium_family`); a task is what `vary` draws, or a seed.

    Attributes:
        gymnasium: an id, or `module:Name` of your own class or function.
        keywords: of the constructor, the same for every task.
        wrappers: `module:Name` of each wrapper, outermost last.
        vary: constructor keywords, attributes, or `options.` of a reset, each with a range or choices.
        fresh_start: if nothing varies, whether each episode starts anew (`segmented.is_one_task`).
        episodes: of a lifetime; a verdict needs at least five, with `axis: steps` one.
        episode_steps: of an episode; `auto` is the environment's own limit, at most 1000.
        axis: of adaptation curves: points are `episodes`, or bins of `steps`. With `steps` a lifetime has `episodes` ×
            `episode_steps` steps, an episode that ends is followed by the next at once, and half-way a new one begins.
        bin_steps: steps of a bin; it divides half a lifetime. `auto` makes 20 bins, or the next fewer that do.
        vectorization: `sync` steps all environments in one process, `async` in one per core.
    """

    gymnasium: Annotated[str, BeforeValidator(foreign.environment_id)]
    keywords: Annotated[dict[str, Any], BeforeValidator(foreign.keywords)] = Field(default_factory=dict)
    wrappers: Annotated[list[str], BeforeValidator(foreign.wrappers)] = Field(default_factory=list)
    vary: Annotated[dict[str, Any], BeforeValidator(foreign.vary)] = Field(default_factory=dict)
    fresh_start: Annotated[bool, BeforeValidator(fields.switch)] = True
    episodes: Annotated[int, BeforeValidator(fields.whole(1, 10_000))] = FEWEST_EPISODES
    episode_steps: Annotated[int | Literal["auto"], PlainValidator(fields.or_auto(fields.whole(1, 10_000)))] = "auto"
    axis: Annotated[Literal["episodes", "steps"], BeforeValidator(fields.one_of("episodes", "steps"))] = "episodes"
    bin_steps: Annotated[int | Literal["auto"], PlainValidator(fields.or_auto(fields.whole(1, 10_000)))] = "auto"
    vectorization: Annotated[Literal["sync", "async"], BeforeValidator(fields.one_of("sync", "async"))] = "sync"

    @property
    def may_end_early(self) -> bool:
        """True: the environment decides."""
        return True

    @property
    def lifetime_steps(self) -> int:
        """Steps of a lifetime on the axis of steps."""
        assert self.episode_steps != "auto", "the axis of steps asks for a number"
        return self.episodes * self.episode_steps

    @property
    def bin(self) -> int:
        """Steps of a bin on the axis of steps."""
        return _usual_bin(self.lifetime_steps) if self.bin_steps == "auto" else self.bin_steps

    @model_validator(mode="after")
    def _the_axis_has_points(self) -> Self:
        if self.axis == "episodes":
            if self.episodes < FEWEST_EPISODES:
                allowed = f"{FEWEST_EPISODES} to 10000{BECAUSE}, or axis: steps"
                raise fields.mistake("out of range", self.episodes, allowed, keys=("episodes",))
            if self.bin_steps != "auto":
                raise fields.mistake("needs axis: steps", self.bin_steps, fields.AUTO, keys=("bin_steps",))
            return self
        if self.episode_steps == "auto":
            what = "axis: steps needs to know how long an episode is at most"
            raise fields.mistake(what, self.episode_steps, "1 to 10000", keys=("episode_steps",))
        steps = self.lifetime_steps
        if not _bins(steps):
            what = f"no bin divides half of a lifetime of {steps} steps into {FEWEST_BINS // 2} parts or more"
            raise fields.mistake(what, self.episode_steps, "another number", keys=("episode_steps", "episodes"))
        if self.bin_steps != "auto" and self.bin_steps not in _bins(steps):
            what = f"half of a lifetime of {steps} steps is not {FEWEST_BINS // 2} or more whole bins of it"
            raise fields.mistake(what, self.bin_steps, ", ".join(map(str, _bins(steps))), keys=("bin_steps",))
        return self


def _bins(steps: int) -> list[int]:
    """Returns the bins that divide half a lifetime, and leave enough of them."""
    half = steps // 2 if steps % 2 == 0 else 0
    return [size for size in range(1, 2 * half // FEWEST_BINS + 1) if half % size == 0]


def _usual_bin(steps: int) -> int:
    """Returns the smallest bin that makes no more bins than usual."""
    return next(size for size in _bins(steps) if steps // size <= USUAL_BINS)


class OwnTasks(TasksSection):
    """Your own task distribution (`tasks.own_family`); other keys are its constructor's keywords."""

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
    """Returns a section's data, the family checked first."""
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
    """Returns `gymnasium` or `own` if the data name one and no family."""
    return None if "family" in value else next((kind for kind in FOREIGN if kind in value), None)


def family_of(value: Any) -> str:  # noqa: ANN401 - data or a section
    """Returns the family of a section or data, or `gymnasium` or `own`."""
    if isinstance(value, dict):
        return foreign_kind(value) or str(value["family"])
    return next((kind for kind, section in FOREIGN.items() if isinstance(value, section)), None) or str(value.family)


def family_key(section: TasksSection) -> str:
    """Returns the key that names the tasks: `family`, `gymnasium`, `own`."""
    kind = family_of(section)
    return kind if kind in FOREIGN else "family"


def is_foreign(section: TasksSection) -> bool:
    """Returns whether tasks are foreign code: slow, without references."""
    return isinstance(section, tuple(FOREIGN.values()))


def without_values(section: TasksSection) -> str | None:
    """Returns why `analysis: inner_algorithm` is not possible on these tasks, or None."""
    names = [spec.name for spec in FAMILIES if spec.belief]
    if getattr(section, "family", None) not in names:
        return f"here they are not computed; use family {', '.join(names[:-1])} or {names[-1]}"
    return section.without_values()


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
