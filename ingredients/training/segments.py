"""Rollouts in segments of lifetimes at their own pace (docs/learner.md).

After a time limit or the segment's end the critic's value of the last observation stands for the rest (Pardo et al.
2018).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, fields
from typing import Any, NamedTuple

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from ingredients.agent.memory import State
from ingredients.agent.observation import Past, assemble
from ingredients.grid import Run
from ingredients.seeds import Purpose, generator
from ingredients.tasks.family import Family
from ingredients.tasks.foreign import longest_episode, restarts, reward_scale
from ingredients.tasks.paced import Flags, Numbers, Rows
from ingredients.training.interaction import Play, act, nothing_past
from ingredients.training.ongoing import Came, Ongoing, Places


class SegmentDraws(NamedTuple):
    """One segment's random numbers, as in `interaction.Draws`, with a leading T."""

    action: Tensor
    reward_shown: Tensor
    action_shown: Tensor


class Beyond(NamedTuple):
    """Continuation after step `t` where `cut` (`[S, B]`): output, input, clock, task, `[S, B, ...]`."""

    t: int
    cut: Tensor
    output: Tensor
    inputs: Tensor
    clock: Tensor
    tasks: Tensor


@dataclass(frozen=True)
class Segments:
    """T steps of B = M × N lanes of each run, in M minibatches of N; fields are `[M, S, T, N, ...]` unless said.

    Attributes:
        inputs: F numbers.
        outputs: of the memory, H numbers.
        action: int64, or A numbers if continuous.
        reward: as paid.
        carry: 0.0 where memory is reset before the step, else 1.0.
        clock: elapsed share of the lifetime's episodes (on the axis of steps: steps), and of the episode's steps.
        tasks: D numbers.
        ended: 1.0 where the return ends.
        beyond: value of the rest after a cut.
        start: initial memory, parts `[M, S, N, ...]`.
        score: mean return of episodes ended in this segment, else the last such, `[S]`.
    """

    inputs: Tensor
    outputs: Tensor
    action: Tensor
    reward: Tensor
    carry: Tensor
    clock: Tensor
    tasks: Tensor
    ended: Tensor
    beyond: tuple[Beyond, ...]
    start: State
    score: Tensor


@dataclass
class Carried:
    """What a stack carries between segments; memory parts are `[S, B, ...]`.

    `score` is the last ended episodes' mean return, `[S]`.
    """

    lanes: Ongoing
    memory: State
    past: Past
    score: Tensor

    def arrays(self) -> dict[str, NDArray[Any]]:
        """Returns copies by name, `[S, ...]`."""
        past = {name: getattr(self.past, name) for name in _PAST}
        memory = {f"{_MEMORY}{index}": part for index, part in enumerate(self.memory)}
        tensors = {**past, **memory, "score": self.score}
        return {name: part.cpu().numpy().copy() for name, part in tensors.items()} | self.lanes.places.arrays()


_PAST = ("observation", "lifetime_start", "episode_start", "reward_tm1", "action_tm1")
_MEMORY = "memory."


def begin_segments(play: Play, runs: Sequence[Run], lanes: int, carried: Mapping[str, NDArray[Any]]) -> Carried:
    """Returns lanes at their first lifetimes, or where `carried` left them."""
    like = play.tasks
    memory = play.agent.memory.initial_state(len(runs), lanes, play.family.steps, play.tasks)
    if not carried:
        ongoing = Ongoing(runs, play.family, lanes)
        return Carried(ongoing, memory, nothing_past(play, _numbers(ongoing.shown, like)), like.new_zeros(len(runs)))
    places = Places(**{part.name: carried[part.name].copy() for part in fields(Places)})

    def tensor(name: str) -> Tensor:
        return torch.from_numpy(carried[name].copy()).to(like.device)

    past = Past(**{name: tensor(name) for name in _PAST})
    memory = tuple(tensor(f"{_MEMORY}{index}") for index in range(len(memory)))
    return Carried(Ongoing(runs, play.family, lanes, places), memory, past, tensor("score"))


def segment_draws(
    runs: Sequence[Run], family: Family, index: int, steps: int, lanes: int, device: torch.device
) -> SegmentDraws:
    """Returns a segment's draws, `[T, S, N, ...]`, the same for all cells of a seed."""
    width = (family.actions,) if family.continuous else ()

    def drawn(purpose: Purpose, *more: int) -> Tensor:
        once = {
            seed: torch.rand((steps, lanes, *more), generator=generator(seed, purpose, index))
            for seed in {run.seed for run in runs}
        }
        return torch.stack([once[run.seed] for run in runs], dim=1)

    levels = torch.tensor([[run.cell.reward_shown, run.cell.action_shown] for run in runs]).view(1, -1, 1, 2)
    reward_shown, action_shown = (drawn(Purpose.TRAINING_MASKS, 2) < levels).float().tensor_split(2, dim=-1)
    draws = (drawn(Purpose.TRAINING_ACTIONS, *width), reward_shown, action_shown)
    return SegmentDraws(*(part.to(device) for part in draws))


@torch.no_grad()
def collect_segment(
    play: Play, carried: Carried, runs: Sequence[Run], draws: SegmentDraws, minibatches: int
) -> Segments:
    """Returns the next segment; `carried` changes in place."""
    made: list[_Step] = []
    beyond: list[Beyond] = []
    start = carried.memory
    wipe = _wipes(runs)
    last = len(draws.action) - 1
    for t in range(last + 1):
        shown = draws.reward_shown[t], draws.action_shown[t]
        inputs = assemble(play.agent.layout, carried.past, *shown)
        where = _Where.of(play, carried.lanes.places, wipe)
        output, carried.memory = play.agent.step(play.weights, carried.memory, where.carry, inputs)
        action = act(play, output, draws.action[t])
        came = carried.lanes.step(_taken(play, action))
        made.append(_Step(inputs, output, action, where, came))
        cut = ~came.terminated if t == last else came.truncated
        if cut.any():
            beyond.append(_beyond(play, carried, made[-1], shown, t, cut))
        carried.past = _past(play, came, action)
    carried.score = _score(made, carried.score)
    return _laid_out(made, tuple(beyond), start, carried.score, minibatches)


