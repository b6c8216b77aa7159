"""All lanes of a recipe, by `gymnasium.vector`, with no snapshots: callers reset lanes to an episode's start."""

from __future__ import annotations

from contextlib import suppress
from functools import partial
from typing import Any

import numpy as np
from gymnasium.vector import AsyncVectorEnv, AutoresetMode, SyncVectorEnv
from numpy.typing import NDArray

from ingredients.boundary.failures import Failure, failure
from ingredients.gyms.bundle import Block, Bundle
from ingredients.gyms.lane import EXTRA
from ingredients.gyms.recipe import Recipe
from ingredients.gyms.vary import Knob
from ingredients.machine import usable_cores

Rows = NDArray[np.float32]


class Pool:
    """Lanes of one recipe; grows as needed, never shrinks."""

    def __init__(self, recipe: Recipe, knobs: tuple[Knob, ...], vectorization: str) -> None:
        """Makes no environment yet."""
        self._recipe = recipe
        self._knobs = knobs
        self._async = vectorization == "async"
        self._vector: SyncVectorEnv | AsyncVectorEnv | None = None
        self._room = self._steps = self._width = 0
        self._tasks = self._starts = np.zeros((0, 0), np.float32)
        self._failed: dict[int, Failure] = {}

    def another(self) -> Pool:
        """Returns an independent pool of the same recipe."""
        return Pool(self._recipe, self._knobs, "async" if self._async else "sync")

    def reset(self, tasks: Rows, starts: Rows, episode: int | NDArray[np.int64] = 0) -> Block:
        """Returns the block of first observations; `episode` may vary by task."""
        vector = self._vector if self._vector is not None and len(tasks) <= self._room else self._grown(len(tasks))
        self._tasks = tasks.copy()
        self._starts = starts.copy()
        self._steps = 0
        return self._reset(vector, np.broadcast_to(episode, len(tasks)), None)

    def restart(self, which: NDArray[np.bool_], tasks: Rows, starts: Rows, episodes: NDArray[np.int64]) -> Block:
        """Returns the block after some lanes started an episode; other rows are zeros."""
        self._tasks = tasks.copy()
        self._starts = starts.copy()
        self._steps = 1
        return self._over() if self._vector is None else self._reset(self._vector, episodes, which)

    def _reset(
        self, vector: SyncVectorEnv | AsyncVectorEnv, episodes: NDArray[np.int64], which: NDArray[np.bool_] | None
    ) -> Block:
        options = {"tasks": self._tasks, "starts": self._starts, "episodes": episodes, "which": which}
        try:
            shown, _ = vector.reset(options=options)
        except Exception as error:
            return self._lost(error)
        return self._taken(shown)

    def step(self, actions: NDArray[Any]) -> Block:
        """Returns the block after a step; finished lanes stand still."""
        self._steps += 1
        if self._vector is None:
            return self._over()
        whole = np.zeros((self._room, *actions.shape[1:]), np.float32)
        whole[: len(actions)] = actions
        try:
            shown, *_ = self._vector.step(whole.reshape(self._vector.action_space.shape or ()))
        except Exception as error:
            return self._lost(error)
        return self._taken(shown)

    def is_at_start(self, tasks: Rows, starts: Rows) -> bool:
        """Returns whether the lanes are at this episode's first step."""
        return self._steps == 0 and self.is_in(tasks, starts)

    def is_in(self, tasks: Rows, starts: Rows) -> bool:
        """Returns whether the lanes are in this episode."""
        return np.array_equal(tasks, self._tasks) and np.array_equal(starts, self._starts)

    def take_failed(self) -> dict[int, Failure]:
        """Returns failures since the last call, by lane."""
        failed = self._failed
        self._failed = {}
        return failed

    def close(self) -> None:
        """Closes every environment."""
        if self._vector is not None:
            self._vector.close()
        self._vector = None

    def _grown(self, lanes: int) -> SyncVectorEnv | AsyncVectorEnv:
        """Returns room for `lanes`: a bundle in this process, or in one per core."""
        self.close()
        bundles = min(usable_cores(), lanes) if self._async else 1
        size = -(-lanes // bundles)
        makers = [partial(Bundle, self._recipe, self._knobs, index, size) for index in range(bundles)]
        self._room = bundles * size
        if self._async:
            # a process that has threads must not be forked
            self._vector = AsyncVectorEnv(makers, context="spawn", autoreset_mode=AutoresetMode.DISABLED)
        else:
            self._vector = SyncVectorEnv(makers, copy=False, autoreset_mode=AutoresetMode.DISABLED)
        self._width = (self._vector.single_observation_space.shape or (0,))[-1]
        return self._vector

    def _taken(self, shown: Block) -> Block:
        """Returns the rows of lanes in use, and notes failures."""
        block = shown.reshape(self._room, -1)[: len(self._tasks)].copy()
        if block[:, -1].any():
            assert self._vector is not None
            for found in self._vector.call("take_failed"):
                self._failed |= {lane: reason for lane, reason in found.items() if lane not in self._failed}
        return block

    def _lost(self, error: Exception) -> Block:
        """Returns a block of failed lanes, whose process died.

        Raises:
            Exception: there is no other process: the mistake is ours.
        """
        if not isinstance(self._vector, AsyncVectorEnv):
            raise error
        found = failure(error, "the processes of its environments")
        self._failed |= {lane: found for lane in range(len(self._tasks)) if lane not in self._failed}
        with suppress(Exception):
            self._vector.close(terminate=True)
        self._vector, self._room = None, 0
        return self._over()

    def _over(self) -> Block:
        block = np.zeros((len(self._tasks), self._width), np.float32)
        block[:, 1 - EXTRA] = block[:, -1] = 1.0
        return block
