"""Settings of `ingredients.tasks.interval_reproduction`."""

from __future__ import annotations

from typing import Annotated, ClassVar, Literal, Self

from pydantic import BeforeValidator, model_validator

from ingredients.study import fields
from ingredients.study.levels import Ingredient
from ingredients.study.section import Episodes, Steps, Switch, TasksSection


class IntervalReproductionTasks(TasksSection):
    """One trial of an interval to be reproduced; an episode is a phase of `episode_steps` steps."""

    unneeded: ClassVar[tuple[Ingredient, ...]] = ("reward_observation", "action_observation")
    working_memory: ClassVar[bool] = True

    family: Literal["interval-reproduction"]
    episodes: Episodes
    episode_steps: Steps = 6
    shortest: Annotated[int, BeforeValidator(fields.whole(1, 10_000))] = 1
    longest: Annotated[int, BeforeValidator(fields.whole(2, 10_000))] = 5
    tolerance: Annotated[float, BeforeValidator(fields.number(0, 10_000, above=True))] = 2.0
    position_shown: Switch = True
    can_move: Switch = True

    @property
    def may_end_early(self) -> bool:
        """True: a press ends the trial."""
        return True

    @model_validator(mode="after")
    def _an_interval_fits(self) -> Self:
        if self.shortest >= self.longest:
            allowed = f"1 to below longest = {self.longest}"
            raise fields.mistake("leaves one interval", self.shortest, allowed, keys=("shortest", "longest"))
        if self.longest >= self.episode_steps:
            allowed = f"below episode_steps = {self.episode_steps}, since the press belongs into the last phase"
            raise fields.mistake("does not fit", self.longest, allowed, keys=("longest", "episode_steps"))
        return self
