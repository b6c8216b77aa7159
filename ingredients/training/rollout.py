"""Rollouts: whole lifetimes of a stack, laid out for the learner."""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor

from ingredients.agent.memory import State
from ingredients.tasks.family import Solvable
from ingredients.tasks.foreign import reward_scale
from ingredients.training.draws import at_step
from ingredients.training.interaction import Draws, Play, Transition, advance, begin


@dataclass(frozen=True)
class Rollout:
    """B = M × N lifetimes of each run, in M minibatches of N; fields are `[M, S, T, N, ...]` unless said.

    Attributes:
        inputs: F numbers.
        outputs: of the memory, H numbers.
        action: intended (int64), or A numbers if continuous.
        earned: target of reward prediction: reward or its mean given ψ and the action, scaled; of every action, A
            numbers.
        reward: of the learner (see `collect`).
        acting: 0.0 where the agent waited, else 1.0; None if no episode ends early.
        tasks: `[M, S, N, D]`.
        start: initial memory, parts `[M, S, N, ...]`; None: the default.
        carry: `[S, T]`.
        score: a lifetime's mean expected return, `[S]`.
    """

    inputs: Tensor
    outputs: Tensor
    action: Tensor
    earned: Tensor
    reward: Tensor
    acting: Tensor | None
    tasks: Tensor
    start: State | None
    carry: Tensor
    score: Tensor


@torch.no_grad()
def collect(play: Play, draws: Draws, minibatches: int, expected: bool, memory: State | None = None) -> Rollout:
    """Returns one rollout; `memory` parts are `[S, B, ...]`.

    If `expected`, the learner uses E[r | ψ, a] minus the best given ψ: the same expected gradient without reward noise
    and task variance. `Solvable` families give the optimal-advantage gap, without transition noise too.
    """
    runs, lifetimes, _ = play.tasks.shape
    steps = play.family.steps
    blank = _Buffers.blank(play, (minibatches, runs, steps, lifetimes // minibatches))
    start = None if memory is None else tuple(_start_of(part, minibatches) for part in memory)
    lanes = begin(play, draws.start[0], memory)
    score = play.tasks.new_zeros(runs)
    scale = reward_scale(play.family)
    costs = _Costs.of(play) if expected else None
    for t in range(steps):
        before = lanes.world.state
        lanes, moment = advance(play, lanes, at_step(draws, t))
        if costs is not None:
            costs.note(before, moment, t)
        counted = moment.step.expected_reward if expected else moment.step.reward
        blank.write(t, moment, counted if scale == 1.0 else counted * scale)
        score += moment.step.expected_reward.mean(-1)
    earned = reward = blank.earned
    if costs is not None:
        earned = -_split(costs.noted, minibatches).transpose(2, 3)
        reward = earned.gather(-1, blank.action.unsqueeze(-1)).squeeze(-1)
    elif expected:
        reward = earned - _split(_best_rewards(play), minibatches).transpose(2, 3)
    by_minibatch = _split(play.tasks, minibatches).contiguous()
    carry = draws.carry.squeeze(-1).squeeze(-1).T.contiguous()
    return Rollout(
        blank.inputs,
        blank.outputs,
        blank.action,
        earned,
        reward,
        blank.acting,
        by_minibatch,
        start,
        carry,
        score,
    )


@dataclass(frozen=True)
class _Buffers:
    inputs: Tensor
    outputs: Tensor
    action: Tensor
    earned: Tensor
    acting: Tensor | None

    @staticmethod
    def blank(play: Play, lead: tuple[int, int, int, int]) -> _Buffers:
        """Returns empty buffers; `lead` is `[M, S, T, N]`."""
        like, agent, family = play.tasks, play.agent, play.family
        choice = torch.empty(lead, dtype=torch.int64, device=like.device)
        return _Buffers(
            inputs=like.new_empty(*lead, agent.layout.size),
            outputs=like.new_empty(*lead, agent.hidden),
            action=like.new_empty(*lead, family.actions) if family.continuous else choice,
            earned=like.new_empty(lead),
            acting=like.new_empty(lead) if family.ends_early else None,
        )

    def write(self, t: int, moment: Transition, earned: Tensor) -> None:
        minibatches = self.inputs.shape[0]
        self.inputs[:, :, t] = _split(moment.inputs, minibatches)
        self.outputs[:, :, t] = _split(moment.output, minibatches)
        self.action[:, :, t] = _split(moment.action, minibatches)
        self.earned[:, :, t] = _split(earned, minibatches)
        if self.acting is not None and moment.waiting is not None:
            self.acting[:, :, t] = _split(1 - moment.waiting, minibatches)


@dataclass(frozen=True)
class _Costs:
    """Optimal-advantage gaps `noted` `[S, N, T, A]`, where the family knows them."""

    family: Solvable
    solution: Tensor
    noted: Tensor

    @staticmethod
    def of(play: Play) -> _Costs | None:
        """Returns empty gaps; None if the family does not know them."""
        if not isinstance(play.family, Solvable):
            return None
        noted = play.tasks.new_zeros(*play.tasks.shape[:2], play.family.steps, play.family.actions)
        return _Costs(play.family, play.family.solve(play.tasks), noted)

    def note(self, state: Tensor, moment: Transition, t: int) -> None:
        costs = self.family.costs(self.solution, state, t)
        self.noted[:, :, t] = costs if moment.waiting is None else costs * (1 - moment.waiting).unsqueeze(-1)


def _best_rewards(play: Play) -> Tensor:
    """Returns the optimal reward given ψ by step, `[S, N, T]`; zeros if unknown.

    Where episodes end early, their first step has it all.
    """
    family = play.family
    best = play.family.best_episode_return(play.tasks)
    if best is None:
        return play.tasks.new_zeros(*play.tasks.shape[:2], 1)
    scaled = best * reward_scale(family)
    if not family.ends_early:
        return (scaled / family.episode_steps).unsqueeze(-1)
    first = torch.arange(family.steps, device=play.tasks.device) % family.episode_steps == 0
    return scaled.unsqueeze(-1) * first


def _split(lanes: Tensor, minibatches: int) -> Tensor:
    """Returns `[M, S, N, ...]` from `[S, M·N, ...]`."""
    return lanes.view(lanes.shape[0], minibatches, -1, *lanes.shape[2:]).transpose(0, 1)


def _start_of(part: Tensor, minibatches: int) -> Tensor:
    """Returns a part of the initial memory by minibatch."""
    return _split(part, minibatches).clone(memory_format=torch.contiguous_format)
