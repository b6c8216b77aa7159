"""Environments of a user's own, as a study names them: one that behaves, and some that each fail in one way."""

from __future__ import annotations

from typing import Any

import gymnasium
import numpy as np
from gymnasium import spaces
from numpy.typing import NDArray

Seen = NDArray[np.float32]


class Corridor(gymnasium.Env[Seen, np.int64]):
    """Walk right to `goal`: −1 a step, and the end. Position observed, from 0 to 10; the start is drawn."""

    def __init__(self, slope: float = 0.0, length: int = 4) -> None:
        self.observation_space = spaces.Box(0.0, 10.0, (1,), np.float32)
        self.action_space = spaces.Discrete(2)
        self.slope, self.length = slope, length
        self.goal = 3
        self._at = 0

    def reset(self, *, seed: int | None = None, options: dict[str, Any] | None = None) -> tuple[Seen, dict[str, Any]]:
        """Starts at 0 or 1; an option moves the goal."""
        super().reset(seed=seed)
        self._at = int(self.np_random.integers(2))
        self.goal = (options or {}).get("goal", self.goal)
        return self.seen(), {"goal": self.goal}

    def step(self, action: np.int64) -> tuple[Seen, float, bool, bool, dict[str, Any]]:
        """Moves right or left."""
        self._at = min(max(self._at + (1 if action else -1), 0), 10)
        return self.seen(), -1.0 - self.slope, self._at >= self.goal, False, {}

    def seen(self) -> Seen:
        """Returns the position."""
        return np.array([self._at], np.float32)


class Raising(Corridor):
    """Divides by zero on one square, where the first cell's policy comes and another's does not."""

    def step(self, action: np.int64) -> tuple[Seen, float, bool, bool, dict[str, Any]]:
        """Raises where the goal would be reached, if the corridor has a slope."""
        made = super().step(action)
        if made[2] and self.slope > 0:
            raise ZeroDivisionError("the corridor\nhas no end")
        return made


class NotFinite(Corridor):
    """Shows what is no number."""

    def seen(self) -> Seen:
        """Returns NaN beyond the start."""
        return np.array([np.nan if self._at > 1 else 0.0], np.float32)


class Roads(Corridor):
    """Shows a graph."""

    def __init__(self) -> None:
        super().__init__()
        self.observation_space = spaces.Dict(  # type: ignore[assignment]
            {"speed": spaces.Discrete(3), "map": spaces.Graph(spaces.Box(0, 1, (2,)), None)}
        )


class ManyHands(Corridor):
    """Has more joint choices than can be counted."""

    def __init__(self) -> None:
        super().__init__()
        self.action_space = spaces.MultiDiscrete([40, 40])  # type: ignore[assignment]


def made(length: int = 4) -> Corridor:
    """Returns a corridor: a function will do, too."""
    return Corridor(length=length)


def nothing() -> int:
    """Returns no environment."""
    return 3


class Screen(gymnasium.Env[NDArray[np.uint8], np.int64]):
    """Pays 1 for the side, 0 is left, on which a bright square stands; for the other side where `mirrored`."""

    def __init__(self, mirrored: float = 0.0, side: int = 32) -> None:
        self.observation_space = spaces.Box(0, 255, (side, side, 3), np.uint8)
        self.action_space = spaces.Discrete(2)
        self.mirrored, self._side, self._right = mirrored, side, False

    def reset(self, *, seed: int | None = None, options: dict[str, Any] | None = None) -> Any:  # noqa: ANN401
        """Starts with a square somewhere."""
        super().reset(seed=seed)
        return self.seen(), {}

    def step(self, action: np.int64) -> Any:  # noqa: ANN401
        """Pays, and shows the next square."""
        paid = float(bool(action) == self._right)
        return self.seen(), paid if self.mirrored < 0.5 else 1 - paid, False, False, {}

    def seen(self) -> NDArray[np.uint8]:
        """Returns the next image."""
        self._right = bool(self.np_random.integers(2))
        image = np.full((self._side, self._side, 3), 30, np.uint8)
        row, column = self.np_random.integers(self._side - 6), self.np_random.integers(self._side // 2 - 6)
        column += self._right * self._side // 2
        image[row : row + 6, column : column + 6, 1] = 220
        return image


class Everything(Screen):
    """Shows an image, symbols, words, choices and numbers of several shapes; takes a tuple of choices."""

    def __init__(self, mirrored: float = 0.0) -> None:
        super().__init__(mirrored)
        self._shown = spaces.Dict(
            {
                "camera": self.observation_space,
                "grid": spaces.Box(0, 3, (2, 2), np.int64),
                "inner": spaces.Tuple(
                    [spaces.Discrete(3, start=-1), spaces.MultiBinary(2), spaces.MultiDiscrete([2, 3])]
                ),
                "mission": spaces.Text(20),
                "speed": spaces.Box(-np.inf, np.inf, (2, 1), np.float64),
            }
        )
        self.observation_space = self._shown  # type: ignore[assignment]
        self.action_space = spaces.Tuple([spaces.Discrete(2), spaces.MultiBinary(1)])  # type: ignore[assignment]

    def step(self, action: Any) -> Any:  # noqa: ANN401
        """Only the first part of an action counts."""
        assert self.action_space.contains(action)
        return super().step(action[0])

    def seen(self) -> Any:  # noqa: ANN401
        """Returns a sample, with the next image."""
        self._shown.seed(int(self.np_random.integers(2**31)))
        return {**self._shown.sample(), "camera": super().seen()}
