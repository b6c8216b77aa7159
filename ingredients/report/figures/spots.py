"""Values that a page shows where the pointer rests on a picture: places on its axes, and what is said there."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import NamedTuple

from matplotlib.artist import Artist
from matplotlib.axes import Axes
from matplotlib.backend_bases import RendererBase
from matplotlib.figure import Figure
from matplotlib.transforms import BboxTransformFrom

MOST_STRIPS = 25  # of a small panel: more would make the page heavy, and are too narrow to point at


class Place(NamedTuple):
    """A box on a picture, in fractions of its width and height from its upper left corner, and what is said of it."""

    left: float
    top: float
    width: float
    height: float
    text: str


class Spot(Artist):
    """A box on axes, in their data's units; it is kept with the figure and never drawn."""

    def __init__(self, x: tuple[float, float] | None, y: tuple[float, float] | None, text: str) -> None:
        """Takes its left and right, its lower and upper edge (None: those of the axes), and what is said of it."""
        super().__init__()
        self.x, self.y, self.text = x, y, text

    def draw(self, renderer: RendererBase) -> None:
        """Draws nothing."""


def say_at(axes: Axes, x: tuple[float, float] | None, y: tuple[float, float] | None, text: str) -> None:
    """Lets the page say something where the pointer is inside a box."""
    axes.add_artist(Spot(x, y, text))


def say_along(axes: Axes, count: int, text: Callable[[int], str], most: int = MOST_STRIPS) -> None:
    """Lets the page say something at each of the points 1 to `count` of the x axis, in at most `most` strips.

    Where there are more points, a strip says what is at its middle one.
    """
    wide = -(-count // most)
    for start in range(0, count, wide):
        end = min(start + wide, count)
        say_at(axes, (start + 0.5, end + 0.5), None, text((start + end - 1) // 2))


def places(figure: Figure) -> tuple[Place, ...]:
    """Returns every place of a finished figure at which something is said."""
    return tuple(_places(figure))


def _places(figure: Figure) -> Iterator[Place]:
    to_fractions = BboxTransformFrom(figure.bbox)
    for spot in figure.findobj(Spot):
        axes = spot.axes
        assert isinstance(spot, Spot), "findobj gives what it was asked for"
        assert axes is not None, "say_at put it on axes"
        edges = zip(spot.x or axes.get_xlim(), spot.y or axes.get_ylim(), strict=True)
        corners = to_fractions.transform(axes.transData.transform(list(edges)))
        (left, right), (low, high) = (sorted(map(float, corners[:, side])) for side in (0, 1))
        yield Place(left, 1 - high, right - left, high - low, spot.text)
