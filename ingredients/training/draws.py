"""A stack's random draws: tasks, action uniforms, environment noise, masks.

They depend on seed, purpose and index alone (`seeds`): all cells of a seed share them.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

import torch
from torch import Tensor

from ingredients.agent.memory import Memory, State
from ingredients.grid import Run
from ingredients.seeds import Purpose, generator
from ingredients.tasks.family import Family
from ingredients.training.interaction import Draws

TRAINING_SAMPLE = 1000  # training tasks that a run is evaluated on at most (docs/design.md §4)


@dataclass(frozen=True)
class DrawPurposes:
    """One interaction's random streams; `evaluation` is `evaluation.stream`."""

    action: Purpose
    noise: Purpose
    start: Purpose
    masks: Purpose
    evaluation: int = 0


TRAINING = DrawPurposes(
    Purpose.TRAINING_ACTIONS, Purpose.TRAINING_NOISE, Purpose.TRAINING_STARTS, Purpose.TRAINING_MASKS
)
EVALUATION = DrawPurposes(
    Purpose.EVALUATION_ACTIONS, Purpose.EVALUATION_NOISE, Purpose.EVALUATION_STARTS, Purpose.EVALUATION_MASKS
)


def evaluating(stream: int) -> DrawPurposes:
    """Returns the streams of an evaluation with `evaluation.stream`."""
    return replace(EVALUATION, evaluation=stream)


def lifetime_draws(runs: Sequence[Run], family: Family, purposes: DrawPurposes, index: int, lanes: int) -> Draws:
    """Returns whole lifetimes' draws, each `[T, S, N, ...]`."""
    shape, starts = (family.steps, lanes), (family.episodes, lanes, family.start_size)
    width = (family.actions,) if family.continuous else ()

    def drawn(purpose: Purpose, of_shape: tuple[int, ...]) -> Tensor:
        return _per_seed(runs, lambda seed: _uniform(seed, purpose, index, of_shape, purposes.evaluation))

    action, noise = drawn(purposes.action, (*shape, *width)), drawn(purposes.noise, (*shape, family.noise_size))
    start, masks = drawn(purposes.start, starts), drawn(purposes.masks, (*shape, 2))
    reward_level = torch.tensor([run.cell.reward_shown for run in runs]).view(1, -1, 1, 1)
    action_level = torch.tensor([run.cell.action_shown for run in runs]).view(1, -1, 1, 1)
    reward_shown = (masks[..., :1] < reward_level).float()
    action_shown = (masks[..., 1:] < action_level).float()
    return Draws(action, noise, start, reward_shown, action_shown, carry(runs, family.steps))


def carry(runs: Sequence[Run], steps: int) -> Tensor:
    """Returns `[T, S, 1, 1]`: 0 at steps before which memory is reset, else 1.

    The first is 0, unless memory starts random.
    """
    t = torch.arange(steps).view(-1, 1)
    every = torch.tensor([run.cell.wipe_every or steps for run in runs])
    carried = t % every != 0
    carried[0] = torch.tensor([run.cell.random_memory and run.cell.wipe_every != 1 for run in runs])
    return carried.float().view(steps, len(runs), 1, 1)


def one_start(runs: Sequence[Run], start: Tensor) -> Tensor:
    """Returns training starts `[K, S, N, start_size]`, equal in runs with `task_distribution` off."""
    for index, run in enumerate(runs):
        if run.cell.starts_alike and start.numel():
            start[:, index] = _uniform(run.seed, Purpose.TRAINING_STARTS, -1, (1, 1, start.shape[-1]))
    return start


def random_memory(runs: Sequence[Run], memory: Memory, family: Family, update: int, lanes: int) -> State | None:
    """Returns training lifetimes' initial memories `[S, N, ...]`, tanh of standard normals; None if all are default."""
    if not any(run.cell.random_memory for run in runs):
        return None
    start = memory.initial_state(len(runs), lanes, family.steps, torch.zeros(1))
    for index, run in enumerate(runs):
        draw = generator(run.seed, Purpose.TRAINING_MEMORIES, update)
        for part in start if run.cell.random_memory else ():
            part[index] = torch.randn(part.shape[1:], generator=draw).tanh_()
    return start


