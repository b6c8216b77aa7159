"""A task family as a vector of Gymnasium environments, with tasks, episodes and options as in `environment`.

With `options={"reset_mask": [True, ...]}` only these lanes are reset. The step that ends an episode starts the lane's
next one (`AutoresetMode.SAME_STEP`), with the last observation as `final_obs` in `info`. With
`autoreset_mode="Disabled"` the lane waits for its reset.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import gymnasium
import numpy as np
import torch
from gymnasium import spaces
from gymnasium.utils import seeding
from gymnasium.vector import AutoresetMode, VectorEnv
from gymnasium.vector.utils import batch_space
from numpy.typing import NDArray
from torch import Tensor

from ingredients.tasks.environment import make as make_one
from ingredients.tasks.family import Family

Numbers = NDArray[np.float32]
Flags = NDArray[np.bool_]
MODES = (AutoresetMode.SAME_STEP, AutoresetMode.DISABLED)


class FamilyVectorEnv(VectorEnv[Numbers, NDArray[Any], NDArray[Any]]):
    """`num_envs` lanes of a family, whose draws `np_random` makes."""

    def __init__(
        self, family: Family, num_envs: int, autoreset_mode: AutoresetMode | str = AutoresetMode.SAME_STEP
    ) -> None:
        """Makes the lanes without draws.

        Raises:
            ValueError: another mode of autoreset.
        """
        mode = AutoresetMode(autoreset_mode)
        if mode not in MODES:
            raise ValueError(f"autoreset_mode: {mode.value!r}; allowed: {', '.join(mode.value for mode in MODES)}")
        low, high = family.observation_bounds
        self.num_envs = num_envs
        self.single_observation_space = spaces.Box(low, high, (family.observation_size,), np.float32)
        self.single_action_space = _action_space(family)
        self.observation_space = batch_space(self.single_observation_space, num_envs)
        self.action_space = batch_space(self.single_action_space, num_envs)
        self.metadata = {"autoreset_mode": mode}
        self._family = family
        self._restarts = mode is AutoresetMode.SAME_STEP
        self._tasks: Tensor | None = None
        self._state = self._shown = torch.empty(0)
        self._steps = np.zeros(num_envs, np.int64)
        self._over = np.ones(num_envs, np.bool_)
        self._streams: list[np.random.Generator] = []
        self._stream_of = np.zeros(num_envs, np.int64)

    def reset(
        self, *, seed: int | list[int | None] | None = None, options: dict[str, Any] | None = None
    ) -> tuple[Numbers, dict[str, Any]]:
        """Returns the first observations and an empty info.

        Raises:
            ValueError: an option other than `new_task` and `reset_mask`, or a list of seeds.
        """
        if isinstance(seed, list):
            raise ValueError("reset: one seed for all lanes, since they share their draws; got a list")
        asked = dict(options or {})
        new_task = bool(asked.pop("new_task", False))
        mask = asked.pop("reset_mask", None)
        if asked:
            raise ValueError(f"reset: unknown option {next(iter(asked))!r}; allowed: new_task, reset_mask")
        which = self._lanes(mask)
        if seed is not None or not self._streams:
            self._seed(seed, which)
        if self._tasks is None:
            every = np.ones_like(which)
            self._tasks = self._draw_tasks(every)
            start = self._uniforms(self._family.start_size, every)
            self._state, self._shown = self._family.first(self._tasks, start)
        elif new_task or seed is not None:
            self._put(which, *self._first_of_new_tasks(which))
        else:
            self._put(which, *self._next(which))
        self._steps[which], self._over[which] = 0, False
        return self._shown.numpy().copy(), {}

    def step(self, actions: NDArray[Any]) -> tuple[Numbers, NDArray[np.float64], Flags, Flags, dict[str, Any]]:
        """Returns observations, rewards, terminated, truncated, and an info with `final_obs` of ended episodes.

        Raises:
            gymnasium.error.ResetNeeded: a lane's episode is over, or never began.
        """
        if self._tasks is None or self._over.any():
            raise gymnasium.error.ResetNeeded("an episode is over (or never began): reset it before step()")
        noise = self._uniforms(self._family.noise_size, np.ones_like(self._over))
        kind = np.float32 if self._family.continuous else np.int64
        made = self._family.step(self._tasks, self._state, torch.from_numpy(np.asarray(actions, kind)), noise)
        self._state = made.state
        self._shown = made.observation
        self._steps = self._steps + 1
        terminated = made.terminated.numpy().copy()
        truncated = ~terminated & (made.truncated.numpy() | (self._steps == self._family.episode_steps))
        info = self._went_on(terminated | truncated)
        return self._shown.numpy().copy(), made.reward.double().numpy(), terminated, truncated, info

    def _went_on(self, ended: Flags) -> dict[str, Any]:
        """Starts ended lanes' next episodes, or lets them wait; returns info."""
        if not ended.any():
            return {}
        last = self._shown.numpy().copy()
        if self._restarts:
            self._put(ended, *self._next(ended))
            self._steps[ended] = 0
            return {"final_obs": last, "_final_obs": ended.copy()}
        self._over = ended
        return {}

    def _next(self, which: Flags) -> tuple[Tensor, Tensor]:
        assert self._tasks is not None
        return self._family.next_episode(self._tasks, self._state, self._uniforms(self._family.start_size, which))

    def _first_of_new_tasks(self, which: Flags) -> tuple[Tensor, Tensor]:
        assert self._tasks is not None
        lanes = torch.from_numpy(which).unsqueeze(-1)
        self._tasks = torch.where(lanes, self._draw_tasks(which), self._tasks)
        return self._family.first(self._tasks, self._uniforms(self._family.start_size, which))

    def _put(self, which: Flags, state: Tensor, shown: Tensor) -> None:
        """Sets some lanes' state and observation."""
        if which.all():
            self._state, self._shown = state, shown
            return
        lanes = torch.from_numpy(which).unsqueeze(-1)
        self._state, self._shown = torch.where(lanes, state, self._state), torch.where(lanes, shown, self._shown)

    def _lanes(self, mask: Any) -> Flags:  # noqa: ANN401 - whatever was asked
        which = np.ones(self.num_envs, np.bool_) if mask is None else np.asarray(mask)
        if which.shape != (self.num_envs,) or which.dtype != np.bool_ or not which.any():
            got = "none that is on" if which.dtype == np.bool_ and not which.any() else f"{which.dtype}, {which.shape}"
            raise ValueError(f"reset_mask: {self.num_envs} switches (an array of bool), got {got}")
        return which

    def _seed(self, seed: int | None, which: Flags) -> None:
        """Gives lanes a seeded stream; each uses its own row."""
        if which.all() or not self._streams:
            super().reset(seed=seed)
            self._streams = [self.np_random]
            self._stream_of[:] = 0
            return
        self._stream_of[which] = len(self._streams)
        self._streams.append(seeding.np_random(seed)[0])
        used, self._stream_of = np.unique(self._stream_of, return_inverse=True)
        self._streams = [self._streams[index] for index in used]

    def _uniforms(self, count: int, which: Flags) -> Tensor:
        """Returns uniforms `[L, count]`; streams without a requested lane draw nothing."""

        def drawn(stream: np.random.Generator) -> Tensor:
            return torch.from_numpy(stream.random((self.num_envs, count), dtype=np.float32))

        return self._rows(drawn, which)

    def _draw_tasks(self, which: Flags) -> Tensor:
        """Returns some lanes' ψ, from torch streams seeded by theirs."""

        def drawn(stream: np.random.Generator) -> Tensor:
            draw = torch.Generator().manual_seed(int(stream.integers(2**63)))
            return self._family.draw_tasks(draw, self.num_envs)

        return self._rows(drawn, which)

    def _rows(self, drawn: Callable[[np.random.Generator], Tensor], which: Flags) -> Tensor:
        """Returns each lane's row of its stream's draw; others are undefined."""
        if len(self._streams) == 1:
            return drawn(self._streams[0])
        asked = np.unique(self._stream_of[which]).tolist()
        found = drawn(self._streams[asked[0]])
        for index in asked[1:]:
            lanes = torch.from_numpy(self._stream_of == index)
            found[lanes] = drawn(self._streams[index])[lanes]
        return found


def _action_space(family: Family) -> spaces.Discrete | spaces.Box:
    if family.continuous:
        return spaces.Box(-1.0, 1.0, (family.actions,), np.float32)
    return spaces.Discrete(family.actions)


def make(
    family: str,
    num_envs: int,
    autoreset_mode: AutoresetMode | str = AutoresetMode.SAME_STEP,
    **settings: Any,  # noqa: ANN401 - what the family's section allows
) -> FamilyVectorEnv:
    """Returns lanes for `gymnasium.make_vec`, with a study's `settings`.

    Raises:
        ValueError: a setting that a study would refuse, or another mode of autoreset.
    """
    return FamilyVectorEnv(make_one(family, **settings).family, num_envs, autoreset_mode)
