"""Levels: the settings of an ingredient (docs/design.md §4)."""

from __future__ import annotations

import keyword
from collections.abc import Sequence
from dataclasses import dataclass, replace
from enum import StrEnum
from typing import Literal

from ingredients.study.fields import mistake, unknown

Ingredient = Literal["reward_observation", "action_observation", "memory", "task_distribution"]
INGREDIENTS: tuple[Ingredient, ...] = ("reward_observation", "action_observation", "memory", "task_distribution")

MEMORY_KINDS = ("gru", "lstm", "fast-weights", "transitions", "transformer", "window", "none")
BOUNDED_KINDS = ("gru", "lstm")  # each number of whose state lies between bounds
UNROLLED_KINDS = ("gru", "lstm", "none")  # can be unrolled from where they are, each lane reset by itself
OWN_KIND = "or your own as module:Class"
LONGEST_KIND = 100  # it becomes part of a folder's name
OFF = "-off"
MOST_TRAINING_TASKS = 1_000_000
LONGEST_WIPE = 1_000_000


@dataclass(frozen=True)
class WipeEvery:
    """A memory that is reset before every `steps`-th step, at least 2."""

    steps: int


@dataclass(frozen=True)
class MemoryKind:
    """Another memory than `agent.memory`: carried, or reset before every step."""

    kind: str
    carried: bool = True

    @property
    def remembers(self) -> bool:
        """Whether anything passes from step to step; False for `none`."""
        return self.carried and self.kind != "none"

    @property
    def off(self) -> MemoryKind:
        """The same architecture with memory off; `none` is its own."""
        return self if self.kind == "none" else replace(self, carried=False)


class OneTask(StrEnum):
    """One training task that still is a narrow distribution (claim 4).

    Attributes:
        RANDOM_START: its episodes start anywhere; with the task distribution off they start alike.
        RANDOM_MEMORY: also, lifetimes start from a random memory; only for memories whose state has bounds, and lost
            with a reset before every step.
    """

    RANDOM_START = "random_start"
    RANDOM_MEMORY = "random_memory"


ChannelLevel = bool | float
MemoryLevel = bool | WipeEvery | MemoryKind
TasksLevel = bool | int | OneTask
Level = bool | int | float | WipeEvery | MemoryKind | OneTask

ALLOWED: dict[str, str] = {
    "reward_observation": "off, on, or a probability from 0 to 1",
    "action_observation": "off, on, or a probability from 0 to 1",
    "memory": f"off, on, {{wipe_every: k}} with k from 1 on, {', '.join(MEMORY_KINDS)}, {OWN_KIND}",
    "task_distribution": "off, random_start, random_memory, on, or a number of training tasks from 1 on",
}
WORDS: dict[str, tuple[str, ...]] = dict.fromkeys(INGREDIENTS, ("off", "on")) | {
    "memory": ("off", "on", *MEMORY_KINDS, *(f"{kind}{OFF}" for kind in MEMORY_KINDS), "wipe_every"),
    "task_distribution": ("off", "on", *OneTask),
}
QUOTED = ("off", "on", "false", "true", "no", "yes")


def canonical_level(ingredient: Ingredient, value: object) -> Level:
    """Returns the canonical level of `value`; `known_by` relates memory kinds to `agent.memory`.

    Raises:
        ValueError: a pydantic error that says what is allowed.
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
    """Returns the level as in tables and filters: `off`, `0.5`, `wipe_every=4`, `lstm-off`, `64`."""
    match level:
        case bool():
            return "on" if level else "off"
        case WipeEvery():
            return f"wipe_every={level.steps}"
        case MemoryKind():
            return level.kind if level.carried else f"{level.kind}{OFF}"
        case OneTask():
            return level.value
    return repr(level)


def level_data(level: Level) -> bool | int | float | str | dict[str, int]:
    """Returns the level as JSON and YAML hold it."""
    if isinstance(level, WipeEvery):
        return {"wipe_every": level.steps}
    return level_text(level) if isinstance(level, MemoryKind | OneTask) else level


def memory_kind(value: object) -> object:
    """Returns `value` if it names a memory; a user's class by spelling."""
    if not isinstance(value, str) or not _is_kind(value):
        raise unknown(value, MEMORY_KINDS, OWN_KIND)
    return value


def known_by(agent_memory: str, level: MemoryLevel) -> MemoryLevel:
    """Returns the level relative to `agent.memory`, which is `on`, its sibling `off`."""
    return level.carried if isinstance(level, MemoryKind) and level.kind == agent_memory else level


def with_siblings(levels: Sequence[MemoryLevel]) -> tuple[MemoryLevel, ...]:
    """Returns the levels; if memory is ever off, each kind stands behind its memory-off sibling.

    An LSTM's control is the LSTM reset before every step, not a memoryless GRU.
    """
    completed: list[MemoryLevel] = []
    for level in levels:
        if isinstance(level, MemoryKind) and False in levels and level.off not in levels:
            completed.append(level.off)
        completed.append(level)
    return tuple(completed)


def _probability(value: object) -> ChannelLevel | None:
    """Checks types before values: `1 == True` in Python."""
    if not isinstance(value, int | float) or not 0 <= value <= 1:
        return None
    return bool(value) if value in (0, 1) else float(value)


def _training_tasks(value: object) -> TasksLevel | None:
    """One training task is off: no distribution is left."""
    if isinstance(value, str):
        return OneTask(value) if value in tuple(OneTask) else None
    if isinstance(value, float) and value.is_integer():  # 1e3
        value = int(value)
    if not isinstance(value, int) or not 1 <= value <= MOST_TRAINING_TASKS:
        return None
    return False if value == 1 else value


def _memory(value: object) -> MemoryLevel | None:
    """A wipe before every step is off; `none-off` is `none`."""
    if isinstance(value, WipeEvery | MemoryKind):
        value = level_data(value)
    if isinstance(value, str):
        kind = value.removesuffix(OFF)
        return MemoryKind(kind, carried=kind in (value, "none")) if _is_kind(kind) else None
    steps = value.get("wipe_every") if isinstance(value, dict) and len(value) == 1 else None
    if type(steps) is not int or not 1 <= steps <= LONGEST_WIPE:
        return None
    return False if steps == 1 else WipeEvery(steps)


def _is_kind(text: str) -> bool:
    """Returns whether text is a shipped kind or spelled `package.module:Class`."""
    module, colon, name = text.partition(":")
    parts = [*module.split("."), name]
    spelled = all(part.isascii() and part.isidentifier() and not keyword.iskeyword(part) for part in parts)
    return text in MEMORY_KINDS or (bool(colon) and spelled and len(text) <= LONGEST_KIND)
