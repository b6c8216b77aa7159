"""Lanes as one endless Gymnasium environment; `gymnasium.vector` runs bundles side by side."""

from __future__ import annotations

from typing import Any

import gymnasium
import numpy as np
from gymnasium import spaces
from numpy.typing import NDArray

from ingredients.boundary.failures import Failure
from ingredients.boundary.guard import Kept
from ingredients.gyms.lane import Lane
from ingredients.gyms.recipe import Recipe
from ingredients.gyms.vary import Knob

Block = NDArray[np.float32]


class Bundle(gymnasium.Env[Block, Block]):
    """`size` lanes of a recipe; those without a task stay idle."""

    def __init__(self, recipe: Recipe, knobs: tuple[Knob, ...], index: int, size: int) -> None:
        """Makes all lanes, of tasks from `index * size` on."""
        self._lanes = [Lane(recipe, knobs) for _ in range(size)]
        first = self._lanes[0]
        self._first = index * size
        width = first.reach.actions if first.reach.continuous else 1
        self.observation_space = spaces.Box(-np.inf, np.inf, (size, first.width), np.float32)
        self.action_space = spaces.Box(-np.inf, np.inf, (size, width), np.float32)

    def reset(self, *, seed: int | None = None, options: dict[str, Any] | None = None) -> tuple[Block, dict[str, Any]]:
        """Returns the block of first observations.

        `options`: `tasks`, `starts`, the numbers `episodes`, and `which` lanes to reset; other rows are zeros. If
        `which` is None, all lanes with a task are reset and the rest end.
        """
        assert options is not None
        mine = slice(self._first, self._first + len(self._lanes))
        which = options["which"]
        rows = zip(options["tasks"][mine], options["starts"][mine], options["episodes"][mine], strict=True)
        block = np.zeros(self.observation_space.shape or (), np.float32)
        for lane in self._lanes if which is None else ():
            lane.over = True
        with Kept(quiet=True):
            for index, (task, start, episode) in enumerate(rows):
                if which is None or which[self._first + index]:
                    self._lanes[index].reset(task, start, block[index], int(episode))
        return self._finite(block), {}

    def step(self, action: Block) -> tuple[Block, float, bool, bool, dict[str, Any]]:
        """Returns the block after a step, and reward 0; finished lanes stand still."""
        block = np.zeros(self.observation_space.shape or (), np.float32)
        if not np.isfinite(action).all():
            self._refuse(action, block)
        with Kept(quiet=True):
            for row, lane, chosen in zip(block, self._lanes, self._lanes[0].reach.taken(action), strict=True):
                if not lane.over:
                    lane.step(chosen, row)
        return self._finite(block), 0.0, False, False, {}

    def take_failed(self) -> dict[int, Failure]:
        """Returns failures since the last call, by lane over all bundles."""
        taken = {self._first + index: lane.take_failed() for index, lane in enumerate(self._lanes)}
        return {lane: found for lane, found in taken.items() if found}

    def _refuse(self, action: Block, block: Block) -> None:
        """Ends episodes of lanes whose actions are not finite."""
        for index in np.flatnonzero(~np.isfinite(action).all(1)):
            if not self._lanes[index].over:
                self._lanes[index].refuse_action(block[index])
            action[index] = 0.0

    def _finite(self, block: Block) -> Block:
        """Returns the block; ends episodes of lanes with infinite or NaN rows."""
        finite = np.isfinite(block)
        if not finite.all():
            for index in np.flatnonzero(~finite.all(1)):
                self._lanes[index].check(block[index])
        return block

    def close(self) -> None:
        """Closes every environment."""
        for lane in self._lanes:
            lane.close()
