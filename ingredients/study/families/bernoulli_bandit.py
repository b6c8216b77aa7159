"""Settings of `ingredients.tasks.bernoulli_bandit`, whose docstring says what they mean."""

from __future__ import annotations

from typing import Annotated, Literal, Self

from pydantic import BeforeValidator, model_validator

from ingredients.study import fields
from ingredients.study.section import Arms, Episodes, Noise, TasksSection


class BernoulliBanditTasks(TasksSection):
    """Independent Bernoulli arms; an episode is a pull."""

    family: Literal["bernoulli-bandit"]
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
