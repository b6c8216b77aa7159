"""The agent's input (docs/design.md §4): the only place where it is assembled and masked.

    observation        the environment's, never masked
    lifetime_start     1 at a lifetime's first step
    episode_start      1 at an episode's first step
    reward             r_{t-1} where shown, else 0
    reward_shown       1 where r_{t-1} is shown
    action             a_{t-1}, one-hot or a vector, where shown, else 0
    action_shown       1 where a_{t-1} is shown
    one                1: first-layer biases are its weights

Channels are empty at a lifetime's start.
"""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor

from ingredients.agent.kernels import kernels_do

WIDEST = 1024  # input that a kernel takes


@dataclass(frozen=True)
class InputLayout:
    """Columns of the input; F = `size`."""

    observation_size: int
    actions: int
    continuous: bool = False

    @property
    def lifetime_start(self) -> int:
        """Column of the lifetime's start flag."""
        return self.observation_size

    @property
    def episode_start(self) -> int:
        """Column of the episode's start flag."""
        return self.observation_size + 1

    @property
    def reward(self) -> int:
        """Column of r_{t-1}, before its shown flag."""
        return self.observation_size + 2

    @property
    def action(self) -> slice:
        """Columns of a_{t-1}, before their shown flag."""
        return slice(self.observation_size + 4, self.observation_size + 4 + self.actions)

    @property
    def one(self) -> int:
        """Column that is always 1."""
        return self.observation_size + 5 + self.actions

    @property
    def size(self) -> int:
        """Number of columns F."""
        return self.one + 1

    def columns(self, ingredient: str) -> range:
        """Returns the columns of a channel ingredient."""
        first, width = {
            "reward_observation": (self.reward, 2),
            "action_observation": (self.action.start, self.actions + 1),
        }[ingredient]
        return range(first, first + width)


@dataclass(frozen=True)
class Past:
    """What one step's input is made of.

    Attributes:
        observation: `[..., observation_size]`.
        lifetime_start, episode_start: 1.0 or 0.0, `[..., 1]`.
        reward_tm1: `[..., 1]`; 0 at a lifetime's start.
        action_tm1: as executed, `[..., 1]` (int64) or `[..., A]`; 0 at a lifetime's start.
        reward_observed: 0.0 where r_{t-1} is hidden, else 1.0, `[..., 1]`; None: never hidden.
    """

    observation: Tensor
    lifetime_start: Tensor
    episode_start: Tensor
    reward_tm1: Tensor
    action_tm1: Tensor
    reward_observed: Tensor | None = None


def assemble(layout: InputLayout, past: Past, reward_shown: Tensor, action_shown: Tensor) -> Tensor:
    """Returns x_t, `[..., F]`; the flags are 0.0 or 1.0, `[..., 1]`."""
    if layout.size <= WIDEST and kernels_do(past.observation, reward_shown):
        from ingredients.agent import observation_triton

        return observation_triton.assembled(layout, past, reward_shown, action_shown)
    has_past = 1.0 - past.lifetime_start
    reward_shown, action_shown = reward_shown * has_past, action_shown * has_past
    if past.reward_observed is not None:
        reward_shown = reward_shown * past.reward_observed
    action = past.action_tm1 * action_shown if layout.continuous else _one_hot(layout, past.action_tm1, action_shown)
    parts = [past.observation, past.lifetime_start, past.episode_start]
    parts += [past.reward_tm1 * reward_shown, reward_shown, action, action_shown, torch.ones_like(has_past)]
    return torch.cat(parts, dim=-1)


def _one_hot(layout: InputLayout, action: Tensor, shown: Tensor) -> Tensor:
    """Returns `[..., A]`: `shown` in the column of `action`, both `[..., 1]`."""
    columns = torch.zeros((*action.shape[:-1], layout.actions), dtype=shown.dtype, device=shown.device)
    return columns.scatter_(-1, action, shown)
