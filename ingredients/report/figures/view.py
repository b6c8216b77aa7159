"""The data of every picture."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure

from ingredients.judgement import CellResult, Judgement
from ingredients.judgement_input.gather import Evidence
from ingredients.report.curves import ShownCurves
from ingredients.report.figures.panel import limits
from ingredients.report.rows import ordered

NARROW = 4.8  # inches: on a phone the letters are still large enough


@dataclass(frozen=True, eq=False)
class View:
    """Evidence, judgement, and curves."""

    evidence: Evidence
    judgement: Judgement

    @cached_property
    def curves(self) -> ShownCurves:
        """Curves of the study."""
        return ShownCurves(self.evidence, self.judgement)

    @cached_property
    def cells(self) -> list[CellResult]:
        """Judged cells, the fullest first."""
        return ordered(self.judgement)

    @cached_property
    def limits(self) -> tuple[float, float]:
        """Lowest and highest return of any cell's curve, with a margin."""
        return limits(self.curves, [result.cell for result in self.cells])

    @cached_property
    def learners(self) -> list[CellResult]:
        """In-context cells; if none, the fullest cell with a run."""
        found = [result for result in self.cells if result.verdict == "in-context"]
        return found or [result for result in self.cells if result.seeds][:1]


def blank(width: float, height: float) -> Figure:
    """Returns an empty figure of a size in inches, without a window."""
    figure = Figure(figsize=(width, height), facecolor="white")
    FigureCanvasAgg(figure)
    return figure
