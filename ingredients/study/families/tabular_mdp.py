"""Settings of `ingredients.tasks.tabular_mdp`."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import BeforeValidator

from ingredients.study import fields
from ingredients.study.section import Episodes, Steps, TasksSection


class TabularMdpTasks(TasksSection):
    """A random MDP; an episode is `episode_steps` steps from its first state."""

    family: Literal["tabular-mdp"]
    states: Annotated[int, BeforeValidator(fields.whole(2, 100))] = 10
    actions: Annotated[int, BeforeValidator(fields.whole(2, 100))] = 5
    episodes: Episodes
    episode_steps: Steps = 10
