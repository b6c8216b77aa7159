"""Some lanes as one Gymnasium environment, which `gymnasium.vector` can put side by side, in processes or not.

Comes in: tasks and starts (options of `reset`), actions `[B, width]`. Goes out: one block of numbers `[B, O + 4]`: what
each lane observes, its reward, whether its episode was terminated, truncated, whether it has just raised. A bundle
never ends: each of its lanes waits until all of them are reset.
"""

from __future__ import annotations

from typing import Any

import gymnasium
import numpy as np
from gymnasium import spaces
from numpy.typing import NDArray

from ingredients.gyms.lane import NOT_FINITE, Lane, Seen
from ingredients.gyms.recipe import Recipe
from ingredients.gyms.vary import Knob

EXTRA = 4  # reward, terminated, truncated, raised
Block = NDArray[np.float32]


class Bundle(gymnasium.Env[Block, Block]):
    """`size` lanes of a recipe, of which as many are used as there are tasks for them."""

    def __init__(self, recipe: Recipe, knobs: tuple[Knob, ...], index: int, size: int) -> None:
        """Makes all lanes; `index` counts bundles of this size: it says whose tasks are this bundle's."""
        self._lanes = [Lane(recipe, knobs) for _ in range(size)]
        first = self._lanes[0]
        self._first, width = index * size, first.reach.actions if first.reach.continuous else 1
        self.observation_space = spaces.Box(-np.inf, np.inf, (size, first.sight.size + EXTRA), np.float32)
        self.action_space = spaces.Box(-np.inf, np.inf, (size, width), np.float32)

    def reset(self, *, seed: int | None = None, options: dict[str, Any] | None = None) -> tuple[Block, dict[str, Any]]:
        """Returns the block at the start of an episode of each lane that has a task; `options`: `tasks`, `starts`."""
        assert options is not None
        mine = slice(self._first, self._first + len(self._lanes))
        tasks, starts = options["tasks"][mine], options["starts"][mine]
        block = np.zeros(self.observation_space.shape or (), np.float32)
        for lane in self._lanes:
            lane.over = True
        for row, lane, task, start in zip(block, self._lanes, tasks, starts, strict=False):
            _write(row, lane, lane.reset(task, start))
        return self._finite(block), {}

    def step(self, action: Block) -> tuple[Block, float, bool, bool, dict[str, Any]]:
        """Returns the block after a step of each lane whose episode is under way, and zeros for the bundle itself."""
        block = np.zeros(self.observation_space.shape or (), np.float32)
        for row, lane, chosen in zip(block, self._lanes, self._lanes[0].reach.taken(action), strict=True):
            if not lane.over:
                _write(row, lane, lane.step(chosen))
        return self._finite(block), 0.0, False, False, {}

    def take_raised(self) -> dict[int, str]:
        """Returns why lanes, counted over all bundles, have raised since the last time."""
        found = {self._first + index: lane.raised for index, lane in enumerate(self._lanes) if lane.raised}
        for lane in self._lanes:
            lane.raised = None
        return found

    def _finite(self, block: Block) -> Block:
        """Returns the block; a lane that gave what is no finite number is over."""
        for index in np.flatnonzero(~np.isfinite(block).all(1)):
            _write(block[index], self._lanes[index], self._lanes[index].refuse(NOT_FINITE))
        return block

    def close(self) -> None:
        """Closes every environment."""
        for lane in self._lanes:
            lane.close()


def _write(row: Block, lane: Lane, seen: Seen) -> None:
    row[:-EXTRA] = seen.observation
    row[-EXTRA] = seen.reward
    if lane.over:
        row[1 - EXTRA :] = seen.terminated, seen.truncated, lane.raised is not None
