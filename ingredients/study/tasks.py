"""The `tasks` section of a study: one kind of section for each task family.

Comes in: a mapping from YAML. Goes out: the section of the family that its key `family` names. What the settings mean
is in the docstring of the family's file in `ingredients/tasks/`.
"""

from __future__ import annotations

from typing import Annotated, Any, Literal, Self

from pydantic import BaseModel, BeforeValidator, ConfigDict, Discriminator, Tag, model_validator

from ingredients.study import fields

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


class CausalBanditTasks(Section):
    """Interventions on a random causal graph; an episode is one of them, and a look at what it did."""

    family: Annotated[Literal["causal-bandit"], _family("causal-bandit")]
    nodes: Annotated[int, BeforeValidator(fields.whole(3, 6))] = 4
    episodes: Episodes
    noise: Annotated[float, BeforeValidator(fields.number(0, 10, above=True))] = 0.5


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
    walls: Annotated[Literal["none", "fixed", "random"], BeforeValidator(fields.one_of("none", "fixed", "random"))] = (
        "none"
    )
    wall_share: Annotated[float, BeforeValidator(fields.number(0, 0.5))] = 0.25
    maze: Annotated[int, BeforeValidator(fields.whole(0, 1_000_000))] = 0

    @model_validator(mode="after")
    def _who_cannot_see_where_he_is_knows_it(self) -> Self:
        """Refuses rooms in which not even the best reference could tell where it is."""
        if not self.position_shown and (self.random_start or self.walls == "random"):
            allowed = "on, or start in the middle (random_start: off) among walls that are fixed or none"
            raise fields.mistake("no reference is known", False, allowed, keys=("position_shown",))
        return self


class IntervalReproductionTasks(Section):
    """One trial of an interval to be reproduced; an episode is a phase of it, `episode_steps` steps long."""

    family: Annotated[Literal["interval-reproduction"], _family("interval-reproduction")]
    episodes: Episodes
    episode_steps: Steps = 6
    shortest: Annotated[int, BeforeValidator(fields.whole(1, 10_000))] = 1
    longest: Annotated[int, BeforeValidator(fields.whole(2, 10_000))] = 5
    tolerance: Annotated[float, BeforeValidator(fields.number(0, 10_000, above=True))] = 2.0
    position_shown: Switch = True
    can_move: Switch = True

    @model_validator(mode="after")
    def _an_interval_fits(self) -> Self:
        if self.shortest >= self.longest:
            allowed = f"1 to below longest = {self.longest}"
            raise fields.mistake("leaves one interval", self.shortest, allowed, keys=("shortest", "longest"))
        if self.longest >= self.episode_steps:
            allowed = f"below episode_steps = {self.episode_steps}, since the press belongs into the last phase"
            raise fields.mistake("does not fit", self.longest, allowed, keys=("longest", "episode_steps"))
        return self


SECTIONS: dict[str, type[Section]] = {
    "bernoulli-bandit": BernoulliBanditTasks,
    "causal-bandit": CausalBanditTasks,
    "dark-room": DarkRoomTasks,
    "interval-reproduction": IntervalReproductionTasks,
}
FAMILIES = tuple(SECTIONS)


def known_family(value: Any) -> Any:  # noqa: ANN401 - whatever YAML gave
    """Returns the section's data if they name a family; that is asked before anything else about them."""
    if isinstance(value, Section):
        return value
    if not isinstance(value, dict):
        raise fields.mistake("must hold keys", value, "family, and what the family asks for")
    if "family" not in value:
        raise fields.mistake("missing", None, ", ".join(FAMILIES), keys=("family",))
    if not isinstance(value["family"], str) or value["family"] not in FAMILIES:
        raise fields.unknown(value["family"], FAMILIES, keys=("family",))
    return value


def family_of(value: Any) -> str:  # noqa: ANN401 - data or a section
    """Returns the family that a section, or its data, names."""
    return str(value["family"] if isinstance(value, dict) else value.family)


Tasks = Annotated[
    Annotated[BernoulliBanditTasks, Tag("bernoulli-bandit")]
    | Annotated[CausalBanditTasks, Tag("causal-bandit")]
    | Annotated[DarkRoomTasks, Tag("dark-room")]
    | Annotated[IntervalReproductionTasks, Tag("interval-reproduction")],
    Discriminator(family_of),
    BeforeValidator(known_family),
]
