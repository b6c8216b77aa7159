"""What a task family is: a task distribution as batched pure tensor functions.

`noise` and `start` hold all randomness. In shapes (docs/design.md §11) `...` is any leading batch shape.
"""

from __future__ import annotations

from typing import NamedTuple, Protocol, runtime_checkable

import torch
from torch import Tensor


class Step(NamedTuple):
    """One step of an environment; fields are `[...]` unless said.

    Attributes:
        state: after the step, `[..., state_size]`.
        observation: shown next, `[..., observation_size]`.
        action: carried out, after `action_noise` (int64), or `[..., A]` if continuous.
        expected_reward: E[reward | ψ, state, intended action], for scores; if unknown, the reward.
        terminated: by the task's rules (bool).
        truncated: by the environment's own limit (bool), not `episode_steps`.
        reward_observed: 1.0 where the reward can be observed, else 0.0 (it still counts); None for always.
    """

    state: Tensor
    observation: Tensor
    action: Tensor
    reward: Tensor
    expected_reward: Tensor
    terminated: Tensor
    truncated: Tensor
    reward_observed: Tensor | None = None


class Family(Protocol):
    """A kind of task distribution. Users may supply their own."""

    @property
    def name(self) -> str:
        """Name of the family in a study (`bernoulli-bandit`)."""
        ...

    @property
    def episodes(self) -> int:
        """K, the episodes of a lifetime."""
        ...

    @property
    def episode_steps(self) -> int:
        """L, the most steps of an episode."""
        ...

    @property
    def ends_early(self) -> bool:
        """Whether an episode can end before L steps."""
        ...

    @property
    def steps(self) -> int:
        """T = K · L, the steps of a lifetime."""
        ...

    @property
    def actions(self) -> int:
        """A, the number of actions, or an action vector's length."""
        ...

    @property
    def continuous(self) -> bool:
        """Whether an action is a vector of A numbers."""
        ...

    @property
    def observation_size(self) -> int:
        """Length of an observation."""
        ...

    @property
    def observation_bounds(self) -> tuple[float, float]:
        """Lowest and highest number in an observation; may be infinite."""
        ...

    @property
    def task_size(self) -> int:
        """Length of ψ, which only the critic sees, in training."""
        ...

    @property
    def noise_size(self) -> int:
        """Number of uniforms for a step."""
        ...

    @property
    def start_size(self) -> int:
        """Number of uniforms for an episode's start; 0 if all are alike."""
        ...

    @property
    def written(self) -> range:
        """State columns that the agent can change and that outlast an episode (claim 3; `environment_swap`)."""
        ...

    @property
    def held_out(self) -> bool:
        """Whether evaluation tasks are new to a trained agent."""
        ...

    def draw_tasks(self, generator: torch.Generator, count: int) -> Tensor:
        """Returns `[count, task_size]`; shorter lists are heads of longer ones."""
        ...

    def first(self, tasks: Tensor, start: Tensor) -> tuple[Tensor, Tensor]:
        """Returns a lifetime's first state `[..., state_size]` and observation.

        `start` `[..., start_size]` are uniforms.
        """
        ...

    def next_episode(self, tasks: Tensor, state: Tensor, start: Tensor) -> tuple[Tensor, Tensor]:
        """Returns a later episode's first state and observation."""
        ...

    def step(self, tasks: Tensor, state: Tensor, action: Tensor, noise: Tensor) -> Step:
        """Returns the step of `action` (`[...]` int64, or `[..., A]`) on `tasks` `[..., D]`.

        `noise` are uniforms `[..., noise_size]`.
        """
        ...

    def best_episode_return(self, tasks: Tensor) -> Tensor | None:
        """Returns an episode's expected return if ψ is known, `[...]`, or None."""
        ...


@runtime_checkable
class Solvable(Protocol):
    """A family that can compute the optimal-advantage gap V*(s) − Q*(s, a). Optional.

    A learner that may know ψ uses it instead of rewards. Over an episode it sums to V*(first state) − return, without
    luck.
    """

    def solve(self, tasks: Tensor) -> Tensor:
        """Returns what `costs` needs of tasks, `[..., X]`, in any format."""
        ...

    def costs(self, solution: Tensor, state: Tensor, t: int) -> Tensor:
        """Returns each action's V*(s) − Q*(s, a) at lifetime step t, `[..., A]`."""
        ...


class Lived(NamedTuple):
    """Whole lifetimes of S runs.

    Attributes:
        tasks: ψ, `[S, N, D]`.
        observation: before the action, `[S, T, N, observation_size]`.
        action: carried out, `[S, T, N]` (int64), or `[S, T, N, A]`.
        reward: `[S, T, N]`.
    """

    tasks: Tensor
    observation: Tensor
    action: Tensor
    reward: Tensor


@runtime_checkable
class Analysed(Protocol):
    """A family with its own numbers that describe behaviour."""

    def tally(self, lived: Lived) -> Tensor:
        """Returns counts `[S, X]` (float64), which add up over batches."""
        ...

    def statistics(self, tally: Tensor) -> dict[str, float]:
        """Returns one run's numbers by name from its tally `[X]`."""
        ...
