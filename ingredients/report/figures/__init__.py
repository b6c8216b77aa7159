"""The pictures of a report, in display order; only this wing imports matplotlib.

In order: `drawn`, `view`, `panel`, `sheet`, `spots`; `truth_table`, `single`, `adaptation`, `probes`, `emergence`,
`inner`, `planning`, `effects`; `sentences`; `beside`; `inline`; `trace`.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator

from matplotlib.figure import Figure

from ingredients.judgement import CellResult, Judgement
from ingredients.judgement_input.gather import Evidence
from ingredients.report.figures import (
    adaptation,
    effects,
    emergence,
    inner,
    planning,
    probes,
    single,
    trace,
    truth_table,
)
from ingredients.report.figures.drawn import Picture, Words, drawn, styled
from ingredients.report.figures.view import View

_MOST_PROBED = 4

__all__ = ["Picture", "draw", "figure", "names", "small_multiples"]


def draw(evidence: Evidence, judgement: Judgement) -> tuple[Picture, ...]:
    """Returns every picture with something to show; equal content, equal bytes."""
    return tuple(drawn(words, make) for words, make in _pictures(View(evidence, judgement)))


def figure(evidence: Evidence, judgement: Judgement, name: str) -> Figure | None:
    """Returns a picture by file name, such as `adaptation`; None if not shown."""
    pictures = {words.name: make for words, make in _pictures(View(evidence, judgement))}
    return styled(name, pictures[name]) if name in pictures else None


def names(evidence: Evidence, judgement: Judgement) -> tuple[str, ...]:
    """Returns the names of pictures with something to show."""
    return tuple(words.name for words, _ in _pictures(View(evidence, judgement)))


def small_multiples(evidence: Evidence, judgement: Judgement) -> tuple[tuple[CellResult, Picture], ...]:
    """Returns a small picture per cell, the fullest first, if there are references."""
    view = View(evidence, judgement)
    if not view.curves.has_references:
        return ()
    return tuple(
        (result, drawn(single.small_words(view, place), lambda place=place: single.small(view, place)))  # type: ignore[misc]
        for place, result in enumerate(view.cells)
    )


def _pictures(view: View) -> Iterator[tuple[Words, Callable[[], Figure]]]:
    yield truth_table.words(view), lambda: truth_table.figure(view)
    if not view.curves.has_references:  # what an episode returns says nothing without them
        return
    yield single.full_cell_words(view), lambda: single.full_cell(view)
    yield adaptation.words(view), lambda: adaptation.figure(view)
    for place, result in enumerate([each for each in view.learners if each.probes][:_MOST_PROBED]):
        yield probes.words(result, place), lambda result=result: probes.figure(view, result)  # type: ignore[misc]
    if view.evidence.trace is not None:
        yield trace.words(view), lambda: trace.of_page(view)
    if emergence.shown(view):
        yield emergence.words(view), lambda: emergence.figure(view)
    if view.judgement.inner:
        yield inner.words(view), lambda: inner.figure(view)
    if planning.drawn_result(view) is not None:
        yield planning.words(view), lambda: planning.figure(view)
    if any(each.effect.mean is not None for each in view.judgement.ingredients.values()):
        yield effects.effects_words(view), lambda: effects.effects(view)
    if view.curves.scale.usable:
        yield effects.runs_words(view), lambda: effects.runs(view)
    if view.judgement.doses and view.curves.scale.usable:
        yield effects.doses_words(view), lambda: effects.doses(view)
