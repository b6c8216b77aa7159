"""A stored run's agent in an environment that others step (`audit --policy`).

Lifetimes start with each episode, and after the study's lifetime length.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np

from ingredients.api.agent import StoredAgent
from ingredients.api.seat import seat_of
from ingredients.cell_filter import select_cells
from ingredients.errors import UsageError
from ingredients.experiment.brains import read_brain
from ingredients.grid import Run, cells
from ingredients.gyms.recipe import Environment
from ingredients.store import Store, load_result
from ingredients.store.record import WEIGHTS
from ingredients.study import Study


def run_of(folder: Path, cell: str | None, seed: int) -> tuple[Store, Study, Run]:
    """Returns a finished run of a results folder.

    Raises:
        IngredientsError: no such folder, cell or run, or several cells.
    """
    store, study = load_result(folder)
    found = select_cells(study, cell, f"--cell {cell}") if cell else cells(study)
    if len(found) != 1:
        given = f"lets {len(found)} cells through" if cell else f"is missing, and {folder} has {len(found)} cells"
        example = ",".join(f"{name}={text}" for name, text in (found or cells(study))[-1].texts().items())
        raise UsageError(f"--cell: {given}; allowed: levels that one cell alone has, such as {example}")
    run = Run(found[0], seed)
    if (reason := store.read_run_json(run)["reason"]) is not None:
        raise UsageError(f"{folder}: the run {run.id} failed: {reason}")
    return store, study, run


def weights_path(folder: Path, cell: str | None, seed: int) -> Path:
    """Returns the file of a run's weights."""
    store, _, run = run_of(folder, cell, seed)
    return store.run_path(run) / WEIGHTS


class StoredPlayer:
    """A stored run's agent in an environment; `name` is for messages."""

    def __init__(self, name: str, found: tuple[Store, Study, Run], made: Environment) -> None:
        """Loads the agent.

        Raises:
            IngredientsError: the run is missing, or has other observations or actions.
        """
        self._agent = StoredAgent(read_brain(*found))
        self._seat = seat_of(name, self._agent.family, made)
        self.begins(0)

    def begins(self, seed: int) -> None:
        """Starts a lifetime."""
        self._seed, self._before = seed, None
        self._agent.reset(seed=seed)

    def acts(self, shown: Any, reward: float) -> Any:  # noqa: ANN401 - of the environment's spaces
        """Returns an action for what is shown."""
        if self._agent.steps == self._agent.family.steps:
            self.begins(self._seed + 1)
        start = self._agent.steps == 0
        paid = None if start else np.float32(reward)
        self._before = self._agent.act(self._seat.read(shown), paid, self._before, episode_start=start)
        return self._seat.taken(self._before)
