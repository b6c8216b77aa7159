"""Levels: the settings that an ingredient can have (DESIGN §2, "Ingredients, precisely").

Comes in: what a study says (`on`, `0.5`, `{wipe_every: 4}`). Goes out: the one canonical value of that level, so
that two ways to say the same thing are the same cell: probability 0 is off, one training task is off.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from ingredients.study.fields import mistake

Ingredient = Literal["reward_observation", "action_observation", "memory", "task_distribution"]
INGREDIENTS: tuple[Ingredient, ...] = ("reward_observation", "action_observation", "memory", "task_distribution")

MEMORY_KINDS = ("gru",)
MOST_TRAINING_TASKS = 1_000_000
LONGEST_WIPE = 1_000_000


@dataclass(frozen=True)
class WipeEvery:
    """A memory that is reset before every `steps`-th step; 1 would be off, so `steps` is at least 2."""

    steps: int


ChannelLevel = bool | float
MemoryLevel = bool | WipeEvery
TasksLevel = bool | int
Level = bool | int | float | WipeEvery

ALLOWED: dict[str, str] = {
    "reward_observation": "off, on, or a probability from 0 to 1",
    "action_observation": "off, on, or a probability from 0 to 1",
    "memory": "off, on, gru, or {wipe_every: k} with k from 1 on",
    "task_distribution": "off, on, or a number of training tasks from 1 on",
}
WORDS: dict[str, tuple[str, ...]] = {name: ("off", "on") for name in INGREDIENTS} | {
    "memory": ("off", "on", *MEMORY_KINDS, "wipe_every")
}
QUOTED = ("off", "on", "false", "true", "no", "yes")


def canonical_level(ingredient: Ingredient, value: object) -> Level:
    """Returns the canonical level that `value` means.

    Raises:
        ValueError: `value` is no level of this ingredient (a pydantic error that says what is allowed).
    """
    if isinstance(value, bool):
        return value
    level: Level | None
    match ingredient:
        case "memory":
            level = _memory(value)
        case "task_distribution":
            level = _training_tasks(value)
        case _:
            level = _probability(value)
    if level is None:
        what = "a level in quotes is text" if value in QUOTED else "unknown level"
        raise mistake(what, value, ALLOWED[ingredient], WORDS[ingredient])
    return level


def level_text(level: Level) -> str:
    """Returns the level as tables and filters spell it: `off`, `on`, `0.5`, `wipe_every=4`, `64`."""
    if isinstance(level, bool):
        return "on" if level else "off"
    return f"wipe_every={level.steps}" if isinstance(level, WipeEvery) else repr(level)


def level_data(level: Level) -> bool | int | float | dict[str, int]:
    """Returns the level as JSON and YAML hold it."""
    return {"wipe_every": level.steps} if isinstance(level, WipeEvery) else level


def _probability(value: object) -> ChannelLevel | None:
    """Types are checked before values: `1 == True` in Python."""
    if not isinstance(value, int | float) or not 0 <= value <= 1:
        return None
    return bool(value) if value in (0, 1) else float(value)


def _training_tasks(value: object) -> TasksLevel | None:
    """One training task is off: there is no distribution left."""
    if isinstance(value, float) and value.is_integer():  # 1e3
        value = int(value)
    if not isinstance(value, int) or not 1 <= value <= MOST_TRAINING_TASKS:
        return None
    return False if value == 1 else value


def _memory(value: object) -> MemoryLevel | None:
    """A kind equal to `agent.memory` is on, and there is one kind; a wipe before every step is off."""
    if isinstance(value, WipeEvery):
        value = {"wipe_every": value.steps}
    if isinstance(value, str) and value in MEMORY_KINDS:
        return True
    steps = value.get("wipe_every") if isinstance(value, dict) and len(value) == 1 else None
    if type(steps) is not int or not 1 <= steps <= LONGEST_WIPE:
        return None
    return False if steps == 1 else WipeEvery(steps)
