"""The page of `report A B ... --format html`."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

from ingredients.grid import Cell
from ingredients.judgement.words import describe
from ingredients.report import wording
from ingredients.report.figures.beside import COLOURS, Beside, curve_pictures, scores_picture
from ingredients.report.figures.inline import inline
from ingredients.report.html import shown_in_page
from ingredients.report.html_tables import Table
from ingredients.report.templating import filled_in
from ingredients.study.axis import axis_of
from ingredients.study.messages import several

if TYPE_CHECKING:
    from ingredients.report.compare import Comparison


def comparison_page(compared: Comparison) -> str:
    """Returns the page."""
    beside = beside_of(compared)
    return filled_in(
        "compare.html",
        title="Studies side by side" if len(compared.reports) > 1 else f"Study {compared.names[0]}",
        size=several(len(beside.cells), "cell"),
        studies=_studies(compared),
        notes=compared.notes,
        tables={"verdicts": _verdicts(compared), "numbers": _numbers(compared), "settings": _settings(compared)},
        verdict_classes={wording.marked(verdict): verdict or "null" for verdict in wording.VERDICT_MARKS},
        pictures={"scores": shown_in_page(scores_picture(beside))},
        cells=list(_cells(compared, beside)),
        axis=_along(beside),
        without=[name for name, curves in zip(beside.names, beside.curves, strict=True) if not curves],
    )


def beside_of(compared: Comparison) -> Beside:
    """Returns what is drawn of a comparison."""
    return Beside(
        names=compared.names,
        cells=compared.cells,
        shown=[compared.row(cell) for cell in compared.cells],
        curves=[report.curves for report in compared.reports],
        confidences=[side.study.criterion.confidence for side in compared.sides],
        of_steps=any(axis_of(side.study.tasks).of_steps for side in compared.sides),
    )


def _along(beside: Beside) -> str:
    """Returns along what the curves are drawn."""
    if beside.episodes:
        return "by episode"
    return "in per cent" if beside.of_steps else "in per cent, since lifetimes differ in length between the studies"


def _studies(compared: Comparison) -> list[dict[str, Any]]:
    """Returns what the page shows of each study."""
    return [
        {
            "name": name,
            "colour": place % len(COLOURS),
            "state": side.state,
            "question": side.study.question,
            "found": side.sentence,
            "scale": side.scale,
            "folder": str(side.directory),
        }
        for place, (name, side) in enumerate(zip(compared.names, compared.sides, strict=True))
    ]


def _cells(compared: Comparison, beside: Beside) -> Iterator[dict[str, Any]]:
    """Yields each cell with picture and findings by study."""
    for cell, results, drawn in zip(beside.cells, beside.shown, curve_pictures(beside), strict=True):
        lines = [
            {
                "name": name,
                "colour": place % len(COLOURS),
                "verdict_class": result.verdict or "null",
                "mark": wording.outcome(result),
                "late": wording.interval(result.late),
                "learned": wording.learners(result),
            }
            for place, (name, result) in enumerate(zip(compared.names, results, strict=True))
            if result is not None
        ]
        yield {"name": describe(cell), "svg": inline(drawn) if drawn else "", "lines": lines}


def _verdicts(compared: Comparison) -> Table:
    """Returns a row per cell: each study's verdict, and whether they agree."""
    head = ("cell", *compared.names, *(["agree"] if len(compared.reports) > 1 else []))
    return Table("Verdict of each cell in each study", head, [_verdict_row(compared, cell) for cell in compared.cells])


def _verdict_row(compared: Comparison, cell: Cell) -> list[str]:
    results = compared.row(cell)
    verdicts = [wording.NOTHING if result is None else wording.outcome(result) for result in results]
    agree = wording.NOTHING if (found := compared.agree(cell)) is None else wording.answer(found)
    return [describe(cell), *verdicts, *([agree] if len(results) > 1 else [])]


def _numbers(compared: Comparison) -> Table:
    """Returns a row per cell and study."""
    head = ("cell", "study", "late score", "gain", "return of a lifetime", "learned")
    made = [
        [
            describe(cell),
            name,
            wording.interval(result.late),
            wording.interval(result.gain),
            wording.interval(result.return_, 1),
            wording.learners(result),
        ]
        for cell in compared.cells
        for name, result in zip(compared.names, compared.row(cell), strict=True)
        if result is not None
    ]
    return Table("Scores on each study's own scale, and the raw return", head, made)


def _settings(compared: Comparison) -> Table:
    made = [[key, *values] for key, values in compared.settings()]
    return Table("Settings in which the studies differ", ("key", *compared.names), made)
