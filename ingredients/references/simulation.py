"""Plays a policy through whole lifetimes on given tasks, with and without the probe `memory_swap`.

Comes in: a family, a policy, tasks and the number of a run. Goes out: `Curves`. All randomness of a run is keyed by
the run and the step, so that every policy meets the same environment noise, and so do the swapped lifetimes and those
they are compared with. The two share their first half, which is played once. Episodes are of equal length (`steps /
episodes`).
"""

from __future__ import annotations

from typing import NamedTuple

import torch
from torch import Tensor

from ingredients.references.policy import Curves, Moment, Policy
from ingredients.seeds import Purpose, generator
from ingredients.tasks.family import Family


class _Lifetimes(NamedTuple):
    """Where N lifetimes are between two steps."""

    state: Tensor
    memory: Tensor
    reward_tm1: Tensor
    action_tm1: Tensor


def simulate(family: Family, policy: Policy, tasks: Tensor, run: int) -> Curves:
    """Returns what `policy` earns on `tasks` `[N, task_size]` with the draws of `run`, by episode.

    The swap gives lane n the memory of lane n − 1 at the boundary before episode K // 2, which belongs to another
    task after equally many steps; what is lost by it was carried by the memory (DESIGN §2, C).
    """
    steps = family.steps // family.episodes
    half = steps * (family.episodes // 2)
    early, midway = _play(family, policy, tasks, _start(family, policy, tasks), range(half), run)
    late, _ = _play(family, policy, tasks, midway, range(half, family.steps), run)
    swapped = midway._replace(memory=midway.memory.roll(1, 0))
    late_swapped, _ = _play(family, policy, tasks, swapped, range(half, family.steps), run)
    return Curves(_by_episode(early + late, steps), _by_episode(early + late_swapped, steps))


def _start(family: Family, policy: Policy, tasks: Tensor) -> _Lifetimes:
    lanes = len(tasks)
    state, _ = family.first(tasks)
    nothing = torch.full((lanes,), -1, dtype=torch.int64)
    return _Lifetimes(state, policy.initial(lanes), tasks.new_zeros(lanes), nothing)


def _play(
    family: Family, policy: Policy, tasks: Tensor, now: _Lifetimes, steps: range, run: int
) -> tuple[list[float], _Lifetimes]:
    """Returns the mean expected reward of each step, and where the lifetimes are after the last."""
    scores = []
    for t in steps:
        draws = generator(run, Purpose.REFERENCES, t)
        noise = torch.rand(len(tasks), family.noise_size, generator=draws)
        action = policy.act(now.memory, Moment(t, tasks, now.reward_tm1, now.action_tm1, draws))
        step = family.step(tasks, now.state, action, noise)
        scores.append(step.expected_reward.double().mean().item())
        now = _Lifetimes(step.state, policy.update(now.memory, step.action, step.reward), step.reward, step.action)
    return scores, now


def _by_episode(scores: list[float], steps: int) -> list[float]:
    """Returns the return of each episode `[K]` from the rewards of each step `[T]`."""
    return [sum(scores[start : start + steps]) for start in range(0, len(scores), steps)]
