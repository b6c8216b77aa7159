"""The present and the past of a step, for forests and look-up tables.

    present             step, o_t, a_t
    past                o, a, r of the last 4 steps (2 for wide observations); o_0; means of o and r, and of r by action
    both                o_t − o_{t-1}; mean reward of a_t so far
    key of the present  a_t; o_t, a_t; these with the step; o_t; the step
    key of the past     a_t with one of o_{t-1} to o_{t-8}, o_0, with o_t or without; o_{t-1}, a_{t-1}; o_{t-2}, o_{t-1}

Keys are numbered in this order.
"""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import numpy.typing as npt

from ingredients.decoding.played import Numbers, PlayedSequences, Rows
from ingredients.decoding.windows import ODD, WIDE, hashed

MOST_COLUMNS = 64  # of an observation: those that vary most
MOST_CHOICES = 16
KEY_LAGS = 8
STILL = 1e-9
Keys = npt.NDArray[np.uint64]


class History:
    """Features of present and past, by columns and numbered keys."""

    present_keys = 6
    past_keys = 2 * (KEY_LAGS + 1) + 2

    def __init__(self, played: PlayedSequences) -> None:
        """Precomputes features that all rows share."""
        deviation = played.observation[played.seen].std(0)
        moving = np.flatnonzero(deviation > STILL)
        chosen = np.sort(moving[np.argsort(-deviation[moving], kind="stable")[:MOST_COLUMNS]])
        self._observation = played.observation[..., chosen]
        self._lags = 4 if chosen.size <= WIDE else 2
        self._reward = played.reward
        self._action = _one_hot(played)
        self._observation_key, self._action_key = hashed(played.observation), hashed(played.action)
        count = np.arange(1, played.reward.shape[1] + 1)
        self._mean_seen = np.cumsum(self._observation[:, :-1], axis=1) / count[:, None]
        self._mean_paid = _before(played.reward[..., None]) / np.maximum(count - 1, 1)[:, None]
        self._done = _before(self._action)
        usual = float(played.reward[played.acted].mean())
        self._paid_by = (_before(self._action * played.reward[..., None]) + usual) / (np.abs(self._done) + 1)

    def now(self, rows: Rows) -> Numbers:
        """Returns o_t."""
        seen: Numbers = self._observation[rows.sequence, rows.step]
        return seen

    def present(self, rows: Rows) -> Numbers:
        """Returns the columns of the present."""
        return np.concatenate([rows.step[:, None], self.now(rows), self._action[rows.sequence, rows.step]], axis=1)

    def both(self, rows: Rows, past: Rows) -> Numbers:
        """Returns columns of `rows`' present and `past`'s past."""
        before = list(self._before(past))
        paid = (self._paid_by[past.sequence, past.step] * self._action[rows.sequence, rows.step]).sum(1, keepdims=True)
        return np.concatenate([self.present(rows), *before, self.now(rows) - before[0], paid], axis=1)

    def _before(self, past: Rows) -> Iterator[Numbers]:
        for lag in range(1, self._lags + 1):
            there = (past.step >= lag)[:, None]
            at = past.sequence, np.maximum(past.step - lag, 0)
            yield self._observation[at] * there
            yield self._action[at] * there
            yield self._reward[at][:, None] * there
        yield self._observation[past.sequence, 0]
        at = past.sequence, past.step
        yield from (part[at] for part in (self._mean_seen, self._mean_paid, self._paid_by, self._done))

    def shown(self, rows: Rows) -> Keys:
        """Returns hashes of o_t."""
        key: Keys = self._observation_key[rows.sequence, rows.step]
        return key

    def present_key(self, rows: Rows, which: int) -> Keys:
        """Returns key number `which` of the present."""
        done = self._action_key[rows.sequence, rows.step]
        step = rows.step.astype(np.uint64) + np.uint64(7)
        seen = self.shown(rows)
        return _mixed([(done,), (seen, done), (seen, done, step), (done, step), (seen,), (step,)][which])

    def past_key(self, rows: Rows, past: Rows, which: int) -> Keys:
        """Returns key number `which` of a_t and the past, some with o_t."""
        seen = self.shown(rows)
        done = self._action_key[rows.sequence, rows.step]
        if which < 2 * KEY_LAGS + 2:
            lag = which // 2 + 1
            shown = self._shown_at(past, lag) if lag <= KEY_LAGS else self._observation_key[past.sequence, 0]
            return _mixed((shown, seen, done) if which % 2 else (shown, done))
        last = self._shown_at(past, 1)
        if which == 2 * KEY_LAGS + 2:
            action: Keys = self._action_key[past.sequence, np.maximum(past.step - 1, 0)]
            return _mixed((last, action, seen, done))
        return _mixed((self._shown_at(past, 2), last, seen, done))

    def _shown_at(self, past: Rows, lag: int) -> Keys:
        shown = self._observation_key[past.sequence, np.maximum(past.step - lag, 0)]
        there: Keys = np.where(past.step >= lag, shown, np.uint64(0))
        return there


def _one_hot(played: PlayedSequences) -> Numbers:
    """Returns actions `[N, T, A]`, one-hot if they are few choices."""
    choices = played.action.astype(np.int64)
    if played.quantities or played.action.shape[-1] > 1 or not 0 <= choices.min() <= choices.max() < MOST_CHOICES:
        return played.action
    hot: Numbers = (choices == np.arange(choices.max() + 1)).astype(np.float64)
    return hot


def _before(numbers: Numbers) -> Numbers:
    """Returns sums over earlier steps, `[N, T, X]`."""
    sums: Numbers = np.cumsum(numbers, axis=1) - numbers
    return sums


def _mixed(parts: tuple[Keys, ...]) -> Keys:
    key: Keys = np.zeros(parts[0].shape, np.uint64)
    for part in parts:
        key = key * ODD + part
        key ^= key >> np.uint64(29)
    return key
