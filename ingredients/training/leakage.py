"""Leaks: how well r_{t-1} and a_{t-1} are decoded from an environment's observations (docs/audit.md).

Evaluation tasks are played at random (vectors: uniform on [−1, 1]). Features are what every cell sees, never a channel:
of images the brightness of 8 × 8 blocks, of more than `MOST_COLUMNS` numbers the most variable. `failed` counts
lifetimes left out because their environment failed.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import asdict
from typing import Any, Final, NamedTuple

import numpy as np
import torch
from torch import Tensor

from ingredients.decoding.chosen import DecoderQuestion
from ingredients.decoding.decoders import FULL, QUICK, Budget
from ingredients.decoding.leak import LeakMeasurement, measure
from ingredients.decoding.played import Labels, Numbers, PlayedSequences
from ingredients.seeds import Purpose, generator
from ingredients.study import Study
from ingredients.tasks import lifetime, make_family
from ingredients.tasks.family import Family
from ingredients.tasks.foreign import most_lanes, take_failures
from ingredients.tasks.pixels import glanced
from ingredients.training.draws import evaluation_tasks

STEPS, FEWEST_LIFETIMES, MOST_LIFETIMES = 24_000, 40, 400  # each on a task of its own
TASKS, STEPS_OF_TASKS, FEWEST_ON_A_TASK = 16, 160_000, 6
STEPS_OF_OTHERS, TASKS_OF_OTHERS = 24_000, 8  # an environment that somebody else wrote is slower
MOST_COLUMNS = 256  # of an observation, for decoders
_QUESTIONS = (  # with the key below which an entry holds what was found; None is the entry itself
    (None, DecoderQuestion("reward", task=True)),
    ("history", DecoderQuestion("reward", history=True)),
    ("without", DecoderQuestion("reward")),
    (None, DecoderQuestion("action", task=True)),
    ("history", DecoderQuestion("action", history=True)),
    ("without", DecoderQuestion("action")),
    ("with_reward", DecoderQuestion("action", task=True, reward=True)),
    ("history_with_reward", DecoderQuestion("action", history=True, reward=True)),
)
QUICK_SHARE: Final = 4  # in a plan a quarter of the lifetimes is played


def leakage(study: Study) -> dict[str, Any]:
    """Returns a study's leaks by `reward` and `action`, quickly measured."""
    return family_leakage(make_family(study.tasks), QUICK)


class _Failed(NamedTuple):
    """Failed lifetimes, all lifetimes, and the first reason."""

    lifetimes: int
    lanes: int
    reason: str


@torch.no_grad()
def family_leakage(
    family: Family, budget: Budget = FULL, *, told: Callable[[int, int], None] | None = None
) -> dict[str, Any]:
    """Returns a family's leaks; `told` hears the numbers of measurements done and in all."""
    each = QUICK_SHARE if budget == QUICK else 1
    many, failed = play_at_random(family, *_many(family, each))
    few, failed_again = play_at_random(family, *_few(family, each))
    said = _said(failed, failed_again)
    return _entries(many, few, budget, said, told or (lambda so_far, of: None))


def _said(*plays: _Failed) -> str | None:
    """Returns how many lifetimes failed and the first reason."""
    count, lanes = sum(play.lifetimes for play in plays), sum(play.lanes for play in plays)
    if not count:
        return None
    why = next(play.reason for play in plays if play.lifetimes)
    return f"in {count} of {lanes} lifetimes of random play, the first: {why}"


def _entries(
    many: PlayedSequences, few: PlayedSequences, budget: Budget, failed: str | None, told: Callable[[int, int], None]
) -> dict[str, Any]:
    """Returns the measurements for reward and action."""
    entries: dict[str, Any] = {}
    told(0, len(_QUESTIONS))
    for so_far, (key, asked) in enumerate(_QUESTIONS, start=1):
        found = _measured(few if asked.task else many, asked, budget, failed)
        if key is None:
            entries[asked.name] = found
        else:
            entries[asked.name][key] = found
        told(so_far, len(_QUESTIONS))
    return {name: {**entry, "quick": budget == QUICK, "failed": failed} for name, entry in entries.items()}


def _measured(played: PlayedSequences, asked: DecoderQuestion, budget: Budget, failed: str | None) -> dict[str, Any]:
    if not played.steps:
        return asdict(LeakMeasurement(reason=f"random play failed {failed}"))
    return asdict(measure(played, asked, budget))


