"""What a task family is: a task distribution as batched pure tensor functions.

Comes in: a generator, or tasks, noise and actions. Goes out: tasks ψ, observations, rewards, ends.
A family holds no state and draws nothing by itself: all randomness is in `noise`, drawn beforehand, so that the
same draws can be replayed for every cell, and one program serves training, evaluation and the references.

Shapes (legend of DESIGN §4): `...` stands for any leading batch shape (`[S, B]` in training, `[N]` in references).
"""

from __future__ import annotations

from typing import NamedTuple, Protocol

import torch
from torch import Tensor


class Step(NamedTuple):
    """What one step of one environment gives.

    Attributes:
        state: the environment's state after the step, `[..., state_size]`.
        observation: what the environment shows next, `[..., observation_size]`, never masked.
        action: the action that was carried out `[...]` (int64), which `action_noise` may have changed;
            this is what the action channel shows.
        reward: the reward that was paid, `[...]`.
        expected_reward: E[reward | ψ, state, intended action], `[...]`: what a score is made of.
        terminated: the episode ended by the task's own rules, `[...]` (bool).
        truncated: the episode was cut by its time limit, `[...]` (bool).
    """

    state: Tensor
    observation: Tensor
    action: Tensor
    reward: Tensor
    expected_reward: Tensor
    terminated: Tensor
    truncated: Tensor


class Family(Protocol):
    """A kind of task distribution (a seam that a user may replace)."""

    @property
    def name(self) -> str:
        """Returns the family's name in a study (`bernoulli-bandit`)."""
        ...

    @property
    def episodes(self) -> int:
        """Returns K, the episodes of a lifetime."""
        ...

    @property
    def steps(self) -> int:
        """Returns T, the steps of a lifetime."""
        ...

    @property
    def actions(self) -> int:
        """Returns A, the number of actions."""
        ...

    @property
    def observation_size(self) -> int:
        """Returns the length of what the environment shows each step."""
        ...

    @property
    def task_size(self) -> int:
        """Returns the length of ψ; only the critic sees it, and only in training."""
        ...

    @property
    def noise_size(self) -> int:
        """Returns how many uniforms one step uses."""
        ...

    @property
    def writable(self) -> bool:
        """Returns whether the agent can write on the environment's state, and so use it as memory (C3)."""
        ...

    def draw_tasks(self, generator: torch.Generator, count: int) -> Tensor:
        """Returns `[count, task_size]` tasks from the full distribution; the first n of two counts are equal."""
        ...

    def first(self, tasks: Tensor) -> tuple[Tensor, Tensor]:
        """Returns state `[..., state_size]` and observation `[..., observation_size]` at a lifetime's start."""
        ...

    def step(self, tasks: Tensor, state: Tensor, action: Tensor, noise: Tensor) -> Step:
        """Returns what `action` `[...]` (int64) gives on `tasks` `[..., D]` with `noise` `[..., noise_size]`."""
        ...

    def best_episode_return(self, tasks: Tensor) -> Tensor | None:
        """Returns an episode's expected return for one who knows ψ, `[...]`, or None where that is unknown."""
        ...
