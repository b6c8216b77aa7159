"""Is a memory needed: what the past adds to what the present tells of rewards (docs/audit.md)."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
from scipy import stats
from sklearn import config_context
from sklearn.ensemble import RandomForestRegressor
from sklearn.neighbors import NearestNeighbors

from ingredients.decoding.history import History, Keys
from ingredients.decoding.leak import CONFIDENCE, by_flips, ratio
from ingredients.decoding.played import Flags, Labels, Numbers, PlayedSequences, Rows, thinned

DISCOUNT, HORIZON = 0.9, 25
ROWS, TREES, LEAF = 4_000, 15, 5
INNER, FEWEST_ROWS, FEWEST_OTHERS = 3, 200, 20
LOOKED_AT = 24  # most columns that a tree considers at a split
NEIGHBOURS, STILL, DIGITS = 8, 1e-9, 6
TARGETS = ("next reward", "coming rewards")


@dataclass(frozen=True)
class Gain:
    """What the past adds.

    Attributes:
        share: of the variance, 0 to 1.
        low, high: its interval, at 95% over both targets.
        p: under the null, doubled for two targets.
        target: one of `TARGETS`.
        present, swapped, past: explained variance of each.
        reason: why there is none.
    """

    share: float | None = None
    low: float | None = None
    high: float | None = None
    p: float | None = None
    target: str | None = None
    present: float | None = None
    swapped: float | None = None
    past: float | None = None
    reason: str | None = None


class PastQuestion(NamedTuple):
    """Rows, and those whose past is used for them."""

    rows: Rows
    past: Rows

    def only(self, chosen: Flags | Labels) -> PastQuestion:
        """Returns the chosen rows."""
        return PastQuestion(self.rows.only(chosen), self.past.only(chosen))


class PastPart(NamedTuple):
    """Squared errors by mean, present, swapped past and past `[R, 4]`, and episodes `[R]`."""

    errors: Numbers
    episode: Labels


Decoder = Callable[[PastQuestion, Numbers, PastQuestion], Numbers]


def gain(played: PlayedSequences, ended: Flags) -> Gain:
    """Returns what the past adds; `ended` `[N]`: the sequence was not cut."""
    history = History(played)
    coming, known = _coming(played, ended)
    found: list[Gain] = []
    with config_context(assume_finite=True, skip_parameter_validation=True):
        for name, target, usable in zip(TARGETS, (played.reward, coming), (played.acted, known), strict=True):
            found.append(_of(history, name, target, usable))
    there = [one for one in found if one.p is not None]
    return min(there, key=lambda one: one.p or 0.0) if there else found[-1]


def _coming(played: PlayedSequences, ended: Flags) -> tuple[Numbers, Flags]:
    """Returns the next steps' discounted rewards `[N, T]`, and where known."""
    steps = played.reward.shape[1]
    padded = np.pad(played.reward, ((0, 0), (0, HORIZON)))
    total: Numbers = np.zeros_like(played.reward)
    for later in range(HORIZON):
        total = total + DISCOUNT**later * padded[:, later : later + steps]
    left = played.acted.sum(1)[:, None] - np.arange(steps)
    return total, played.acted & ((left >= HORIZON) | ended[:, None])


def _of(history: History, name: str, target: Numbers, usable: Flags) -> Gain:
    draw = np.random.default_rng(0)
    parts = []
    even = np.arange(len(target)) % 2 == 0
    for half in (even, ~even):
        fitted, asked = (Rows(*np.nonzero(usable & side[:, None])) for side in (half, ~half))
        fitted, asked = (rows.only(thinned(rows, ROWS)) for rows in (fitted, asked))
        if refused := _nothing(target, fitted, asked):
            return Gain(reason=refused)
        parts.append(_told(history, target, fitted, asked, draw))
    return _scored(name, parts)


def _nothing(target: Numbers, *both: Rows) -> str | None:
    for rows in both:
        values = np.round(target[rows.sequence, rows.step], DIGITS)
        if rows.size < FEWEST_ROWS:
            return "too little was played to say what the past adds"
        others = values.size - int(np.unique(values, return_counts=True)[1].max())
        if others < FEWEST_OTHERS:
            return f"rewards were other than usual in {others} of {values.size:,} steps, too seldom to be told"
    return None


def _told(history: History, target: Numbers, fitted: Rows, asked: Rows, draw: np.random.Generator) -> PastPart:
    wanted, known = target[asked.sequence, asked.step], target[fitted.sequence, fitted.step]
    inner = np.unique(fitted.sequence, return_inverse=True)[1] % INNER == INNER - 1
    own, theirs = PastQuestion(fitted, fitted), PastQuestion(asked, asked)
    present, alone = _best(_present(history), own, known, inner)
    past, helped = _best(_past(history), own, known, inner)
    swapped = (PastQuestion(rows, alike(history, rows, draw)) for rows in (fitted, asked))
    by_present = present(own, known, theirs)
    by_past = past(own, known, theirs) if helped < alone else by_present
    first, second = swapped
    told = (np.full_like(wanted, known.mean()), by_present, past(first, known, second), by_past)
    return PastPart(np.stack([(wanted - one) ** 2 for one in told], axis=1), asked.sequence)


