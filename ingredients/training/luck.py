"""Random numbers drawn once per seed, and expanded to its runs on the device."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, fields
from typing import NamedTuple

import torch
from torch import Tensor

from ingredients.agent.memory import State
from ingredients.grid import Run
from ingredients.seeds import Purpose, generator
from ingredients.tasks.family import Family
from ingredients.training.draws import TRAINING, DrawPurposes, carry, task_list
from ingredients.training.interaction import Draws
from ingredients.training.setup import Setup


@dataclass(frozen=True)
class LuckSharing:
    """Which runs share which draws; fields are `[S, 1, 1]` unless said.

    Attributes:
        seed, tasks: index of each run's seed and task list, `[S]` (int64).
        reward_shown, action_shown: probabilities.
        alike: whether all training episodes start alike (bool).
        only_start: that start, `[S, 1, start_size]`.
        random_memory: whether training starts from one (bool).
        carry: `[T, S, 1, 1]`.
    """

    seed: Tensor
    tasks: Tensor
    reward_shown: Tensor
    action_shown: Tensor
    alike: Tensor
    only_start: Tensor
    random_memory: Tensor
    carry: Tensor

    def to(self, device: torch.device) -> LuckSharing:
        """Returns the same on a device."""
        return LuckSharing(*(getattr(self, field.name).to(device) for field in fields(self)))


class SeedDraws(NamedTuple):
    """Draws for K seeds: uniforms `[K, T, N, ...]`, starts `[K, episodes, N, ...]`."""

    action: Tensor
    noise: Tensor
    start: Tensor
    masks: Tensor


class RolloutDraws(NamedTuple):
    """A rollout's uniforms, tasks of every list `[L, N, D]`, memories `[K, N, ...]`."""

    luck: SeedDraws
    tasks: Tensor
    memory: State

    def tensors(self) -> list[Tensor]:
        """Returns all tensors in a fixed order."""
        return [*self.luck, self.tasks, *self.memory]


def seeds_of(runs: Sequence[Run]) -> list[int]:
    """Returns the distinct seeds, in order."""
    return list(dict.fromkeys(run.seed for run in runs))


def _lists_of(runs: Sequence[Run]) -> list[tuple[int, int | None]]:
    return list(dict.fromkeys((run.seed, run.cell.training_tasks) for run in runs))


def shares(runs: Sequence[Run], family: Family) -> LuckSharing:
    """Returns which runs share which draws."""
    seeds = seeds_of(runs)
    lists = _lists_of(runs)
    starts = [_only_start(seed, family) for seed in seeds]
    alike = [run.cell.starts_alike and family.start_size > 0 for run in runs]
    return LuckSharing(
        seed=torch.tensor([seeds.index(run.seed) for run in runs]),
        tasks=torch.tensor([lists.index((run.seed, run.cell.training_tasks)) for run in runs]),
        reward_shown=torch.tensor([run.cell.reward_shown for run in runs]).view(-1, 1, 1),
        action_shown=torch.tensor([run.cell.action_shown for run in runs]).view(-1, 1, 1),
        alike=torch.tensor(alike).view(-1, 1, 1),
        only_start=torch.stack([starts[seeds.index(run.seed)] for run in runs]),
        random_memory=torch.tensor([run.cell.random_memory for run in runs]).view(-1, 1, 1),
        carry=carry(runs, family.steps),
    )


def _only_start(seed: int, family: Family) -> Tensor:
    return torch.rand((1, family.start_size), generator=generator(seed, Purpose.TRAINING_STARTS, -1))


def blank_luck(seeds: int, family: Family, lanes: int, pinned: bool) -> SeedDraws:
    """Returns storage for `seeds` seeds' draws."""
    lead = (seeds, family.steps, lanes)
    width = (family.actions,) if family.continuous else ()
    starts = (seeds, family.episodes, lanes, family.start_size)
    shapes = ((*lead, *width), (*lead, family.noise_size), starts, (*lead, 2))
    return SeedDraws(*(torch.empty(shape, pin_memory=pinned) for shape in shapes))


