"""Leaks: how well what follows a step tells its reward or action, beyond what was known before it (docs/audit.md).

    leak = (accuracy − base rate) / (1 − base rate), on sequences not used for fitting: 0 is nothing, 1 everything.

The decoder sees o_{t-2} to o_{t+3}, the base o_{t-2} to o_t and the schedule; both may know the sequence so far, or the
task. Intervals are over groups: tasks if known, else sequences.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from scipy import stats
from sklearn import config_context

from ingredients.decoding.chosen import DecoderQuestion, after, before, choose, errors, inner_rows
from ingredients.decoding.classes import COMMON, edges_of, place
from ingredients.decoding.decoders import FULL, Budget, Chances, Known, chances_of_classes, table
from ingredients.decoding.played import Flags, Labels, Numbers, PlayedSequences, Rows, rows_of, thinned
from ingredients.decoding.windows import CLOCK, Keys

LEAKS_ABOVE = 0.1
CONFIDENCE = 0.95
FLIPS = 9_999


@dataclass(frozen=True)
class LeakMeasurement:
    """How well one thing is decoded.

    Attributes:
        leak: 0 (base rate) to 1 (every step right); None for a `reason`.
        low, high: its 95% interval.
        accuracy: of the decoder; `base_rate`: without what follows the step.
        bits: information beyond the base, per step.
        p: under the null, by flipping signs of groups.
        classes: the largest number of classes of a component.
        leaks: whether `low` is above `LEAKS_ABOVE`.
    """

    leak: float | None = None
    low: float | None = None
    high: float | None = None
    accuracy: float | None = None
    base_rate: float | None = None
    bits: float | None = None
    p: float | None = None
    classes: int = 1
    leaks: bool | None = None
    decoder: str | None = None
    reason: str | None = None


def measure(played: PlayedSequences, asked: DecoderQuestion, budget: Budget = FULL) -> LeakMeasurement:
    """Returns how well reward or action is decoded."""
    if refused := nothing_to_tell(played, asked.name):
        return LeakMeasurement(reason=refused)
    first = _alternate(played) if asked.task else _first_half(played.task)
    fitted, tested = rows_of(played, first), rows_of(played, ~first)
    if not fitted.size or not tested.size:
        return LeakMeasurement(reason="too little was played to fit a decoder and to test it")
    tested = tested.only(thinned(tested, budget.tested))
    known, wanted = _classes(played, asked.name, fitted, tested)
    if refused := _too_seldom(asked.name, known.classes, wanted):
        return LeakMeasurement(reason=refused)
    return _answered(played, asked, budget, known, tested, wanted)


def _too_seldom(name: str, known: Labels, wanted: Labels) -> str | None:
    """Returns the reason if nearly all steps have one class."""
    usual = np.array([np.bincount(one).argmax() for one in known.T])
    for classes, use in ((known, "fitted to"), (wanted, "tested on")):
        others = int((classes != usual).sum(0).max())
        if others == 0:
            return f"the {name} is the same at every step that a decoder could be {use}"
        if others < COMMON:
            steps = f"{others} of {len(classes):,} steps that a decoder could be {use}"
            return f"too little was met: the {name} was other than usual in {steps}"
    return None


def _answered(
    played: PlayedSequences, asked: DecoderQuestion, budget: Budget, known: Known, tested: Rows, wanted: Labels
) -> LeakMeasurement:
    with config_context(assume_finite=True, skip_parameter_validation=True):  # checks take longer than small trees
        return _compared(played, asked, budget, known, tested, wanted)


def _compared(
    played: PlayedSequences, asked: DecoderQuestion, budget: Budget, known: Known, tested: Rows, wanted: Labels
) -> LeakMeasurement:
    keys = Keys(played)
    inner = inner_rows(played, known, asked.task)
    base = choose(before(played, asked, budget, keys), known, inner, budget)
    without = base.best.decoder(known, tested)
    missed = errors(without, wanted)
    usual = chances_of_classes(known, tested.size)
    if errors(usual, wanted).sum() < missed.sum():
        without = usual
        missed = errors(usual, wanted)
    if not missed.any():
        clock = errors(table(keys, (CLOCK,), False)(known, tested), wanted)
        by = "what was seen before the step" if clock.any() else "the schedule alone"
        return LeakMeasurement(reason=f"{by} tells the {asked.name}")
    full = choose(after(played, asked, budget, keys), known, inner, budget)
    shown = full.best.decoder(known, tested)
    group = played.task[tested.sequence] if asked.task else tested.sequence
    found = full.accuracy > base.accuracy
    return _scored(shown, without, wanted, group, full.best.name if found else None)


def _scored(shown: Chances, without: Chances, wanted: Labels, group: Labels, decoder: str | None) -> LeakMeasurement:
    """Returns the leak; 0 if no decoder beat the base."""
    wrong, missed = errors(shown, wanted), errors(without, wanted)
    share, error, groups = ratio(wrong.sum(1), missed.sum(1), group)
    width = float(stats.t.ppf((1 + CONFIDENCE) / 2, max(groups - 1, 1))) * error
    low = 1 - share - width
    high = min(1 - share + width, 1.0)
    three = 3 / np.unique(group[missed.any(1)]).size
    if not wrong.any():
        low = 1 - three
    if decoder is None:
        share = 1.0
        low = 0.0
        high = min(max(high, three), 1.0)
        wrong = missed
    return LeakMeasurement(
        leak=max(1 - share, 0.0),
        low=max(low, 0.0),
        high=max(high, 0.0),
        accuracy=1 - float(wrong.mean()),
        base_rate=1 - float(missed.mean()),
        bits=max(_bits(shown, wanted) - _bits(without, wanted), 0.0) if decoder else 0.0,
        p=by_flips(missed.sum(1) - wrong.sum(1), group),
        classes=max(np.unique(one).size for one in wanted.T),
        leaks=low > LEAKS_ABOVE,
        decoder=decoder,
    )


def ratio(part: Numbers | Labels, whole: Numbers | Labels, group: Labels) -> tuple[float, float, int]:
    """Returns Σ part / Σ whole, its standard error over groups (linearised), and their number."""
    place_of = np.unique(group, return_inverse=True)[1]
    parts, wholes = (np.bincount(place_of, weights=each) for each in (part, whole))
    found = float(parts.sum() / wholes.sum())
    count = parts.size
    spread = float(((parts - found * wholes) ** 2).sum()) * count / max(count - 1, 1)
    return found, math.sqrt(spread) / float(wholes.sum()), count


def by_flips(gain: Numbers | Labels, group: Labels) -> float:
    """Returns a mean gain's one-sided p, by flipping groups' signs."""
    gains = np.bincount(np.unique(group, return_inverse=True)[1], weights=gain)
    signs = np.random.default_rng(0).choice([-1.0, 1.0], (FLIPS, gains.size))
    return float((1 + ((signs @ gains) >= gains.sum() - 1e-9).sum()) / (FLIPS + 1))


def _bits(chances: Chances, wanted: Labels) -> float:
    """Returns the mean log₂ probability of right classes, summed over components; 1% is spread over all."""
    total = 0.0
    for part, one in zip(chances, wanted.T, strict=True):
        right = np.where(one >= 0, part[np.arange(one.size), one.clip(min=0)], 0.0)
        total += float(np.log2(0.99 * right + 0.01 / part.shape[1]).mean())
    return total


def nothing_to_tell(played: PlayedSequences, name: str) -> str | None:
    """Returns the reason if reward or action never varies."""
    if not played.steps:
        return "nothing was played"
    numbers = (played.action if name == "action" else played.reward[..., None])[played.acted]
    if np.ptp(np.round(numbers, 6), axis=0).max() > 0:
        return None
    if name == "action":
        return "there is only one action"
    value = float(numbers.flat[0])
    steps = f"{played.steps:,} steps of random play"
    if value == 0:
        return f"no reward was met in {steps}: each was 0"
    return f"the reward is constant: {value:g} in each of {steps}"


def _alternate(played: PlayedSequences) -> Flags:
    """Returns a mask of each task's every second sequence."""
    count = np.zeros(len(played.task), np.int64)
    for task in np.unique(played.task):
        mine = played.task == task
        count[mine] = np.arange(mine.sum())
    even: Flags = count % 2 == 0
    return even


def _first_half(tasks: Labels) -> Flags:
    kinds = np.unique(tasks)
    half: Flags = np.isin(tasks, kinds[: (kinds.size + 1) // 2])
    return half


def _classes(played: PlayedSequences, name: str, fitted: Rows, tested: Rows) -> tuple[Known, Labels]:
    """Returns fitted rows with classes from 0, and tested rows' classes, −1 if unknown."""
    categories = name == "action" and not played.quantities
    numbers = played.action if name == "action" else played.reward[..., None]
    mine, theirs = (numbers[rows.sequence, rows.step] for rows in (fitted, tested))
    known, wanted = np.zeros(mine.shape, np.int64), np.zeros(theirs.shape, np.int64)
    for index in range(mine.shape[1]):
        edges = np.unique(mine[:, index]) if categories else edges_of(mine[:, index])
        labels, known[:, index] = np.unique(place(edges, mine[:, index]), return_inverse=True)
        places = place(edges, theirs[:, index])
        found = np.searchsorted(labels, places).clip(max=labels.size - 1)
        wanted[:, index] = np.where(labels[found] == places, found, -1)
    return Known(fitted, known, mine), wanted
