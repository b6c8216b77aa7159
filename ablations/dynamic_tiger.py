"""The dynamic Tiger of Kuo et al. 2025 (https://arxiv.org/abs/2510.22039); an episode is as in their code.

A tiger is behind one of two doors, and may change doors at each step. To listen costs 1 and tells the door with an
accuracy; to open a door ends the episode and pays 10, or costs 100 if the tiger is there.
"""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor
from torch.nn.functional import one_hot

from ingredients.tasks import Step

LISTEN = 2


@dataclass(frozen=True)
class DynamicTiger:
    """Actions: open the left door, open the right one, listen. Every episode has its own tiger, so tasks are alike."""

    episodes: int
    episode_steps: int = 30
    accuracy: float = 0.8
    stays: float = 0.9
    ends_early: bool = True
    actions: int = 3
    observation_size: int = 2
    task_size: int = 1
    noise_size: int = 2
    start_size: int = 1
    held_out: bool = False  # there is one task
    reward_scale: float = 0.1

    def draw_tasks(self, generator: torch.Generator, count: int) -> Tensor:
        """Returns nothing that differs, `[count, 1]`."""
        return torch.zeros(count, 1)

    def first(self, tasks: Tensor, start: Tensor) -> tuple[Tensor, Tensor]:
        """Returns the tiger's door, and an observation of silence."""
        return (start < 0.5).float(), torch.zeros(*tasks.shape[:-1], 2)

    def step(self, tasks: Tensor, state: Tensor, action: Tensor, noise: Tensor) -> Step:
        """Opens or listens; the tiger moves afterwards."""
        door = state[..., 0].long()
        listens = action == LISTEN
        heard = torch.where(noise[..., 0] < self.accuracy, door, 1 - door)
        reward = torch.where(listens, -1.0, torch.where(action == door, -100.0, 10.0))
        moved = torch.where(noise[..., 1] < self.stays, door, 1 - door)
        observation = one_hot(heard, 2) * listens[..., None].float()
        return Step(moved[..., None].float(), observation, action, reward, reward, ~listens, torch.zeros_like(listens))
