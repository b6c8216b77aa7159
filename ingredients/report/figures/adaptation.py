"""`adaptation`: a panel per cell."""

from __future__ import annotations

from collections.abc import Mapping

from matplotlib.artist import Artist
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from ingredients.grid import Cell
from ingredients.judgement import CellResult, Judgement
from ingredients.judgement_input.gather import Evidence
from ingredients.report import wording
from ingredients.report.facts import new_tasks
from ingredients.report.figures.drawn import Words
from ingredients.report.figures.panel import (
    INK,
    VERDICT_COLOURS,
    draw_panel,
    label_references,
    legend_handles,
    set_scales,
)
from ingredients.report.figures.sentences import verdicts_in_words
from ingredients.report.figures.sheet import Line, Sheet
from ingredients.report.figures.view import View, blank
from ingredients.report.layout import PanelLayout, layout
from ingredients.report.opening import opening
from ingredients.study.axis import axis_of


def words(view: View) -> Words:
    """Returns the picture's texts."""
    return Words("adaptation", "Adaptation curves of all cells", verdicts_in_words(view.cells))


def figure(view: View) -> Figure:
    """Returns all cells' panels: runs, mean, interval, references."""
    evidence, judgement, curves = view.evidence, view.judgement, view.curves
    results = {result.cell: result for result in judgement.cells}
    arrangement = layout(list(results))
    sheet = Sheet(arrangement, _header(evidence, judgement, arrangement), _notes(judgement))
    made = blank(sheet.width, sheet.height)
    _write(made, sheet, legend_handles(evidence.study.criterion.confidence, _ceilings(judgement)))
    panels = _panels(made, sheet)
    for cell, axes in panels.items():
        draw_panel(axes, curves, results[cell])
        set_scales(axes, curves, view.limits)
        _title(axes, results[cell], sheet.layout)
    for row in sheet.layout.rows:
        label_references(panels[row[-1]], curves, sheet.panel_height)
    _name_axes(panels, sheet, evidence)
    return made


def _header(evidence: Evidence, judgement: Judgement, arrangement: PanelLayout) -> list[Line]:
    """Returns question, answer, how to read a panel, what all share."""
    study = evidence.study
    tasks = "new tasks" if new_tasks(evidence) else "tasks"
    axis = axis_of(study.tasks)
    dotted = " (dotted)" if evidence.reference("reactive") else ""
    ceiling = " Broad green: the ceiling, the best known with the cell's information."
    green = ceiling if _ceilings(judgement) else ""
    how_to_read = (
        "Each panel is one cell of the grid: agents trained with these ingredients, and then evaluated with fixed "
        f"weights on {study.evaluation.tasks:,} {tasks}, for a lifetime of {axis.whole} each. A "
        "rising curve is adaptation within the lifetime, which can be a mere reaction to the last step"
        f"{dotted}. Reward on: the agent sees its last reward. Action on: it sees its last action. Memory on: its "
        f"memory is carried from {axis.name} to {axis.name}. Tasks on: it was trained on a distribution of tasks; off: "
        "on one task. Dashed: half-way, its memory is swapped with that of a lifetime on another task; the score lost "
        f"there was carried by the memory.{green}"
    )
    everywhere = wording.levels(arrangement.rows[0][0], arrangement.fixed)
    lines = [
        Line(study.question or study.name, 14, "bold"),
        Line(opening(judgement), 10.5),
        Line(f"{how_to_read} {wording.memories(evidence)}".rstrip(), 8.5, colour="#5f5f5f"),
    ]
    if arrangement.fixed and arrangement.varied:
        lines.append(Line(f"In every cell: {everywhere}.", 8.5, colour="#5f5f5f"))
    if evidence.failures or evidence.missing:
        lines.append(Line(f"{wording.progress(evidence)}.", 8.5, "bold", VERDICT_COLOURS["reactive"]))
    return lines


