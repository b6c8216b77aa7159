"""Decoders: class probabilities for rows.

    look-up table              class counts for each key (observations at some lags, and the task if known)
    normal curve               density of the reward, by key and class
    product                    of two decoders, where joint keys would be too rare
    forest                     on all columns; one per task if known
    multiplicative network     columns and all their products, a linear readout (ridge), then a small forest

The network finds, for example, second differences.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np

from ingredients.decoding.classes import MOST_CLASSES
from ingredients.decoding.forest import forest_chances
from ingredients.decoding.played import Flags, Labels, Numbers, PlayedSequences, Rows, thinned
from ingredients.decoding.windows import DecoderInputs, Keys, changes_of_next, factors, features, whole

LEAST_LEAF = 3
FEW_COLUMNS = 24  # up to which a tree considers all at a split, else their square root
PRIOR = 1.0  # rows added to every key of a table, with the class frequencies
READ_OUT_TREES, READ_OUT_LEAF = 20, 5
RIDGE, STILL = 1e-7, 1e-9
ROUNDS, MOST_ROBUST = 4, 3


@dataclass(frozen=True)
class Budget:
    """Limits on the work of a measure.

    Attributes:
        rows: most fitted rows.
        trees: of a forest.
        tested: most rows decoded.
        cells: most fitted numbers.
    """

    rows: int
    trees: int
    tested: int
    by_task: bool = True
    cells: int = 500_000

    def rows_of(self, played: PlayedSequences) -> int:
        """Returns the fitted rows of forest and network."""
        width: int = played.observation.shape[-1]
        return min(self.rows, max(self.cells // width, 1_000))


FULL = Budget(rows=6_000, trees=30, tested=12_000)
QUICK = Budget(rows=2_000, trees=10, tested=4_000, by_task=False)


@dataclass(frozen=True, eq=False)
class Known:
    """Rows with known classes and underlying numbers, `[R, C]`."""

    rows: Rows
    classes: Labels
    numbers: Numbers

    def only(self, chosen: Labels) -> Known:
        """Returns the chosen rows."""
        return Known(self.rows.only(chosen), self.classes[chosen], self.numbers[chosen])


Chances = list[Numbers]
Decoder = Callable[[Known, Rows], Chances]


def chances_of_classes(known: Known, count: int) -> Chances:
    """Returns the class frequencies, repeated for `count` rows."""
    sizes = [np.bincount(of_one) for of_one in known.classes.T]
    return [np.tile(size / size.sum(), (count, 1)) for size in sizes]


def table(keys: Keys, lags: Sequence[int], by_task: bool) -> Decoder:
    """Returns a look-up table; unknown keys get the class frequencies."""

    def tell(known: Known, asked: Rows) -> Chances:
        met, place = np.unique(keys.of(known.rows, lags, by_task), return_inverse=True)
        wanted = keys.of(asked, lags, by_task)
        found = np.searchsorted(met, wanted).clip(max=met.size - 1)
        there = (met[found] == wanted)[:, None]
        return [_counted(one, place, met.size, found, there) for one in known.classes.T]

    return tell


def _counted(classes: Labels, place: Labels, size: int, found: Labels, there: Flags) -> Numbers:
    usual = np.bincount(classes) / classes.size
    counts = np.bincount(place * usual.size + classes, minlength=size * usual.size).reshape(size, usual.size)
    chances = (counts + PRIOR * usual) / (counts.sum(1, keepdims=True) + PRIOR)
    told: Numbers = np.where(there, chances[found], usual)
    return told


def normal(keys: Keys, lags: Sequence[int], by_task: bool, reward: Numbers) -> Decoder:
    """Returns P(class) by the reward's normal density `[N, T]` for each key."""

    def tell(known: Known, asked: Rows) -> Chances:
        met, place = np.unique(keys.of(known.rows, lags, by_task), return_inverse=True)
        wanted = keys.of(asked, lags, by_task)
        found = np.searchsorted(met, wanted).clip(max=met.size - 1)
        paid, shown = (reward[rows.sequence, rows.step] for rows in (known.rows, asked))
        there = (met[found] == wanted)[:, None]
        return [_bell(one, place, met.size, paid, found, shown, there) for one in known.classes.T]

    return tell


