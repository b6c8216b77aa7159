"""Means over blocks of tasks, for intervals over tasks: twenty suffice to estimate the spread."""

from __future__ import annotations

from collections.abc import Mapping

import torch
from torch import Tensor

MOST_BLOCKS = 20


class Blocks:
    """Sums over the blocks of N tasks."""

    def __init__(self, tasks: int) -> None:
        """Divides `tasks` tasks into blocks."""
        self._of_task = _block_of_each(tasks)
        self._sums: dict[str, Tensor] = {}
        self._played = 0

    def add(self, rewards: Mapping[str, Tensor], points: int) -> None:
        """Adds the next n tasks' rewards `[S, T, n]` (float64), by probe, as `points` sums."""
        lanes = next(iter(rewards.values())).shape[-1]
        of_lane = self._of_task[self._played : self._played + lanes]
        member = torch.nn.functional.one_hot(of_lane, int(self._of_task[-1]) + 1).double()
        for name, each in rewards.items():
            by_point = each.view(each.shape[0], points, -1, lanes).sum(2)
            sums = (by_point @ member.to(each.device)).transpose(1, 2)
            self._sums[name] = self._sums[name] + sums if name in self._sums else sums
        self._played += lanes

    def means(self) -> dict[str, Tensor]:
        """Returns the blocks' mean curves `[S, G, K]` by probe."""
        sizes = self._of_task.bincount().double().view(-1, 1)
        return {name: (sums.cpu() / sizes).contiguous() for name, sums in self._sums.items()}


def in_blocks(tasks: Tensor, dim: int = 0) -> tuple[Tensor, ...]:
    """Returns at most 20 nearly equal consecutive blocks along `dim`."""
    return tasks.tensor_split(min(MOST_BLOCKS, tasks.shape[dim]), dim)


def by_block(returns: Tensor) -> Tensor:
    """Returns each block's mean `[G, K]` of `returns` `[N, K]`."""
    return torch.stack([part.mean(0) for part in in_blocks(returns)])


def _block_of_each(tasks: int) -> Tensor:
    """Returns each task's block."""
    parts = in_blocks(torch.arange(tasks))
    return torch.cat([torch.full((len(part),), number) for number, part in enumerate(parts)])
