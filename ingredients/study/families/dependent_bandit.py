"""Settings of `ingredients.tasks.dependent_bandit`."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import BeforeValidator

from ingredients.study import fields
from ingredients.study.section import Episodes, TasksSection

Difficulty = Literal["uniform", "easy", "medium", "hard"]


class DependentBanditTasks(TasksSection):
    """Two arms with p₂ = 1 − p₁; an episode is a pull."""

    family: Literal["dependent-bandit"]
    difficulty: Annotated[Difficulty, BeforeValidator(fields.one_of("uniform", "easy", "medium", "hard"))] = "uniform"
    episodes: Episodes
