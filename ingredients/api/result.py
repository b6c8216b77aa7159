"""A results folder in Python: study, curves, verdicts, figures, agents."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from ingredients.api.hub import hub_weights
from ingredients.errors import StoreError, UsageError
from ingredients.grid import Cell, Run
from ingredients.judgement import cell_numbers
from ingredients.judgement_input.gather import CURVES_PARQUET
from ingredients.report.build import Report, build_report, figure_of, read_report
from ingredients.report.expect import named_cells
from ingredients.report.side import Published, published
from ingredients.store import Store, load_result
from ingredients.store.tables import read_all_curves
from ingredients.study import INGREDIENTS, Study, level_text

if TYPE_CHECKING:
    from matplotlib.figure import Figure

    from ingredients.api.agent import StoredAgent

_OF_A_CELL = ("return", "early", "late", "gain")  # and the further numbers, as they are declared


def load(directory: str | Path) -> Result:
    """Returns the results in a folder (docs/api.md).

    Raises:
        StoreError: it is no results folder.
    """
    folder = Path(directory).expanduser()
    _, study = load_result(folder)
    return Result(folder, study)


class Result:
    """One study's results; `run_grid` fills `failed`, a line per failed run."""

    def __init__(self, directory: Path, study: Study, failed: tuple[str, ...] = ()) -> None:
        """Takes what `load` read."""
        self.directory, self.study, self.failed = directory, study, failed

    def __repr__(self) -> str:
        """Returns the folder and the study's name."""
        return f"Result({str(self.directory)!r}, study {self.study.name!r})"

    # What was found

    def report(self, write: bool = False) -> Report | Published:
        """Returns the report: a published folder's as written, any other's judged now.

        `write` also writes its files.

        Raises:
            StoreError: a file is damaged, or cannot be written.
        """
        report = published(self.directory) or (build_report if write else read_report)(self.directory)
        if report.unwritten:
            raise StoreError(report.unwritten)
        return report

    @cached_property
    def json(self) -> dict[str, Any]:
        """Content of `report.json`."""
        return self.report().json

    @property
    def cells(self) -> pd.DataFrame:
        """A row per cell: levels, verdict with reason, number of runs that learned, scores.

        Scores have three columns, such as `late`, `late_low`, `late_high` (`judgement.cell_numbers`).
        """
        return pd.DataFrame([cell_row(cell) for cell in self.json["cells"]])

    def curves(self) -> pd.DataFrame:
        """Returns the adaptation curves of all finished runs, a row per point.

        A point is an `episode`; on the axis of steps a bin, with rewards summed, and its first `step`, from 0. `return`
        and `regret` are raw. `score` is 0 at the floor's late return of a point and 1 at the yardstick's; NaN on
        training tasks, and where nothing was judged.
        """
        frame = self._frame()
        yardstick = self.json["yardstick"]
        low = self.json["floor"]
        high = (yardstick or {}).get("late")
        known = low is not None and high is not None and high != low
        score = (frame["return"] - low) / (high - low) if known else np.nan
        return frame.assign(score=np.where(frame["tasks"] == "held_out", score, np.nan))

    def figure(self, name: str = "adaptation") -> Figure:
        """Returns one of the report's figures, free to change and save.

        `inner`, `planning` and `trace` need the folder's runs.

        Raises:
            UsageError: the report has none of that name.
            StoreError: its table is missing or damaged.
        """
        return figure_of(self.report(), name)

    # What was trained

    def agent(
        self,
        cell: str | Cell | Mapping[str, object] = "all four ingredients",
        seed: int | None = None,
        *,
        at: int | None = None,
    ) -> StoredAgent:
        """Returns an agent, ready to act.

        This imports the folder's copies of own tasks and memories; reading results runs no code.

        Args:
            cell: in the report's words (`all but memory`), by levels (`memory=off,reward_observation=on`, or a mapping;
                others are on), or a `Cell`.
            seed: by default the study's first.
            at: an evaluation point's train step; by default the end.

        Raises:
            UsageError: no such cell or seed, or no weights at this step.
            StoreError: the run's weights are not here.
            StudyError: own tasks or memories cannot be imported.
        """
        from ingredients.api.agent import StoredAgent
        from ingredients.experiment.brains import brain_of

        numbers = self.study.seeds.numbers
        run = Run(self._cell(cell), numbers[0] if seed is None else seed)
        if run.seed not in numbers:
            raise UsageError(f"seed={run.seed}: the study has no such seed; allowed: {numbers[0]} to {numbers[-1]}")
        return StoredAgent(brain_of(self.study, run, self._weights(run), self.directory, at))

    def _weights(self, run: Run) -> dict[str, np.ndarray]:
        store = Store(self.directory)
        if store.run_path(run).is_dir():
            return store.read_weights(run)
        exported = hub_weights(self.directory, run)
        if exported is None:
            raise StoreError(f"{store.run_path(run)}: this run is not here, so it has no agent; train it: run-grid")
        return exported

    def _cell(self, asked: str | Cell | Mapping[str, object]) -> Cell:
        if isinstance(asked, Cell):
            return asked
        if isinstance(asked, Mapping):
            levels = {name: asked.get(name, True) for name in (*INGREDIENTS, *asked)}
            asked = ",".join(f"{name}={_level(level)}" for name, level in levels.items())
        found = named_cells(self.study, asked, "cell")
        if len(found) != 1:
            raise UsageError(f"cell: {asked!r} names {len(found)} cells; name one, with a level for each ingredient")
        return found[0]

    def _frame(self) -> pd.DataFrame:
        store = Store(self.directory)
        if store.runs_path.is_dir():
            return store.curves(self.study)
        return read_all_curves(self.directory / CURVES_PARQUET)


def _level(level: object) -> str:
    return level_text(level) if isinstance(level, bool | int | float) else str(level)


def cell_row(cell: Mapping[str, Any]) -> dict[str, Any]:
    """Returns a cell of `report.json` as a row."""
    kept = ("verdict", "reason", "storage", "seeds", "failed", "learned", "emerges_at_step")
    row = {**cell["cell"], **{name: cell.get(name) for name in kept}}
    for name in (*_OF_A_CELL, *(number.key for number in cell_numbers.NUMBERS)):
        interval = cell.get(name) or {}
        row |= {name: interval.get("mean"), f"{name}_low": interval.get("low"), f"{name}_high": interval.get("high")}
    return row
