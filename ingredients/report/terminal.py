"""The report on a terminal."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from rich.console import Console, ConsoleOptions, Group, RenderableType, RenderResult
from rich.text import Text

from ingredients.judgement import Judgement
from ingredients.judgement.words import describe
from ingredients.judgement_input.gather import Evidence, go_on
from ingredients.report import inner, opening, planning, rows, short, wording
from ingredients.report.curves import ShownCurves
from ingredients.report.pen import VERDICT_STYLES, Pen
from ingredients.report.tables import cell_table, ingredient_table, reference_table
from ingredients.study.messages import several

_MOST_LISTED = 8
_FILES = ("report.html", "report.md", "report.json", "figures/", "curves.parquet", "curves.csv")


@dataclass(frozen=True, eq=False)
class TerminalReport:
    """A report to print with `rich.console.Console().print`."""

    evidence: Evidence
    judgement: Judgement
    directory: Path
    written: bool = True

    def __rich_console__(self, console: Console, options: ConsoleOptions) -> RenderResult:
        """Yields the parts, each after an empty line."""
        pen = Pen(options.max_width, options.ascii_only)
        for part in self._parts(pen):
            yield Text()
            yield part
        yield Text()

    def _parts(self, pen: Pen) -> Iterator[RenderableType]:
        yield self._heading(pen)
        if short.is_short(self.judgement):
            yield from (_listed(title, lines, pen) for title, lines in short.sections(self.evidence, self.judgement))
            yield from self._files(pen)
            return
        yield cell_table(self.evidence, self.judgement, pen)
        yield self._key(pen)
        yield from self._full_cell(pen)
        if self.judgement.references:
            yield reference_table(self.evidence, self.judgement, pen)
        if self.evidence.finished:
            yield self._ingredients(pen)
        yield from self._probes(pen)
        yield from self._analysis(pen)
        if said := inner.lines(self.judgement):
            yield _listed(inner.TITLE, list(said), pen)
        if said := planning.lines(self.judgement):
            yield _listed(planning.TITLE, list(said), pen)
        for title, lines in rows.lists(self.evidence, self.judgement):
            yield _listed(title, lines, pen)
        yield from self._files(pen)

    def _heading(self, pen: Pen) -> RenderableType:
        study = self.evidence.study
        title = f"{study.name}: {study.question}" if study.question else opening.title(self.evidence)
        state = "yellow" if self.evidence.missing or self.evidence.failures else "dim"
        return Group(
            pen.text(title),
            pen.text(wording.progress(self.evidence), state),
            Text(),
            pen.text(opening.opening(self.judgement), "bold"),
            *map(pen.text, opening.details(self.judgement)),
        )

    def _full_cell(self, pen: Pen) -> Iterator[RenderableType]:
        """Draws the fullest cell's curve beside the yardstick's, and the gap."""
        result = rows.ordered(self.judgement)[0]
        curves = ShownCurves(self.evidence, self.judgement)
        axis = curves.axis
        mean = curves.mean(result.cell)
        if mean is None or not curves.scale.usable:
            return
        yardstick = curves.references.roles["yardstick"]
        count = min(pen.width - 12, 72)
        drawn = pen.plot(curves.heights(mean, count), curves.heights(yardstick.curve, count))
        name = describe(result.cell)
        title = f"{name[:1].upper()}{name[1:]}: score of {axis.of_points}; dotted, the yardstick ({yardstick.name})"
        below = pen.text(f"     {axis.name}s 1 to {axis.points * axis.bin_steps}", "dim")
        yield Group(pen.text(title, "bold"), *drawn, below, pen.text(rows.gap(result)))

    def _probes(self, pen: Pen) -> Iterator[RenderableType]:
        """Yields the fullest in-context cell's probes."""
        for result in rows.probed(self.judgement)[:1]:
            yield _listed(f"Probes of {describe(result.cell)}", rows.probe_lines(result), pen)

    def _analysis(self, pen: Pen) -> Iterator[RenderableType]:
        """Yields the family's analysis of the fullest cell."""
        for result in [result for result in rows.ordered(self.judgement) if result.statistics][:1]:
            title = pen.text(f"{self.evidence.study.tasks.analysis}; {describe(result.cell)}", "bold")
            yield Group(title, *map(pen.bullet, rows.analysis_lines(result)))

    def _key(self, pen: Pen) -> RenderableType:
        """Returns the meaning of columns and occurring verdicts."""
        meanings = [
            pen.text(wording.marked(verdict), VERDICT_STYLES[verdict]) + pen.text(f": {meaning}")
            for verdict, meaning in wording.meanings(self.judgement)
        ]
        letters = "Levels of (R)eward and (A)ction observation, (M)emory, (T)ask distribution: + on, · off. "
        key = ("" if pen.wide else letters) + rows.scale_key(self.evidence, self.judgement)
        return Group(pen.text(key, "dim"), *meanings)

    def _ingredients(self, pen: Pen) -> RenderableType:
        table = ingredient_table(self.judgement, pen)
        sets = rows.sufficient(self.judgement)
        sentences = [pen.bullet(result.sentence) for result in self.judgement.ingredients.values()]
        return Group(table, *map(pen.text, sets), *sentences)

    def _files(self, pen: Pen) -> Iterator[RenderableType]:
        """Yields how to continue an unfinished study, and files' places."""
        if not self.evidence.complete or not self.evidence.finished:
            count = len(self.evidence.missing)
            missing = f"{several(count, 'run')} {'is' if count == 1 else 'are'} missing. " if count else ""
            yield pen.text(f"{missing}To {go_on(self.directory)}", "yellow")
        if self.written:
            yield pen.text(f"In {self.directory}: {', '.join(_FILES)}", "dim")


def _listed(title: str, lines: list[str], pen: Pen) -> RenderableType:
    """Returns a title and its first lines."""
    return Group(pen.text(title, "bold"), *map(pen.bullet, rows.shortened(title, lines, _MOST_LISTED)))
