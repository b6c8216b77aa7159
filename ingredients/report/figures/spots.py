"""Texts that a page shows under the pointer."""

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
    """A text's box, in fractions of width and height from the upper left."""

    left: float
    top: float
    width: float
    height: float
    text: str


class Spot(Artist):
    """A box in data units, kept with the figure but never drawn."""

    def __init__(self, x: tuple[float, float] | None, y: tuple[float, float] | None, text: str) -> None:
        """Takes left and right, lower and upper edge (None: the axes'), text."""
        super().__init__()
        self.x, self.y, self.text = x, y, text

    def draw(self, renderer: RendererBase) -> None:
        """Draws nothing."""


def say_at(axes: Axes, x: tuple[float, float] | None, y: tuple[float, float] | None, text: str) -> None:
    """Adds a text for the pointer inside a box."""
    axes.add_artist(Spot(x, y, text))


def _between_points(point: int) -> float:
    """Returns a point's (0-based) left edge if points lie at 1, 2, ..."""
    return point + 0.5


def say_along(
    axes: Axes,
    count: int,
    text: Callable[[int], str],
    most: int = MOST_STRIPS,
    edge: Callable[[int], float] = _between_points,
) -> None:
    """Adds a text at each of `count` points of the x axis, which begin at `edge`.

    At most `most` strips have the text of their middle point.
    """
    wide = -(-count // most)
    for start in range(0, count, wide):
        end = min(start + wide, count)
        say_at(axes, (edge(start), edge(end)), None, text((start + end - 1) // 2))


def places(figure: Figure) -> tuple[Place, ...]:
    """Returns a finished figure's places with texts."""
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
