"""How a lifetime goes on: K episodes of L steps on one task, the same for every family and everyone who plays it.

All lifetimes keep step: episode k takes the steps kL to (k+1)L − 1. An episode that ends before its time limit is
followed by *waiting*: until the next one starts the agent is shown what the last step showed once, then zeros; what it
does has no effect, and it is paid nothing. So every lane reaches an episode's boundary at the same step, where probes
can exchange what lanes carry "at the same steps" (docs/design.md §8), and a lifetime has T = K · L steps
whatever happens.
"""

from __future__ import annotations

from typing import NamedTuple

import torch
from torch import Tensor

from ingredients.tasks.family import Family, Step
from ingredients.tasks.foreign import shown_again


class World(NamedTuple):
    """Where the environments of some lanes are.

    Attributes:
        state: `[..., state_size]`.
        observation: what is shown now, `[..., observation_size]`.
        waiting: whether the episode has ended and the next has not started, `[...]` (bool); None where no episode ends
            early.
    """

    state: Tensor
    observation: Tensor
    waiting: Tensor | None


def begin(family: Family, tasks: Tensor, start: Tensor) -> World:
    """Returns the world at the start of lifetimes on `tasks` `[..., D]`; `start` `[..., start_size]` are uniforms."""
    state, observation = family.first(tasks, start)
    waiting = torch.zeros(tasks.shape[:-1], dtype=torch.bool, device=tasks.device) if family.ends_early else None
    return World(state, observation, waiting)


def starts_episode(family: Family, t: int) -> bool:
    """Returns whether step t is the first of an episode."""
    return t % family.episode_steps == 0


def half_way(family: Family) -> int:
    """Returns the step with which episode K // 2 starts: where probes intervene."""
    return family.episodes // 2 * family.episode_steps


def proceed(family: Family, tasks: Tensor, world: World, action: Tensor, noise: Tensor) -> tuple[World, Step]:
    """Returns the world after a step, and what the step gave; in a waiting lane it gave nothing.

    At the end of an episode's last step call `next_episode`.
    """
    step = family.step(tasks, world.state, action, noise)
    if world.waiting is None:
        return World(step.state, step.observation, None), step
    step = _nothing_where(world.waiting, world.state, step)
    return World(step.state, step.observation, world.waiting | step.terminated | step.truncated), step


def next_episode(family: Family, tasks: Tensor, world: World, start: Tensor) -> World:
    """Returns the world at the start of the next episode; `start` `[..., start_size]` are its uniforms."""
    state, observation = family.next_episode(tasks, world.state, start)
    return World(state, observation, None if world.waiting is None else torch.zeros_like(world.waiting))


def others(tasks: Tensor) -> Tensor:
    """Returns for each lane of `tasks` `[..., N, D]` its neighbour `[..., N]`: the nearest one before on another task.

    Lanes stand in a ring. With as many tasks as lanes it is the lane before, and so it is where all have one task.
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
    """Returns `part` `[..., N, ...]` with each lane's numbers those of its neighbour, `[..., N]` (see `others`)."""
    missing = part.dim() - neighbours.dim()
    index = neighbours.view(*neighbours.shape, *([1] * missing)).expand(part.shape)
    return part.gather(neighbours.dim() - 1, index)


def swap_written(family: Family, tasks: Tensor, world: World) -> World:
    """Returns the world in which each lane meets what its neighbour has written, as far as it can tell how that looks.

    Args:
        family: the family.
        tasks: `[..., N, D]`, which say who is whose neighbour (`others`).
        world: of all lanes, where an episode begins.
    """
    return write(family, tasks, world, of_others(world.state, others(tasks)))


def write(family: Family, tasks: Tensor, world: World, source: Tensor) -> World:
    """Returns the world in which each lane meets what has been written in the state `source` `[..., N, state_size]`."""
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
