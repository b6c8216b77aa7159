"""Plays a policy on given tasks, plain and with swaps half-way; all meet the same noise, keyed by run and step."""

from __future__ import annotations

from typing import NamedTuple

import torch
from torch import Tensor

from ingredients.references.policy import Answer, PolicyCurves, ReferenceInput, ReferencePolicy
from ingredients.seeds import Purpose, generator
from ingredients.tasks import lifetime
from ingredients.tasks.blocks import by_block
from ingredients.tasks.family import Family, Step
from ingredients.tasks.foreign import points
from ingredients.tasks.lifetime import World


class _Lifetimes(NamedTuple):
    """N lifetimes between two steps."""

    world: World
    memory: Tensor
    reward_tm1: Tensor
    action_tm1: Tensor


class _Played(NamedTuple):
    """The mean curves `[K]` over all tasks and each block, `[G][K]`."""

    curve: list[float]
    blocks: list[list[float]]


class _Table(NamedTuple):
    """Arguments of a simulation."""

    family: Family
    policy: ReferencePolicy
    tasks: Tensor
    run: int


def simulate(family: Family, policy: ReferencePolicy, tasks: Tensor, run: int) -> PolicyCurves:
    """Returns the curves of `policy` on `tasks` `[N, task_size]` with the draws of `run`.

    Swaps give lanes, before episode K // 2, what their neighbours (`lifetime.others`) carry; controls, what a lifetime
    on the same task carries.
    """
    table = _Table(family, policy, tasks, run)
    half = lifetime.half_way(family)
    early, midway = _play(table, _begin(table), range(half))

    made: dict[str, _Played] = {}

    def play(probe: str, from_there: _Lifetimes) -> None:
        late, _ = _play(table, from_there, range(half, family.steps))
        made[probe] = _played(early + late, family.steps // points(family))

    play("none", midway)
    play("memory_swap", midway._replace(memory=lifetime.of_others(midway.memory, lifetime.others(tasks))))
    twin = _twin(table, half)
    play("memory_swap_same", midway._replace(memory=twin.memory))
    if family.written:
        play("environment_swap", midway._replace(world=lifetime.swap_written(family, tasks, midway.world)))
        same = lifetime.write(family, tasks, midway.world, twin.world.state)
        play("environment_swap_same", midway._replace(world=same))
    curves = {probe: each.curve for probe, each in made.items()}
    return PolicyCurves(**curves, blocks={probe: each.blocks for probe, each in made.items()})


def mean_return(family: Family, policy: ReferencePolicy, tasks: Tensor, run: int) -> float:
    """Returns the mean return of plain lifetimes over `tasks`."""
    table = _Table(family, policy, tasks, run)
    rewards, _ = _play(table, _begin(table), range(family.steps))
    return sum(reward.mean().item() for reward in rewards)


def _twin(table: _Table, half: int) -> _Lifetimes:
    """Returns, half-way, a lifetime on each lane's task with the previous lane's luck."""
    shifted = table._replace(tasks=table.tasks.roll(-1, 0))  # the luck is by place: lane i's task is played at i - 1
    _, midway = _play(shifted, _begin(shifted), range(half))
    world = midway.world._replace(state=midway.world.state.roll(1, 0))
    return midway._replace(memory=midway.memory.roll(1, 0), world=world)


def _played(scores: list[Tensor], steps: int) -> _Played:
    """Returns mean curve and blocks, from rewards `[N]` by step."""
    returns = torch.stack(scores).view(-1, steps, scores[0].shape[0]).sum(1)
    return _Played(_by_point([each.mean().item() for each in scores], steps), by_block(returns.T).tolist())


def _begin(table: _Table) -> _Lifetimes:
    lanes = len(table.tasks)
    family = table.family
    world = lifetime.begin(family, table.tasks, _start(table, 0))
    nothing = torch.full((lanes,), -1, dtype=torch.int64)
    action = table.tasks.new_zeros(lanes, family.actions) if family.continuous else nothing
    return _Lifetimes(world, table.policy.initial(lanes), table.tasks.new_zeros(lanes), action)


def _play(table: _Table, now: _Lifetimes, steps: range) -> tuple[list[Tensor], _Lifetimes]:
    """Returns expected rewards `[N]` (float64) by step, and the final state."""
    family = table.family
    policy = table.policy
    tasks = table.tasks
    scores = []
    for t in steps:
        draws = generator(table.run, Purpose.REFERENCES, t)
        noise = torch.rand(len(tasks), family.noise_size, generator=draws)
        action = policy.act(
            now.memory, ReferenceInput(t, tasks, now.world.observation, now.reward_tm1, now.action_tm1, draws)
        )
        world, step = lifetime.proceed(family, tasks, now.world, action, noise)
        scores.append(step.expected_reward.double())
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
    """Returns the uniforms for an episode's start, `[N, start_size]`."""
    shape = (len(table.tasks), table.family.start_size)
    return torch.rand(shape, generator=generator(table.run, Purpose.REFERENCE_STARTS, episode))


def _by_point(scores: list[float], steps: int) -> list[float]:
    """Returns the return of each point `[K]` from rewards `[T]`."""
    return [sum(scores[start : start + steps]) for start in range(0, len(scores), steps)]