def draw_luck(seeds: Sequence[int], purposes: DrawPurposes, index: int, into: SeedDraws) -> None:
    """Draws a rollout's or evaluation chunk's uniforms into storage."""
    streams = (purposes.action, purposes.noise, purposes.start, purposes.masks)
    for purpose, part in zip(streams, into, strict=True):
        for place, seed in enumerate(seeds):
            _fill(part[place], generator(seed, purpose, index))


def _fill(row: Tensor, draw: torch.Generator) -> None:
    if row.is_contiguous():
        torch.rand(row.shape, generator=draw, out=row)
    else:
        row.copy_(torch.rand(row.shape, generator=draw))


class Source:
    """A stack's draws for rollouts; task lists are drawn once."""

    def __init__(self, setup: Setup) -> None:
        """Draws the task lists."""
        self._setup = setup
        self._seeds = seeds_of(setup.runs)
        self._lists = _lists_of(setup.runs)
        self._random = any(run.cell.random_memory for run in setup.runs)
        family = setup.family
        self._kept = {key: task_list(key[0], family, key[1]) for key in self._lists if key[1] is not None}

    def blank(self, pinned: bool) -> RolloutDraws:
        """Returns storage for one rollout, page-locked if `pinned`."""
        setup, lanes = self._setup, self._setup.lifetimes
        luck = blank_luck(len(self._seeds), setup.family, lanes, pinned)
        tasks = torch.empty((len(self._lists), lanes, setup.family.task_size), pin_memory=pinned)
        memory: State = ()
        if self._random:
            like = setup.agent.memory.initial_state(len(self._seeds), lanes, setup.family.steps, torch.zeros(1))
            memory = tuple(torch.empty(part.shape, pin_memory=pinned) for part in like)
        return RolloutDraws(luck, tasks, memory)

    def draw(self, update: int, into: RolloutDraws) -> None:
        """Draws for one rollout."""
        draw_luck(self._seeds, TRAINING, update, into.luck)
        for place, key in enumerate(self._lists):
            into.tasks[place] = self._tasks(key, update)
        for place, seed in enumerate(self._seeds if into.memory else ()):
            draw = generator(seed, Purpose.TRAINING_MEMORIES, update)
            for part in into.memory:
                part[place] = torch.randn(part.shape[1:], generator=draw).tanh_()

    def _tasks(self, key: tuple[int, int | None], update: int) -> Tensor:
        """Returns tasks `[N, D]`: fresh, or picked from a list."""
        (seed, count), lanes = key, self._setup.lifetimes
        if count is None:
            return self._setup.family.draw_tasks(generator(seed, Purpose.TRAINING_TASKS, update), lanes)
        pick = torch.rand((lanes,), generator=generator(seed, Purpose.TRAINING_TASK_PICKS, update))
        return self._kept[key][(pick * count).long().clamp_(max=count - 1)]


def spread_draws(of: LuckSharing, luck: SeedDraws) -> Draws:
    """Returns each run's draws `[T, S, N, ...]`, as for an evaluation."""
    action, noise, start, masks = (part.index_select(0, of.seed) for part in luck)
    reward_shown = (masks[..., :1] < of.reward_shown.unsqueeze(1)).float()
    action_shown = (masks[..., 1:] < of.action_shown.unsqueeze(1)).float()
    by_run = (action, noise, start, reward_shown, action_shown)
    return Draws._make((*(part.transpose(0, 1).contiguous() for part in by_run), of.carry))


def spread_training(of: LuckSharing, drawn: RolloutDraws, initial: State) -> tuple[Tensor, Draws, State | None]:
    """Returns a rollout's tasks `[S, N, D]`, draws and memories; `initial` is the default state."""
    draws = spread_draws(of, drawn.luck)
    draws = draws._replace(start=torch.where(of.alike, of.only_start, draws.start))
    memory = None
    if drawn.memory:
        memory = tuple(
            torch.where(of.random_memory, part.index_select(0, of.seed), usual)
            for part, usual in zip(drawn.memory, initial, strict=True)
        )
    return drawn.tasks.index_select(0, of.tasks), draws, memory