def _notes(judgement: Judgement) -> list[Line]:
    """Returns the meanings of the verdicts that occur."""
    return [
        Line(f"{wording.marked(verdict)}: {meaning}", 8, colour=VERDICT_COLOURS[verdict])
        for verdict, meaning in wording.meanings(judgement)
    ]


def _ceilings(judgement: Judgement) -> bool:
    return any(result.ceiling is not None for result in judgement.cells)


def _write(figure: Figure, sheet: Sheet, handles: list[Artist]) -> None:
    """Writes header, legend and notes."""
    left = 0.25 / sheet.width
    down = 0.25
    for line in sheet.lines():
        y = 1 - down / sheet.height
        figure.text(left, y, line.text, fontsize=line.size, fontweight=line.weight, color=line.colour, va="top")
        down += line.height
    up = 0.12 + sum(line.height for line in sheet.notes)
    figure.legend(
        handles=handles,
        loc="lower left",
        bbox_to_anchor=(sheet.left / sheet.width, up / sheet.height),
        ncols=len(handles),
        frameon=False,
        borderaxespad=0,
        borderpad=0.2,
        columnspacing=1.1,
        handlelength=1.7,
        fontsize=8,
    )
    for line in sheet.notes:
        up -= line.height
        figure.text(sheet.left / sheet.width, up / sheet.height, line.text, fontsize=line.size, color=line.colour)


def _panels(figure: Figure, sheet: Sheet) -> dict[Cell, Axes]:
    return {
        cell: figure.add_axes(sheet.box(row, column))
        for row, cells in enumerate(sheet.layout.rows)
        for column, cell in enumerate(cells)
    }


def _title(axes: Axes, result: CellResult, arrangement: PanelLayout) -> None:
    """Writes verdict and numbers above a panel; the cell's name if row and column lack it."""
    name = wording.levels(result.cell, arrangement.varied or arrangement.fixed)
    failed = wording.failures(result)
    learned = f" · {result.learned}/{result.seeds} learned" if result.verdict else ""
    scores = f"late score {wording.interval(result.late)}{learned}{failed}"
    lines = [
        (scores if result.seeds else f"no finished run{failed}", 7.5, "normal", "#5f5f5f"),
        (wording.outcome(result), 9, "bold", VERDICT_COLOURS[result.verdict]),
        *([] if arrangement.is_matrix else [(name, 8.5, "bold", INK)]),
    ]
    for height, (text, size, weight, colour) in zip((4, 15, 28), lines, strict=False):
        _beside(axes, text, (0, 1), (0, height), fontsize=size, fontweight=weight, color=colour, ha="left", va="bottom")


def _name_axes(panels: Mapping[Cell, Axes], sheet: Sheet, evidence: Evidence) -> None:
    """Names rows, columns and outer axes; hides inner tick labels."""
    rows = sheet.layout.rows
    axis = axis_of(evidence.study.tasks)
    for row, cells in enumerate(rows):
        for column, cell in enumerate(cells):
            axes = panels[cell]
            below = row + 1 < len(rows) and column < len(rows[row + 1])
            axes.tick_params(labelbottom=not below, labelleft=column == 0)
            if not below:
                axes.set_xlabel(axis.label, fontsize=8)
        first = panels[cells[0]]
        first.set_ylabel(axis.returned, fontsize=8)
        if sheet.layout.by_row:
            text = sheet.row_name(wording.levels(cells[0], sheet.layout.by_row))
            _beside(
                first, text, (0, 0.5), (-52, 0), rotation=90, ha="center", va="center", fontweight="bold", fontsize=8.5
            )
    for cell in rows[0] if sheet.layout.by_column else ():
        text = wording.levels(cell, sheet.layout.by_column)
        _beside(panels[cell], text, (0.5, 1), (0, 34), ha="center", va="bottom", fontweight="bold", fontsize=8.5)


def _beside(axes: Axes, text: str, at: tuple[float, float], points: tuple[float, float], **style: object) -> None:
    """Writes text at an offset (points) from a place on the axes."""
    axes.annotate(text, at, xytext=points, xycoords="axes fraction", textcoords="offset points", **style)  # type: ignore[arg-type]
