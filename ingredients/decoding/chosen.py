"""Candidate decoders, and the choice on an inner split: a third of fitted sequences or tasks."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np

from ingredients.decoding.decoders import (
    Budget,
    Chances,
    Decoder,
    Known,
    chances_of_classes,
    forest,
    forest_of_each_task,
    network,
    normal,
    product,
    table,
)
from ingredients.decoding.played import Flags, Labels, PlayedSequences
from ingredients.decoding.windows import CLOCK, REWARD, DecoderInputs, Keys

INNER = 3  # every third fitted group is held out in the choice
BEFORE = ((0,), (CLOCK,), (0, CLOCK), (-1, 0))
AFTER = ((1,), (0, 1), (1, CLOCK), (0, 1, CLOCK), (-1, 0, 1), (1, 2), (0, 1, 2), (2,), (3,), (1, 2, 3), (0, 1, 2, 3))


@dataclass(frozen=True)
class DecoderQuestion:
    """What is decoded, and from what.

    Attributes:
        name: `reward` or `action`.
        task: whether the task is known; then lifetimes on the same tasks are held out, else other tasks.
        history: whether the sequence so far is known.
        reward: whether the reward is known.
    """

    name: str
    task: bool = False
    history: bool = False
    reward: bool = False


class Candidate(NamedTuple):
    """A named decoder."""

    name: str
    decoder: Decoder


class Choice(NamedTuple):
    """The best candidate, and its accuracy on the inner split."""

    best: Candidate
    accuracy: float


def before(played: PlayedSequences, asked: DecoderQuestion, budget: Budget, keys: Keys) -> list[Candidate]:
    """Returns decoders that see nothing after the step; `independent` actions follow only the schedule."""
    found = [Candidate("commonest class", lambda known, rows: chances_of_classes(known, rows.size))]
    if asked.name == "action" and played.independent:
        return [*found, *_tables(keys, [(CLOCK,)], asked.task)]
    return [
        *found,
        *_tables(keys, BEFORE, asked.task),
        *_learners(played, asked, budget, DecoderInputs(history=asked.history)),
    ]


def after(played: PlayedSequences, asked: DecoderQuestion, budget: Budget, keys: Keys) -> list[Candidate]:
    """Returns the decoders that also see what follows the step."""
    tables = _tables(keys, AFTER, asked.task)
    if asked.reward:
        tables += _tables(keys, [(REWARD,), (0, REWARD), *((*lags, REWARD) for lags in AFTER[:2])], asked.task)
        tables += _with_curve(played, keys, asked.task)
    told = DecoderInputs(after=True, history=asked.history, reward=asked.reward)
    return [*tables, *_learners(played, asked, budget, told)]


def _tables(keys: Keys, sets: Sequence[Sequence[int]], task: bool) -> list[Candidate]:
    ways = (False, True) if task else (False,)
    return [Candidate(_named(lags, by_task), table(keys, lags, by_task)) for by_task in ways for lags in sets]


def _with_curve(played: PlayedSequences, keys: Keys, task: bool) -> list[Candidate]:
    """Returns tables of observations, times what the reward tells there."""
    both = [table(keys, (0, REWARD), task), normal(keys, (0,), task, played.reward)]
    names, lags = (" times table of o_t, reward", " times normal curve of reward"), ((0, 1), (1,))
    return [
        Candidate(_named(seen, task) + name, product(table(keys, seen, task), curve))
        for seen in lags
        for name, curve in zip(names, both, strict=True)
    ]


def _named(lags: Sequence[int], by_task: bool) -> str:
    words = {CLOCK: "step", REWARD: "reward", 0: "o_t"}
    return "table of " + ", ".join([*(words.get(lag, f"o_t{lag:+d}") for lag in lags), *(["task"] if by_task else [])])


def _learners(played: PlayedSequences, asked: DecoderQuestion, budget: Budget, told: DecoderInputs) -> list[Candidate]:
    found = [Candidate("forest", forest(played, told, budget)), Candidate("network", network(played, told, budget))]
    if asked.task and budget.by_task:
        found.append(Candidate("forest of each task", forest_of_each_task(played, told, budget)))
    return found


def choose(candidates: Sequence[Candidate], known: Known, inner: Flags, budget: Budget) -> Choice:
    """Returns the candidate most accurate on the `inner` rows `[R]`."""
    fitted = known.only(np.flatnonzero(~inner))
    asked = np.flatnonzero(inner)
    if asked.size > budget.tested:
        asked = np.sort(np.random.default_rng(0).choice(asked, budget.tested, replace=False))
    told = known.only(asked)
    if not fitted.rows.size or not told.rows.size:
        return Choice(candidates[0], 0.0)
    scores = [1 - float(errors(one.decoder(fitted, told.rows), told.classes).mean()) for one in candidates]
    best = int(np.argmax(scores))
    return Choice(candidates[best], scores[best])


def inner_rows(played: PlayedSequences, known: Known, task: bool) -> Flags:
    """Returns which known rows `[R]` are held out."""
    tasks = played.task[known.rows.sequence]
    place = _rank_within(tasks, known.rows.sequence) if task else np.unique(tasks, return_inverse=True)[1]
    chosen: Flags = place % INNER == INNER - 1
    return chosen


def _rank_within(tasks: Labels, groups: Labels) -> Labels:
    """Returns each row's index of its group within its task."""
    rank = np.zeros(groups.size, np.int64)
    for task in np.unique(tasks):
        mine = tasks == task
        rank[mine] = np.unique(groups[mine], return_inverse=True)[1]
    return rank


def errors(chances: Chances, wanted: Labels) -> Flags:
    """Returns where classes `[R, C]` are decoded wrongly."""
    return np.stack([part.argmax(1) != one for part, one in zip(chances, wanted.T, strict=True)], axis=1)
