"""Settings of `ingredients.tasks.track_bandit`."""

from __future__ import annotations

from typing import Annotated, Literal, Self

from pydantic import BeforeValidator, model_validator

from ingredients.study import fields
from ingredients.study.section import Episodes, Switch, TasksSection


class TrackBanditTasks(TasksSection):
    """Two arms beside a track on which the agent moves; an episode is a pull."""

    family: Literal["track-bandit"]
    episodes: Episodes
    squares: Annotated[int, BeforeValidator(fields.whole(2, 1000))] = 10
    position_shown: Switch = True

    @model_validator(mode="after")
    def _the_track_has_two_halves(self) -> Self:
        if self.squares % 2:
            raise fields.mistake("leaves a middle square", self.squares, "an even number", keys=("squares",))
        return self
