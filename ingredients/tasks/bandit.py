"""What bandits share: an episode is one pull, which ends it, and the agent is shown one number that is always 0."""

from __future__ import annotations

import torch
from torch import Tensor

from ingredients.tasks.family import Step


class Bandit:
    """The constants of a bandit; one is a frozen dataclass of its settings that says what tasks are and a pull does."""

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
        """T = K: a pull is an episode of one step."""
        return self.episodes

    @property
    def actions(self) -> int:
        """Number of arms."""
        return self.arms

    @property
    def task_size(self) -> int:
        """Length of ψ: a number for each arm."""
        return self.arms

    @property
    def noise_size(self) -> int:
        """One uniform: the luck of the pay-off."""
        return 1

    @property
    def written(self) -> range:
        """No column: the agent can write on no state."""
        return range(0)

    @property
    def held_out(self) -> bool:
        """True: tasks are drawn from a continuum."""
        return True

    def first(self, tasks: Tensor, start: Tensor) -> tuple[Tensor, Tensor]:
        """Returns the empty state `[..., 0]` and the blank observation `[..., 1]`."""
        return tasks[..., :0], blank(tasks)

    def next_episode(self, tasks: Tensor, state: Tensor, start: Tensor) -> tuple[Tensor, Tensor]:
        """Returns the state as it is."""
        return state, blank(tasks)

    def expected_reward(self, tasks: Tensor, action: Tensor) -> Tensor:
        """Returns E[r | ψ, intended arm] = (1 − ε) ψ_a + ε mean(ψ), `[...]`, with ε the action noise."""
        if not self.action_noise:
            return of_arm(tasks, action)
        return (1 - self.action_noise) * of_arm(tasks, action) + self.action_noise * tasks.mean(-1)

    def best_episode_return(self, tasks: Tensor) -> Tensor | None:
        """Returns the expected reward of the best arm, `[...]`."""
        return self.expected_reward(tasks, tasks.argmax(-1))


def blank(tasks: Tensor) -> Tensor:
    """Returns the observation, `[..., 1]`."""
    return tasks.new_zeros((*tasks.shape[:-1], 1))


def of_arm(numbers: Tensor, arm: Tensor) -> Tensor:
    """Returns the number of each lane's arm, `[...]`, out of `[..., arms]`."""
    return numbers.gather(-1, arm.unsqueeze(-1)).squeeze(-1)


def any_arm(uniform: Tensor, arms: int) -> Tensor:
    """Returns the arm `[...]` that a uniform number stands for, each as likely as the others."""
    return (uniform * arms).long().clamp_(max=arms - 1)


def pull(
    state: Tensor, arm: Tensor, paid: Tensor, expected: Tensor, shown: Tensor, observed: Tensor | None = None
) -> Step:
    """Returns the step in which `arm` was pulled: every pull terminates its episode."""
    ends = torch.ones_like(arm, dtype=torch.bool)
    return Step(state, shown, arm, paid, expected, ends, ~ends, observed)
