"""An environment that fails in training, and not while it is tried beforehand: once a file is there, after a while."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

import gymnasium
import numpy as np
from gymnasium import spaces


class Fails(gymnasium.Env[Any, Any]):
    """Five steps, the second action pays; where `when` exists steps fail as `how` says, from one of a process on."""

    met = 0

    def __init__(self, when: str, how: str = "raise", after: int = 1200) -> None:
        """Keeps all three; a warm-up has 1000 steps."""
        self.observation_space, self.action_space = spaces.Box(-1, 1, (1,), np.float32), spaces.Discrete(2)
        self._when, self._how, self._after, self._steps = Path(when), how, after, 0

    def reset(self, *, seed: int | None = None, options: dict[str, Any] | None = None) -> tuple[Any, dict[str, Any]]:
        """Shows nothing."""
        super().reset(seed=seed)
        self._steps = 0
        return np.zeros(1, np.float32), {}

    def step(self, action: int) -> tuple[Any, float, bool, bool, dict[str, Any]]:
        """Pays, or fails."""
        Fails.met += self._when.exists()
        if Fails.met > self._after:
            if self._how == "exit":
                os._exit(9)
            raise RuntimeError("simulator lost")
        self._steps += 1
        return np.zeros(1, np.float32), float(action == 1), self._steps >= 5, False, {}
