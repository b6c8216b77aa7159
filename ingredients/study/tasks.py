"""The `tasks` section of a study: one kind for each task family, one for Gymnasium's, one for the user's own.

Comes in: a mapping from YAML. Goes out: the section of the family that its key `family` names, or the section of what
its key `gymnasium` or `own` names. What the settings mean is in the docstring of the family's file in
`ingredients/tasks/`.
"""

from __future__ import annotations

from typing import Annotated, Any, ClassVar, Literal, Self

from pydantic import BaseModel, BeforeValidator, ConfigDict, Discriminator, PlainValidator, Tag, model_validator

from ingredients.study import fields, foreign
from ingredients.study.levels import Ingredient

FEWEST_EPISODES = 5
BECAUSE = " (the verdict compares the first and the last fifth)"


class Section(BaseModel):
    """A part of a study: cannot be changed, knows no other keys than its own."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    analysis: ClassVar[str] = ""
    """Of a section of tasks: what the family's own analysis shows, where it has one; the title of its table."""

    unneeded: ClassVar[tuple[Ingredient, ...]] = ()
    """Of a section of tasks: channels that the exact yardstick does not use: without them nothing is missed."""
    working_memory: ClassVar[bool] = False
    """Of a section of tasks: whether a lifetime is one trial that pays once, so that nothing is learned in it."""

    def not_applicable(self, gain_above: float) -> str | None:
        """Returns, of a section of tasks, why no cell can get a verdict, where its settings alone say so."""
        return None


def _family(name: str) -> BeforeValidator:
    return BeforeValidator(fields.one_of(name))


Episodes = Annotated[int, BeforeValidator(fields.whole(FEWEST_EPISODES, 10_000, because=BECAUSE))]
Steps = Annotated[int, BeforeValidator(fields.whole(1, 10_000))]
Switch = Annotated[bool, BeforeValidator(fields.switch)]
Arms = Annotated[int, BeforeValidator(fields.whole(2, 1000))]
Noise = Annotated[float, BeforeValidator(fields.number(0, 1, below=True))]
Deviation = Annotated[float, BeforeValidator(fields.number(0, 100, above=True))]
Difficulty = Literal["uniform", "easy", "medium", "hard"]


class BernoulliBanditTasks(Section):
    """Independent Bernoulli arms; an episode is a pull."""

    family: Annotated[Literal["bernoulli-bandit"], _family("bernoulli-bandit")]
    arms: Arms
    episodes: Episodes
    action_noise: Noise = 0.0
    forced_pulls: Annotated[int, BeforeValidator(fields.whole(0, 9_999))] = 0

    @model_validator(mode="after")
    def _some_pulls_are_free(self) -> Self:
        if self.forced_pulls >= self.episodes:
            allowed = f"0 to {self.episodes - 1}, fewer than tasks.episodes (the verdict's early part is a fifth)"
            raise fields.mistake("leave no pull to the agent", self.forced_pulls, allowed, keys=("forced_pulls",))
        return self


class DependentBanditTasks(Section):
    """Two arms that tell of one another; an episode is a pull."""

    family: Annotated[Literal["dependent-bandit"], _family("dependent-bandit")]
    difficulty: Annotated[Difficulty, BeforeValidator(fields.one_of("uniform", "easy", "medium", "hard"))] = "uniform"
    episodes: Episodes


class GaussianBanditTasks(Section):
    """Arms with normal means and normal pay-offs; an episode is a pull."""

    family: Annotated[Literal["gaussian-bandit"], _family("gaussian-bandit")]
    arms: Arms
    episodes: Episodes
    deviation: Deviation = 1.0


class RestlessBanditTasks(Section):
    """Arms whose means drift; an episode is a pull."""

    family: Annotated[Literal["restless-bandit"], _family("restless-bandit")]
    arms: Arms = 4
    episodes: Episodes
    decay: Annotated[float, BeforeValidator(fields.number(0, 1, above=True, below=True))] = 0.9836
    deviation: Deviation = 1.0


class InformativeBanditTasks(Section):
    """Eleven arms, one of which says which other pays; an episode is a pull."""

    family: Annotated[Literal["informative-bandit"], _family("informative-bandit")]
    episodes: Episodes
    action_noise: Noise = 0.0

    def not_applicable(self, gain_above: float) -> str | None:
        """Returns why, where few pulls slip: of the yardstick's late score memory is worth just `action_noise`."""
        if self.action_noise > gain_above:
            return None
        return (
            f"with action_noise {self.action_noise:g} memory is worth {self.action_noise:g} of the score (the last "
            f"step tells the rest), and criterion.gain_above asks for more than {gain_above:g}; raise action_noise"
        )


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

    unneeded: ClassVar[tuple[Ingredient, ...]] = ("reward_observation", "action_observation")
    working_memory: ClassVar[bool] = True

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


class TabularMdpTasks(Section):
    """A random MDP; an episode is `episode_steps` steps from its first state."""

    family: Annotated[Literal["tabular-mdp"], _family("tabular-mdp")]
    states: Annotated[int, BeforeValidator(fields.whole(2, 100))] = 10
    actions: Annotated[int, BeforeValidator(fields.whole(2, 100))] = 5
    episodes: Episodes
    episode_steps: Steps = 10


class TrackBanditTasks(Section):
    """Two arms beside a track on which the agent stands and moves; an episode is a pull."""

    family: Annotated[Literal["track-bandit"], _family("track-bandit")]
    episodes: Episodes
    squares: Annotated[int, BeforeValidator(fields.whole(2, 1000))] = 10
    position_shown: Switch = True

    @model_validator(mode="after")
    def _the_track_has_two_halves(self) -> Self:
        if self.squares % 2:
            raise fields.mistake("leaves a middle square", self.squares, "an even number", keys=("squares",))
        return self


