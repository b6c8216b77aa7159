"""What cells of a study are judged with."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

from ingredients.grid import Cell
from ingredients.judgement.calibration import calibrate, reactive_hurdle, scale_of
from ingredients.judgement.evidence import UNKNOWN, RunEvidence, run_evidence
from ingredients.judgement.findings import Calibration
from ingredients.judgement.scores import Hurdle, Scale, Scores, late_by_row, score
from ingredients.judgement.shares import Look, looks
from ingredients.judgement.verdict import RunVerdict, classify
from ingredients.judgement_input.checks import check
from ingredients.judgement_input.curves import CellInput, Rows, RunCurves
from ingredients.judgement_input.references import References
from ingredients.study import Criterion, WipeEvery
from ingredients.study.levels import MemoryLevel

NOT_STORED = "an older version evaluated it, without its curves on blocks of tasks: run-grid evaluates it again"


@dataclass(frozen=True)
class Court:
    """Shared input of all judgements; `scores` by seed, empty without a scale."""

    cells: Mapping[Cell, CellInput]
    scores: Mapping[Cell, tuple[Scores, ...]]
    references: References
    scale: Scale
    calibration: Calibration
    criterion: Criterion

    @property
    def writable(self) -> bool:
        """Whether agents can write on their environment."""
        return self.references.writable

    def evidence(self, cell: CellInput) -> tuple[RunEvidence, ...]:
        """Returns each run's G, D and C over tasks, by seed."""
        hurdle = self.hurdle(cell)
        return tuple(self._of_run(run, cell, hurdle) for run in by_seed(cell))

    def classes(self, cell: CellInput) -> tuple[RunVerdict, ...]:
        """Returns the class of each run, by seed."""
        demanded = self.hurdle(cell).demanded
        found = zip(by_seed(cell), self.evidence(cell), strict=True)
        wiped = wiped_why(cell.cell.memory)
        return tuple(
            RunVerdict("undecided", why=NOT_STORED) if run.on_blocks is None else classify(evidence, demanded, wiped)
            for run, evidence in found
        )

    def look(self, cell: CellInput) -> Look:
        """Returns the present look at a cell."""
        runs = len(cell.runs) + cell.failed
        earlier = [size for size in sorted(set(cell.looks)) if 0 < size < runs]
        return looks([*earlier, runs] if runs else [], self.criterion.confidence)

    def hurdle(self, cell: CellInput) -> Hurdle:
        """Returns the hurdle: reactive reference and memory-off sibling."""
        reactive = reactive_hurdle(self.references, self.scale)
        sibling = self.sibling(cell)
        demanded = not self.writable or reactive.reactive is not None
        if sibling is None:
            return replace(reactive, demanded=demanded)
        lates = {run.seed: run.late for run in self.scores[sibling.cell]}
        by_block: dict[int | None, Rows] = {
            run.seed: self.scale.normalised(late_by_row(run.on_blocks.plain))
            for run in sibling.runs
            if run.on_blocks is not None
        }
        return Hurdle(reactive.reactive, lates, demanded, {**reactive.blocks, **by_block})

    def sibling(self, cell: CellInput) -> CellInput | None:
        """Returns the cell with this memory off, if a hurdle (for a memory-off cell, itself)."""
        return None if self.writable else self.cells.get(cell.cell.lacking("memory"))

    def _of_run(self, run: RunCurves, cell: CellInput, hurdle: Hurdle) -> RunEvidence:
        if run.on_blocks is None:
            return RunEvidence(UNKNOWN)
        height = hurdle.by_block(run.seed, len(run.on_blocks.plain))
        evidence = run_evidence(run.on_blocks, height, self.scale, self.criterion)
        if not isinstance(cell.cell.memory, WipeEvery):
            return evidence
        # a swap soon before a wipe costs little whatever is carried; only a costly one is evidence
        shown = {carrier: lost for carrier, lost in evidence.carried.items() if lost.side == "above"}
        return replace(evidence, carried=shown)


def wiped_why(memory: MemoryLevel) -> str | None:
    """Returns why a swap need not show what a wiped memory carries."""
    if not isinstance(memory, WipeEvery):
        return None
    return (
        f"memory is wiped every {memory.steps} steps, and the swap half-way falls on a wipe or soon before one: "
        f"lifetimes whose half is in the middle between two wipes would show it"
    )


def open_court(cells: Sequence[CellInput], references: References, criterion: Criterion) -> Court:
    """Returns the court of a study.

    Raises:
        StoreError: as for `judgement_input.checks`.
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
    )


def by_seed(cell: CellInput) -> list[RunCurves]:
    """Returns the runs by seed."""
    return sorted(cell.runs, key=lambda run: run.seed)
