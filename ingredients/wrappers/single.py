"""Wrappers of one environment."""

from __future__ import annotations

from copy import deepcopy
from typing import Any, SupportsFloat

import gymnasium
import numpy as np
from gymnasium import spaces
from gymnasium.utils import RecordConstructorArgs

from ingredients.wrappers.columns import DrawTask, Numbers, action_columns, flat, of_later_episodes, spelled, wider

Environment = gymnasium.Env[Any, Any]
Stepped = tuple[Numbers, SupportsFloat, bool, bool, dict[str, Any]]


class Lifetime(gymnasium.Wrapper[Numbers, Any, Any, Any], RecordConstructorArgs):
    """K episodes on one task as one episode; appends [lifetime start, episode start] to the observation.

    The step that ends an episode starts the next; the last one's end terminates the lifetime. At its start `draw_task`,
    given environment and generator, sets a new task, or returns options for all its resets.
    """

    def __init__(self, env: Environment, episodes: int, draw_task: DrawTask | None = None) -> None:
        """Wraps an environment.

        Raises:
            ValueError: fewer than one episode, or observations that cannot be flattened.
        """
        RecordConstructorArgs.__init__(self, episodes=episodes, draw_task=draw_task)
        gymnasium.Wrapper.__init__(self, env)
        if episodes < 1:
            raise ValueError(f"episodes: out of range, got {episodes}; allowed: 1 or more")
        self.observation_space = wider(flat(env.observation_space), 0.0, 1.0, 2)
        self._episodes, self._draw_task, self._episode = episodes, draw_task, 0
        self._draw = np.random.default_rng()
        self._options = dict[str, Any]()

    def reset(
        self, *, seed: int | None = None, options: dict[str, Any] | None = None
    ) -> tuple[Numbers, dict[str, Any]]:
        """Returns the first observation of a lifetime."""
        if seed is not None:
            self._draw = np.random.default_rng(seed)
        drawn = self._draw_task(self.env, self._draw) if self._draw_task else None
        merged = {**(options or {}), **(drawn or {})}
        self._options = deepcopy(of_later_episodes(merged))
        observation, info = self.env.reset(seed=seed, options=merged or None)
        self._episode = 0
        return self._flagged(observation, 1.0, 1.0), info

    def step(self, action: Any) -> Stepped:  # noqa: ANN401 - of the space
        """Returns a step; `info["episode_end"]` tells whether an episode ended."""
        observation, reward, terminated, truncated, info = self.env.step(action)
        info = {**info, "episode_end": bool(terminated or truncated)}
        if not (terminated or truncated):
            return self._flagged(observation, 0.0, 0.0), reward, False, False, info
        self._episode += 1
        if self._episode == self._episodes:
            return self._flagged(observation, 0.0, 0.0), reward, True, False, info
        observation, _ = self.env.reset(options=deepcopy(self._options) or None)
        return self._flagged(observation, 0.0, 1.0), reward, False, False, info

    def _flagged(self, observation: Any, lifetime: float, episode: float) -> Numbers:  # noqa: ANN401 - of the space
        numbers = np.asarray(spaces.flatten(self.env.observation_space, observation), np.float32)
        return np.concatenate([numbers, np.asarray([lifetime, episode], np.float32)])


class RewardObservation(gymnasium.Wrapper[Numbers, Any, Any, Any], RecordConstructorArgs):
    """Appends [r_{t−1}, whether it is shown] to the observation; both start at 0."""

    def __init__(self, env: Environment) -> None:
        """Wraps an environment.

        Raises:
            ValueError: observations that cannot be flattened.
        """
        RecordConstructorArgs.__init__(self)
        gymnasium.Wrapper.__init__(self, env)
        self.observation_space = wider(wider(flat(env.observation_space), -np.inf, np.inf, 1), 0.0, 1.0, 1)

    def reset(
        self, *, seed: int | None = None, options: dict[str, Any] | None = None
    ) -> tuple[Numbers, dict[str, Any]]:
        """Returns the first observation."""
        observation, info = self.env.reset(seed=seed, options=options)
        return _appended(self.env, observation, np.zeros(2, np.float32)), info

    def step(self, action: Any) -> Stepped:  # noqa: ANN401 - of the space
        """Returns a step whose observation has its reward."""
        observation, reward, terminated, truncated, info = self.env.step(action)
        shown = _appended(self.env, observation, np.asarray([float(reward), 1.0], np.float32))
        return shown, reward, terminated, truncated, info


class ActionObservation(gymnasium.Wrapper[Numbers, Any, Any, Any], RecordConstructorArgs):
    """Appends [a_{t−1} one-hot or as a vector, whether it is shown] to the observation; all start at 0.

    a_{t−1} is as intended: a wrapper sees no slip.
    """

    def __init__(self, env: Environment) -> None:
        """Wraps an environment.

        Raises:
            ValueError: observations that cannot be flattened, or actions that are neither choices nor vectors.
        """
        RecordConstructorArgs.__init__(self)
        gymnasium.Wrapper.__init__(self, env)
        self._columns = action_columns(env.action_space)
        low, high = (0.0, 1.0) if isinstance(env.action_space, spaces.Discrete) else (-np.inf, np.inf)
        self.observation_space = wider(wider(flat(env.observation_space), low, high, self._columns), 0.0, 1.0, 1)

    def reset(
        self, *, seed: int | None = None, options: dict[str, Any] | None = None
    ) -> tuple[Numbers, dict[str, Any]]:
        """Returns the first observation."""
        observation, info = self.env.reset(seed=seed, options=options)
        return _appended(self.env, observation, np.zeros(self._columns + 1, np.float32)), info

    def step(self, action: Any) -> Stepped:  # noqa: ANN401 - of the space
        """Returns a step whose observation has its action."""
        columns = np.append(spelled(self.env.action_space, action), np.float32(1.0))
        observation, reward, terminated, truncated, info = self.env.step(action)
        return _appended(self.env, observation, columns), reward, terminated, truncated, info


def _appended(env: Environment, observation: Any, columns: Numbers) -> Numbers:  # noqa: ANN401 - of the space
    return np.concatenate([np.asarray(spaces.flatten(env.observation_space, observation), np.float32), columns])
