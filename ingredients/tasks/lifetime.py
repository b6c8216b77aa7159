"""A lifetime: K episodes of L steps on one task, the same for every family and player.

Episode k takes steps kL to (k+1)L − 1. After an early end the lane *waits*: it shows its last observation once, then
zeros; actions have no effect.
"""

from __future__ import annotations

from typing import NamedTuple

import torch
from torch import Tensor

from ingredients.tasks.family import Family, Step
from ingredients.tasks.foreign import shown_again


class World(NamedTuple):
    """Some lanes' environments; `waiting` `[...]` (bool) is None where none ends early."""

    state: Tensor
    observation: Tensor
    waiting: Tensor | None


def begin(family: Family, tasks: Tensor, start: Tensor) -> World:
    """Returns lifetimes' start on `tasks` `[..., D]` from uniforms `[..., start_size]`."""
    state, observation = family.first(tasks, start)
    waiting = torch.zeros(tasks.shape[:-1], dtype=torch.bool, device=tasks.device) if family.ends_early else None
    return World(state, observation, waiting)


def starts_episode(family: Family, t: int) -> bool:
    """Returns whether step t is the first of an episode."""
    return t % family.episode_steps == 0


def half_way(family: Family) -> int:
    """Returns episode K // 2's first step, where probes intervene."""
    return family.episodes // 2 * family.episode_steps


def proceed(family: Family, tasks: Tensor, world: World, action: Tensor, noise: Tensor) -> tuple[World, Step]:
    """Returns the world after a step, and the step.

    Call `next_episode` after an episode's last step.
    """
    step = family.step(tasks, world.state, action, noise)
    if world.waiting is None:
        return World(step.state, step.observation, None), step
    step = _nothing_where(world.waiting, world.state, step)
    return World(step.state, step.observation, world.waiting | step.terminated | step.truncated), step


def next_episode(family: Family, tasks: Tensor, world: World, start: Tensor) -> World:
    """Returns the next episode's start from uniforms `[..., start_size]`."""
    state, observation = family.next_episode(tasks, world.state, start)
    return World(state, observation, None if world.waiting is None else torch.zeros_like(world.waiting))


def others(tasks: Tensor) -> Tensor:
    """Returns each lane's neighbour, `[..., N]`: of `tasks` `[..., N, D]` the nearest before it with another task.

    Lanes form a ring; if all have one task, the lane before.
    """
    place = torch.arange(tasks.shape[-2], device=tasks.device)
    found = place.roll(1).expand(tasks.shape[:-1])
    alike = (tasks == tasks.roll(1, dims=-2)).all(-1)
    open_ = alike & ~alike.all(-1, keepdim=True)
    back = 1
    while bool(open_.any()):
        back += 1
        differs = open_ & (tasks != tasks.roll(back, dims=-2)).any(-1)
        found = torch.where(differs, place.roll(back), found)
        open_ = open_ & ~differs
    return found


def of_others(part: Tensor, neighbours: Tensor) -> Tensor:
    """Returns `part` `[..., N, ...]` of each lane's neighbour, `[..., N]`."""
    missing = part.dim() - neighbours.dim()
    index = neighbours.view(*neighbours.shape, *([1] * missing)).expand(part.shape)
    return part.gather(neighbours.dim() - 1, index)


def swap_written(family: Family, tasks: Tensor, world: World) -> World:
    """Returns the world with neighbours' written columns."""
    return write(family, tasks, world, of_others(world.state, others(tasks)))


def write(family: Family, tasks: Tensor, world: World, source: Tensor) -> World:
    """Returns the world with the written columns of `source` `[..., N, state_size]`."""
    state = world.state.clone()
    columns = list(family.written)
    state[..., columns] = source[..., columns]
    return world._replace(state=state, observation=shown_again(family, tasks, state, world.observation))


def _nothing_where(waiting: Tensor, state: Tensor, step: Step) -> Step:
    lane = waiting.unsqueeze(-1)
    zero = torch.zeros_like(step.reward)
    return step._replace(
        state=torch.where(lane, state, step.state),
        observation=torch.where(lane, torch.zeros_like(step.observation), step.observation),
        reward=torch.where(waiting, zero, step.reward),
        expected_reward=torch.where(waiting, zero, step.expected_reward),
        terminated=step.terminated & ~waiting,
        truncated=step.truncated & ~waiting,
    )
