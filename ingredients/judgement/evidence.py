"""Intervals of one run over blocks of its tasks: G, D and C; the three windows of C share the level (Bonferroni)."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal

import numpy as np
import numpy.typing as npt

from ingredients.judgement.results import Interval
from ingredients.judgement.scores import Scale, early_by_row, first_window, late_by_row
from ingredients.judgement.statistics import t_interval
from ingredients.judgement_input.curves import BlockCurves
from ingredients.study import Criterion

Side = Literal["above", "below", "straddles", "unknown"]
Rows = npt.NDArray[np.float64]


@dataclass(frozen=True)
class Quantity:
    """One of G, D, C: interval, side of δ, and number of episodes."""

    interval: Interval
    side: Side
    episodes: int = 0


UNKNOWN = Quantity(Interval(None, None, None), "unknown")


@dataclass(frozen=True)
class RunEvidence:
    """Normalised G, D (unknown without a hurdle) and C by carrier."""

    gain: Quantity
    beyond: Quantity = UNKNOWN
    carried: Mapping[str, Quantity] = field(default_factory=dict)


def windows_after(episodes: int) -> tuple[int, ...]:
    """Returns the lengths of windows after the swap."""
    left = episodes - episodes // 2
    short = min(first_window(episodes), left)
    return tuple(sorted({short, math.ceil(math.sqrt(short * left)), left}))


def run_evidence(curves: BlockCurves, hurdle: Rows | float | None, scale: Scale, criterion: Criterion) -> RunEvidence:
    """Returns a run's intervals.

    `hurdle`: normalised late score of a reaction, by block `[G]` if known.
    """
    late = scale.normalised(late_by_row(curves.plain))
    return RunEvidence(
        gain=_quantity(gains(curves, scale), criterion),
        beyond=UNKNOWN if hurdle is None else _quantity(late - hurdle, criterion),
        carried={carrier: carried(curves, carrier, scale, criterion) for carrier in sorted(curves.swapped)},
    )


def gains(curves: BlockCurves, scale: Scale) -> Rows:
    """Returns G by block: late − early, minus the floor's."""
    floor = scale.floor_on_blocks(len(curves.plain))
    drift = scale.later_by_row(floor) - early_by_row(floor)
    gained: Rows = (scale.later_by_row(curves.plain) - early_by_row(curves.plain) - drift) / scale.span
    return gained


def carried(curves: BlockCurves, carrier: str, scale: Scale, criterion: Criterion) -> Quantity:
    """Returns C of a carrier: a swap's cost beyond its control, in the best window."""
    half = curves.plain.shape[1] // 2
    lost = (curves.controlled(carrier) - curves.swapped[carrier])[:, half:] / scale.span
    windows = windows_after(curves.plain.shape[1])
    each = {length: lost[:, :length].mean(1) for length in windows}
    shared = 1 - (1 - criterion.confidence) / len(windows)
    delta = criterion.gain_above
    shown = {length: t_interval(values, shared) for length, values in each.items()}
    best = max(windows, key=lambda length: _known(shown[length].low))
    if _known(shown[best].low) > delta:
        return Quantity(shown[best], "above", best)
    plain = {length: t_interval(values, criterion.confidence) for length, values in each.items()}
    highest = max(windows, key=lambda length: _known(plain[length].high))
    if plain[highest].high is None:
        return Quantity(plain[highest], "unknown", highest)
    return Quantity(plain[highest], "below" if _known(plain[highest].high) < delta else "straddles", highest)


def _known(bound: float | None) -> float:
    return -math.inf if bound is None else bound


def _quantity(values: Rows, criterion: Criterion) -> Quantity:
    interval = t_interval(values, criterion.confidence)
    return Quantity(interval, side(interval, criterion.gain_above))


def side(interval: Interval, delta: float) -> Side:
    """Returns the interval's side of δ."""
    if interval.low is None or interval.high is None:
        return "unknown"
    if interval.low > delta:
        return "above"
    return "below" if interval.high < delta else "straddles"
