"""One step of many agents in many environments: the loop that training and evaluation share.

Comes in: agents and their tasks (a `Play`), the draws of one step. Goes out: the lanes after it, and
what happened.

A lane is one lifetime in progress. The order of events in a step is that of RL² (Duan et al. 2016, Figure 1): the input
holds r_{t-1} and a_{t-1}; memory takes it in; the policy acts; the environment answers. Memory, reward and action pass
from episode to episode, and start empty with the lifetime.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import NamedTuple

import torch
from torch import Tensor

from ingredients.agent.memory import State
from ingredients.agent.network import Agent
from ingredients.agent.observation import Past, assemble
from ingredients.tasks.family import Family, Step


@dataclass(frozen=True)
class Play:
    """Who plays what: one architecture with weights `[S, ...]`, on tasks `[S, N, D]` of one family."""

    agent: Agent
    family: Family
    weights: Mapping[str, Tensor]
    tasks: Tensor


@dataclass(frozen=True)
class Lanes:
    """Lifetimes in progress: memory (parts `[S, N, ...]`), the environment's state `[S, N, .]`, and the past."""

    memory: State
    environment: Tensor
    past: Past


class Draws(NamedTuple):
    """The randomness of one step, or of a lifetime with a leading T.

    Attributes:
        action: uniforms that choose the actions, `[S, N]`.
        noise: uniforms of the environment, `[S, N, noise_size]`.
        reward_shown: 1.0 where r_{t-1} is shown, `[S, N, 1]`.
        action_shown: 1.0 where a_{t-1} is shown, `[S, N, 1]`.
        carry: 1.0 where memory is carried into the step, 0.0 where it is reset before it, `[S, 1, 1]`.
    """

    action: Tensor
    noise: Tensor
    reward_shown: Tensor
    action_shown: Tensor
    carry: Tensor


class Moment(NamedTuple):
    """One step: input `[S, N, F]`, the memory's output `[S, N, H]`, intended action `[S, N]`, the answer."""

    inputs: Tensor
    output: Tensor
    action: Tensor
    step: Step


def begin(play: Play) -> Lanes:
    """Returns `[S, N]` lanes at the start of their lifetimes."""
    environment, observation = play.family.first(play.tasks)
    runs, lanes = play.tasks.shape[:2]
    memory = play.agent.memory.initial_state(runs, lanes, play.family.steps, play.tasks)
    start = play.tasks.new_ones(runs, lanes, 1)
    none = torch.zeros_like(start)
    return Lanes(memory, environment, Past(observation, start, start, none, none.long()))


def advance(play: Play, lanes: Lanes, draws: Draws, greedy: bool = False) -> tuple[Lanes, Moment]:
    """Returns the lanes after one step, and what happened in it."""
    inputs = assemble(play.agent.layout, lanes.past, draws.reward_shown, draws.action_shown)
    output, memory = play.agent.memory.step(play.weights, lanes.memory, draws.carry, inputs)
    logits = play.agent.logits(play.weights, output)
    action = logits.argmax(-1) if greedy else sample(logits, draws.action)
    step = play.family.step(play.tasks, lanes.environment, action, draws.noise)
    episode_start = (step.terminated | step.truncated).to(inputs.dtype).unsqueeze(-1)
    past = Past(
        observation=step.observation,
        lifetime_start=torch.zeros_like(episode_start),
        episode_start=episode_start,
        reward_tm1=step.reward.unsqueeze(-1),
        action_tm1=step.action.unsqueeze(-1),
    )
    return Lanes(memory, step.state, past), Moment(inputs, output, action, step)


def sample(logits: Tensor, uniform: Tensor) -> Tensor:
    """Returns actions `[...]` by inverse CDF from uniforms `[...]`; logits `[..., A]`.

    `torch.multinomial` would raise for the whole stack on one run's NaN; here such a run gets some action and is
    found by its gradient.
    """
    cumulative = torch.softmax(logits, dim=-1).cumsum(-1)
    return (cumulative[..., :-1] <= uniform.unsqueeze(-1)).sum(-1)
