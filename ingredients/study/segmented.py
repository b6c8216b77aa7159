"""Whether an environment is one task, and whether its lifetimes are cut into segments."""

from __future__ import annotations

from ingredients.study.levels import MemoryKind, OneTask
from ingredients.study.models import LONG_EPISODE, Study
from ingredients.study.section import Section
from ingredients.study.tasks import GymnasiumTasks

KINDS = ("gru", "lstm", "none")  # memories that can be unrolled from where they are, each lane reset by itself


def is_one_task(section: Section) -> bool:
    """Returns whether the environment itself is the task, so that only the starts of episodes differ.

    That is so if nothing varies. With `fresh_start: off` a task is instead a seed, and a lifetime's episodes are all
    the same. If something varies, each episode starts anew anyway.
    """
    return isinstance(section, GymnasiumTasks) and section.fresh_start and not section.vary


def may_segment(study: Study, episode_steps: int | None = None) -> bool:
    """Returns whether lifetimes are cut: on request, or for long episodes of a Gymnasium environment.

    `episode_steps` is the episode's length, if known from the environment.
    """
    tasks, asked = study.tasks, study.learner.segment
    if asked is False or not isinstance(tasks, GymnasiumTasks):
        return False
    levels = study.ingredients
    kinds = {study.agent.memory, *(level.kind for level in levels.memory if isinstance(level, MemoryKind))}
    if not kinds <= set(KINDS) or OneTask.RANDOM_MEMORY in levels.task_distribution:
        return False
    steps = episode_steps or tasks.episode_steps
    return asked != "auto" or steps == "auto" or steps >= LONG_EPISODE
