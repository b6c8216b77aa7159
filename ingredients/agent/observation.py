"""What an agent sees: the only place where inputs are put together and masked.

| columns           | content                                                                   |
|-------------------|---------------------------------------------------------------------------|
| observation       | what the environment shows, never masked                                  |
| lifetime_start    | 1 at the first step of a lifetime                                         |
| episode_start     | 1 at the first step of an episode                                         |
| reward            | r_{t-1} where shown, else 0                                               |
| reward_shown      | 1 where r_{t-1} is shown                                                  |
| action            | a_{t-1}, one-hot or the vector, where shown, else 0                       |
| action_shown      | 1 where a_{t-1} is shown                                                  |
| one               | always 1: the bias of the first layer, so that a bias costs no pass of its own |

At a lifetime's start there is no r_{t-1} and no a_{t-1}: both channels are empty whatever the cell's levels. So is the
reward's where the environment lets nobody observe it (a bandit after its `forced_pulls`).
The number of the step is no input: a clock can stand in for memory (docs/design.md §5, trap 4).
"""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor

from ingredients.agent.kernels import kernels_do

WIDEST = 1024  # input that a kernel takes


@dataclass(frozen=True)
class InputLayout:
    """Where each part of the input stands; F = `size`."""

    observation_size: int
    actions: int
    continuous: bool = False

    @property
    def lifetime_start(self) -> int:
        """The column of the lifetime's start flag."""
        return self.observation_size

    @property
    def episode_start(self) -> int:
        """The column of the episode's start flag."""
        return self.observation_size + 1

    @property
    def reward(self) -> int:
        """The column of r_{t-1}; the column after it says whether it is shown."""
        return self.observation_size + 2

    @property
    def action(self) -> slice:
        """The columns of a_{t-1}; the column after them says whether it is shown."""
        return slice(self.observation_size + 4, self.observation_size + 4 + self.actions)

    @property
    def one(self) -> int:
        """The column that is always 1."""
        return self.observation_size + 5 + self.actions

    @property
    def size(self) -> int:
        """F, the length of the input."""
        return self.one + 1

    def columns(self, ingredient: str) -> range:
        """Returns the columns that a channel ingredient masks; all other columns never depend on it."""
        first, width = {
            "reward_observation": (self.reward, 2),
            "action_observation": (self.action.start, self.actions + 1),
        }[ingredient]
        return range(first, first + width)


@dataclass(frozen=True)
class Past:
    """What lies behind the agent when it is to act.

    Attributes:
        observation: what the environment shows now, `[..., observation_size]`.
        lifetime_start: 1.0 or 0.0, `[..., 1]`.
        episode_start: 1.0 or 0.0, `[..., 1]`.
        reward_tm1: r_{t-1}, `[..., 1]` (0 at a lifetime's start).
        action_tm1: a_{t-1} as carried out, `[..., 1]` (int64) or, where the layout is continuous, `[..., A]`; 0 at a
            lifetime's start, where it is not shown.
        reward_observed: 0.0 where the environment lets nobody observe r_{t-1}, else 1.0, `[..., 1]`; None where it
            always can be.
    """

    observation: Tensor
    lifetime_start: Tensor
    episode_start: Tensor
    reward_tm1: Tensor
    action_tm1: Tensor
    reward_observed: Tensor | None = None


def assemble(layout: InputLayout, past: Past, reward_shown: Tensor, action_shown: Tensor) -> Tensor:
    """Returns x_t, `[..., F]`; `reward_shown` and `action_shown` are 0.0 or 1.0, `[..., 1]`."""
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
    """Returns `[..., A]` with `shown` `[..., 1]` in the column of `action` `[..., 1]`."""
    columns = torch.zeros((*action.shape[:-1], layout.actions), dtype=shown.dtype, device=shown.device)
    return columns.scatter_(-1, action, shown)
