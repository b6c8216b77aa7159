"""Settings of `ingredients.tasks.dark_room`."""

from __future__ import annotations

from typing import Annotated, Literal, Self

from pydantic import BeforeValidator, model_validator

from ingredients.study import fields
from ingredients.study.section import Episodes, Steps, Switch, TasksSection


class DarkRoomTasks(TasksSection):
    """A room with a hidden goal; an episode is `episode_steps` steps in it."""

    family: Literal["dark-room"]
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

    @property
    def may_end_early(self) -> bool:
        """Whether the goal ends an episode."""
        return self.ends_at_goal

    @model_validator(mode="after")
    def _who_cannot_see_where_he_is_knows_it(self) -> Self:
        """Refuses rooms where the best reference could not tell its place."""
        if not self.position_shown and (self.random_start or self.walls == "random"):
            allowed = "on, or start in the middle (random_start: off) among walls that are fixed or none"
            raise fields.mistake("no reference is known", False, allowed, keys=("position_shown",))
        return self
