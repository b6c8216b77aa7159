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


class Reusing(Guess):
    """Shows and pays the same tensors again and again, and writes on what it is given."""

    copy = False

    def draw_tasks(self, generator: torch.Generator, count: int) -> Tensor:
        """Returns a list that is one for all, where it is as long."""
        tasks = super().draw_tasks(generator, count)
        self.__dict__.setdefault("kept", {})[count] = tasks
        return tasks

    def first(self, tasks: Tensor, start: Tensor) -> tuple[Tensor, Tensor]:
        """Returns what it will write on."""
        self.__dict__["seen"] = torch.zeros_like(tasks)
        return torch.zeros_like(tasks), self.given(self.__dict__["seen"])

    def step(self, tasks: Tensor, state: Tensor, action: Tensor, noise: Tensor) -> Step:
        """Counts in the state, and writes on it, on the tasks, on the action."""
        made = super().step(tasks.clone(), state, action.clone(), noise)
        state += 1
        seen = self.__dict__["seen"] = self.__dict__["seen"] if not self.copy else self.__dict__["seen"].clone()
        seen.copy_(state)
        tasks.zero_(), action.zero_()
        return made._replace(state=state, observation=self.given(seen), action=made.action)

    def next_episode(self, tasks: Tensor, state: Tensor, start: Tensor) -> tuple[Tensor, Tensor]:
        """Goes on counting."""
        return state, self.given(self.__dict__["seen"])

    def given(self, tensor: Tensor) -> Tensor:
        """Returns a tensor, or a copy of it."""
        return tensor.clone() if self.copy else tensor


class Copying(Reusing):
    """The same with copies."""

    copy = True


class LaterOdd(Guess):
    """Keeps the contract while it is tried; later, at the fifth step of a lifetime, it does what its name says."""

    def __init__(self, episodes: int, odd: str = "nan") -> None:
        super().__init__(episodes)
        self.__dict__["odd"] = odd

    def first(self, tasks: Tensor, start: Tensor) -> tuple[Tensor, Tensor]:
        """Returns a count of steps to remember."""
        return torch.zeros_like(tasks), torch.zeros_like(tasks)

    def next_episode(self, tasks: Tensor, state: Tensor, start: Tensor) -> tuple[Tensor, Tensor]:
        """Goes on counting."""
        return state, torch.zeros_like(tasks)

    def step(self, tasks: Tensor, state: Tensor, action: Tensor, noise: Tensor) -> Step:
        """Does it in the lanes of the first run."""
        made = super().step(tasks, state, action, noise)
        state = state + 1
        if not bool((state == 5).any()):
            return made._replace(state=state)
        if self.__dict__["odd"] == "raises":
            raise RuntimeError("the fifth\nis too much")
        if self.__dict__["odd"] == "shape":
            return made._replace(state=state, reward=made.reward.unsqueeze(-1))
        odd = made.reward.clone()
        odd[0] = float("nan")
        return made._replace(state=state, reward=odd)
