"""A task family as a Gymnasium environment, which hides the task and keeps it until a new one is requested.

- `reset()`: the next episode on the same task; the first time, any task.
- `reset(options={"new_task": True})`: the first episode of a new task.
- `reset(seed=s)`: a fresh start; equal seeds give equal tasks and noise.
"""

from __future__ import annotations

from typing import Any, SupportsFloat

import gymnasium
import numpy as np
import torch
from gymnasium import spaces
from numpy.typing import NDArray
from torch import Tensor

from ingredients.errors import StudyError
from ingredients.study import parse_study
from ingredients.study.section import FEWEST_EPISODES
from ingredients.tasks import make_family
from ingredients.tasks.family import Family

Observation = NDArray[np.float32]


class FamilyEnvironment(gymnasium.Env[Observation, np.int64]):
    """One environment of a family, whose draws `np_random` makes."""

    def __init__(self, family: Family) -> None:
        self.action_space = spaces.Discrete(family.actions)
        low, high = family.observation_bounds
        self.observation_space = spaces.Box(low, high, (family.observation_size,), np.float32)
        self._family = family
        self._task: Tensor | None = None
        self._state = self._shown = torch.empty(0)
        self._in_episode, self._steps = False, 0

    def reset(
        self, *, seed: int | None = None, options: dict[str, Any] | None = None
    ) -> tuple[Observation, dict[str, Any]]:
        """Returns an episode's first observation and an empty info.

        Raises:
            ValueError: an option other than `new_task`.
        """
        super().reset(seed=seed)
        asked = dict(options or {})
        new_task = bool(asked.pop("new_task", False))
        if asked:
            raise ValueError(f"reset: unknown option {next(iter(asked))!r}; allowed: new_task")
        if self._task is None or new_task or seed is not None:
            self._task = self._draw_task()
            self._state, self._shown = self._family.first(self._task, self._uniforms(self._family.start_size))
        elif self._steps:
            start = self._uniforms(self._family.start_size)
            self._state, self._shown = self._family.next_episode(self._task, self._state, start)
        self._in_episode, self._steps = True, 0
        return self._shown.numpy().copy(), {}

    def step(self, action: np.int64) -> tuple[Observation, SupportsFloat, bool, bool, dict[str, Any]]:
        """Returns observation, reward, terminated, truncated and an empty info.

        Raises:
            gymnasium.error.ResetNeeded: no episode is under way.
            gymnasium.error.InvalidAction: it is outside the action space.
        """
        if self._task is None or not self._in_episode:
            raise gymnasium.error.ResetNeeded("the episode is over (or never began): call reset() before step()")
        if not self.action_space.contains(action):
            raise gymnasium.error.InvalidAction(f"unknown action {action!r}; allowed: 0 to {self._family.actions - 1}")
        noise = self._uniforms(self._family.noise_size)
        made = self._family.step(self._task, self._state, torch.tensor(int(action)), noise)
        self._state = made.state
        self._shown = made.observation
        self._steps = self._steps + 1
        terminated = bool(made.terminated)
        truncated = not terminated and (bool(made.truncated) or self._steps == self._family.episode_steps)
        self._in_episode = not (terminated or truncated)
        return made.observation.numpy().copy(), float(made.reward), terminated, truncated, {}

    @property
    def family(self) -> Family:
        """The family."""
        return self._family

    def _uniforms(self, count: int) -> Tensor:
        return torch.from_numpy(self.np_random.random(count, dtype=np.float32))

    def _draw_task(self) -> Tensor:
        """Returns ψ, drawn from a torch stream that `np_random` seeds."""
        key = int(self.np_random.integers(2**63))
        return self._family.draw_tasks(torch.Generator().manual_seed(key), 1)[0]


def make(family: str, **settings: Any) -> FamilyEnvironment:  # noqa: ANN401 - what the family's section allows
    """Returns the environment for `gymnasium.make`, with a study's `settings`.

    Raises:
        ValueError: a setting that a study would refuse.
    """
    tasks = {"family": family, "episodes": FEWEST_EPISODES, **settings}
    try:
        study = parse_study({"name": family, "tasks": tasks, "ingredients": {}}, family)
    except StudyError as error:
        raise ValueError(str(error)) from None
    return FamilyEnvironment(make_family(study.tasks))
