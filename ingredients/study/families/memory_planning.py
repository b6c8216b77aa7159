"""Settings of `ingredients.tasks.memory_planning`."""

from __future__ import annotations

from typing import Annotated, Literal, Self

from pydantic import BeforeValidator, model_validator

from ingredients.study import fields
from ingredients.study.section import Episodes, Steps, TasksSection


class MemoryPlanningTasks(TasksSection):
    """A torus with walls and one goal after another; an episode is `episode_steps` steps."""

    family: Literal["memory-planning"]
    episodes: Episodes
    episode_steps: Steps = 10
    size: Annotated[int, BeforeValidator(fields.whole(3, 8))] = 4
    walls: Annotated[int, BeforeValidator(fields.whole(0, 65))] = 12

    @model_validator(mode="after")
    def _every_place_stays_in_reach(self) -> Self:
        """Refuses more walls than a connected torus has."""
        most = self.size**2 + 1
        if self.walls > most:
            allowed = f"0 to {most}: with more, some place is out of reach"
            raise fields.mistake("too many walls", self.walls, allowed, keys=("walls", "size"))
        return self
