"""MuJoCo's InvertedPendulum without its velocities."""

from __future__ import annotations

from typing import Any

import gymnasium
import numpy as np
from numpy.typing import NDArray

POSITIONS = 2  # of the cart, and the pole's angle


class PositionOnly(gymnasium.ObservationWrapper[NDArray[np.float64], Any, NDArray[np.float64]]):
    """Shows the cart's position and the pole's angle."""

    def __init__(self, env: gymnasium.Env[NDArray[np.float64], Any]) -> None:
        """Narrows the observation space to two numbers."""
        super().__init__(env)
        space = env.observation_space
        assert isinstance(space, gymnasium.spaces.Box)
        self.observation_space = gymnasium.spaces.Box(space.low[:POSITIONS], space.high[:POSITIONS], dtype=np.float64)

    def observation(self, observation: NDArray[np.float64]) -> NDArray[np.float64]:
        """Returns two of four numbers."""
        return observation[:POSITIONS]
