"""The `tasks` section of a study: one kind of section for each task family.

Comes in: a mapping from YAML. Goes out: the section of the family that its key `family` names. What the settings mean
is in the docstring of the family's file in `ingredients/tasks/`.
"""

from __future__ import annotations

from typing import Annotated, Any, ClassVar, Literal

from pydantic import BaseModel, BeforeValidator, ConfigDict, Discriminator, Tag

from ingredients.study import fields

FEWEST_EPISODES = 5
BECAUSE = " (the verdict compares the first and the last fifth)"


class Section(BaseModel):
    """A part of a study: cannot be changed, knows no other keys than its own."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    analysis: ClassVar[str] = ""
    """Of a section of tasks: what the family's own analysis shows, where it has one; the title of its table."""


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


class TabularMdpTasks(Section):
    """A random MDP; an episode is `episode_steps` steps from its first state."""

    family: Annotated[Literal["tabular-mdp"], _family("tabular-mdp")]
    states: Annotated[int, BeforeValidator(fields.whole(2, 100))] = 10
    actions: Annotated[int, BeforeValidator(fields.whole(2, 100))] = 5
    episodes: Episodes
    episode_steps: Steps = 10


class TwoStepTasks(Section):
    """Two choices in one: of a spaceship, and with it of the planet that pays; an episode is two steps."""

    analysis: ClassVar[str] = (
        "Repeated choices by reward and transition: the interaction is task-structure inference "
        "(model-free agents with the right state can show it too: Akam et al. 2015)"
    )

    family: Annotated[Literal["two-step"], _family("two-step")]
    episodes: Episodes
    common: Annotated[float, BeforeValidator(fields.number(0.5, 1))] = 0.75
    rewarded: Annotated[float, BeforeValidator(fields.number(0.5, 1))] = 0.9
    reversal: Annotated[float, BeforeValidator(fields.number(0, 0.5))] = 0.0


SECTIONS: dict[str, type[Section]] = {
    "bernoulli-bandit": BernoulliBanditTasks,
    "dark-room": DarkRoomTasks,
    "tabular-mdp": TabularMdpTasks,
    "two-step": TwoStepTasks,
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
    | Annotated[DarkRoomTasks, Tag("dark-room")]
    | Annotated[TabularMdpTasks, Tag("tabular-mdp")]
    | Annotated[TwoStepTasks, Tag("two-step")],
    Discriminator(family_of),
    BeforeValidator(known_family),
]
