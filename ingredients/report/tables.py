"""The tables of the terminal report: cells, references, ingredients.

Comes in: the evidence, the judgement, and the pen to write with. Goes out: rich tables.
"""

from __future__ import annotations

from collections.abc import Iterator

from rich.table import Table
from rich.text import Text

from ingredients.judgement import CellResult, Judgement
from ingredients.report import rows, wording
from ingredients.report.assemble import Evidence
from ingredients.report.curves import Curves
from ingredients.report.pen import VERDICT_STYLES, Pen
from ingredients.study import INGREDIENTS


def cell_table(evidence: Evidence, judgement: Judgement, pen: Pen) -> Table:
    """Returns a row for each cell, the fullest first: levels, curve, scores with intervals, verdict."""
    table = pen.table()
    for name in INGREDIENTS:
        word = wording.INGREDIENT_WORDS[name]
        table.add_column(word if pen.wide else word[0].upper(), justify="center", no_wrap=True)
    table.add_column("adaptation", no_wrap=True)
    for title in ("late score", "gain", "learned", *(["return / ceiling"] if pen.wide else [])):
        table.add_column(title, justify="right", no_wrap=True)
    table.add_column("verdict", no_wrap=True)
    curves = Curves(evidence)
    graded = any(not isinstance(cell.cell.level(name), bool) for cell in judgement.cells for name in INGREDIENTS)
    for result in rows.ordered(judgement):
        table.add_row(*_cell_row(result, curves, pen, brief=graded and not pen.wide))
    return table


def _cell_row(result: CellResult, curves: Curves, pen: Pen, brief: bool) -> Iterator[Text]:
    style = VERDICT_STYLES[result.verdict]
    for name in INGREDIENTS:
        yield pen.level(wording.level(result.cell, name))
    mean = curves.mean(result.cell)
    yield pen.curve([] if mean is None else curves.heights(mean, pen.curve_width), style)
    yield pen.text(wording.interval(result.late))
    yield pen.text(wording.number(result.gain.mean) if brief else wording.interval(result.gain))
    yield pen.text(f"{result.learned}/{result.seeds}")
    if pen.wide:
        yield pen.text(rows.of_ceiling(result))
    yield pen.text(wording.marked(result.verdict), style)


def reference_table(evidence: Evidence, judgement: Judgement, pen: Pen) -> Table:
    """Returns a row for each reference policy, in the same scale as the cells."""
    table = pen.table()
    for title in ("reference", "adaptation"):
        table.add_column(title, no_wrap=True)
    for title in ("late score", "return", *(["expected"] if pen.wide else []), "exact"):
        table.add_column(title, justify="right", no_wrap=True)
    table.add_column("role: judged as")
    curves = Curves(evidence)
    for reference in judgement.references.values():
        name, late, return_, expected, exact, roles = rows.reference_row(reference, curves, judgement)
        curve = pen.curve(curves.heights(curves.references.all[reference.name].curve, pen.curve_width))
        numbers = [late, return_, *([expected] if pen.wide else []), exact, roles]
        table.add_row(pen.text(name, "bold" if roles else ""), curve, *map(pen.text, numbers))
    return table


def ingredient_table(judgement: Judgement, pen: Pen) -> Table:
    """Returns a row for each ingredient: whether it is needed here, and what lacking it costs."""
    table = pen.table()
    table.add_column("ingredient", no_wrap=True)
    table.add_column("needed here", no_wrap=True)
    table.add_column("late score lost without it", justify="right", no_wrap=True)
    table.add_column("p", no_wrap=True)
    for name, result in judgement.ingredients.items():
        table.add_row(*map(pen.text, rows.ingredient_row(name, result)))
    return table
