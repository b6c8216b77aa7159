"""Whether an environment is one task, and whether lifetimes are cut."""

from __future__ import annotations

from typing import Any

from ingredients.study.axis import axis_of
from ingredients.study.models import LONG_EPISODE, Study
from ingredients.study.section import TasksSection
from ingredients.study.tasks import GymnasiumTasks


def is_one_task(section: TasksSection) -> bool:
    """Returns whether the environment is the task: only the starts of episodes vary, and `fresh_start` is on."""
    return isinstance(section, GymnasiumTasks) and section.fresh_start and not section.vary


def leave_out_idle(section: TasksSection, settings: dict[str, Any]) -> None:
    """Takes out a section's settings that change nothing in training, or have an older version's value."""
    if not isinstance(section, GymnasiumTasks) or not settings:
        return
    del settings["bin_steps"]
    if not is_one_task(section):
        del settings["fresh_start"]
    if not axis_of(section).of_steps:
        del settings["axis"]


def may_segment(study: Study, episode_steps: int | None = None) -> bool:
    """Returns whether lifetimes are cut: on request, or for Gymnasium environments' long episodes.

    `episode_steps` is the environment's, if known.
    """
    tasks, asked = study.tasks, study.learner.segment
    if asked is False or not isinstance(tasks, GymnasiumTasks):
        return False
    if not study.ingredients.can_be_cut(study.agent.memory):
        return False
    steps = episode_steps or tasks.episode_steps
    return asked != "auto" or axis_of(tasks).of_steps or steps == "auto" or steps >= LONG_EPISODE
