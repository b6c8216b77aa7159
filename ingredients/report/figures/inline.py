"""A picture inside a page: SVG that names nothing outside, follows the page's light and dark, and can be read out."""

from __future__ import annotations

import html
import re

from ingredients.report.figures.drawn import Picture

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
_OPENING = re.compile(r"<svg\b[^>]*>", re.DOTALL)


def inline(drawn: Picture) -> str:
    """Returns the picture as an element of a page; its ids begin with the picture's name, so that none comes twice."""
    text = _NAMESPACE.sub("", _OUTSIDE.sub("", drawn.svg.decode("utf-8"))).replace("xlink:href", "href").strip()
    name = drawn.words.name
    text = _NAMED.sub(rf"\g<1>{name}-", text)
    for colour, variable in VARIABLES.items():
        text = text.replace(colour, f"var({variable})")
    box = re.search(r'viewBox="([^"]*)"', text)
    assert box is not None, "matplotlib gives every figure a viewBox"
    width = float(box[1].split()[2]) / 72
    title, described = html.escape(drawn.words.title), html.escape(drawn.words.alt)
    opening = (
        f'<svg viewBox="{box[1]}" role="img" aria-labelledby="{name}-title {name}-alt" '
        f'style="max-width: {width:.2f}in">'
        f'<title id="{name}-title">{title}</title><desc id="{name}-alt">{described}</desc>'
    )
    return _OPENING.sub(lambda _: opening, text, count=1)