class TwoStepTasks(Section):
    """Two choices in one: of a spaceship, and with it of the planet that pays; an episode is two steps."""

    analysis: ClassVar[str] = (
        "Repeated choices by reward and transition: the interaction is task-structure inference "
        "(model-free agents with the right state can show it too: Akam et al. 2015)"
    )

    unneeded: ClassVar[tuple[Ingredient, ...]] = ("action_observation",)

    family: Annotated[Literal["two-step"], _family("two-step")]
    episodes: Episodes
    common: Annotated[float, BeforeValidator(fields.number(0.5, 1))] = 0.75
    rewarded: Annotated[float, BeforeValidator(fields.number(0.5, 1))] = 0.9
    reversal: Annotated[float, BeforeValidator(fields.number(0, 0.5))] = 0.0

    def not_applicable(self, gain_above: float) -> str | None:
        """Returns why, where no ship is better than the other, or not for longer than an episode."""
        for name in ("common", "rewarded", "reversal"):
            if getattr(self, name) == 0.5:
                return f"with {name} 0.5 nothing that an episode tells is worth anything in the next"
        return None


class GymnasiumTasks(Section):
    """Any Gymnasium environment (`tasks.gymnasium_family`); a task is what `vary` draws, or a seed.

    Attributes:
        gymnasium: an id, or `module:Name` of the user's own class or function.
        keywords: of its constructor, the same for every task.
        wrappers: `module:Name` of wrappers, the outermost last.
        vary: constructor keywords, attributes or `options.` of a reset, each with a range or choices.
        episodes: of a lifetime; five are the fewest that a verdict can be made of.
        episode_steps: of an episode; `auto` is the environment's own limit, but at most 200.
        vectorization: one process, or one for each core.
    """

    gymnasium: Annotated[str, BeforeValidator(foreign.environment_id)]
    keywords: Annotated[dict[str, Any], BeforeValidator(foreign.keywords)] = {}
    wrappers: Annotated[list[str], BeforeValidator(foreign.wrappers)] = []
    vary: Annotated[dict[str, Any], BeforeValidator(foreign.vary)] = {}
    episodes: Episodes = FEWEST_EPISODES
    episode_steps: Annotated[int | Literal["auto"], PlainValidator(fields.or_auto(fields.whole(1, 10_000)))] = "auto"
    vectorization: Annotated[Literal["sync", "async"], BeforeValidator(fields.one_of("sync", "async"))] = "sync"


class OwnTasks(Section):
    """A task distribution of the user's own (`tasks.own_family`); all other keys are keywords of its constructor."""

    model_config = ConfigDict(frozen=True, extra="allow")

    own: Annotated[str, BeforeValidator(foreign.code)]
    episodes: Episodes

    @model_validator(mode="before")
    @classmethod
    def _the_rest_can_be_stored(cls, data: Any) -> Any:  # noqa: ANN401 - whatever YAML gave
        if not isinstance(data, dict):
            return data
        return {key: value if key in cls.model_fields else foreign.stored(value, (key,)) for key, value in data.items()}


SECTIONS: dict[str, type[Section]] = {
    "bernoulli-bandit": BernoulliBanditTasks,
    "dependent-bandit": DependentBanditTasks,
    "gaussian-bandit": GaussianBanditTasks,
    "restless-bandit": RestlessBanditTasks,
    "informative-bandit": InformativeBanditTasks,
    "causal-bandit": CausalBanditTasks,
    "dark-room": DarkRoomTasks,
    "interval-reproduction": IntervalReproductionTasks,
    "tabular-mdp": TabularMdpTasks,
    "track-bandit": TrackBanditTasks,
    "two-step": TwoStepTasks,
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


def may_end_early(section: Section) -> bool:
    """Returns whether an episode may end before its last step, as far as the section says."""
    ours = isinstance(section, IntervalReproductionTasks) or getattr(section, "ends_at_goal", False)
    return ours or is_foreign(section)


def own_code(section: Section) -> tuple[str, ...]:
    """Returns every `module:Name` of the user's that a section names."""
    if isinstance(section, OwnTasks):
        return (section.own,)
    if isinstance(section, GymnasiumTasks):
        return tuple(name for name in (section.gymnasium, *section.wrappers) if foreign.is_code(name))
    return ()


Tasks = Annotated[
    Annotated[BernoulliBanditTasks, Tag("bernoulli-bandit")]
    | Annotated[DependentBanditTasks, Tag("dependent-bandit")]
    | Annotated[GaussianBanditTasks, Tag("gaussian-bandit")]
    | Annotated[RestlessBanditTasks, Tag("restless-bandit")]
    | Annotated[InformativeBanditTasks, Tag("informative-bandit")]
    | Annotated[CausalBanditTasks, Tag("causal-bandit")]
    | Annotated[DarkRoomTasks, Tag("dark-room")]
    | Annotated[IntervalReproductionTasks, Tag("interval-reproduction")]
    | Annotated[TabularMdpTasks, Tag("tabular-mdp")]
    | Annotated[TrackBanditTasks, Tag("track-bandit")]
    | Annotated[TwoStepTasks, Tag("two-step")]
    | Annotated[GymnasiumTasks, Tag("gymnasium")]
    | Annotated[OwnTasks, Tag("own")],
    Discriminator(family_of),
    BeforeValidator(known_family),
]