class _Where(NamedTuple):
    """Positions of lanes `[S, B]` before a step.

    Attributes:
        carry: 1.0 where memory is carried into the step, `[S, B, 1]`.
        carry_on: the same for the lifetime's next step.
        clock: as of `Segments`, `[S, B, 2]`; `tick`, its change per step, `[2]`.
        tasks: `[S, B, D]`.
    """

    carry: Tensor
    carry_on: Tensor
    clock: Tensor
    tick: Tensor
    tasks: Tensor

    @staticmethod
    def of(play: Play, places: Places, wipe: Numbers) -> _Where:
        """Returns the positions; memories are reset after `wipe` `[S, 1]` steps."""
        like, family = play.tasks, play.family
        carry, carry_on = (_numbers((places.age + ahead) % wipe != 0, like).unsqueeze(-1) for ahead in (0, 1))
        longest = longest_episode(family)
        lived = places.episode / family.episodes
        a_step = 0.0
        if restarts(family):
            lived, a_step = places.age / family.steps, 1 / family.steps
        clock = np.stack((lived, places.step / longest), axis=-1)
        tick = like.new_tensor((a_step, 1 / longest))
        return _Where(carry, carry_on, _numbers(clock, like), tick, _numbers(places.tasks, like))


class _Step(NamedTuple):
    """One step of all lanes `[S, B, ...]`."""

    inputs: Tensor
    output: Tensor
    action: Tensor
    where: _Where
    came: Came


def _wipes(runs: Sequence[Run]) -> Numbers:
    """Returns each run's steps between memory resets, `[S, 1]`, huge for never."""
    never = int(np.iinfo(np.int64).max)
    return np.array([[run.cell.wipe_every or never] for run in runs])


def _numbers(part: NDArray[np.generic], like: Tensor) -> Tensor:
    """Returns a copy as a tensor like `like`."""
    return torch.from_numpy(part.astype(np.float32)).to(like)


def _taken(play: Play, action: Tensor) -> Rows:
    """Returns actions for the lanes, `[S, B, width]`."""
    taken = action if play.family.continuous else action.unsqueeze(-1)
    return taken.cpu().numpy().astype(np.float32)


def _past(play: Play, came: Came, action: Tensor) -> Past:
    """Returns the lanes' past before the next action."""
    born, ended, reward = (_numbers(part, play.tasks).unsqueeze(-1) for part in (came.born, came.ended, came.reward))
    return Past(
        observation=_numbers(came.next, play.tasks),
        lifetime_start=born,
        episode_start=ended,
        reward_tm1=reward * reward_scale(play.family),
        action_tm1=action if play.family.continuous else action.unsqueeze(-1),
    )


def _beyond(play: Play, carried: Carried, step: _Step, shown: tuple[Tensor, Tensor], t: int, cut: Flags) -> Beyond:
    """Returns the continuation's input, and the memory's output on it."""
    nothing = np.zeros_like(cut)
    went_on = step.came._replace(next=step.came.last, born=nothing, terminated=nothing, truncated=nothing)
    inputs = assemble(play.agent.layout, _past(play, went_on, step.action), *shown)
    output, _ = play.agent.step(play.weights, carried.memory, step.where.carry_on, inputs)
    flags = torch.from_numpy(cut).to(play.tasks.device)
    return Beyond(t, flags, output, inputs, step.where.clock + step.where.tick, step.where.tasks)


def _score(made: Sequence[_Step], before: Tensor) -> Tensor:
    """Returns the mean return of ended episodes, `[S]`, or the previous score."""
    ended = np.stack([step.came.whole for step in made]).sum((0, 2))
    earned = np.stack([np.where(step.came.whole, step.came.earned, 0.0) for step in made]).sum((0, 2))
    return torch.where(_numbers(ended, before) > 0, _numbers(earned / np.maximum(ended, 1), before), before)


def _laid_out(
    made: Sequence[_Step], beyond: tuple[Beyond, ...], start: State, score: Tensor, minibatches: int
) -> Segments:
    """Returns the steps by minibatch."""

    def steps(parts: Sequence[Tensor]) -> Tensor:
        return by_minibatch(torch.stack(list(parts), dim=1), minibatches, lanes=2)

    like = made[0].output
    return Segments(
        inputs=steps([step.inputs for step in made]),
        outputs=steps([step.output for step in made]),
        action=steps([step.action for step in made]),
        reward=steps([_numbers(step.came.reward, like) for step in made]),
        carry=steps([step.where.carry.squeeze(-1) for step in made]),
        clock=steps([step.where.clock for step in made]),
        tasks=steps([step.where.tasks for step in made]),
        ended=steps([_numbers(step.came.ended, like) for step in made]),
        beyond=beyond,
        start=tuple(by_minibatch(part, minibatches, lanes=1) for part in start),
        score=score,
    )


def by_minibatch(part: Tensor, minibatches: int, lanes: int) -> Tensor:
    """Returns contiguous `[M, S, ..., N, ...]` from `[S, ..., M·N, ...]` with lanes in dimension `lanes`."""
    apart = part.reshape(*part.shape[:lanes], minibatches, -1, *part.shape[lanes + 1 :])
    return apart.movedim(lanes, 0).contiguous()
