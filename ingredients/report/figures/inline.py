"""A picture in a page: self-contained SVG for light and dark mode."""

from __future__ import annotations

import html
import re
from collections.abc import Sequence

from ingredients.report.figures.drawn import Picture
from ingredients.report.figures.spots import Place

# colours of the figures, and the variables of the page's style that stand for them
VARIABLES = {
    "#ffffff": "--paper",
    "#222222": "--ink",
    "#111111": "--ink",
    "#5f5f5f": "--soft",
    "#6f6f6f": "--none",
    "#767676": "--quiet",
    "#8a8a8a": "--quiet",
    "#9a9a9a": "--quiet",
    "#f1f0ec": "--shade",
    "#e4e2dc": "--shade",
    "#0072b2": "--in-context",
    "#33508a": "--in-context",
    "#d55e00": "--reactive",
    "#b84e00": "--reactive",
    "#00805c": "--carried",
    "#7a5195": "--mixed",
    "#aa4499": "--undecided",
    "#009e73": "--ceiling",
}
_OUTSIDE = re.compile(r"<\?xml.*?\?>|<!DOCTYPE.*?>|<metadata>.*?</metadata>|<!--.*?-->", re.DOTALL)
_NAMESPACE = re.compile(r'\s+xmlns(:\w+)?="[^"]*"')
_NAMED = re.compile(r'(\bid="|\bhref="#|url\(#)')
_VIEW = re.compile(rb'viewBox="0 0 (\S+) (\S+)"')
_OPENING = re.compile(r"<svg\b[^>]*>", re.DOTALL)


def inline(drawn: Picture) -> str:
    """Returns the picture as a page's element; its ids start with its name."""
    text = _NAMESPACE.sub("", _OUTSIDE.sub("", drawn.svg.decode("utf-8"))).replace("xlink:href", "href").strip()
    name = drawn.words.name
    text = _NAMED.sub(rf"\g<1>{name}-", text)
    for colour, variable in VARIABLES.items():
        text = text.replace(colour, f"var({variable})")
    wide, high = _size(drawn)
    title, described = html.escape(drawn.words.title), html.escape(drawn.words.alt)
    opening = (
        f'<svg viewBox="0 0 {wide:g} {high:g}" role="img" aria-labelledby="{name}-title {name}-alt" '
        f'style="max-width: {wide / 72:.2f}in">'
        f'<title id="{name}-title">{title}</title><desc id="{name}-alt">{described}</desc>'
    )
    spots = _spots(drawn.spots, wide, high)
    return _OPENING.sub(lambda _: opening, text, count=1).removesuffix("</svg>") + f"{spots}</svg>"


def ratio(drawn: Picture) -> float:
    """Returns width / height of a picture."""
    wide, high = _size(drawn)
    return wide / high


def _size(drawn: Picture) -> tuple[float, float]:
    """Returns width and height in points."""
    box = _VIEW.search(drawn.svg)
    assert box is not None, "matplotlib gives every figure a viewBox"
    return float(box[1]), float(box[2])


def _spots(places: Sequence[Place], wide: float, high: float) -> str:
    """Returns invisible boxes with texts for the pointer."""
    boxes = (
        f'<rect x="{at.left * wide:.1f}" y="{at.top * high:.1f}" width="{at.width * wide:.1f}" '
        f'height="{at.height * high:.1f}"><title>{html.escape(at.text)}</title></rect>'
        for at in places
    )
    return f'<g class="spots">{"".join(boxes)}</g>' if places else ""
