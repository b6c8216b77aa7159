"""What a task family is: a task distribution as batched pure tensor functions.

A family holds no state and draws nothing by itself: all randomness is in `noise`, drawn beforehand, so that the same
draws can be replayed for every cell, and one program serves training, evaluation and the references. How episodes
follow one another in a lifetime is the same for all families: `lifetime` says it.

Shapes (docs/design.md §11): `...` stands for any leading batch shape (`[S, B]` in training, `[N]` in references).
"""

from __future__ import annotations

from typing import NamedTuple, Protocol, runtime_checkable

import torch
from torch import Tensor


class Step(NamedTuple):
    """What one step of one environment gives.

    Attributes:
        state: the environment's state after the step, `[..., state_size]`.
        observation: what the environment shows next, `[..., observation_size]`, never masked.
        action: the action that was carried out, which `action_noise` may have changed: `[...]` (int64), or
            `[..., A]` where the family is continuous; this is what the action channel shows.
        reward: the reward that was paid, `[...]`.
        expected_reward: E[reward | ψ, state, intended action], `[...]`: what a score is made of; the reward that was
            paid where the family does not know better.
        terminated: the episode ended by the task's own rules, `[...]` (bool).
        truncated: the episode was cut by a limit of the environment's own, `[...]` (bool). The limit of
            `episode_steps` is not among them: `lifetime` keeps it.
        reward_observed: 1.0 where the reward can be observed at all and 0.0 where nobody sees what was paid, `[...]`;
            None where it always can. It is paid, scored and learned from either way; `agent.observation` masks it.
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
    """A kind of task distribution (a seam that a user may replace)."""

    @property
    def name(self) -> str:
        """The family's name in a study (`bernoulli-bandit`)."""
        ...

    @property
    def episodes(self) -> int:
        """K, the episodes of a lifetime."""
        ...

    @property
    def episode_steps(self) -> int:
        """L, the steps of an episode; one that ends before is followed by waiting (see `lifetime`)."""
        ...

    @property
    def ends_early(self) -> bool:
        """Whether an episode can end before its L steps are over."""
        ...

    @property
    def steps(self) -> int:
        """T = K · L, the steps of a lifetime."""
        ...

    @property
    def actions(self) -> int:
        """A, the number of actions, or the length of an action where the family is continuous."""
        ...

    @property
    def continuous(self) -> bool:
        """Whether an action is a vector of A numbers rather than one of A choices."""
        ...

    @property
    def observation_size(self) -> int:
        """The length of what the environment shows each step."""
        ...

    @property
    def observation_bounds(self) -> tuple[float, float]:
        """The lowest and the highest number that an observation may hold; infinite where there is none."""
        ...

    @property
    def task_size(self) -> int:
        """The length of ψ; only the critic sees it, and only in training."""
        ...

    @property
    def noise_size(self) -> int:
        """How many uniforms one step uses."""
        ...

    @property
    def start_size(self) -> int:
        """How many uniforms the start of an episode uses; 0 where every episode starts alike."""
        ...

    @property
    def written(self) -> range:
        """The columns of the state that the agent can write on and that outlast an episode (claim 3).

        They are what the probe `environment_swap` exchanges; an empty range where the environment is no memory. How the
        state then looks, the attribute `shown` can tell (`foreign`).
        """
        ...

    @property
    def held_out(self) -> bool:
        """Whether evaluation tasks are new to a trained agent: not where there are only a few tasks at all."""
        ...

    def draw_tasks(self, generator: torch.Generator, count: int) -> Tensor:
        """Returns `[count, task_size]` tasks from the full distribution; the first n of two counts are equal."""
        ...

    def first(self, tasks: Tensor, start: Tensor) -> tuple[Tensor, Tensor]:
        """Returns state `[..., state_size]` and observation `[..., observation_size]` at a lifetime's start.

        `start` `[..., start_size]` are the uniforms that decide where the episode starts.
        """
        ...

    def next_episode(self, tasks: Tensor, state: Tensor, start: Tensor) -> tuple[Tensor, Tensor]:
        """Returns state and observation at the start of a later episode, given the state at the end of the last."""
        ...

    def step(self, tasks: Tensor, state: Tensor, action: Tensor, noise: Tensor) -> Step:
        """Returns what `action` (`[...]` int64, or `[..., A]`) gives on `tasks` `[..., D]`.

        `noise` `[..., noise_size]` are the step's uniforms.
        """
        ...

    def best_episode_return(self, tasks: Tensor) -> Tensor | None:
        """Returns an episode's expected return for one who knows ψ, `[...]`, or None where that is unknown."""
        ...


@runtime_checkable
class Solvable(Protocol):
    """A family that can compute the optimal-advantage gap V*(s) − Q*(s, a). Optional.

    A learner that may know ψ then counts the gap instead of rewards (`rollout.collect`). Summed over an episode it is
    V*(first state) less the episode's return, without the luck of the transitions.
    """

    def solve(self, tasks: Tensor) -> Tensor:
        """Returns what `costs` needs to know of tasks, `[..., X]`, in a form of the family's own."""
        ...

    def costs(self, solution: Tensor, state: Tensor, t: int) -> Tensor:
        """Returns V*(s) − Q*(s, a) of every action in `state` at the lifetime's step t, `[..., A]`."""
        ...


class Lived(NamedTuple):
    """Whole lifetimes of S runs, step by step.

    Attributes:
        tasks: ψ, `[S, N, D]`.
        observation: what was shown when the action was chosen, `[S, T, N, observation_size]`.
        action: what was carried out, `[S, T, N]` (int64), or `[S, T, N, A]`.
        reward: what was paid, `[S, T, N]`.
    """

    tasks: Tensor
    observation: Tensor
    action: Tensor
    reward: Tensor


@runtime_checkable
class Analysed(Protocol):
    """A family with an analysis of its own: numbers that describe how a run behaves on it, beside its curves."""

    def tally(self, lived: Lived) -> Tensor:
        """Returns what the analysis counts, `[S, X]` (float64): tallies of some lifetimes add up to that of all."""
        ...

    def statistics(self, tally: Tensor) -> dict[str, float]:
        """Returns the numbers of one run by name, for its tally `[X]`; one that cannot be computed is left out."""
        ...
