"""A task family as an ordinary vector of Gymnasium environments: many lanes of the one batched program.

Comes in: a family, a number of lanes, what a Gymnasium user does. Goes out: what the batched program gives for the same
draws, bit by bit. As in `environment`, an episode of Gymnasium's is one episode of the family, episodes go on on one
task until another is asked for, and the hidden task is in no observation and no info.

| call                                       | gives                                                         |
|--------------------------------------------|---------------------------------------------------------------|
| the first `reset()`, `reset(seed=s)`       | tasks from the distribution                                   |
| `reset()`                                  | every lane's next episode on its task                         |
| `options={"new_task": True}`               | fresh tasks, the first episodes of their lifetimes            |
| `options={"reset_mask": [True, ...]}`      | that only for those lanes                                     |

Where an episode ends, the same step starts the lane's next one on the same task (`AutoresetMode.SAME_STEP`), and `info`
has what the last step showed as `final_obs`; or, with `autoreset_mode="Disabled"`, the lane waits for its reset.
"""

from __future__ import annotations

from typing import Any

import gymnasium
import numpy as np
import torch
from gymnasium import spaces
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
    """`num_envs` lanes of a family; draws all its tasks and noise from `np_random`, a step's noise when it is made."""

    def __init__(
        self, family: Family, num_envs: int, autoreset_mode: AutoresetMode | str = AutoresetMode.SAME_STEP
    ) -> None:
        """Makes the lanes; nothing is drawn before the first reset.

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
        self._family, self._restarts = family, mode is AutoresetMode.SAME_STEP
        self._tasks: Tensor | None = None
        self._state = self._shown = torch.empty(0)
        self._steps = np.zeros(num_envs, np.int64)
        self._over = np.ones(num_envs, np.bool_)

    def reset(
        self, *, seed: int | list[int | None] | None = None, options: dict[str, Any] | None = None
    ) -> tuple[Numbers, dict[str, Any]]:
        """Returns the first observations and an empty info; see the module for which tasks they are on.

        Raises:
            ValueError: an option other than `new_task` and `reset_mask`, or a list of seeds.
        """
        if isinstance(seed, list):
            raise ValueError("reset: one seed for all lanes, since they share their draws; got a list")
        super().reset(seed=seed)
        asked = dict(options or {})
        new_task, mask = bool(asked.pop("new_task", False)), asked.pop("reset_mask", None)
        if asked:
            raise ValueError(f"reset: unknown option {next(iter(asked))!r}; allowed: new_task, reset_mask")
        which = np.ones(self.num_envs, np.bool_) if mask is None else np.asarray(mask, np.bool_)
        if self._tasks is None or seed is not None:
            self._tasks = self._draw_tasks()
            self._state, self._shown = self._family.first(self._tasks, self._uniforms(self._family.start_size))
        elif new_task:
            self._put(which, *self._first_of_new_tasks(which))
        else:
            self._put(which, *self._next())
        self._steps[which], self._over[which] = 0, False
        return self._shown.numpy().copy(), {}

    def step(self, actions: NDArray[Any]) -> tuple[Numbers, NDArray[np.float64], Flags, Flags, dict[str, Any]]:
        """Returns observations, rewards, terminated, truncated, and the last observations of episodes that ended.

        Raises:
            gymnasium.error.ResetNeeded: a lane's episode is over, or never began.
        """
        if self._tasks is None or self._over.any():
            raise gymnasium.error.ResetNeeded("an episode is over (or never began): reset it before step()")
        noise, kind = self._uniforms(self._family.noise_size), np.float32 if self._family.continuous else np.int64
        made = self._family.step(self._tasks, self._state, torch.from_numpy(np.asarray(actions, kind)), noise)
        self._state, self._shown, self._steps = made.state, made.observation, self._steps + 1
        terminated = made.terminated.numpy().copy()
        truncated = ~terminated & (made.truncated.numpy() | (self._steps == self._family.episode_steps))
        info = self._went_on(terminated | truncated)
        return self._shown.numpy().copy(), made.reward.double().numpy(), terminated, truncated, info

    def _went_on(self, ended: Flags) -> dict[str, Any]:
        """Starts the next episode of lanes that ended, or lets them wait; returns the info."""
        if not ended.any():
            return {}
        last = self._shown.numpy().copy()
        if self._restarts:
            self._put(ended, *self._next())
            self._steps[ended] = 0
            return {"final_obs": last, "_final_obs": ended.copy()}
        self._over = ended
        return {}

    def _next(self) -> tuple[Tensor, Tensor]:
        assert self._tasks is not None
        return self._family.next_episode(self._tasks, self._state, self._uniforms(self._family.start_size))

    def _first_of_new_tasks(self, which: Flags) -> tuple[Tensor, Tensor]:
        assert self._tasks is not None
        lanes = torch.from_numpy(which).unsqueeze(-1)
        self._tasks = torch.where(lanes, self._draw_tasks(), self._tasks)
        return self._family.first(self._tasks, self._uniforms(self._family.start_size))

    def _put(self, which: Flags, state: Tensor, shown: Tensor) -> None:
        """Puts lanes where they are to be; the others stay."""
        if which.all():
            self._state, self._shown = state, shown
            return
        lanes = torch.from_numpy(which).unsqueeze(-1)
        self._state, self._shown = torch.where(lanes, state, self._state), torch.where(lanes, shown, self._shown)

    def _uniforms(self, count: int) -> Tensor:
        return torch.from_numpy(self.np_random.random((self.num_envs, count), dtype=np.float32))

    def _draw_tasks(self) -> Tensor:
        """Returns ψ of every lane; the family draws it from a torch stream whose key comes from `np_random`."""
        key = int(self.np_random.integers(2**63))
        return self._family.draw_tasks(torch.Generator().manual_seed(key), self.num_envs)


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
    """Returns lanes of a family as `gymnasium.make_vec` makes them; `settings` are those of a study's `tasks` section.

    Raises:
        ValueError: a setting that a study would refuse, or another mode of autoreset.
    """
    return FamilyVectorEnv(make_one(family, **settings).family, num_envs, autoreset_mode)
