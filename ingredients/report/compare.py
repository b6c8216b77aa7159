"""`report A B ...`: studies side by side, each on its own scale and criterion."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property

from rich.console import Console, ConsoleOptions, Group, RenderableType, RenderResult
from rich.table import Table
from rich.text import Text

from ingredients.grid import Cell, flat
from ingredients.report import wording
from ingredients.report.build import Report
from ingredients.report.layout import fullest_first
from ingredients.report.markdown import escaped, markdown_table
from ingredients.report.pen import VERDICT_STYLES, Pen
from ingredients.report.side import Published, ShownCell, Side
from ingredients.report.tables import Column, fitting
from ingredients.study import INGREDIENTS

_COMPARED = ("tasks", "agent", "learner", "seeds", "evaluation", "criterion")
# Dropped in this order on a narrow console; levels and the mark of a verdict always stay.
_WITHOUT = ("bounds", "names", "score", "word")


@dataclass(frozen=True, eq=False)
class Comparison:
    """Several studies side by side."""

    reports: Sequence[Report | Published]

    @cached_property
    def sides(self) -> list[Side]:
        """The studies as shown."""
        return [report.side for report in self.reports]

    @property
    def names(self) -> list[str]:
        """The studies' names, with the folder if equal."""
        names = [side.study.name for side in self.sides]
        return [
            name if names.count(name) == 1 else f"{name} ({side.directory})"
            for name, side in zip(names, self.sides, strict=True)
        ]

    @property
    def answers(self) -> list[str]:
        """Each study's answer, with its progress if unfinished."""
        return [f"{name}{side.state}: {side.sentence}" for name, side in zip(self.names, self.sides, strict=True)]

    @property
    def cells(self) -> list[Cell]:
        """Every study's cells, the fullest first."""
        return fullest_first(list({cell: None for side in self.sides for cell in side.cells}))

    @property
    def notes(self) -> list[str]:
        """Notes to read before comparing."""
        criteria = {tuple(side.study.criterion.model_dump().items()) for side in self.sides}
        scales = [side.scale for side in self.sides]
        ends = "; ".join(f"{name} {scale}" for name, scale in zip(self.names, scales, strict=True))
        own = f"Late scores are on each study's own scale, by the return of an episode: {ends}."
        judged = [agree for agree in map(self.agree, self.cells) if agree is not None]
        older = [name for name, side in zip(self.names, self.sides, strict=True) if side.older]
        rule = "An older rule judged some, so equal verdicts and gains need not mean the same:"
        differ = "They were judged under different criteria, so equal verdicts need not mean the same."
        return [
            f"The verdicts agree in {sum(judged)} of {len(judged)} cells that all studies have judged."
            if judged
            else "No cell is judged in all of these studies, so there are no verdicts to compare.",
            *([differ] if len(criteria) > 1 else []),
            *([f"{rule} {', '.join(older)}."] if older else []),
            *([own] if len(set(scales)) > 1 else []),
            "Each study is judged by itself; nothing is pooled.",
        ]

    def row(self, cell: Cell) -> list[ShownCell | None]:
        """Returns a cell's result in each study, or None."""
        return [side.cells.get(cell) for side in self.sides]

    def agree(self, cell: Cell) -> bool | None:
        """Returns whether all studies give a cell one verdict; None if one has none."""
        results = self.row(cell)
        if not all(map(_is_judged, results)):
            return None
        return len({result.verdict for result in results if result}) == 1

    def settings(self) -> list[tuple[str, list[str]]]:
        """Returns keys in which studies differ, with their values."""
        studies = [side.study.resolved() for side in self.sides]
        compared = [dict(flat({name: study[name] for name in _COMPARED})) for study in studies]
        keys = list({key: None for settings in compared for key in settings})
        rows = [(key, [str(settings.get(key, wording.NOTHING)) for settings in compared]) for key in keys]
        return [(key, values) for key, values in rows if len(set(values)) > 1]

    def terminal(self) -> RenderableType:
        """Returns the comparison for a rich console."""
        return TerminalComparison(self)

    @cached_property
    def html(self) -> str:
        """The comparison as one offline page."""
        from ingredients.report.compare_html import comparison_page

        return comparison_page(self)

    @property
    def markdown(self) -> str:
        """The comparison as GitHub-flavoured Markdown."""
        names = [escaped(name) for name in self.names]
        rows = [
            [escaped(wording.levels(cell, INGREDIENTS)), *(_verdict(result) for result in self.row(cell))]
            for cell in self.cells
        ]
        settings = [[f"`{key}`", *map(escaped, values)] for key, values in self.settings()]
        differ = ["## What they differ in", markdown_table(["key", *names], settings)] if settings else []
        parts = [
            "# Studies side by side",
            "\n".join(f"- {escaped(answer)}" for answer in self.answers),
            markdown_table(["cell", *names], rows),
            "\n".join(f"- {escaped(note)}" for note in self.notes),
            *differ,
        ]
        return "\n\n".join(parts) + "\n"


