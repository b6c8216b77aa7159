"""An episode of a bandit: one pull of an arm, and its reward."""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor
from torch.nn.functional import one_hot

from ingredients.inner.histories import Histories, of_pulls
from ingredients.inner.models.model import Habit, Lesson
from ingredients.references.bandit_reactive import win_stay_lose_shift


@dataclass(frozen=True)
class Pulls:
    """Pulls of `actions` arms whose tasks are probabilities."""

    actions: int
    steps = 1
    uniforms = 1

    @property
    def codes(self) -> int:
        """One for each arm and reward."""
        return 2 * self.actions

    def outcome(self, tasks: Tensor, action: Tensor, luck: Tensor) -> Histories:
        """Returns an arm's pull, which pays with its probability."""
        paid = luck[0] < tasks.gather(-1, action.unsqueeze(-1)).squeeze(-1)
        return of_pulls(action, paid.float())

    def code(self, lived: Histories) -> Tensor:
        """Returns the arm and its reward, as a number."""
        return 2 * lived.actions + lived.rewards.long()

    def recorded(self, actions: Tensor, rewards: Tensor, observations: Tensor) -> Histories:
        """Returns the steps: each is a pull."""
        return of_pulls(actions, rewards)

    def shown(self, histories: Histories, step: int) -> tuple[Tensor, ...]:
        """Returns the past before a pull, an episode with observation 0."""
        first = histories.rewards[..., :1] * 0
        one = first + 1
        before = slice(step - 1, step)
        reward = histories.rewards[..., before] if step else first
        action = histories.actions[..., before] if step else first.long()
        return first, one if step == 0 else first, one, reward, action


def win_stay(arms: int) -> Habit:
    """Returns win-stay-lose-shift, by the codes of `Pulls`."""
    policy = win_stay_lose_shift(arms)
    return Habit(policy.first.double(), policy.then.double().transpose(0, 1).flatten(0, 1))


def of_the_arm(lived: Histories, arms: int) -> Lesson:
    """Returns the lesson that moves the pulled arm's number towards its reward."""
    towards = lived.rewards.double().unsqueeze(-1).expand(*lived.rewards.shape, arms)
    return Lesson(towards, one_hot(lived.actions, arms).bool())


def by_arms(lived: Histories) -> Tensor:
    """Returns which count a pull adds to: each arm's successes, then failures."""
    return 2 * lived.actions + (1 - lived.rewards.long())


def win_or_loss(lived: Histories) -> Tensor:
    """Returns the side of a coin that a pull speaks for: 0 for the first arm."""
    return torch.where(lived.rewards > 0, lived.actions, 1 - lived.actions)