def _bell(
    classes: Labels, place: Labels, size: int, paid: Numbers, found: Labels, shown: Numbers, there: Flags
) -> Numbers:
    usual = np.bincount(classes) / classes.size
    cell, cells = place * usual.size + classes, size * usual.size
    count, total, square = (np.bincount(cell, weights=part, minlength=cells) for part in (None, paid, paid**2))
    overall = float(paid.var()) + STILL
    mean = (total + PRIOR * paid.mean()) / (count + PRIOR)
    spread = (np.maximum(square - 2 * mean * total + count * mean**2, 0) + PRIOR * overall) / (count + PRIOR)
    mean, spread = (part.reshape(size, usual.size)[found] for part in (mean, spread))
    density = -((shown[:, None] - mean) ** 2) / (2 * spread) - np.log(spread) / 2
    chances = np.exp(density - density.max(1, keepdims=True)) * (count.reshape(size, usual.size)[found] + PRIOR * usual)
    told: Numbers = np.where(there, chances / chances.sum(1, keepdims=True), usual)
    return told


def product(first: Decoder, second: Decoder) -> Decoder:
    """Returns two decoders' product as if independent: p₁ p₂ / p."""

    def tell(known: Known, asked: Rows) -> Chances:
        usual = chances_of_classes(known, asked.size)
        parts = zip(first(known, asked), second(known, asked), usual, strict=True)
        joint = [one * other / np.maximum(rate, STILL) for one, other, rate in parts]
        return [chances / chances.sum(1, keepdims=True) for chances in joint]

    return tell


def forest(played: PlayedSequences, told: DecoderInputs, budget: Budget) -> Decoder:
    """Returns a forest on all columns."""

    def tell(known: Known, asked: Rows) -> Chances:
        some = known.only(thinned(known.rows, budget.rows_of(played)))
        columns = features(played, some.rows, told)
        return _grown(columns, some.classes, features(played, asked, told), budget.trees, LEAST_LEAF, known)

    return tell