def at_step(draws: Draws, t: int) -> Draws:
    """Returns step t's draws; `start` is the next episode's."""
    episodes, steps = draws.start.shape[0], draws.action.shape[0]
    after = (t * episodes // steps + 1) % episodes
    return Draws(
        draws.action[t],
        draws.noise[t],
        draws.start[after],
        draws.reward_shown[t],
        draws.action_shown[t],
        draws.carry[t],
    )


def to_device(draws: Draws, device: torch.device) -> Draws:
    """Returns the draws, made on the CPU, on a device."""
    return Draws(*(part.to(device) for part in draws))


def training_tasks(runs: Sequence[Run], family: Family, update: int, lanes: int) -> Tensor:
    """Returns a rollout's tasks `[S, N, D]`: fresh, or picked from the run's list."""
    fresh = _cached(lambda seed: family.draw_tasks(generator(seed, Purpose.TRAINING_TASKS, update), lanes))
    pick = _cached(lambda seed: _uniform(seed, Purpose.TRAINING_TASK_PICKS, update, (lanes,)))
    return torch.stack([_tasks_of(run, family, fresh, pick) for run in runs])


def _tasks_of(run: Run, family: Family, fresh: Callable[[int], Tensor], pick: Callable[[int], Tensor]) -> Tensor:
    count = run.cell.training_tasks
    if count is None:
        return fresh(run.seed)
    return task_list(run.seed, family, count)[(pick(run.seed) * count).long().clamp_(max=count - 1)]


def task_list(seed: int, family: Family, count: int) -> Tensor:
    """Returns the first `count` tasks of the seed's list, `[count, D]`."""
    return family.draw_tasks(generator(seed, Purpose.TRAINING_TASK_LIST), count)


def training_sample(runs: Sequence[Run], family: Family, lifetimes: int, updates: int, lanes: int) -> Tensor:
    """Returns at most 1000 first training tasks of each run, repeated to fill lanes, `[S, N, D]`."""
    return torch.stack([_repeat(_own_tasks(run, family, lifetimes, updates), lanes) for run in runs])


def _own_tasks(run: Run, family: Family, lifetimes: int, updates: int) -> Tensor:
    if run.cell.training_tasks is not None:
        return task_list(run.seed, family, min(run.cell.training_tasks, TRAINING_SAMPLE))
    rollouts = range(min(-(-TRAINING_SAMPLE // lifetimes), updates))
    drawn = [family.draw_tasks(generator(run.seed, Purpose.TRAINING_TASKS, u), lifetimes) for u in rollouts]
    return torch.cat(drawn)[:TRAINING_SAMPLE]


def _repeat(tasks: Tensor, lanes: int) -> Tensor:
    return tasks[torch.arange(lanes) % tasks.shape[0]]


def evaluation_tasks(family: Family, count: int, stream: int = 0) -> Tensor:
    """Returns a stream's held-out tasks `[count, D]`, which pair cells, seeds and references."""
    return family.draw_tasks(generator(0, Purpose.EVALUATION_TASKS, evaluation=stream), count)


def _uniform(seed: int, purpose: Purpose, index: int, shape: tuple[int, ...], evaluation: int = 0) -> Tensor:
    return torch.rand(shape, generator=generator(seed, purpose, index, evaluation))


def _per_seed(runs: Sequence[Run], draw: Callable[[int], Tensor]) -> Tensor:
    """Returns `[T, S, ...]`: one draw `[T, ...]` per seed."""
    once = _cached(draw)
    return torch.stack([once(run.seed) for run in runs], dim=1)


def _cached(draw: Callable[[int], Tensor]) -> Callable[[int], Tensor]:
    kept: dict[int, Tensor] = {}

    def once(seed: int) -> Tensor:
        if seed not in kept:
            kept[seed] = draw(seed)
        return kept[seed]

    return once
