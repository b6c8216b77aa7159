"""A family that shows its task: a yardstick where no reference is known."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor

from ingredients.boundary.failures import Failure
from ingredients.gyms.frames import Frame
from ingredients.tasks.family import Family, Step
from ingredients.tasks.foreign import (
    frames,
    longest_episode,
    most_lanes,
    points,
    restarts,
    reward_scale,
    shows_symbols,
    steps_on_cpu,
    take_failures,
)
from ingredients.tasks.paced import Flags, Numbers, Pace, Paced, Rows, Shown

MANY = 1_000_000


@dataclass(frozen=True, eq=False)
class Informed:
    """`plain` with observations `[..., observation_size + task_size]`, else unchanged."""

    plain: Family
    name: str
    episodes: int
    episode_steps: int
    ends_early: bool
    steps: int
    actions: int
    continuous: bool
    observation_size: int
    observation_bounds: tuple[float, float]
    task_size: int
    noise_size: int
    start_size: int
    written: range
    held_out: bool
    reward_scale: float
    most_lanes: int
    steps_on_cpu: bool
    frames: tuple[Frame, ...]
    shows_symbols: bool
    restarts: bool
    longest_episode: int
    points: int

    def draw_tasks(self, generator: torch.Generator, count: int) -> Tensor:
        """Returns the plain family's tasks."""
        return self.plain.draw_tasks(generator, count)

    def first(self, tasks: Tensor, start: Tensor) -> tuple[Tensor, Tensor]:
        """Returns the plain state; the observation with ψ."""
        state, observation = self.plain.first(tasks, start)
        return state, torch.cat([observation, tasks], dim=-1)

    def next_episode(self, tasks: Tensor, state: Tensor, start: Tensor) -> tuple[Tensor, Tensor]:
        """Returns the plain state; the observation with ψ."""
        state, observation = self.plain.next_episode(tasks, state, start)
        return state, torch.cat([observation, tasks], dim=-1)

    def step(self, tasks: Tensor, state: Tensor, action: Tensor, noise: Tensor) -> Step:
        """Returns the plain step, its observation with ψ."""
        step = self.plain.step(tasks, state, action, noise)
        return step._replace(observation=torch.cat([step.observation, tasks], dim=-1))

    def pace(self, lanes: int) -> Pace:
        """Returns the plain lanes, their observations with ψ."""
        assert isinstance(self.plain, Paced), self.plain
        return _InformedPace(self.plain.pace(lanes))

    def best_episode_return(self, tasks: Tensor) -> Tensor | None:
        """Returns the plain family's."""
        return self.plain.best_episode_return(tasks)

    def take_failures(self) -> dict[int, Failure]:
        """Returns the plain family's."""
        return take_failures(self.plain)


class _InformedPace:
    """Lanes that show ψ; all else is delegated."""

    def __init__(self, plain: Pace) -> None:
        self._plain = plain
        self._tasks = np.zeros((0, 0), np.float32)

    def begin(self, tasks: Rows, starts: Rows, episodes: Numbers) -> Rows:
        """Returns first observations, with ψ."""
        self._tasks = tasks.copy()
        return self._with_task(self._plain.begin(tasks, starts, episodes))

    def step(self, actions: Rows) -> Shown:
        """Returns a step, its observation with ψ."""
        made = self._plain.step(actions)
        return made._replace(observation=self._with_task(made.observation))

    def restart(self, which: Flags, tasks: Rows, starts: Rows, episodes: Numbers) -> Rows:
        """Returns first observations of the lanes `which`, with ψ."""
        self._tasks = tasks.copy()
        return self._with_task(self._plain.restart(which, tasks, starts, episodes))

    def take_failures(self) -> dict[int, Failure]:
        """Returns the plain lanes' failures."""
        return self._plain.take_failures()

    def close(self) -> None:
        """Closes every environment."""
        self._plain.close()

    def _with_task(self, shown: Rows) -> Rows:
        return np.concatenate([shown, self._tasks], axis=-1)


def informed(family: Family) -> Informed:
    """Returns the family with its tasks shown."""
    low, high = family.observation_bounds
    return Informed(
        plain=family,
        name=family.name,
        episodes=family.episodes,
        episode_steps=family.episode_steps,
        ends_early=family.ends_early,
        steps=family.steps,
        actions=family.actions,
        continuous=family.continuous,
        observation_size=family.observation_size + family.task_size,
        observation_bounds=(min(low, 0.0), max(high, 1.0)),
        task_size=family.task_size,
        noise_size=family.noise_size,
        start_size=family.start_size,
        written=family.written,
        held_out=family.held_out,
        reward_scale=reward_scale(family),
        most_lanes=most_lanes(family, MANY),
        steps_on_cpu=steps_on_cpu(family),
        frames=frames(family),
        shows_symbols=shows_symbols(family),
        restarts=restarts(family),
        longest_episode=longest_episode(family),
        points=points(family),
    )