def _best(decoders: Sequence[Decoder], own: PastQuestion, known: Numbers, inner: Flags) -> tuple[Decoder, float]:
    """Returns the decoder with the smallest inner error, and that error."""
    outer, held = own.only(~inner), own.only(inner)
    if not (~inner).any() or not inner.any():
        return decoders[0], float("inf")
    errors = [float(((one(outer, known[~inner], held) - known[inner]) ** 2).mean()) for one in decoders]
    best = int(np.argmin(errors))
    return decoders[best], errors[best]


def alike(history: History, rows: Rows, draw: np.random.Generator) -> Rows:
    """Returns another sequence's row with the most similar present, if any, for each row."""
    same = np.unique(history.shown(rows), return_inverse=True)[1]
    if (np.bincount(same)[same] > LEAF).mean() > 0.5:
        return rows.only(_next_of_kind(same, rows.step, draw))
    columns = history.now(rows)
    scaled = (columns - columns.mean(0)) / (columns.std(0) + STILL)
    count = min(NEIGHBOURS, rows.size)
    near = NearestNeighbors(n_neighbors=count).fit(scaled).kneighbors(scaled, return_distance=False)
    other = rows.sequence[near] != rows.sequence[:, None]
    return rows.only(near[np.arange(rows.size), other.argmax(1)])


def _next_of_kind(kind: Labels, step: Labels, draw: np.random.Generator) -> Labels:
    """Returns each row's next (or previous) of its kind, roughly by time."""
    order = np.lexsort((draw.random(kind.size), step // 4, kind))
    after, before = np.empty_like(order), np.empty_like(order)
    after[order], before[order] = np.roll(order, -1), np.roll(order, 1)
    inside: Labels = np.where(kind[after] == kind, after, before)
    return np.where(kind[inside] == kind, inside, np.arange(kind.size))


def _scored(name: str, parts: Sequence[PastPart]) -> Gain:
    errors = np.concatenate([part.errors for part in parts])
    episode = np.concatenate([part.episode for part in parts])
    total = errors.sum(0)
    without = 1 if total[1] <= total[2] else 2
    less = errors[:, without] - errors[:, 3]
    share, error, groups = ratio(less, errors[:, 0], episode)
    width = float(stats.t.ppf(1 - (1 - CONFIDENCE) / (2 * len(TARGETS)), max(groups - 1, 1))) * error
    low, high = (min(max(bound, 0.0), 1.0) for bound in (share - width, share + width))
    p = min(by_flips(less, episode) * len(TARGETS), 1.0)
    present, swapped, past = (float(1 - part / total[0]) for part in total[1:])
    return Gain(min(max(share, 0.0), 1.0), low, high, p, name, present, swapped, past)


# Decoders, fitted to rows with known targets


def _present(history: History) -> list[Decoder]:
    def keys(which: int) -> Callable[[PastQuestion], Keys]:
        return lambda asked: history.present_key(asked.rows, which)

    tables = [_table(keys(which)) for which in range(history.present_keys)]
    return [*tables, _forest(lambda asked: history.present(asked.rows))]


def _past(history: History) -> list[Decoder]:
    def keys(which: int) -> Callable[[PastQuestion], Keys]:
        return lambda asked: history.past_key(asked.rows, asked.past, which)

    tables = [_table(keys(which)) for which in range(history.past_keys)]
    return [*tables, _forest(lambda asked: history.both(asked.rows, asked.past))]


def _table(key: Callable[[PastQuestion], Keys]) -> Decoder:
    def tell(fitted: PastQuestion, known: Numbers, asked: PastQuestion) -> Numbers:
        met, place = np.unique(key(fitted), return_inverse=True)
        mean = known.mean()
        means = (np.bincount(place, weights=known) + mean) / (np.bincount(place) + 1)
        wanted = key(asked)
        found = np.searchsorted(met, wanted).clip(max=met.size - 1)
        told: Numbers = np.where(met[found] == wanted, means[found], mean)
        return told

    return tell


def _forest(columns: Callable[[PastQuestion], Numbers]) -> Decoder:
    def tell(fitted: PastQuestion, known: Numbers, asked: PastQuestion) -> Numbers:
        shown = columns(fitted)
        looked_at = min(shown.shape[1], LOOKED_AT)
        grown = RandomForestRegressor(TREES, min_samples_leaf=LEAF, max_features=looked_at, random_state=0)
        return np.asarray(grown.fit(shown, known).predict(columns(asked)), np.float64)

    return tell
