"""A picture of the report: how it is styled, and the forms in which it is kept."""

from __future__ import annotations

import io
from collections.abc import Callable, Mapping
from contextlib import AbstractContextManager
from dataclasses import dataclass

import matplotlib.style
from matplotlib.figure import Figure

from ingredients.report.figures.panel import INK, QUIET
from ingredients.report.figures.spots import Place, places

STYLE = {
    "font.family": "DejaVu Sans",  # comes with matplotlib, so the bytes do not depend on the machine's fonts
    "font.size": 8.5,
    "axes.spines.top": False,
    "axes.spines.right": False,
    "axes.edgecolor": QUIET,
    "axes.labelcolor": INK,
    "text.color": INK,
    "text.parse_math": False,  # a study's question may hold dollar signs
    "xtick.color": QUIET,
    "ytick.color": QUIET,
    "xtick.labelcolor": INK,
    "ytick.labelcolor": INK,
}
_DOTS_PER_INCH = 150


@dataclass(frozen=True)
class Words:
    """What is said of a picture: its file's stem, its heading, and what it shows, for those who do not see it."""

    name: str
    title: str
    alt: str


@dataclass(frozen=True)
class Picture:
    """One picture in the forms in which it is shown; `png` is empty where only a page shows it.

    On a page the pointer is told what is at some places (`spots`).
    """

    words: Words
    svg: bytes
    png: bytes
    spots: tuple[Place, ...] = ()


def drawn(words: Words, make: Callable[[], Figure], png: bool = True) -> Picture:
    """Returns the picture that `make` makes, in the style of the house."""
    with _style(words.name):
        figure = make()
        svg = _saved(figure, "svg", {"Date": None, "Creator": None})
        return Picture(words, svg, _saved(figure, "png", {"Software": None}) if png else b"", places(figure))


def styled(name: str, make: Callable[[], Figure]) -> Figure:
    """Returns the figure that `make` makes, in the style of the house."""
    with _style(name):
        return make()


def _style(name: str) -> AbstractContextManager[None]:
    style: AbstractContextManager[None] = matplotlib.style.context(["default", {**STYLE, "svg.hashsalt": name}])
    return style


def _saved(figure: Figure, kind: str, metadata: Mapping[str, None]) -> bytes:
    content = io.BytesIO()
    figure.savefig(content, format=kind, dpi=_DOTS_PER_INCH, metadata=dict(metadata))
    return content.getvalue()
