"""The scores of a run: early, late, G (gain), D (beyond a reaction), C (carried); docs/design.md §6."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from ingredients.judgement_input.curves import Curve, Rows, RunCurves

FEWEST_EPISODES = 5
_SMALLEST_SPAN = 1e-9


def window(episodes: int) -> int:
    """Returns ⌈K/5⌉, the number of late episodes.

    Raises:
        ValueError: fewer than five episodes.
    """
    if episodes < FEWEST_EPISODES:
        raise ValueError(f"early and late need lifetimes of at least {FEWEST_EPISODES} episodes, got {episodes}")
    return -(-episodes // 5)


def first_window(episodes: int) -> int:
    """Returns min(2, ⌈K/5⌉), the number of early episodes."""
    return min(2, window(episodes))


def early(curve: Curve) -> float:
    """Returns the mean of the early episodes."""
    return float(early_by_row(curve[None])[0])


def early_by_row(curves: Rows) -> Rows:
    """Returns each curve's mean of early episodes, for `[G, K]`."""
    means: Rows = curves[:, : first_window(curves.shape[1])].mean(1)
    return means


def anew_by_row(curves: Rows) -> Rows:
    """Returns each curve's mean from half-way on, of as many points as early, for `[G, K]`."""
    half = curves.shape[1] // 2
    means: Rows = curves[:, half : half + first_window(curves.shape[1])].mean(1)
    return means


def late_by_row(curves: Rows) -> Rows:
    """Returns each curve's mean of late episodes, for `[G, K]`."""
    means: Rows = curves[:, -window(curves.shape[1]) :].mean(1)
    return means


def late(curve: Curve) -> float:
    """Returns the mean of the late episodes."""
    return float(curve[-window(curve.size) :].mean())


def lost(plain: Curve, swapped: Curve) -> float:
    """Returns a swap's raw cost: mean of plain − swapped from episode K//2 on."""
    half = plain.size // 2
    return float((plain[half:] - swapped[half:]).mean())


@dataclass(frozen=True, eq=False)
class Scale:
    """The scale of a study: (x − floor) / (yardstick − floor), both late means.

    Attributes:
        floor: its mean curve, raw.
        yardstick_late: raw.
        floor_blocks: its curves on blocks of tasks, `[G, K]`.
        of_steps: points are bins of steps; then G compares the first bins of the lifetime and of its second half.
    """

    floor: Curve
    yardstick_late: float
    floor_blocks: Rows | None = None
    of_steps: bool = False

    @property
    def span(self) -> float:
        """Raw worth of 1: late yardstick above late floor."""
        return self.yardstick_late - late(self.floor)

    @property
    def usable(self) -> bool:
        """Whether the yardstick is above the floor."""
        return self.span > _SMALLEST_SPAN * max(abs(self.yardstick_late), abs(late(self.floor)))

    def normalise(self, score: float) -> float:
        """Returns a raw score on this scale."""
        return (score - late(self.floor)) / self.span

    def normalised(self, scores: Rows) -> Rows:
        """Returns raw scores on this scale."""
        return (scores - late(self.floor)) / self.span

    def floor_on_blocks(self, blocks: int) -> Rows:
        """Returns the floor's curves on blocks, `[G, K]`, or its mean curve."""
        if self.floor_blocks is not None and len(self.floor_blocks) == blocks:
            return self.floor_blocks
        return self.floor[None]

    def gain(self, curve: Curve) -> float:
        """Returns G = (late − early) − (floor's late − early), normalised; of steps, with `later_by_row`."""
        return (self._later(curve) - early(curve) - self._later(self.floor) + early(self.floor)) / self.span

    def later_by_row(self, curves: Rows) -> Rows:
        """Returns what G compares curves' early means with, for `[G, K]`."""
        return anew_by_row(curves) if self.of_steps else late_by_row(curves)

    def _later(self, curve: Curve) -> float:
        return float(anew_by_row(curve[None])[0]) if self.of_steps else late(curve)


@dataclass(frozen=True)
class Scores:
    """Normalised scores of one run, for description; `carried` is by carrier."""

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
    """The late score possible without carrying anything through the lifetime.

    Attributes:
        reactive: of the reactive reference.
        sibling: of the memory-off cell, by seed, if a hurdle.
        demanded: whether D is required: not in a writable environment without a reactive reference.
        blocks: by block of tasks, `[G]`, by seed; under None the reactive reference's.
    """

    reactive: float | None
    sibling: Mapping[int, float] = field(default_factory=dict)
    demanded: bool = True
    blocks: Mapping[int | None, Rows] = field(default_factory=dict)

    def height(self, seed: int) -> float | None:
        """Returns this seed's higher hurdle, or None."""
        known = [value for value in (self.reactive, self.sibling.get(seed)) if value is not None]
        return max(known, default=None)

    def by_block(self, seed: int, blocks: int) -> Rows | float | None:
        """Returns the higher hurdle by block, if blocks match."""
        height = self.height(seed)
        higher = self.blocks.get(seed if height == self.sibling.get(seed) else None)
        return height if higher is None or height is None or len(higher) != blocks else higher

    def beyond(self, scores: Scores) -> float | None:
        """Returns D = late − hurdle, or None."""
        height = self.height(scores.seed)
        return None if height is None else scores.late - height
