"""What every cell of a study is judged with: curves, scores, references, the scale, the gate, the criterion.

Comes in: the cells and the references. Goes out: a `Court`, which gives each cell its hurdle and its evidence.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

from ingredients.grid import Cell
from ingredients.judgement.calibration import calibrate, reactive_late, scale_of
from ingredients.judgement.findings import Calibration
from ingredients.judgement.inputs import INTERNAL, CellInput, References, RunCurves, check
from ingredients.judgement.scores import Hurdle, Scale, Scores, score, score_as_floor
from ingredients.judgement.verdict import Evidence, RunEvidence
from ingredients.study import Criterion, WipeEvery


@dataclass(frozen=True)
class Court:
    """What every cell of a study is judged with; `scores` by cell in the order of the seeds, empty without a scale."""

    cells: Mapping[Cell, CellInput]
    scores: Mapping[Cell, tuple[Scores, ...]]
    references: References
    scale: Scale
    calibration: Calibration
    criterion: Criterion
    writable: bool

    def evidence(self, cell: CellInput, failed_as_floor: bool = False) -> Evidence:
        """Returns G, D and C of the cell's runs; those that failed stand with the floor's, where asked for."""
        hurdle = self.hurdle(cell, failed_as_floor)
        runs = tuple(run_evidence(run, hurdle) for run in self._scores(cell, failed_as_floor))
        if isinstance(cell.cell.memory, WipeEvery):  # a swap soon before a wipe costs little, whatever was carried
            runs = tuple(replace(run, carried={}) for run in runs)
        return Evidence(runs, hurdle.demanded)

    def hurdle(self, cell: CellInput, failed_as_floor: bool = False) -> Hurdle:
        """Returns the reactive reference and, where nothing can be written into the environment, the sibling."""
        reactive, sibling = reactive_late(self.references, self.scale), self.sibling(cell)
        late_of_sibling = {run.seed: run.late for run in self._scores(sibling, failed_as_floor)} if sibling else {}
        return Hurdle(reactive, late_of_sibling, demanded=not self.writable or reactive is not None)

    def sibling(self, cell: CellInput) -> CellInput | None:
        """Returns the same cell with memory off, where it is a hurdle; for a memory-off cell, the cell itself.

        Each kind of memory has its own, of the same architecture, so that D is about what is carried and nothing else.
        """
        return None if self.writable else self.cells.get(cell.cell.lacking("memory"))

    def _scores(self, cell: CellInput, failed_as_floor: bool) -> tuple[Scores, ...]:
        finished = self.scores[cell.cell]
        if not failed_as_floor:
            return finished
        carriers = finished[0].carried if finished else [INTERNAL]
        return (*finished, *(score_as_floor(seed, carriers, self.scale) for seed in sorted(cell.failed_seeds)))


def open_court(cells: Sequence[CellInput], references: References, criterion: Criterion, writable: bool) -> Court:
    """Returns the court of a study.

    Raises:
        StoreError: curves of unequal length, or with values that are not finite.
    """
    check(cells, references)
    scale = scale_of(references)
    judgeable = cells if scale.usable else ()
    return Court(
        cells={cell.cell: cell for cell in cells},
        scores={cell.cell: tuple(score(run, scale) for run in by_seed(cell)) for cell in judgeable},
        references=references,
        scale=scale,
        calibration=calibrate(references, scale, criterion),
        criterion=criterion,
        writable=writable,
    )


def run_evidence(scores: Scores, hurdle: Hurdle) -> RunEvidence:
    """Returns G, D and C of a run."""
    return RunEvidence(scores.gain, hurdle.beyond(scores), scores.carried)


def by_seed(cell: CellInput) -> list[RunCurves]:
    """Returns the cell's runs in the order of their seeds."""
    return sorted(cell.runs, key=lambda run: run.seed)
