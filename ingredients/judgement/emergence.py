"""When in training a run came to adapt, and whether it lost that again."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from ingredients.judgement.results import Emergence
from ingredients.judgement.scores import Scale, late
from ingredients.judgement_input.curves import Curve
from ingredients.judgement_input.references import References

_FEWEST_POINTS = 2  # one point on few tasks may be luck; the end of training, on all tasks, is not


@dataclass(frozen=True, eq=False)
class Bar:
    """What a point must pass: its scale, and any reactive reference's score."""

    scale: Scale
    reactive: float | None

    def passed(self, curve: Curve, sibling: float | None, delta: float) -> bool:
        """Returns whether G > δ and D > δ; points have no C."""
        heights = [height for height in (self.reactive, sibling) if height is not None]
        beyond = not heights or self.scale.normalise(late(curve)) - max(heights) > delta
        return beyond and self.scale.gain(curve) > delta


def bar_at_points(references: References, at_the_end: Bar) -> Bar:
    """Returns the bar on the points' tasks, or else that of the end."""
    curves = references.at_points
    if not {references.floor, references.yardstick} <= curves.keys():
        return at_the_end
    floor, yardstick = curves[references.floor], curves[references.yardstick]
    scale = Scale(floor, late(yardstick), of_steps=references.axis.of_steps)
    if not scale.usable:
        return at_the_end
    reactive = curves.get(references.reactive) if references.reactive else None
    return Bar(scale, None if reactive is None else scale.normalise(late(reactive)))


@dataclass(frozen=True, eq=False)
class Bars:
    """The bars at points and at the end of training; δ."""

    points: Bar
    end: Bar
    delta: float


def emergence(points: Mapping[int, Curve], bars: Bars, sibling: float | None) -> Emergence:
    """Returns since when the run adapts, or where it did and lost it.

    `points` are curves `[K]` by train step; `sibling` is the final normalised late score with memory off.
    """
    steps = sorted(points)
    passed = [
        (bars.end if step == steps[-1] else bars.points).passed(points[step], sibling, bars.delta) for step in steps
    ]
    stretches = _stretches(passed)
    if stretches and stretches[-1][1] == len(steps):
        return Emergence(at=steps[stretches[-1][0]])
    long_enough = [(first, after) for first, after in stretches if after - first >= _FEWEST_POINTS]
    if not long_enough:
        return Emergence()
    first, after = long_enough[0]
    return Emergence(lost_from=steps[first], lost_at=steps[after])


def _stretches(passed: Sequence[bool]) -> list[tuple[int, int]]:
    """Returns start and end (exclusive) of stretches of True."""
    edges = [place for place in range(len(passed) + 1) if _at(passed, place) != _at(passed, place - 1)]
    return list(zip(edges[::2], edges[1::2], strict=True))


def _at(passed: Sequence[bool], place: int) -> bool:
    return 0 <= place < len(passed) and passed[place]
