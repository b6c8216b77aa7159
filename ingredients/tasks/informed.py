"""A family whose agent is shown the task: for a yardstick where no reference is known.

An agent that is trained on it need not find out what the task is; how far one gets that has to is read beside it.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor

from ingredients.boundary.failures import Failure
from ingredients.gyms.frames import Frame
from ingredients.tasks.family import Family, Step
from ingredients.tasks.foreign import frames, most_lanes, reward_scale, steps_on_cpu, take_failures
from ingredients.tasks.paced import Flags, Numbers, Pace, Paced, Rows, Shown

MANY = 1_000_000


@dataclass(frozen=True, eq=False)
class Informed:
    """`plain` with observations `[..., observation_size + task_size]`; all else is as it was."""

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

    def draw_tasks(self, generator: torch.Generator, count: int) -> Tensor:
        """Returns the tasks of the plain family."""
        return self.plain.draw_tasks(generator, count)

    def first(self, tasks: Tensor, start: Tensor) -> tuple[Tensor, Tensor]:
        """Returns the plain state, and the observation with ψ."""
        state, observation = self.plain.first(tasks, start)
        return state, torch.cat([observation, tasks], dim=-1)

    def next_episode(self, tasks: Tensor, state: Tensor, start: Tensor) -> tuple[Tensor, Tensor]:
        """Returns the plain state, and the observation with ψ."""
        state, observation = self.plain.next_episode(tasks, state, start)
        return state, torch.cat([observation, tasks], dim=-1)

    def step(self, tasks: Tensor, state: Tensor, action: Tensor, noise: Tensor) -> Step:
        """Returns the plain step, its observation with ψ."""
        step = self.plain.step(tasks, state, action, noise)
        return step._replace(observation=torch.cat([step.observation, tasks], dim=-1))

    def pace(self, lanes: int) -> Pace:
        """Returns the plain family's lanes at their own pace, with ψ behind every observation."""
        assert isinstance(self.plain, Paced), self.plain
        return _InformedPace(self.plain.pace(lanes))

    def best_episode_return(self, tasks: Tensor) -> Tensor | None:
        """Returns that of the plain family."""
        return self.plain.best_episode_return(tasks)

    def take_failures(self) -> dict[int, Failure]:
        """Returns those of the plain family."""
        return take_failures(self.plain)


class _InformedPace:
    """Lanes that are shown their tasks."""

    def __init__(self, plain: Pace) -> None:
        self._plain = plain
        self._tasks = np.zeros((0, 0), np.float32)

    def begin(self, tasks: Rows, starts: Rows, episodes: Numbers) -> Rows:
        """Returns what is shown at the start of an episode of each lane, with ψ."""
        self._tasks = tasks.copy()
        return self._with_task(self._plain.begin(tasks, starts, episodes))

    def step(self, actions: Rows) -> Shown:
        """Returns what one step gives, its observation with ψ."""
        made = self._plain.step(actions)
        return made._replace(observation=self._with_task(made.observation))

    def restart(self, which: Flags, tasks: Rows, starts: Rows, episodes: Numbers) -> Rows:
        """Returns what is shown at the start of an episode where `which` says so, with ψ."""
        self._tasks = tasks.copy()
        return self._with_task(self._plain.restart(which, tasks, starts, episodes))

    def take_failures(self) -> dict[int, Failure]:
        """Returns those of the plain lanes."""
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
    )
