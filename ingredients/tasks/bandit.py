"""What bandits share: a pull is an episode, the observation is 0, no state can be written on."""

from __future__ import annotations

import torch
from torch import Tensor

from ingredients.tasks.family import Step


class Bandit:
    """Settings of a bandit; subclasses add `draw_tasks` and `step`."""

    episodes: int
    arms: int
    action_noise: float = 0.0
    episode_steps = 1
    ends_early = False
    continuous = False
    observation_size = 1
    observation_bounds = (0.0, 1.0)
    start_size = 0

    @property
    def steps(self) -> int:
        """T = K."""
        return self.episodes

    @property
    def actions(self) -> int:
        """Number of arms."""
        return self.arms

    @property
    def task_size(self) -> int:
        """One number for each arm."""
        return self.arms

    @property
    def noise_size(self) -> int:
        """One uniform, for the reward."""
        return 1

    @property
    def written(self) -> range:
        """Empty: the agent cannot change any state."""
        return range(0)

    @property
    def held_out(self) -> bool:
        """True: tasks are drawn from a continuum."""
        return True

    def first(self, tasks: Tensor, start: Tensor) -> tuple[Tensor, Tensor]:
        """Returns empty states `[..., 0]` and observations `[..., 1]`."""
        return tasks[..., :0], blank(tasks)

    def next_episode(self, tasks: Tensor, state: Tensor, start: Tensor) -> tuple[Tensor, Tensor]:
        """Returns the unchanged state."""
        return state, blank(tasks)

    def expected_reward(self, tasks: Tensor, action: Tensor) -> Tensor:
        """Returns E[r | ψ, intended arm] = (1 − ε) ψ_a + ε mean(ψ), `[...]`, under action noise ε."""
        if not self.action_noise:
            return of_arm(tasks, action)
        return (1 - self.action_noise) * of_arm(tasks, action) + self.action_noise * tasks.mean(-1)

    def best_episode_return(self, tasks: Tensor) -> Tensor | None:
        """Returns the expected reward of the best arm, `[...]`."""
        return self.expected_reward(tasks, tasks.argmax(-1))


def blank(tasks: Tensor) -> Tensor:
    """Returns the observation 0, `[..., 1]`."""
    return tasks.new_zeros((*tasks.shape[:-1], 1))


def of_arm(numbers: Tensor, arm: Tensor) -> Tensor:
    """Returns each lane's number of its arm, `[...]`, of `[..., arms]`."""
    return numbers.gather(-1, arm.unsqueeze(-1)).squeeze(-1)


def any_arm(uniform: Tensor, arms: int) -> Tensor:
    """Returns the arm `[...]` that a uniform number selects."""
    return (uniform * arms).long().clamp_(max=arms - 1)


def pull(
    state: Tensor, arm: Tensor, paid: Tensor, expected: Tensor, shown: Tensor, observed: Tensor | None = None
) -> Step:
    """Returns the step of a pull, which terminates the episode."""
    ends = torch.ones_like(arm, dtype=torch.bool)
    return Step(state, shown, arm, paid, expected, ends, ~ends, observed)
