"""A picture's style and file forms."""

from __future__ import annotations

import io
from collections.abc import Callable, Mapping
from contextlib import AbstractContextManager
from dataclasses import dataclass, field
from functools import cached_property

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
    """A picture's texts: file stem, heading, alternative text."""

    name: str
    title: str
    alt: str


@dataclass(frozen=True)
class Picture:
    """A picture's forms; `spots` are a page's texts under the pointer."""

    words: Words
    svg: bytes
    figure: Figure = field(compare=False, repr=False)
    spots: tuple[Place, ...] = ()

    @cached_property
    def png(self) -> bytes:
        """The PNG file, drawn on demand."""
        with _style(self.words.name):
            return _saved(self.figure, "png", {"Software": None})


def drawn(words: Words, make: Callable[[], Figure]) -> Picture:
    """Returns the picture of the figure from `make`, in our style."""
    with _style(words.name):
        figure = make()
        svg = _saved(figure, "svg", {"Date": None, "Creator": None})
        return Picture(words, svg, figure, places(figure))


def styled(name: str, make: Callable[[], Figure]) -> Figure:
    """Returns the figure from `make`, in our style."""
    with _style(name):
        return make()


def _style(name: str) -> AbstractContextManager[None]:
    style: AbstractContextManager[None] = matplotlib.style.context(["default", {**STYLE, "svg.hashsalt": name}])
    return style


def _saved(figure: Figure, kind: str, metadata: Mapping[str, None]) -> bytes:
    content = io.BytesIO()
    figure.savefig(content, format=kind, dpi=_DOTS_PER_INCH, metadata=dict(metadata))
    return content.getvalue()
