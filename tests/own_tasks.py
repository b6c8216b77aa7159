"""Task families of a user's own, as a study names them: one that keeps the contract, some that each break it once."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor

from ingredients.tasks import Step


@dataclass(frozen=True)
class Guess:
    """A hidden number; a guess pays the more the nearer it is, and is told nothing but what it earned."""

    episodes: int
    numbers: int = 4
    observation_size: int = 1
    task_size: int = 1

    @property
    def actions(self) -> int:
        """Returns how many guesses there are."""
        return self.numbers

    def draw_tasks(self, generator: torch.Generator, count: int) -> Tensor:
        """Returns the hidden numbers as shares."""
        return torch.rand(count, 1, generator=generator)

    def first(self, tasks: Tensor, start: Tensor) -> tuple[Tensor, Tensor]:
        """Returns nothing to remember, and nothing to see."""
        return tasks[..., :0], torch.zeros_like(tasks)

    def step(self, tasks: Tensor, state: Tensor, action: Tensor, noise: Tensor) -> Step:
        """Pays a guess."""
        hidden = (tasks[..., 0] * self.numbers).long()
        reward = 1 - (action - hidden).abs() / self.numbers
        ends = torch.ones_like(action, dtype=torch.bool)
        return Step(state, torch.zeros_like(tasks), action, reward, reward, ends, ~ends)


class Lucky(Guess):
    """Draws luck of its own."""

    def step(self, tasks: Tensor, state: Tensor, action: Tensor, noise: Tensor) -> Step:
        """Adds it to the reward."""
        made = super().step(tasks, state, action, noise)
        return made._replace(reward=made.reward + torch.rand(made.reward.shape))


class Mixing(Guess):
    """Lets lanes see each other."""

    def step(self, tasks: Tensor, state: Tensor, action: Tensor, noise: Tensor) -> Step:
        """Pays all lanes the mean."""
        made = super().step(tasks, state, action, noise)
        return made._replace(reward=made.reward.mean().expand_as(made.reward))


class Narrow(Guess):
    """Shows less than it says."""

    def first(self, tasks: Tensor, start: Tensor) -> tuple[Tensor, Tensor]:
        """Returns no observation."""
        return tasks[..., :0], tasks[..., :0]


class Seen(Guess):
    """Remembers the last guess, shows it, and says how it looks where a probe has changed it."""

    written = range(1)

    def first(self, tasks: Tensor, start: Tensor) -> tuple[Tensor, Tensor]:
        """Returns no guess yet."""
        return torch.zeros_like(tasks), torch.zeros_like(tasks)

    def step(self, tasks: Tensor, state: Tensor, action: Tensor, noise: Tensor) -> Step:
        """Pays a guess, and keeps it."""
        guessed = action.unsqueeze(-1).to(tasks.dtype)
        return super().step(tasks, state, action, noise)._replace(state=guessed, observation=guessed)

    def shown(self, tasks: Tensor, state: Tensor) -> Tensor:
        """Returns the guess that is kept."""
        return state


class Blurred(Seen):
    """Shows less of a changed state than it says."""

    def shown(self, tasks: Tensor, state: Tensor) -> Tensor:
        """Returns no observation."""
        return state[..., :0]


class Restless(Guess):
    """Draws tasks from torch's own generator."""

    def draw_tasks(self, generator: torch.Generator, count: int) -> Tensor:
        """Returns other tasks each time."""
        return torch.rand(count, 1)


class Tupled(Guess):
    """Returns what is no Step."""

    def step(self, tasks: Tensor, state: Tensor, action: Tensor, noise: Tensor) -> Any:  # noqa: ANN401 - that is it
        """Returns a pair."""
        return state, action


class Hiding(Guess):
    """Hides rewards by one number for all lanes."""

    def step(self, tasks: Tensor, state: Tensor, action: Tensor, noise: Tensor) -> Step:
        """Says that nobody sees the reward."""
        return super().step(tasks, state, action, noise)._replace(reward_observed=torch.zeros(()))


class Raises(Guess):
    """Divides by zero."""

    def step(self, tasks: Tensor, state: Tensor, action: Tensor, noise: Tensor) -> Step:
        """Raises."""
        raise ZeroDivisionError("nothing\nleft")


class Lacking:
    """Has next to nothing."""

    actions = 2

    def __init__(self, episodes: int) -> None:
        """Forgets everything."""
