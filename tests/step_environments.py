"""Environments whose task can be learned within an episode, and policies that learn it by what the name says."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import gymnasium
import numpy as np
import torch
from gymnasium import spaces
from numpy.typing import NDArray
from torch import Tensor

from ingredients.references.policy import Answer, ReferenceInput

ARMS = 10
Seen = NDArray[np.float32]


class Arms(gymnasium.Env[Seen, np.int64]):
    """Ten arms in one long episode: `best` pays with chance .8, the others with .1; nothing is shown."""

    def __init__(self) -> None:
        self.observation_space = spaces.Box(0.0, 1.0, (1,), np.float32)
        self.action_space = spaces.Discrete(ARMS)
        self.best = 5

    def reset(self, *, seed: int | None = None, options: dict[str, Any] | None = None) -> tuple[Seen, dict[str, Any]]:
        """Begins an episode."""
        super().reset(seed=seed)
        return np.zeros(1, np.float32), {}

    def step(self, action: np.int64) -> tuple[Seen, float, bool, bool, dict[str, Any]]:
        """Pays, or does not."""
        pays = self.np_random.random() < (0.8 if int(action) == self.best else 0.1)
        return np.zeros(1, np.float32), float(pays), False, False, {}


@dataclass(frozen=True)
class WinStay:
    """Repeats an arm that paid, and takes the next one where it did not: a reaction, begun at arm 0."""

    def initial(self, lanes: int) -> Tensor:
        """Returns no memory."""
        return torch.empty(lanes, 0)

    def act(self, memory: Tensor, moment: ReferenceInput) -> Tensor:
        """Returns the arm that follows from the last reward and action alone."""
        following = torch.where(moment.reward_tm1 > 0, moment.action_tm1, moment.action_tm1 + 1)
        return following.clamp(min=0) % ARMS

    def update(self, memory: Tensor, answer: Answer) -> Tensor:
        """Returns no memory."""
        return memory


@dataclass(frozen=True)
class Counting:
    """Counts what each arm paid since the lifetime's start, and takes the one with the highest posterior mean."""

    def initial(self, lanes: int) -> Tensor:
        """Returns wins and pulls of each arm, `[N, 20]`."""
        return torch.zeros(lanes, 2 * ARMS)

    def act(self, memory: Tensor, moment: ReferenceInput) -> Tensor:
        """Returns the arm that looks best."""
        wins, pulls = torch.split(memory, ARMS, dim=-1)
        return ((wins + 1) / (pulls + 1.5)).argmax(-1)

    def update(self, memory: Tensor, answer: Answer) -> Tensor:
        """Returns the counts after a pull."""
        pulled = torch.nn.functional.one_hot(answer.action, ARMS).float()
        return memory + torch.cat([pulled * answer.reward.unsqueeze(-1), pulled], dim=-1)
