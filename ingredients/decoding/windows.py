"""Inputs of decoders: columns for forest and network, keys for look-up tables.

    always        schedule; o_{t-2}, o_{t-1}, o_t (wide observations: o_{t-1}, o_t), whether seen, changes
    `after`       o_{t+1}, o_{t+2}, o_{t+3} (wide: the first two), whether seen, changes, their changes
    `history`     mean of o_0 to o_t
    `reward`      r_t; with `history` r_{t-1}, the mean reward so far, the mean of r_s · o_{s+1}

Columns on a circle (cosine, sine) are also read as an angle.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import pairwise

import numpy as np

from ingredients.decoding.classes import edges_of, place
from ingredients.decoding.played import Labels, Numbers, PlayedSequences, Rows

WIDE = 16  # columns of an observation beyond which windows are shorter
PRODUCTS = 24  # most columns that are multiplied
CLOCK, REWARD = 100, 101  # in place of a lag, in a key
ODD = np.uint64(0x9E3779B97F4A7C15)
CIRCLE, MOST_LOOKED_AT = 1e-4, 10_000
REWARD_PLACES = 10


@dataclass(frozen=True)
class DecoderInputs:
    """What a decoder sees besides observations up to the step."""

    after: bool = False
    history: bool = False
    reward: bool = False


def features(played: PlayedSequences, rows: Rows, told: DecoderInputs) -> Numbers:
    """Returns the columns `[R, F]`."""
    first, last = (-1, 2) if played.observation.shape[-1] > WIDE else (-2, 3)
    last = last if told.after else 0
    seen = {lag: _seen(played, rows, lag) for lag in range(first, last + 1)}
    changes = [_between(seen[lag - 1], seen[lag]) for lag in range(first + 1, last + 1)]
    turns = [later - sooner for sooner, later in pairwise(changes)]
    there = np.stack([flag for _, flag in seen.values()], axis=1)
    parts = [played.schedule[rows.sequence, rows.step], there, *(shown for shown, _ in seen.values()), *changes]
    parts += _angles(played, seen)
    parts += turns if played.observation.shape[-1] <= WIDE else []
    return np.concatenate([*parts, *_further(played, rows, told)], axis=1)


def _between(sooner: tuple[Numbers, Numbers], later: tuple[Numbers, Numbers]) -> Numbers:
    """Returns the change, 0 where one is missing."""
    change: Numbers = (later[0] - sooner[0]) * (sooner[1] * later[1])[:, None]
    return change


def whole(played: PlayedSequences, rows: Rows, told: DecoderInputs) -> Numbers:
    """Returns which of o_{t-1} to o_{t+2} (or o_t) exist, `[R, lags]`."""
    return np.stack([_seen(played, rows, lag)[1] for lag in range(-1, 3 if told.after else 1)], axis=1)


def _angles(played: PlayedSequences, seen: dict[int, tuple[Numbers, Numbers]]) -> list[Numbers]:
    """Returns changes of angles (−π to π), and their changes."""
    now = played.observation[played.seen][:MOST_LOOKED_AT]  # the same whichever rows are asked
    circles = np.abs(now[:, :-1] ** 2 + now[:, 1:] ** 2 - 1).max(0, initial=0) < CIRCLE
    if not circles.any():
        return []
    there = [flag[:, None] for _, flag in seen.values()]
    angles = [np.arctan2(shown[:, 1:], shown[:, :-1])[:, circles] for shown, _ in seen.values()]
    changes = [(later - sooner + np.pi) % (2 * np.pi) - np.pi for sooner, later in pairwise(angles)]
    both = [one * other for one, other in pairwise(there)]
    turns = [
        (later - sooner) * one * other
        for (sooner, later), (one, other) in zip(pairwise(changes), pairwise(both), strict=True)
    ]
    return [*(change * seen_both for change, seen_both in zip(changes, both, strict=True)), *turns]


def factors(played: PlayedSequences, rows: Rows, told: DecoderInputs, helpful: Labels) -> Numbers:
    """Returns columns that a network multiplies, `[R, at most PRODUCTS]`, the most `helpful` first."""
    lags = range(-1, 3) if told.after else range(-1, 1)
    if played.observation.shape[-1] * 6 <= PRODUCTS:
        lags = range(-2, 4) if told.after else range(-2, 1)
    columns = np.sort(helpful[: PRODUCTS // len(lags)])
    parts = [_seen(played, rows, lag)[0][:, columns] for lag in lags]
    return np.concatenate([*parts, *_further(played, rows, told)], axis=1)[:, : PRODUCTS + 4]


def changes_of_next(played: PlayedSequences, rows: Rows) -> tuple[Numbers, Numbers]:
    """Returns o_{t+1} and o_{t+1} − o_t."""
    now, then = _seen(played, rows, 0)[0], _seen(played, rows, 1)[0]
    return then, then - now


def _seen(played: PlayedSequences, rows: Rows, lag: int) -> tuple[Numbers, Numbers]:
    """Returns o_{t+lag} `[R, O]`, 0 if missing, and whether it exists `[R]`."""
    step = rows.step + lag
    inside = np.clip(step, 0, played.seen.shape[1] - 1)
    there = (step == inside) & played.seen[rows.sequence, inside]
    return played.observation[rows.sequence, inside] * there[:, None], there.astype(np.float64)


def _further(played: PlayedSequences, rows: Rows, told: DecoderInputs) -> Iterator[Numbers]:
    at = (rows.sequence, rows.step)
    if told.history:
        yield _mean_so_far(played.observation[:, :-1], inclusive=True)[at]
    if told.reward:
        yield played.reward[at][:, None]
    if told.history and told.reward:
        yield np.where(rows.step > 0, played.reward[rows.sequence, rows.step - 1], 0.0)[:, None]
        yield _mean_so_far(played.reward[..., None], inclusive=False)[at]
        yield _mean_so_far(played.reward[..., None] * played.observation[:, 1:], inclusive=False)[at]


def _mean_so_far(numbers: Numbers, *, inclusive: bool) -> Numbers:
    """Returns the mean up to each step `[N, T, X]`, or the one before."""
    count = np.arange(1, numbers.shape[1] + 1)[:, None]
    means: Numbers = np.cumsum(numbers, axis=1) / count
    if inclusive:
        return means
    return np.concatenate([np.zeros_like(means[:, :1]), means[:, :-1]], axis=1)


# Keys


class Keys:
    """Integer keys, equal where observations are equal."""

    def __init__(self, played: PlayedSequences) -> None:
        """Hashes observations, schedule and rewards once."""
        self._shown = np.where(played.seen, hashed(played.observation), np.uint64(0))
        self._clock = hashed(played.schedule)
        reward = played.reward
        edges = edges_of(reward)
        if edges.size == 3:  # quartiles are too coarse to tell an action by
            edges = np.quantile(reward, np.linspace(0, 1, REWARD_PLACES + 1)[1:-1])
        self._reward = place(edges, reward).astype(np.uint64)
        self._task = played.task.astype(np.uint64) + np.uint64(1)

    def of(self, rows: Rows, lags: Sequence[int], by_task: bool) -> Labels:
        """Returns each row's key, of some lags' observations, and the task if `by_task`."""
        key = self._task[rows.sequence] if by_task else np.zeros(rows.size, np.uint64)
        for lag in lags:
            key = key * ODD + self._part(rows, lag)
            key ^= key >> np.uint64(29)
        return key.view(np.int64)

    def _part(self, rows: Rows, lag: int) -> np.ndarray:
        if lag == CLOCK:
            return self._clock[rows.sequence, rows.step]
        if lag == REWARD:
            return self._reward[rows.sequence, rows.step]
        step = rows.step + lag
        inside = np.clip(step, 0, self._shown.shape[1] - 1)
        return np.where(step == inside, self._shown[rows.sequence, inside], np.uint64(0))


def hashed(numbers: Numbers) -> np.ndarray:
    """Returns a hash along the last axis, rounded to five digits."""
    rounded = np.round(numbers, 5) + 0.0  # −0 is 0
    key = np.full(numbers.shape[:-1], np.uint64(1))
    for column in range(numbers.shape[-1]):
        key = key * ODD + np.ascontiguousarray(rounded[..., column]).view(np.uint64)
        key ^= key >> np.uint64(31)
    return key
