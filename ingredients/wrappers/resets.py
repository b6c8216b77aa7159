"""Resets of a vector's lanes, each with its own options.

As Gymnasium gives all lanes of a reset the same options, lanes with equal ones are reset together.
"""

from __future__ import annotations

from copy import deepcopy
from typing import Any

import numpy as np
from gymnasium.vector import VectorEnv
from numpy.typing import NDArray

from ingredients.wrappers.columns import of_later_episodes

Flags = NDArray[np.bool_]
Vector = VectorEnv[Any, Any, Any]
MASK = "reset_mask"


class Resets:
    """A vector's resets; `options` are lanes' for the next reset, then for the lifetime's later episodes."""

    def __init__(self, env: Vector) -> None:
        """Resets nothing yet."""
        self._env, self._begun = env, False
        self.options: list[dict[str, Any]] = [{} for _ in range(env.num_envs)]

    def of(self, which: Flags, seed: int | None = None) -> tuple[NDArray[np.float32], dict[str, Any]]:
        """Returns observations `[L, O]` and info after resetting lanes `which`; other rows are undefined."""
        found = np.zeros((self._env.num_envs, *(self._env.single_observation_space.shape or ())), np.float32)
        infos: dict[str, Any] = {}
        groups = self._groups(which)
        if not self._begun and not groups[0].all():
            self._env.reset(seed=seed)  # lanes that never began cannot be left out by a mask
        self._begun = True
        for group in groups:
            options = deepcopy(self.options[int(np.flatnonzero(group)[0])])
            if not group.all():
                options[MASK] = group.copy()
            seen, info = self._env.reset(seed=seed, options=options or None)
            rows = group | ~which
            found[rows] = np.asarray(seen, np.float32)[rows]
            infos = _merged(infos, info, group)
        for lane in np.flatnonzero(which).tolist():
            self.options[lane] = of_later_episodes(self.options[lane])
        return found, infos

    def _groups(self, which: Flags) -> list[Flags]:
        """Returns lanes grouped by equal options; one with mutable options stands alone."""
        groups: list[list[int]] = []
        for lane in np.flatnonzero(which).tolist():
            for group in groups:
                if _alike(self.options[group[0]], self.options[lane]):
                    group.append(lane)
                    break
            else:
                groups.append([lane])
        return [np.isin(np.arange(len(which)), group) for group in groups]


def which_lanes(options: dict[str, Any] | None, lanes: int) -> Flags:
    """Returns the lanes of a reset's mask, all without one.

    Raises:
        ValueError: it is not one switch per lane.
    """
    mask = (options or {}).get(MASK)
    if mask is None:
        return np.ones(lanes, np.bool_)
    which = np.asarray(mask)
    if which.shape != (lanes,) or which.dtype != np.bool_ or not which.any():
        got = "none that is on" if which.dtype == np.bool_ and not which.any() else f"{which.dtype}, {which.shape}"
        raise ValueError(f"{MASK}: {lanes} switches (an array of bool), got {got}")
    return which


def _alike(one: dict[str, Any], other: dict[str, Any]) -> bool:
    plain = all(value is None or isinstance(value, bool | int | float | str) for value in one.values())
    return plain and one == other


def _merged(before: dict[str, Any], info: dict[str, Any], group: Flags) -> dict[str, Any]:
    """Returns the info of earlier lanes with a group's, arrays by row."""
    merged = dict(before)
    for name, value in info.items():
        old = merged.get(name)
        if isinstance(value, dict):
            merged[name] = _merged(old if isinstance(old, dict) else {}, value, group)
        elif isinstance(value, np.ndarray) and isinstance(old, np.ndarray) and value.shape == old.shape:
            rows = group.reshape(-1, *[1] * (value.ndim - 1))
            merged[name] = np.where(rows, value, old)
        else:
            merged[name] = value
    return merged
