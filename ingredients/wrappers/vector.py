"""The wrappers of `single` for vectors of environments.

Resets empty a lane's r_{t−1} and a_{t−1}.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from gymnasium import spaces
from gymnasium.vector import AutoresetMode, VectorWrapper
from gymnasium.vector.utils import batch_space
from numpy.typing import NDArray

from ingredients.wrappers.columns import DrawTask, Numbers, action_columns, wider
from ingredients.wrappers.resets import MASK, Flags, Resets, Vector, which_lanes

Stepped = tuple[Numbers, NDArray[Any], Flags, Flags, dict[str, Any]]
NOT_FLAT = "observations must be flat: wrap the vector in gymnasium.wrappers.vector.FlattenObservation first"


class VectorLifetime(VectorWrapper):
    """`single.Lifetime` in every lane of a vector whose autoreset is off.

    `draw_task` gets the lane's environment if the vector has `envs`, else the vector, and a generator of the lane's
    seed. Lanes whose lifetime has ended must be reset by `reset(options={"reset_mask": ...})` before the next step.
    """

    def __init__(self, env: Vector, episodes: int, draw_task: DrawTask | None = None) -> None:
        """Wraps a vector of environments.

        Raises:
            ValueError: fewer than one episode, autoreset on, or observations that are not flat.
        """
        super().__init__(env)
        if episodes < 1:
            raise ValueError(f"episodes: out of range, got {episodes}; allowed: 1 or more")
        if env.metadata.get("autoreset_mode") is not AutoresetMode.DISABLED:
            raise ValueError("lifetimes are explicit: make the vector with autoreset_mode Disabled")
        _widen(self, wider(_flat(env), 0.0, 1.0, 2))
        self._episodes, self._draw_task = episodes, draw_task
        self._episode = np.zeros(env.num_envs, np.int64)
        self._flags = np.zeros((env.num_envs, 2), np.float32)
        self._draws = [np.random.default_rng() for _ in range(env.num_envs)]
        self._resets = Resets(env)

    def reset(
        self, *, seed: int | None = None, options: dict[str, Any] | None = None
    ) -> tuple[Numbers, dict[str, Any]]:
        """Returns first observations of all lanes or the mask's."""
        which = which_lanes(options, self.num_envs)
        given = dict(options or {})
        given.pop(MASK, None)
        for lane in np.flatnonzero(which).tolist():
            if seed is not None:
                self._draws[lane] = np.random.default_rng(seed + lane)
            self._resets.options[lane] = {**given, **self._drawn(lane)}
        observation, info = self._resets.of(which, seed)
        self._episode[which] = 0
        self._flags[which] = 1.0
        return _with(observation, self._flags), info

    def step(self, actions: Any) -> Stepped:  # noqa: ANN401 - of the space
        """Returns a step; `info["episode_end"]` tells where an episode ended."""
        observation, reward, terminated, truncated, info = self.env.step(actions)
        ended = terminated | truncated
        reward = np.array(reward)
        self._episode += ended
        over = ended & (self._episode == self._episodes)
        if (goes_on := ended & ~over).any():
            last = np.array(observation, np.float32)
            fresh, _ = self._resets.of(goes_on)
            observation = np.where(goes_on[:, None], fresh, last)
        self._flags = np.stack([np.zeros_like(ended), goes_on], axis=1).astype(np.float32)
        return _with(observation, self._flags), reward, over, np.zeros_like(over), {**info, "episode_end": ended}

    def _drawn(self, lane: int) -> dict[str, Any]:
        if self._draw_task is None:
            return {}
        each = getattr(self.env.unwrapped, "envs", None)
        return self._draw_task(each[lane] if each is not None else self.env, self._draws[lane]) or {}


