"""Settings of `ingredients.tasks.restless_bandit`."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import BeforeValidator

from ingredients.study import fields
from ingredients.study.section import Arms, Deviation, Episodes, TasksSection


class RestlessBanditTasks(TasksSection):
    """Arms whose means drift; an episode is a pull."""

    family: Literal["restless-bandit"]
    arms: Arms = 4
    episodes: Episodes
    decay: Annotated[float, BeforeValidator(fields.number(0, 1, above=True, below=True))] = 0.9836
    deviation: Deviation = 1.0
