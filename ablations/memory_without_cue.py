"""MiniGrid's Memory environment without the object that tells which end of its hallway pays."""

from __future__ import annotations

from typing import Any

import gymnasium
from minigrid.envs.memory import MemoryEnv

MOVES = 3  # left, right, forward: nothing here can be picked up, dropped or opened


class MemoryWithoutCue(MemoryEnv):
    """Shows no object in the start room, and pays at one end of the hallway, `upper` or `lower`.

    Where the agent starts, and which object stands where, is drawn for each episode, as MiniGrid does.
    """

    def __init__(self, size: int = 7, **keywords: Any) -> None:  # noqa: ANN401 - the library's own
        """Takes MiniGrid's keywords."""
        self.pays = "upper"
        super().__init__(size=size, **keywords)
        self.action_space = gymnasium.spaces.Discrete(MOVES)

    def _gen_grid(self, width: int, height: int) -> None:
        """Removes the cue, and sets which end pays."""
        super()._gen_grid(width, height)  # type: ignore[no-untyped-call]
        self.grid.set(1, height // 2 - 1, None)
        upper, lower = sorted((self.success_pos, self.failure_pos), key=lambda place: place[1])
        self.success_pos, self.failure_pos = (upper, lower) if self.pays == "upper" else (lower, upper)