class _Channel(VectorWrapper):
    """Both channels' record of which lanes have just been reset."""

    def __init__(self, env: Vector) -> None:
        super().__init__(env)
        self._mode = env.metadata.get("autoreset_mode", AutoresetMode.NEXT_STEP)
        self._ended = np.zeros(env.num_envs, np.bool_)
        self._last = np.zeros((env.num_envs, 0), np.float32)

    def reset(
        self, *, seed: int | None = None, options: dict[str, Any] | None = None
    ) -> tuple[Numbers, dict[str, Any]]:
        """Returns the first observations; lanes outside a mask keep theirs."""
        which = which_lanes(options, self.num_envs)
        observation, info = self.env.reset(seed=seed, options=dict(options) if options else None)
        self._ended[which], self._last[which] = False, 0.0
        return _with(observation, self._last), info

    def _shown(self, observation: Any, content: Numbers, ended: Flags) -> Numbers:  # noqa: ANN401 - of the space
        """Returns observation, `content`, and whether it is shown: 0 at an episode's start."""
        same_step = self._mode is AutoresetMode.SAME_STEP
        starts = ended if same_step else self._ended & (self._mode is AutoresetMode.NEXT_STEP)
        self._ended = ended.copy()
        shown = (~starts).astype(np.float32)[:, None]
        self._last = np.concatenate([content * shown, shown], axis=1)
        return _with(observation, self._last)


class VectorRewardObservation(_Channel):
    """`single.RewardObservation` in every lane."""

    def __init__(self, env: Vector) -> None:
        """Wraps a vector of environments.

        Raises:
            ValueError: observations that are not flat.
        """
        super().__init__(env)
        _widen(self, wider(wider(_flat(env), -np.inf, np.inf, 1), 0.0, 1.0, 1))
        self._last = np.zeros((env.num_envs, 2), np.float32)

    def step(self, actions: Any) -> Stepped:  # noqa: ANN401 - of the space
        """Returns a step whose observations have its rewards."""
        observation, reward, terminated, truncated, info = self.env.step(actions)
        shown = self._shown(observation, np.asarray(reward, np.float32)[:, None], terminated | truncated)
        return shown, reward, terminated, truncated, info


class VectorActionObservation(_Channel):
    """`single.ActionObservation` in every lane."""

    def __init__(self, env: Vector) -> None:
        """Wraps a vector of environments.

        Raises:
            ValueError: observations that are not flat, or actions that are neither choices nor vectors.
        """
        super().__init__(env)
        self._actions = action_columns(env.single_action_space)
        low, high = (0.0, 1.0) if isinstance(env.single_action_space, spaces.Discrete) else (-np.inf, np.inf)
        _widen(self, wider(wider(_flat(env), low, high, self._actions), 0.0, 1.0, 1))
        self._last = np.zeros((env.num_envs, self._actions + 1), np.float32)

    def step(self, actions: Any) -> Stepped:  # noqa: ANN401 - of the space
        """Returns a step whose observations have its actions."""
        columns = self._spelled(actions)
        observation, reward, terminated, truncated, info = self.env.step(actions)
        shown = self._shown(observation, columns, terminated | truncated)
        return shown, reward, terminated, truncated, info

    def _spelled(self, actions: Any) -> Numbers:  # noqa: ANN401 - of the space
        space = self.env.single_action_space
        if isinstance(space, spaces.Discrete):
            one_hot: Numbers = np.eye(self._actions, dtype=np.float32)[np.asarray(actions) - space.start]
            return one_hot
        return np.array(actions, np.float32)  # a copy: whoever takes the actions may write on them


def _flat(env: Vector) -> spaces.Box:
    space = env.single_observation_space
    if not isinstance(space, spaces.Box) or len(space.shape) != 1:
        raise ValueError(NOT_FLAT)
    return space


def _widen(wrapper: VectorWrapper, space: spaces.Box) -> None:
    wrapper.single_observation_space = space
    wrapper.observation_space = batch_space(space, wrapper.num_envs)


def _with(observation: Any, columns: Numbers) -> Numbers:  # noqa: ANN401 - of the space
    return np.concatenate([np.asarray(observation, np.float32), columns], axis=1)