def _many(family: Family, each: int) -> tuple[Tensor, Tensor]:
    """Returns tasks `[N, D]`, one per lifetime, and their numbers `[N]`."""
    lanes = max(min(max(STEPS // family.steps, FEWEST_LIFETIMES), MOST_LIFETIMES) // each, FEWEST_LIFETIMES // 2)
    return evaluation_tasks(family, lanes), torch.arange(lanes)


def _few(family: Family, each: int) -> tuple[Tensor, Tensor]:
    """Returns a few repeated tasks, `[N, D]`, and their numbers `[N]`."""
    slow = most_lanes(family, 0) > 0
    tasks, steps = (TASKS_OF_OTHERS, STEPS_OF_OTHERS) if slow else (TASKS, STEPS_OF_TASKS)
    on_each = max(steps // each // (family.steps * tasks), FEWEST_ON_A_TASK)
    number = torch.arange(tasks).repeat(on_each)
    return evaluation_tasks(family, tasks)[number], number


# Random play


def play_at_random(family: Family, tasks: Tensor, number: Tensor) -> tuple[PlayedSequences, _Failed]:
    """Returns random lifetimes on `tasks` `[N, D]`, without failed ones."""
    lanes = len(tasks)
    draw = generator(0, Purpose.LEAKAGE)
    world = lifetime.begin(family, tasks, torch.rand(lanes, family.start_size, generator=draw))
    shown, rewards, actions, acting = [glanced(family, world.observation)], [], [], []
    for t in range(family.steps):
        idle = torch.zeros(lanes, dtype=torch.bool) if world.waiting is None else world.waiting
        noise = torch.rand(lanes, family.noise_size, generator=draw)
        world, step = lifetime.proceed(family, tasks, world, _random_action(family, lanes, draw), noise)
        if lifetime.starts_episode(family, t + 1):
            world = lifetime.next_episode(family, tasks, world, torch.rand(lanes, family.start_size, generator=draw))
        shown.append(glanced(family, world.observation))
        rewards.append(step.reward)
        actions.append(step.action if family.continuous else step.action.unsqueeze(-1))
        acting.append(~idle)
    stacked = [torch.stack(part, dim=1) for part in (shown, rewards, actions, acting)]
    parts = [part.double().numpy() for part in (_most_varied(stacked[0]), *stacked[1:])]
    return _sound(family, parts, number.numpy())


def _most_varied(shown: Tensor) -> Tensor:
    """Returns the columns of observations `[N, T, O]` for decoders, in their order."""
    if shown.shape[-1] <= MOST_COLUMNS:
        return shown
    spread = torch.nan_to_num(shown.flatten(0, 1).var(0), nan=torch.inf)  # so that NaN is found
    varied = spread.topk(MOST_COLUMNS).indices
    return shown[..., varied[spread[varied] > 0].sort().values]


def _sound(family: Family, parts: Sequence[Numbers], number: Labels) -> tuple[PlayedSequences, _Failed]:
    """Returns the sound, finite lifetimes, and the failures."""
    why = {lane: str(failure) for lane, failure in take_failures(family).items()}
    finite = np.logical_and.reduce([np.isfinite(part).reshape(len(number), -1).all(1) for part in parts])
    why |= {
        int(lane): "it gave a number that is not finite" for lane in np.flatnonzero(~finite) if int(lane) not in why
    }
    kept = np.setdiff1d(np.arange(len(number)), list(why))
    shown, rewards, actions, acting = (part[kept] for part in parts)
    seen = np.ones(shown.shape[:2], dtype=np.bool_)
    schedule = np.broadcast_to(_schedule(family), (len(kept), family.steps, 3))
    played = PlayedSequences(shown, seen, actions, rewards, acting > 0, schedule, number[kept], family.continuous, True)
    return played, _Failed(len(why), len(number), next(iter(why.values()), ""))


def _schedule(family: Family) -> Numbers:
    """Returns by step whether it starts an episode, and its number in episode and lifetime."""
    step = np.arange(family.steps)
    within = step % family.episode_steps
    return np.stack([within == 0, within, step], axis=-1).astype(np.float64)


def _random_action(family: Family, lanes: int, draw: torch.Generator) -> Tensor:
    if family.continuous:
        return torch.rand(lanes, family.actions, generator=draw) * 2 - 1
    return torch.randint(family.actions, (lanes,), generator=draw)
