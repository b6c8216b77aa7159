"""The scores of a run: early, late, G (gain), D (beyond the last step), C (carried); docs/design.md §6."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from ingredients.judgement_input.curves import Curve, Rows, RunCurves

FEWEST_EPISODES = 5
_SMALLEST_SPAN = 1e-9


def window(episodes: int) -> int:
    """Returns ⌈K/5⌉, the number of episodes that count as early, and as late.

    Raises:
        ValueError: for fewer than five episodes, where early and late would be too large a part of the whole.
    """
    if episodes < FEWEST_EPISODES:
        raise ValueError(f"early and late need lifetimes of at least {FEWEST_EPISODES} episodes, got {episodes}")
    return -(-episodes // 5)


def first_window(episodes: int) -> int:
    """Returns min(2, ⌈K/5⌉), the number of episodes that count as early: those that begin without the task being known.

    A fifth of a long lifetime is no beginning: on 2 arms × 300 pulls everything has been learned within it.
    """
    return min(2, window(episodes))


def early(curve: Curve) -> float:
    """Returns the mean of the first min(2, ⌈K/5⌉) episodes."""
    return float(early_by_row(curve[None])[0])


def early_by_row(curves: Rows) -> Rows:
    """Returns the mean of the first episodes of each of some curves `[G, K]`."""
    means: Rows = curves[:, : first_window(curves.shape[1])].mean(1)
    return means


def late_by_row(curves: Rows) -> Rows:
    """Returns the mean of the last ⌈K/5⌉ episodes of each of some curves `[G, K]`."""
    means: Rows = curves[:, -window(curves.shape[1]) :].mean(1)
    return means


def late(curve: Curve) -> float:
    """Returns the mean of the last ⌈K/5⌉ episodes."""
    return float(curve[-window(curve.size) :].mean())


def lost(plain: Curve, swapped: Curve) -> float:
    """Returns the raw score that a swap half-way costs: mean of plain - swapped over the episodes K//2, ..., K-1."""
    half = plain.size // 2
    return float((plain[half:] - swapped[half:]).mean())


@dataclass(frozen=True, eq=False)
class Scale:
    """The one scale of a study: (x - floor) / (yardstick - floor), both meaned over the late episodes.

    One constant for all episodes, so that a normalised curve keeps its shape: the yardstick starts near 0 and ends at
    1. The yardstick maximises the whole return, not its end, so a late score may exceed 1.
    """

    floor: Curve
    yardstick_late: float
    floor_blocks: Rows | None = None

    @property
    def span(self) -> float:
        """What the yardstick earns above the floor, late in the lifetime: the raw worth of 1."""
        return self.yardstick_late - late(self.floor)

    @property
    def usable(self) -> bool:
        """Whether the yardstick is above the floor at all; if not, there is nothing to adapt to and no scale."""
        return self.span > _SMALLEST_SPAN * max(abs(self.yardstick_late), abs(late(self.floor)))

    def normalise(self, score: float) -> float:
        """Returns a raw score per episode on this scale."""
        return (score - late(self.floor)) / self.span

    def normalised(self, scores: Rows) -> Rows:
        """Returns raw scores per episode on this scale."""
        return (scores - late(self.floor)) / self.span

    def floor_on_blocks(self, blocks: int) -> Rows:
        """Returns the floor's curves on so many blocks of tasks, `[G, K]`; its mean curve where they are others."""
        if self.floor_blocks is not None and len(self.floor_blocks) == blocks:
            return self.floor_blocks
        return self.floor[None]

    def gain(self, curve: Curve) -> float:
        """Returns G = (late - early) - (floor's late - floor's early), normalised.

        The floor's own drift (tasks that pay more as time goes by, for whatever one does) is nothing that was learned.
        """
        return (late(curve) - early(curve) - late(self.floor) + early(self.floor)) / self.span


@dataclass(frozen=True)
class Scores:
    """The normalised scores of one run; `carried` is C for each carrier that was swapped, over all that is left.

    They describe. What a run is rests on its intervals over tasks (`evidence`).
    """

    seed: int
    early: float
    late: float
    gain: float
    carried: Mapping[str, float]


def score(run: RunCurves, scale: Scale) -> Scores:
    """Returns the scores of a finished run."""
    return Scores(
        seed=run.seed,
        early=scale.normalise(early(run.plain)),
        late=scale.normalise(late(run.plain)),
        gain=scale.gain(run.plain),
        carried={carrier: lost(run.plain, run.swapped[carrier]) / scale.span for carrier in sorted(run.swapped)},
    )


@dataclass(frozen=True)
class Hurdle:
    """The late score that can be had without carrying anything through the lifetime.

    Attributes:
        reactive: the reactive reference's, the mean over its simulated runs; None where the family has none.
        sibling: by seed, that of the same cell with memory off; empty where it is not in the grid or is no hurdle.
        demanded: whether a score must be beyond a hurdle. Not where the environment can be written on and no reactive
            reference is known: there the memory-off sibling may itself learn in context, and C alone decides.
        blocks: the same late scores by block of tasks, `[G]`, by seed, and under None the reactive reference's.
    """

    reactive: float | None
    sibling: Mapping[int, float] = field(default_factory=dict)
    demanded: bool = True
    blocks: Mapping[int | None, Rows] = field(default_factory=dict)

    def height(self, seed: int) -> float | None:
        """Returns the higher of the two for a run of this seed; None where neither is known."""
        known = [value for value in (self.reactive, self.sibling.get(seed)) if value is not None]
        return max(known, default=None)

    def by_block(self, seed: int, blocks: int) -> Rows | float | None:
        """Returns the higher of the two by block of tasks, where that is known for as many blocks."""
        height = self.height(seed)
        higher = self.blocks.get(seed if height == self.sibling.get(seed) else None)
        return height if higher is None or height is None or len(higher) != blocks else higher

    def beyond(self, scores: Scores) -> float | None:
        """Returns D = late - hurdle of this run; None where no hurdle is known."""
        height = self.height(scores.seed)
        return None if height is None else scores.late - height
