"""The random policy, for families with discrete actions."""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor

from ingredients.references.policy import Answer, ReferenceInput


@dataclass(frozen=True)
class AtRandom:
    """Uniform over `actions` actions."""

    actions: int

    def initial(self, lanes: int) -> Tensor:
        """Returns no memory."""
        return torch.empty(lanes, 0)

    def act(self, memory: Tensor, moment: ReferenceInput) -> Tensor:
        """Returns random actions."""
        return torch.randint(self.actions, (len(memory),), generator=moment.generator)

    def update(self, memory: Tensor, answer: Answer) -> Tensor:
        """Returns no memory."""
        return memory