@dataclass(frozen=True, eq=False)
class TerminalComparison:
    """A comparison to print with `rich.console.Console().print`."""

    comparison: Comparison

    def __rich_console__(self, console: Console, options: ConsoleOptions) -> RenderResult:
        """Yields the parts, each after an empty line."""
        pen = Pen(options.max_width, options.ascii_only)
        for part in self._parts(pen):
            yield Text()
            yield part
        yield Text()

    def _parts(self, pen: Pen) -> Iterator[RenderableType]:
        compared = self.comparison
        yield Group(*(pen.text(f"{place} {answer}") for place, answer in enumerate(compared.answers, start=1)))
        yield fitting(lambda without: self._columns(pen, without), _WITHOUT, pen)
        letters = "Levels of (R)eward and (A)ction observation, (M)emory, (T)ask distribution: + on, · off. "
        marks = ", ".join(wording.marked(verdict) for verdict in wording.VERDICT_MEANINGS)
        yield pen.text(f"{'' if pen.wide else letters}{marks}; late score with its interval.", "dim")
        yield Group(*map(pen.bullet, compared.notes))
        if settings := compared.settings():
            yield self._settings(settings, pen)
        yield Group(*(pen.text(f"One whole: ingredients report {each.directory}", "dim") for each in compared.reports))

    def _columns(self, pen: Pen, without: Collection[str]) -> Iterator[Column]:
        compared = self.comparison
        for ingredient in INGREDIENTS:
            word = wording.INGREDIENT_WORDS[ingredient]
            levels = [pen.level(wording.level(cell, ingredient)) for cell in compared.cells]
            yield Column(word if pen.wide else word[0].upper(), levels, "center")
        columns = zip(*map(compared.row, compared.cells), strict=True)
        for place, (name, results) in enumerate(zip(compared.names, columns, strict=True), start=1):
            title = str(place) if "names" in without else f"{place} {name}"
            texts = [
                pen.text(_verdict(result, without), VERDICT_STYLES[result.verdict] if result else "dim")
                for result in results
            ]
            yield Column(pen.text(title).plain, texts, "left")

    def _settings(self, settings: Sequence[tuple[str, Sequence[str]]], pen: Pen) -> Table:
        table = pen.table()
        for title in ("what differs", *map(str, range(1, len(self.comparison.reports) + 1))):
            table.add_column(title, overflow="fold")
        for key, values in settings:
            table.add_row(*map(pen.text, (key, *values)))
        return table


def _is_judged(result: ShownCell | None) -> bool:
    """Returns whether a study has the cell, a finished run and references."""
    return result is not None and result.judged and result.seeds > 0 and result.verdict is not None


def _verdict(result: ShownCell | None, without: Collection[str] = ()) -> str:
    """Returns a verdict with late score and failures, as space allows."""
    if result is None:
        return wording.NOTHING
    failed = wording.failures(result)
    if "word" in without:
        return wording.VERDICT_MARKS[result.verdict]
    if "score" in without or result.late.mean is None:
        return f"{wording.outcome(result)}{failed}"
    late = wording.number(result.late.mean) if "bounds" in without else wording.interval(result.late)
    return f"{wording.outcome(result)} {late}{failed}"
