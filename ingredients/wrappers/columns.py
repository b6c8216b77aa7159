"""Columns that wrappers append to observations, and how a lifetime gets its task."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
from gymnasium import spaces
from numpy.typing import NDArray

Numbers = NDArray[np.float32]
DrawTask = Callable[[Any, np.random.Generator], dict[str, Any] | None]
"""Called with the environment and the lifetime's draws; makes it one of a new task, or returns `reset`'s options.

Options are those of every reset of the lifetime, so that all its episodes are on the task; but for `new_task`, by which
a family of ours draws one itself, and which is given once.
"""
NEW_TASK = "new_task"


def new_task(environment: Any, draw: np.random.Generator) -> dict[str, Any]:  # noqa: ANN401 - single or vector
    """Returns the options for a new task of our families."""
    return {NEW_TASK: True}


def of_later_episodes(options: dict[str, Any]) -> dict[str, Any]:
    """Returns the options for a lifetime's later episodes."""
    return {name: value for name, value in options.items() if name != NEW_TASK}


def flat(space: spaces.Space[Any]) -> spaces.Box[Any]:
    """Returns the space of flat observations.

    Raises:
        ValueError: observations cannot be flattened.
    """
    flattened = spaces.flatten_space(space)
    if not isinstance(flattened, spaces.Box):
        raise ValueError(f"observations of the space {space} cannot be flattened")
    return flattened


def wider(space: spaces.Box[Any], low: float | Numbers, high: float | Numbers, columns: int) -> spaces.Box[Any]:
    """Returns the space with more columns, from `low` to `high` each."""
    below, above = np.full(columns, low, np.float32), np.full(columns, high, np.float32)
    return spaces.Box(
        np.concatenate([space.low.astype(np.float32), below]), np.concatenate([space.high.astype(np.float32), above])
    )


def action_columns(space: spaces.Space[Any]) -> int:
    """Returns an action's columns: one-hot for choices, itself for a vector.

    Raises:
        ValueError: actions are neither.
    """
    if isinstance(space, spaces.Discrete):
        return int(space.n)
    if isinstance(space, spaces.Box) and len(space.shape) == 1:
        return space.shape[0]
    raise ValueError(f"actions of the space {space} are neither choices nor a vector")


def spelled(space: spaces.Space[Any], action: Any) -> Numbers:  # noqa: ANN401 - of the space
    """Returns the columns of one action."""
    if isinstance(space, spaces.Discrete):
        columns = np.zeros(int(space.n), np.float32)
        columns[int(action) - int(space.start)] = 1.0
        return columns
    return np.array(action, np.float32)  # a copy: whoever takes the action may write on it
