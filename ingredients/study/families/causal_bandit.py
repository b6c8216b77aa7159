"""Settings of `ingredients.tasks.causal_bandit`."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import BeforeValidator

from ingredients.study import fields
from ingredients.study.section import Episodes, TasksSection


class CausalBanditTasks(TasksSection):
    """Interventions on a random causal graph; an episode is one intervention and a look at its effect."""

    family: Literal["causal-bandit"]
    nodes: Annotated[int, BeforeValidator(fields.whole(3, 6))] = 4
    episodes: Episodes
    noise: Annotated[float, BeforeValidator(fields.number(0, 10, above=True))] = 0.5
