"""`report A B ...`: studies side by side, the same cell in several environments, memories or settings.

Comes in: reports. Goes out: a table of verdicts and scores, and what the studies differ in. Nothing is pooled: each
number is that of one study, under its own criterion.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from rich.console import Group, RenderableType
from rich.table import Table
from rich.text import Text

from ingredients.grid import Cell, flat
from ingredients.judgement import CellResult
from ingredients.report import wording
from ingredients.report.build import Report
from ingredients.report.layout import fullest_first
from ingredients.report.markdown import escaped, markdown_table
from ingredients.report.pen import VERDICT_STYLES
from ingredients.study import INGREDIENTS

_COMPARED = ("tasks", "agent", "learner", "seeds", "evaluation", "criterion")


@dataclass(frozen=True, eq=False)
class Comparison:
    """Several studies side by side.

    Attributes:
        reports: one a study.
    """

    reports: Sequence[Report]

    @property
    def names(self) -> list[str]:
        """The studies' names, with the folder where two have the same."""
        names = [report.evidence.study.name for report in self.reports]
        return [
            name if names.count(name) == 1 else f"{name} ({report.directory})"
            for name, report in zip(names, self.reports, strict=True)
        ]

    @property
    def cells(self) -> list[Cell]:
        """Every cell that some study has, the fullest first."""
        return fullest_first(list({cell.cell: None for report in self.reports for cell in report.judgement.cells}))

    @property
    def notes(self) -> list[str]:
        """What a reader must know before he compares."""
        criteria = {tuple(report.evidence.study.criterion.model_dump().items()) for report in self.reports}
        shared = [cell for cell in self.cells if None not in self.row(cell)]
        agreeing = [cell for cell in shared if len({result.verdict for result in self.row(cell) if result}) == 1]
        same = f"The verdicts agree in {len(agreeing)} of {len(shared)} cells that all studies have."
        if len(criteria) > 1:
            same += " They were made under different criteria, so equal names need not mean the same."
        return [same, "Each study is judged by itself; nothing is pooled."]

    def row(self, cell: Cell) -> list[CellResult | None]:
        """Returns a cell's result in each study; None where a study does not have it."""
        found = [{each.cell: each for each in report.judgement.cells} for report in self.reports]
        return [results.get(cell) for results in found]

    def settings(self) -> list[tuple[str, list[str]]]:
        """Returns each key in which the studies differ, with its value in each."""
        resolved = [dict(flat({name: study.resolved()[name] for name in _COMPARED})) for study in self._studies]
        keys = list({key: None for settings in resolved for key in settings})
        rows = [(key, [str(settings.get(key, wording.NOTHING)) for settings in resolved]) for key in keys]
        return [(key, values) for key, values in rows if len(set(values)) > 1]

    def terminal(self) -> RenderableType:
        """Returns the comparison for a rich console."""
        table = Table(box=None, padding=(0, 2, 0, 0), header_style="bold")
        for name in ("cell", *self.names):
            table.add_column(Text(name), overflow="fold")
        for cell in self.cells:
            table.add_row(Text(wording.levels(cell, INGREDIENTS)), *map(_verdict_text, self.row(cell)))
        settings = Table(box=None, padding=(0, 2, 0, 0), header_style="bold")
        for name in ("what differs", *self.names):
            settings.add_column(Text(name), overflow="fold")
        for key, values in self.settings():
            settings.add_row(Text(key), *map(Text, values))
        answers = [
            Text(f"{name}: {report.judgement.sentence}") for name, report in zip(self.names, self.reports, strict=True)
        ]
        whole = [Text(f"One whole: ingredients report {report.directory}", "dim") for report in self.reports]
        parts: list[RenderableType] = [*answers, Text(), table, Text(), settings, Text()]
        parts += [*map(Text, self.notes), *whole]
        return Group(Text(), *parts, Text())

    @property
    def markdown(self) -> str:
        """Returns the comparison as GitHub-flavoured Markdown."""
        names = [escaped(name) for name in self.names]
        answers = [
            f"- {name}: {escaped(report.judgement.sentence)}" for name, report in zip(names, self.reports, strict=True)
        ]
        rows = [
            [escaped(wording.levels(cell, INGREDIENTS)), *(_verdict(result) for result in self.row(cell))]
            for cell in self.cells
        ]
        settings = [[f"`{key}`", *map(escaped, values)] for key, values in self.settings()]
        parts = [
            "# Studies side by side",
            "\n".join(answers),
            markdown_table(["cell", *names], rows),
            "## What they differ in",
            markdown_table(["key", *names], settings),
            "\n".join(f"- {note}" for note in self.notes),
        ]
        return "\n\n".join(parts) + "\n"

    @property
    def _studies(self) -> list[Any]:
        return [report.evidence.study for report in self.reports]


def _verdict(result: CellResult | None) -> str:
    if result is None:
        return wording.NOTHING
    failed = f", {result.failed} failed" if result.failed else ""
    return f"{wording.marked(result.verdict)} {wording.interval(result.late)}{failed}"


def _verdict_text(result: CellResult | None) -> Text:
    return Text(_verdict(result), VERDICT_STYLES[result.verdict] if result else "dim")
