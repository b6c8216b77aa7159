"""One step of many agents in many environments, for training and evaluation.

A lane is one lifetime in progress. As in RL² (Duan et al. 2016, Figure 1) memory, r_{t-1} and a_{t-1} persist over
episodes.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import NamedTuple

import torch
from torch import Tensor

from ingredients.agent.memory import State
from ingredients.agent.network import Agent
from ingredients.agent.observation import Past, assemble
from ingredients.agent.policy import sample_vector
from ingredients.grid import TREMBLES
from ingredients.tasks import lifetime
from ingredients.tasks.family import Family, Step
from ingredients.tasks.foreign import restarts, reward_scale
from ingredients.tasks.lifetime import World


@dataclass(frozen=True)
class Play:
    """An agent with weights `[S, ...]` on a family's tasks `[S, N, D]`.

    With `still`, waiting leaves memory, r_{t-1} and a_{t-1} unchanged.
    """

    agent: Agent
    family: Family
    weights: Mapping[str, Tensor]
    tasks: Tensor
    still: bool = False


@dataclass(frozen=True)
class Lanes:
    """Lifetimes in progress; memory parts are `[S, N, ...]`."""

    memory: State
    world: World
    past: Past
    t: int = 0


class Draws(NamedTuple):
    """Random numbers of one step, `[S, N, ...]`, or of a lifetime with a leading T.

    Attributes:
        action: one number, or A if continuous.
        noise: `noise_size` numbers.
        start: `start_size` numbers for the next episode; of a lifetime, with a leading K.
        reward_shown, action_shown: 1.0 where r_{t-1}, a_{t-1} is shown, `[S, N, 1]`.
        carry: 0.0 where memory is reset before the step, else 1.0, `[S, 1, 1]`.
    """

    action: Tensor
    noise: Tensor
    start: Tensor
    reward_shown: Tensor
    action_shown: Tensor
    carry: Tensor


class Transition(NamedTuple):
    """One step: input `[S, N, F]`, memory's output `[S, N, H]`, intended action `[S, N]`, answer.

    `waiting` is 1.0 where nothing was to do, `[S, N]`; None if no episode ends early.
    """

    inputs: Tensor
    output: Tensor
    action: Tensor
    step: Step
    waiting: Tensor | None


def begin(play: Play, start: Tensor, memory: State | None = None) -> Lanes:
    """Returns lanes at their lifetimes' start; `start` is `[S, N, start_size]`."""
    world = lifetime.begin(play.family, play.tasks, start)
    runs, lanes = play.tasks.shape[:2]
    memory = memory or play.agent.memory.initial_state(runs, lanes, play.family.steps, play.tasks)
    return Lanes(memory, world, nothing_past(play, world.observation))


def nothing_past(play: Play, observation: Tensor) -> Past:
    """Returns a lifetime's initial past."""
    start = observation.new_ones(*observation.shape[:-1], 1)
    none = torch.zeros_like(start)
    action = none.expand(*none.shape[:-1], play.family.actions) if play.family.continuous else none.long()
    return Past(observation, start, start, none, action)


def advance(
    play: Play, lanes: Lanes, draws: Draws, greedy: bool = False, trembles: Tensor | None = None
) -> tuple[Lanes, Transition]:
    """Returns the lanes after one step, and the transition.

    `trembles`, uniforms like `draws.action`, replace actions (`tremble`).
    """
    inputs = assemble(play.agent.layout, lanes.past, draws.reward_shown, draws.action_shown)
    output, memory = play.agent.step(play.weights, lanes.memory, draws.carry, inputs)
    action = act(play, output, draws.action, greedy)
    waiting = None if lanes.world.waiting is None else lanes.world.waiting.to(inputs.dtype)
    executed = action if trembles is None else tremble(play.family, action, trembles)
    world, step = lifetime.proceed(play.family, play.tasks, lanes.world, executed, draws.noise)
    scale = reward_scale(play.family)
    no = torch.zeros_like(draws.reward_shown)
    starts = lifetime.starts_episode(play.family, lanes.t + 1)
    if starts:
        world = lifetime.next_episode(play.family, play.tasks, world, draws.start)
    began = (step.terminated | step.truncated).unsqueeze(-1).to(no) if restarts(play.family) else no
    past = Past(
        observation=world.observation,
        lifetime_start=no,
        episode_start=torch.ones_like(no) if starts else began,
        reward_tm1=(step.reward if scale == 1.0 else step.reward * scale).unsqueeze(-1),
        action_tm1=step.action if play.family.continuous else step.action.unsqueeze(-1),
        reward_observed=None if step.reward_observed is None else step.reward_observed.unsqueeze(-1),
    )
    if play.still and lanes.world.waiting is not None:
        memory, past = _stood_still(lanes, memory, past)
    return Lanes(memory, world, past, lanes.t + 1), Transition(inputs, output, action, step, waiting)


def _stood_still(lanes: Lanes, memory: State, past: Past) -> tuple[State, Past]:
    """Returns memory and past; in waiting lanes only the observation changes."""
    assert lanes.world.waiting is not None
    stays = lanes.world.waiting

    def kept(before: Tensor, after: Tensor) -> Tensor:
        return torch.where(stays.view(*stays.shape, *([1] * (after.dim() - stays.dim()))), before, after)

    held = tuple(kept(before, after) for before, after in zip(lanes.memory, memory, strict=True))
    reward, action = kept(lanes.past.reward_tm1, past.reward_tm1), kept(lanes.past.action_tm1, past.action_tm1)
    return held, replace(past, reward_tm1=reward, action_tm1=action)


def all_wait(play: Play, lanes: Lanes) -> bool:
    """Returns whether a step changes nothing: all lanes wait, no episode starts."""
    if not play.still or lanes.world.waiting is None or lifetime.starts_episode(play.family, lanes.t + 1):
        return False
    return bool(lanes.world.waiting.all())


def tremble(family: Family, action: Tensor, uniform: Tensor) -> Tensor:
    """Returns executed actions, a share `TREMBLES` of them replaced by others, uniform (vectors on [−1, 1])."""
    if family.continuous:
        strays = uniform[..., :1] < TREMBLES
        drawn = uniform.clone()
        drawn[..., 0] /= TREMBLES
        return torch.where(strays, drawn * 2 - 1, action)
    others = max(family.actions - 1, 1)
    further = 1 + (uniform / TREMBLES * others).long().clamp_(max=others - 1)
    return torch.where(uniform < TREMBLES, (action + further) % family.actions, action)


def act(play: Play, output: Tensor, uniform: Tensor, greedy: bool = False) -> Tensor:
    """Returns the actions, `[S, N]` (int64) or `[S, N, A]`, for outputs `[S, N, H]`."""
    if play.family.continuous:
        heads = play.agent.heads(play.weights, output)
        return heads[..., : play.family.actions] if greedy else sample_vector(heads, uniform)
    if greedy:
        return play.agent.logits(play.weights, output).argmax(-1)
    return play.agent.choices(play.weights, output, uniform)
