"""Settings of `ingredients.tasks.gaussian_bandit`."""

from __future__ import annotations

from typing import Literal

from ingredients.study.section import Arms, Deviation, Episodes, TasksSection


class GaussianBanditTasks(TasksSection):
    """Arms with normal means and normal rewards; an episode is a pull."""

    family: Literal["gaussian-bandit"]
    arms: Arms
    episodes: Episodes
    deviation: Deviation = 1.0
