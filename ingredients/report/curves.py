"""Curves for figures and tables, on the study's scale."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from ingredients.grid import Cell
from ingredients.judgement import INTERNAL, CellInput, CellResult, Curve, Judgement
from ingredients.judgement.scores import Scale, late, window
from ingredients.judgement.statistics import t_interval
from ingredients.judgement_input.gather import Evidence
from ingredients.judgement_input.references import References
from ingredients.study.axis import axis_of


class TrainingCurve(NamedTuple):
    """A cell in training: train steps `[E]`, raw late means by run `[R, E]`, their mean `[E]`."""

    steps: npt.NDArray[np.int64]
    runs: Curve
    mean: Curve


class ShownCurves:
    """The curves of one study."""

    def __init__(self, evidence: Evidence, judgement: Judgement) -> None:
        """Computes nothing yet."""
        self._cells = {cell.cell: cell for cell in evidence.cells}
        self._references = evidence.references
        self._scale = judgement.scale
        self._confidence = evidence.study.criterion.confidence
        self.axis = axis_of(evidence.study.tasks)

    @property
    def has_references(self) -> bool:
        """Whether the references have been evaluated."""
        return self._references is not None

    @property
    def references(self) -> References:
        """The references with their roles, already evaluated."""
        assert self._references is not None
        return self._references

    @property
    def scale(self) -> Scale:
        """Scale with late floor 0 and yardstick 1; unusable without references."""
        return self._scale or Scale(np.zeros(self.axis.points), yardstick_late=0.0)

    @property
    def late_from(self) -> int:
        """First point (0-based) of the late window."""
        return self.axis.points - window(self.axis.points)

    def seeds(self, cell: Cell) -> list[Curve]:
        """Returns each finished run's final curve."""
        return [run.plain for run in self._runs(cell).runs]

    def mean(self, cell: Cell) -> Curve | None:
        """Returns the mean over seeds; None without finished runs."""
        seeds = self.seeds(cell)
        return np.mean(seeds, axis=0) if seeds else None

    def swapped(self, cell: Cell) -> Curve | None:
        """Returns the mean over seeds with memory swapped; None if a run lacks it."""
        runs = self._runs(cell).runs
        curves = [run.swapped[INTERNAL] for run in runs if INTERNAL in run.swapped]
        return np.mean(curves, axis=0) if curves and len(curves) == len(runs) else None

    def band(self, cell: Cell) -> tuple[Curve, Curve] | None:
        """Returns the interval over seeds by point; None below two runs."""
        intervals = [t_interval(point, self._confidence) for point in np.transpose(self.seeds(cell))]
        bounds = [(each.low, each.high) for each in intervals if each.low is not None and each.high is not None]
        if not bounds:
            return None
        low, high = np.transpose(bounds)
        return low, high

    def normalised_late(self, curve: Curve) -> float | None:
        """Returns a curve's normalised late score, if there is a scale."""
        return self.scale.normalise(late(curve)) if self.scale.usable else None

    def late_of(self, role: str) -> float:
        """Returns a reference's raw late mean by its role."""
        return late(self.references.roles[role].curve)

    def ceiling(self, result: CellResult) -> float | None:
        """Returns the ceiling's normalised late score, if known."""
        if result.ceiling is None:
            return None
        return self.normalised_late(self.references.all[result.ceiling.reference].curve)

    def course(self, cell: Cell, tasks: str) -> TrainingCurve | None:
        """Returns raw late means over training on `held_out` or `training` tasks."""
        of_runs = [run.points if tasks == "held_out" else run.training_points for run in self._runs(cell).runs]
        shared = sorted(set.intersection(*(set(points) for points in of_runs))) if of_runs else []
        if not shared:
            return None
        runs = np.array([[late(points[step]) for step in shared] for points in of_runs])
        return TrainingCurve(np.array(shared), runs, runs.mean(axis=0))

    def heights(self, curve: Curve, count: int) -> list[float]:
        """Returns means over `count` (at most K) equal stretches, clipped to [floor 0, yardstick 1]."""
        if not self.scale.usable:
            return []
        stretches = np.array_split(curve, min(count, len(curve)))
        return [min(max(self.scale.normalise(float(stretch.mean())), 0.0), 1.0) for stretch in stretches]

    def _runs(self, cell: Cell) -> CellInput:
        return self._cells[cell]