def forest_of_each_task(played: PlayedSequences, told: DecoderInputs, budget: Budget) -> Decoder:
    """Returns a forest per task, with half as many trees."""
    one = forest(played, told, Budget(budget.rows, max(budget.trees // 2, 8), budget.tested))

    def tell(known: Known, asked: Rows) -> Chances:
        told_of = chances_of_classes(known, asked.size)
        some = known.only(thinned(known.rows, 2 * budget.rows))
        of_known, of_asked = played.task[some.rows.sequence], played.task[asked.sequence]
        for task in np.unique(of_asked):
            mine, theirs = np.flatnonzero(of_known == task), np.flatnonzero(of_asked == task)
            if mine.size:
                for chances, found in zip(told_of, one(some.only(mine), asked.only(theirs)), strict=True):
                    chances[theirs] = 0
                    chances[theirs, : found.shape[1]] = found
        return told_of

    return tell


def _grown(fitted: Numbers, classes: Labels, asked: Numbers, trees: int, leaf: int, all_known: Known) -> Chances:
    """Returns a forest's probabilities, a column for every known class."""
    moving = fitted.std(0) > STILL
    if not moving.any():
        return chances_of_classes(all_known, len(asked))
    looked_at = None if moving.sum() <= FEW_COLUMNS else "sqrt"
    labels_of, ranks = zip(*(np.unique(one, return_inverse=True) for one in classes.T), strict=True)
    grown = forest_chances(fitted[:, moving], np.stack(ranks, axis=1), asked[:, moving], trees, leaf, looked_at)
    told = [np.zeros((len(asked), int(one.max()) + 1)) for one in all_known.classes.T]
    for chances, labels, part in zip(told, labels_of, grown, strict=True):
        chances[:, labels] = part
    return told


def network(played: PlayedSequences, told: DecoderInputs, budget: Budget) -> Decoder:
    """Returns a multiplicative network."""

    def tell(known: Known, asked: Rows) -> Chances:
        some = known.only(thinned(known.rows, budget.rows_of(played)))
        wanted = _wanted(some)
        helpful = _helpful(played, some.rows, wanted)
        fitted = _multiplied(features(played, some.rows, told), factors(played, some.rows, told, helpful))
        shown = _multiplied(features(played, asked, told), factors(played, asked, told, helpful))
        there, asked_there = (whole(played, rows, told) for rows in (some.rows, asked))
        usual = there.all(1)
        robust = _quantities(some)
        sets = [np.ones_like(usual), usual] if 0.5 < usual.mean() < 1 else [np.ones_like(usual)]
        both = [_read_out(fitted[chosen], wanted[chosen], (fitted, shown), robust) for chosen in sets]
        inner = np.concatenate([*(part for part, _ in both), there], axis=1)
        outer = np.concatenate([*(part for _, part in both), asked_there], axis=1)
        return _grown(inner, some.classes, outer, READ_OUT_TREES, READ_OUT_LEAF, known)

    return tell


def _quantities(known: Known) -> int:
    """Returns how many targets are fitted robustly."""
    numbers = known.numbers.shape[1]
    return numbers if numbers <= MOST_ROBUST and np.unique(known.numbers[:, 0]).size > MOST_CLASSES else 0


def _wanted(known: Known) -> Numbers:
    """Returns the readout's targets: numbers, and classes as 0 or 1."""
    flags = [(one[:, None] == np.unique(one)[:-1]).astype(np.float64) for one in known.classes.T]
    return np.concatenate([known.numbers, *flags], axis=1)


def _helpful(played: PlayedSequences, rows: Rows, wanted: Numbers) -> Labels:
    """Returns observation columns, by correlation of change or next value with targets."""
    shares = [
        np.abs(_standard(part, part).T @ _standard(wanted, wanted)).max(1) for part in changes_of_next(played, rows)
    ]
    return np.argsort(-np.maximum(*shares), kind="stable")


def _multiplied(columns: Numbers, multiplied: Numbers) -> Numbers:
    first, second = np.triu_indices(multiplied.shape[1])
    return np.concatenate([columns, multiplied[:, first] * multiplied[:, second]], axis=1)


def _standard(like: Numbers, numbers: Numbers) -> Numbers:
    """Returns numbers standardised by `like`; 0 where that is constant."""
    deviation = like.std(0)
    scaled: Numbers = (numbers - like.mean(0)) / np.where(deviation > STILL, deviation, np.inf)
    return scaled


def _ridge(columns: Numbers, target: Numbers, trust: Numbers) -> Numbers:
    """Returns ridge weights with row weights `trust`."""
    trusted = columns * trust[:, None]
    square = trusted.T @ columns + RIDGE * len(columns) * np.eye(columns.shape[1])
    return np.asarray(np.linalg.solve(square, trusted.T @ target), np.float64)


def _read_out(fitted: Numbers, wanted: Numbers, asked: tuple[Numbers, Numbers], robust: int) -> tuple[Numbers, Numbers]:
    """Returns ridge predictions for two sets of rows, `[R, W]`; the first `robust` targets resist clipped values."""
    moving = fitted.std(0) > STILL
    inner, target = _standard(fitted[:, moving], fitted[:, moving]), _standard(wanted, wanted)
    weights = _ridge(inner, target, np.ones(len(inner)))
    for column in range(robust):
        for _ in range(ROUNDS):
            missed = np.abs(inner @ weights[:, column] - target[:, column])
            trust = 1 / (1 + (missed / (2 * np.median(missed) + STILL)) ** 2)
            weights[:, column] = _ridge(inner, target[:, column], trust)
    first, second = (_standard(fitted[:, moving], part[:, moving]) @ weights for part in asked)
    return first, second
