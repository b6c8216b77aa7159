"""What a task family is: a task distribution as batched pure tensor functions.

A family holds no state and draws no random numbers: all randomness is in `noise` and `start`. So every cell can replay
the same draws, and one program serves training, evaluation and the references. `lifetime` says how episodes follow one
another.

Shapes (docs/design.md §11): `...` is any leading batch shape (`[S, B]` in training, `[N]` in references).
"""

from __future__ import annotations

from typing import NamedTuple, Protocol, runtime_checkable

import torch
from torch import Tensor


class Step(NamedTuple):
    """One step of an environment.

    Attributes:
        state: after the step, `[..., state_size]`.
        observation: what the environment shows next, `[..., observation_size]`, never masked.
        action: the action carried out, after `action_noise`, `[...]` (int64) or `[..., A]` if continuous. The action
            channel shows it.
        reward: `[...]`.
        expected_reward: E[reward | ψ, state, intended action], `[...]`, of which scores are made; where unknown, the
            reward.
        terminated: the episode ended by the task's rules, `[...]` (bool).
        truncated: a limit of the environment's own cut the episode, `[...]` (bool). `lifetime` keeps the limit of
            `episode_steps`.
        reward_observed: 1.0 where the reward can be observed, else 0.0, `[...]`; None for always. An unobserved reward
            is still scored and learned from; `agent.observation` masks it.
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
        """L, the most steps of an episode; after an early end the lane waits (`lifetime`)."""
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
        """A, the number of actions, or the length of a continuous action."""
        ...

    @property
    def continuous(self) -> bool:
        """Whether an action is a vector of A numbers instead of one of A choices."""
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
        """Length of ψ, which only the critic sees, and only in training."""
        ...

    @property
    def noise_size(self) -> int:
        """Number of uniforms for a step."""
        ...

    @property
    def start_size(self) -> int:
        """Number of uniforms for an episode's start; 0 where all start alike."""
        ...

    @property
    def written(self) -> range:
        """Columns of the state that the agent can change and that outlast an episode (claim 3).

        The probe `environment_swap` exchanges them. Empty if the environment is no memory. `shown` (`foreign`) gives
        the observation of the changed state.
        """
        ...

    @property
    def held_out(self) -> bool:
        """Whether evaluation tasks are new to a trained agent; False where there are few tasks."""
        ...

    def draw_tasks(self, generator: torch.Generator, count: int) -> Tensor:
        """Returns `[count, task_size]` tasks from the full distribution; a shorter list is the head of a longer one."""
        ...

    def first(self, tasks: Tensor, start: Tensor) -> tuple[Tensor, Tensor]:
        """Returns state `[..., state_size]` and observation at a lifetime's start.

        `start` `[..., start_size]` are uniforms.
        """
        ...

    def next_episode(self, tasks: Tensor, state: Tensor, start: Tensor) -> tuple[Tensor, Tensor]:
        """Returns state and observation at the start of a later episode, given the last one's final state."""
        ...

    def step(self, tasks: Tensor, state: Tensor, action: Tensor, noise: Tensor) -> Step:
        """Returns the step of `action` (`[...]` int64, or `[..., A]`) on `tasks` `[..., D]`.

        `noise` `[..., noise_size]` are the step's uniforms.
        """
        ...

    def best_episode_return(self, tasks: Tensor) -> Tensor | None:
        """Returns an episode's expected return when ψ is known, `[...]`, or None if that is unknown."""
        ...


@runtime_checkable
class Solvable(Protocol):
    """A family that can compute the optimal-advantage gap V*(s) − Q*(s, a). Optional.

    A learner that may know ψ then uses the gap instead of rewards (`rollout.collect`). Summed over an episode it is
    V*(first state) minus the return, without the luck of the transitions.
    """

    def solve(self, tasks: Tensor) -> Tensor:
        """Returns what `costs` needs to know about tasks, `[..., X]`, in the family's own format."""
        ...

    def costs(self, solution: Tensor, state: Tensor, t: int) -> Tensor:
        """Returns V*(s) − Q*(s, a) of every action at the lifetime's step t, `[..., A]`."""
        ...


class Lived(NamedTuple):
    """Whole lifetimes of S runs.

    Attributes:
        tasks: ψ, `[S, N, D]`.
        observation: shown before the action, `[S, T, N, observation_size]`.
        action: carried out, `[S, T, N]` (int64), or `[S, T, N, A]`.
        reward: `[S, T, N]`.
    """

    tasks: Tensor
    observation: Tensor
    action: Tensor
    reward: Tensor


@runtime_checkable
class Analysed(Protocol):
    """A family with an analysis of its own: numbers that describe a run's behaviour, beside its curves."""

    def tally(self, lived: Lived) -> Tensor:
        """Returns the counts, `[S, X]` (float64), which add up over batches of lifetimes."""
        ...

    def statistics(self, tally: Tensor) -> dict[str, float]:
        """Returns one run's numbers by name from its tally `[X]`, without those that cannot be computed."""
        ...
