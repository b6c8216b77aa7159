"""The report of a results folder, in every format."""

from __future__ import annotations

import importlib
import os
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from functools import cached_property
from pathlib import Path
from types import ModuleType
from typing import TYPE_CHECKING, Any

from ingredients.errors import StoreError, UsageError
from ingredients.judgement import Judgement, judge_study, unjudged
from ingredients.judgement_input.gather import Evidence, read_evidence
from ingredients.report.document import document
from ingredients.report.markdown import markdown
from ingredients.report.published_judgement import published_judgement
from ingredients.report.short import reasons_first
from ingredients.report.side import Published, Side, side_of
from ingredients.report.side_curves import SideCurves, curves_of
from ingredients.store import Store, json_text, load_result

if TYPE_CHECKING:
    import pandas as pd
    from matplotlib.figure import Figure
    from rich.console import RenderableType

    from ingredients.report.figures import Picture


@dataclass(frozen=True, eq=False)
class Report:
    """A results folder's evidence and judgement; `unwritten`: why files could not be written."""

    directory: Path
    evidence: Evidence
    judgement: Judgement
    unwritten: str | None = None

    @property
    def json(self) -> dict[str, Any]:
        """Content of `report.json`."""
        return document(self.evidence, self.judgement)

    @property
    def side(self) -> Side:
        """The study for a comparison."""
        return side_of(self.directory, self.evidence, self.judgement)

    @property
    def curves(self) -> SideCurves:
        """Its curves for a comparison."""
        return curves_of(self.evidence, self.judgement)

    @property
    def markdown(self) -> str:
        """Content of `report.md`, also a CI job's summary."""
        return markdown(self.evidence, self.judgement)

    def terminal(self) -> RenderableType:
        """Returns the report for a rich console."""
        from ingredients.report.terminal import TerminalReport

        return TerminalReport(self.evidence, self.judgement, self.directory, written=self.unwritten is None)

    @cached_property
    def pictures(self) -> tuple[Picture, ...]:
        """All pictures with something to show."""
        drawn: tuple[Picture, ...] = _figures().draw(self.evidence, self.judgement)
        return drawn

    @cached_property
    def html(self) -> str:
        """Content of `report.html`; pictures take most of its time."""
        small = _figures().small_multiples(self.evidence, self.judgement)  # first: it imports matplotlib
        from ingredients.report.html import page

        return page(self.evidence, self.judgement, self.pictures, small)

    def write(self) -> None:
        """Writes the report's files into the folder, each atomically.

        Raises:
            StoreError: it cannot be written.
        """
        store = Store(self.directory)
        store.write_looks(self._looks(store.read_looks()))  # first: no look may be lost to what comes after it
        with ThreadPoolExecutor(1) as aside:  # a long table is written by Arrow, which leaves Python to the pictures
            table = aside.submit(store.write_table, self.evidence.frame)
            store.write_text("report.json", json_text(self.json))
            store.write_text("report.md", self.markdown)
            store.write_text("report.html", self.html)
            for picture in self.pictures:
                store.write_bytes(f"figures/{picture.words.name}.png", picture.png)
                store.write_bytes(f"figures/{picture.words.name}.svg", picture.svg)
            table.result()

    def _looks(self, before: dict[str, list[int]]) -> dict[str, list[int]]:
        """Returns the looks, with the present one if it could have decided a cell."""
        now = {result.cell.label(): list(result.looks) for result in self.judgement.cells if result.looks}
        return {cell: sorted({*before.get(cell, []), *now.get(cell, [])}) for cell in sorted(before | now)}


def _figures() -> ModuleType:
    """Returns `figures`, imported without `MPLBACKEND`, whose backend may be missing."""
    before = os.environ.pop("MPLBACKEND", None)
    try:
        from ingredients.report import figures
    finally:
        if before is not None:
            os.environ["MPLBACKEND"] = before
    return figures


def load_all() -> None:
    """Loads what a report needs, which takes seconds."""
    _figures()
    for name in ("html", "terminal"):
        importlib.import_module(f"ingredients.report.{name}")


def figure_of(report: Report | Published, name: str) -> Figure:
    """Returns one of a report's figures.

    Raises:
        UsageError: it has none of that name.
        StoreError: a published report lacks a table.
    """
    figures = _figures()
    shown = (report.evidence, report.judgement) if isinstance(report, Report) else published_judgement(report)
    made: Figure | None = figures.figure(*shown, name)
    if made is None:
        allowed = ", ".join(figures.names(*shown))
        picture = report.directory / "figures" / f"{name}.png"
        there = isinstance(report, Published) and picture.is_file()
        why = f"{name!r} is drawn from runs, which are not here; its picture is {picture}" if there else f"no {name!r}"
        raise UsageError(f"figure: {why}; allowed: {allowed}")
    return made


def trace_figure(table: pd.DataFrame, title: str) -> Figure:
    """Returns the figure of an agent's lifetimes (`figures.trace`)."""
    _figures()
    module = importlib.import_module("ingredients.report.figures.trace")
    made: Figure = module.trace_figure(table, title)
    return made


def read_report(directory: Path) -> Report:
    """Returns the report of a results folder; writes nothing.

    Raises:
        StoreError: it is none, or a file is damaged.
    """
    store, study = load_result(directory)
    evidence = read_evidence(store, study)
    if evidence.references is None:
        return Report(directory, evidence, reasons_first(evidence, unjudged(evidence.cells, study.criterion)))
    try:
        judgement = judge_study(evidence.cells, evidence.references, study.criterion)
    except StoreError as error:
        raise StoreError(f"{directory}: {error}") from error
    return Report(directory, evidence, reasons_first(evidence, judgement))


def build_report(directory: Path) -> Report:
    """Returns a folder's report and writes its files; `unwritten` tells a failure.

    Raises:
        StoreError: the folder cannot be read.
    """
    report = read_report(directory)
    try:
        report.write()
    except StoreError as error:
        return replace(report, unwritten=str(error))
    return report
