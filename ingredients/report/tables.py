"""The terminal report's tables: cells, references, ingredients."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Literal

from rich.cells import cell_len
from rich.table import Table
from rich.text import Text

from ingredients.judgement import CellResult, Interval, Judgement
from ingredients.judgement_input.gather import Evidence
from ingredients.report import columns, rows, wording
from ingredients.report.curves import ShownCurves
from ingredients.report.pen import VERDICT_STYLES, Pen
from ingredients.study import INGREDIENTS

# Dropped in this order on a narrow console; levels, names and verdicts always stay.
_CELLS_WITHOUT = ("long curve", "gain bounds", "ceiling", "curve", "gain", "learned", "late bounds", "late score")
_REFERENCES_WITHOUT = ("expected", "adaptation", "exact", "all on minus it", "return", "late score")
_INGREDIENTS_WITHOUT = ("long title", "cost", "p")
_SHORT_CURVE = 6


@dataclass(frozen=True)
class Column:
    """A column that may be left out; if it `wraps`, lines break between words."""

    title: str
    texts: Sequence[Text]
    justify: Literal["left", "center", "right"] = "right"
    wraps: bool = False

    @property
    def width(self) -> int:
        """Characters of its longest line, or word if it wraps."""
        lines = [self.title, *(text.plain for text in self.texts)]
        return max(cell_len(part) for line in lines for part in (line.split() if self.wraps else [line]))


def cell_table(evidence: Evidence, judgement: Judgement, pen: Pen) -> Table:
    """Returns a row per cell, the fullest first, with columns that fit."""
    curves = ShownCurves(evidence, judgement)
    results = rows.ordered(judgement)
    return fitting(lambda without: _cell_columns(results, curves, pen, without), _CELLS_WITHOUT, pen)


def _cell_columns(
    results: Sequence[CellResult], curves: ShownCurves, pen: Pen, without: Collection[str]
) -> Iterator[Column]:
    for name in INGREDIENTS:
        word = wording.INGREDIENT_WORDS[name]
        levels = [pen.level(wording.level(result.cell, name)) for result in results]
        yield Column(word if pen.wide else word[0].upper(), levels, "center")
    if "curve" not in without:
        yield _curve_column(results, curves, pen, _SHORT_CURVE if "long curve" in without else pen.curve_width)
    if "late score" not in without:
        yield _score_column("late score", [result.late for result in results], pen, "late bounds" not in without)
    if "gain" not in without:
        yield _score_column("gain", [result.gain for result in results], pen, "gain bounds" not in without)
    if "learned" not in without:
        yield Column("learned", [pen.text(wording.learners(result)) for result in results])
    if pen.wide and "ceiling" not in without:
        yield Column("return / ceiling", [pen.text(columns.of_ceiling(result)) for result in results])
    verdicts = [pen.text(wording.outcome(result), VERDICT_STYLES[result.verdict]) for result in results]
    yield Column("verdict", verdicts, "left")


def _curve_column(results: Sequence[CellResult], curves: ShownCurves, pen: Pen, width: int) -> Column:
    means = [curves.mean(result.cell) for result in results]
    drawn = [
        pen.curve([] if mean is None else curves.heights(mean, width), VERDICT_STYLES[result.verdict])
        for mean, result in zip(means, results, strict=True)
    ]
    return Column("curve" if width == _SHORT_CURVE else "adaptation", drawn, "left")


def _score_column(title: str, scores: Sequence[Interval], pen: Pen, bounds: bool) -> Column:
    return Column(title, [pen.text(wording.interval(s) if bounds else wording.number(s.mean)) for s in scores])


def reference_table(evidence: Evidence, judgement: Judgement, pen: Pen) -> Table:
    """Returns a row per reference policy, on the cells' scale."""
    curves = ShownCurves(evidence, judgement)
    return fitting(lambda without: _reference_columns(curves, judgement, pen, without), _REFERENCES_WITHOUT, pen)


def _reference_columns(
    curves: ShownCurves, judgement: Judgement, pen: Pen, without: Collection[str]
) -> Iterator[Column]:
    references = list(judgement.references.values())
    names, *numbers, roles = zip(*(rows.reference_row(each, curves, judgement) for each in references), strict=True)
    bold = ["bold" if role else "" for role in roles]
    yield Column("reference", [pen.text(name, style) for name, style in zip(names, bold, strict=True)], "left")
    if "adaptation" not in without:
        drawn = [curves.heights(curves.references.all[each.name].curve, pen.curve_width) for each in references]
        yield Column("adaptation", [pen.curve(heights) for heights in drawn], "left")
    for title, texts in zip(("late score", "return", "all on minus it", "expected", "exact"), numbers, strict=True):
        if title not in without and (pen.wide or title != "expected"):
            yield Column(title, [pen.text(text) for text in texts])
    yield Column("role: judged as", [pen.text(role) for role in roles], "left", wraps=True)


def ingredient_table(judgement: Judgement, pen: Pen) -> Table:
    """Returns a row per ingredient: whether it is needed, and what lacking it costs."""
    return fitting(lambda without: _ingredient_columns(judgement, pen, without), _INGREDIENTS_WITHOUT, pen)


def _ingredient_columns(judgement: Judgement, pen: Pen, without: Collection[str]) -> Iterator[Column]:
    written = [rows.ingredient_row(name, result) for name, result in judgement.ingredients.items()]
    names, needed, costs, ps = ([pen.text(text) for text in texts] for texts in zip(*written, strict=True))
    yield Column("ingredient", names, "left")
    yield Column("needed here", needed, "left")
    if "cost" not in without:
        yield Column("lost without it" if "long title" in without else "late score lost without it", costs)
    if "p" not in without:
        yield Column("p", ps, "left")


def fitting(columns: Callable[[Collection[str]], Iterable[Column]], gives_way: Sequence[str], pen: Pen) -> Table:
    """Returns the table with as many columns as fit, dropping `gives_way` in order."""
    for count in range(len(gives_way) + 1):
        chosen = list(columns(gives_way[:count]))
        if sum(column.width + 1 for column in chosen) - 1 <= pen.width:
            break
    table = pen.table()
    for column in chosen:
        table.add_column(column.title, justify=column.justify, no_wrap=not column.wraps)
    for texts in zip(*(column.texts for column in chosen), strict=True):
        table.add_row(*texts)
    return table
