"""Plays a policy through whole lifetimes on given tasks, plain and with what it carries swapped half-way.

Comes in: a family, a policy, tasks and the number of a run. Goes out: `Curves`. All randomness of a run is keyed by
the run and the step, so that every policy meets the same environment noise, and so do the swapped lifetimes and those
they are compared with. They share their first half, which is played once.
"""

from __future__ import annotations

from typing import NamedTuple

import torch
from torch import Tensor

from ingredients.references.policy import Answer, Curves, Moment, Policy
from ingredients.seeds import Purpose, generator
from ingredients.tasks import lifetime
from ingredients.tasks.family import Family, Step
from ingredients.tasks.lifetime import World


class _Lifetimes(NamedTuple):
    """Where N lifetimes are between two steps."""

    world: World
    memory: Tensor
    reward_tm1: Tensor
    action_tm1: Tensor


class _Table(NamedTuple):
    """Who plays what, with the draws of which run."""

    family: Family
    policy: Policy
    tasks: Tensor
    run: int


def simulate(family: Family, policy: Policy, tasks: Tensor, run: int) -> Curves:
    """Returns what `policy` earns on `tasks` `[N, task_size]` with the draws of `run`, by episode.

    A swap gives a lane what its neighbour (`lifetime.others`) carries at the boundary before episode K // 2, which
    belongs to another task after equally many steps; what is lost by it was carried (DESIGN §2, C).
    """
    table, half = _Table(family, policy, tasks, run), lifetime.half_way(family)
    early, midway = _play(table, _begin(table), range(half))

    def curve(from_there: _Lifetimes) -> list[float]:
        late, _ = _play(table, from_there, range(half, family.steps))
        return _by_episode(early + late, family.episode_steps)

    swapped = midway._replace(memory=lifetime.of_others(midway.memory, lifetime.others(tasks)))
    rewritten = midway._replace(world=lifetime.swap_written(family, tasks, midway.world)) if family.written else None
    return Curves(curve(midway), curve(swapped), curve(rewritten) if rewritten else None)


def _begin(table: _Table) -> _Lifetimes:
    lanes, family = len(table.tasks), table.family
    world = lifetime.begin(family, table.tasks, _start(table, 0))
    nothing = torch.full((lanes,), -1, dtype=torch.int64)
    action = table.tasks.new_zeros(lanes, family.actions) if family.continuous else nothing
    return _Lifetimes(world, table.policy.initial(lanes), table.tasks.new_zeros(lanes), action)


def _play(table: _Table, now: _Lifetimes, steps: range) -> tuple[list[float], _Lifetimes]:
    """Returns the mean expected reward of each step, and where the lifetimes are after the last."""
    family, policy, tasks, scores = table.family, table.policy, table.tasks, []
    for t in steps:
        draws = generator(table.run, Purpose.REFERENCES, t)
        noise = torch.rand(len(tasks), family.noise_size, generator=draws)
        action = policy.act(now.memory, Moment(t, tasks, now.world.observation, now.reward_tm1, now.action_tm1, draws))
        world, step = lifetime.proceed(family, tasks, now.world, action, noise)
        scores.append(step.expected_reward.double().mean().item())
        memory = policy.update(now.memory, _answer(t, now.world, step, draws))
        if lifetime.starts_episode(family, t + 1):
            world = lifetime.next_episode(family, tasks, world, _start(table, (t + 1) // family.episode_steps))
        now = _Lifetimes(world, memory, _observed_reward(step), step.action)
    return scores, now


def _observed_reward(step: Step) -> Tensor:
    return step.reward if step.reward_observed is None else step.reward * step.reward_observed


def _answer(t: int, before: World, step: Step, draws: torch.Generator) -> Answer:
    waiting = torch.zeros_like(step.terminated) if before.waiting is None else before.waiting
    ended = step.terminated | step.truncated
    reward = _observed_reward(step)
    return Answer(t, before.observation, step.action, reward, step.observation, ended, waiting, draws)


def _start(table: _Table, episode: int) -> Tensor:
    """Returns the uniforms with which an episode starts, `[N, start_size]`."""
    shape = (len(table.tasks), table.family.start_size)
    return torch.rand(shape, generator=generator(table.run, Purpose.REFERENCE_STARTS, episode))


def _by_episode(scores: list[float], steps: int) -> list[float]:
    """Returns the return of each episode `[K]` from the rewards of each step `[T]`."""
    return [sum(scores[start : start + steps]) for start in range(0, len(scores), steps)]
