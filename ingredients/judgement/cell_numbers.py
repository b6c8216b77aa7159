"""Further numbers of a cell, listed once for `report.json`, tables and `Result.cells`."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import Literal

import numpy as np

from ingredients.judgement.court import Court, by_seed
from ingredients.judgement.results import Ceiling, Interval, RunResult
from ingredients.judgement.scores import late
from ingredients.judgement.statistics import bca_interval, crossed_interval, iqm_interval, t_interval
from ingredients.judgement_input.curves import CellInput, RunCurves


@dataclass(frozen=True)
class CellGrounds:
    """Input of a cell's numbers."""

    cell: CellInput
    runs: tuple[RunResult, ...]
    top: Ceiling | None
    court: Court

    @property
    def lates(self) -> list[float]:
        """Late scores of the runs that have one."""
        return [run.late for run in self.runs if run.late is not None]

    def interval(self, values: Iterable[float | None]) -> Interval:
        """Returns the mean of the known values with its interval."""
        return t_interval([value for value in values if value is not None], self.court.criterion.confidence)


@dataclass(frozen=True)
class CellNumber:
    """A number of a cell, by its key in `report.json`.

    Attributes:
        table: of the page, if any.
        brief: whether Markdown shows it too.
    """

    key: str
    title: str
    of: Callable[[CellGrounds], Interval | None]
    table: Literal["scores", "ceilings", "emergence"] | None = None
    digits: int = 2
    brief: bool = False


def _beyond(grounds: CellGrounds) -> Interval | None:
    """Returns D over runs with a hurdle."""
    known = [run.beyond for run in grounds.runs if run.beyond is not None]
    return grounds.interval(known) if known else None


def _iqm(grounds: CellGrounds) -> Interval:
    """Returns the late score's interquartile mean."""
    return iqm_interval(grounds.lates, grounds.court.criterion.confidence)


def _bca(grounds: CellGrounds) -> Interval | None:
    """Returns the late score's mean with its BCa interval."""
    return bca_interval(grounds.lates, grounds.court.criterion.confidence)


def _crossed(grounds: CellGrounds) -> Interval | None:
    """Returns the return over runs and tasks, or None without blocks."""
    blocks = [run.blocks for run in by_seed(grounds.cell) if run.blocks is not None]
    if not blocks or len(blocks) < len(grounds.cell.runs) or len({block.size for block in blocks}) > 1:
        return None
    return crossed_interval(np.stack(blocks), grounds.court.criterion.confidence)


def _gap(grounds: CellGrounds) -> Interval:
    """Returns ceiling minus return, raw."""
    top = grounds.top
    return grounds.interval([top.return_ - run.return_ for run in grounds.runs] if top else [])


def _memorised(grounds: CellGrounds) -> Interval:
    """Returns the raw late mean on training minus held-out tasks."""
    return grounds.interval(map(_on_own_tasks, by_seed(grounds.cell)))


def _on_own_tasks(run: RunCurves) -> float | None:
    trained = training_late(run)
    return None if trained is None else trained - late(run.plain)


NUMBERS: tuple[CellNumber, ...] = (
    CellNumber("beyond", "late score minus a reaction's", _beyond, "scores"),
    CellNumber("iqm", "IQM of the late score", _iqm, "scores"),
    CellNumber("bca", "late score, bootstrapped", _bca),
    CellNumber("crossed", "return, interval over tasks too", _crossed, "ceilings", digits=1),
    CellNumber("gap", "gap to the ceiling", _gap, "ceilings", digits=1),
    CellNumber("memorised", "late return on own training tasks minus held-out tasks", _memorised, "emergence"),
)


def numbers_of(grounds: CellGrounds) -> dict[str, Interval | None]:
    """Returns every number of a cell by key."""
    return {number.key: number.of(grounds) for number in NUMBERS}


def unknown_numbers() -> Mapping[str, Interval | None]:
    """Returns the numbers of a cell that is not judged."""
    return {number.key: Interval(None, None, None) for number in NUMBERS}


def numbers_in(table: str) -> list[CellNumber]:
    """Returns the numbers of a table."""
    return [number for number in NUMBERS if number.table == table]


def brief_numbers() -> list[CellNumber]:
    """Returns the numbers that Markdown shows."""
    return [number for number in NUMBERS if number.brief]


def training_late(run: RunCurves) -> float | None:
    """Returns the raw late mean on training tasks, or None."""
    return late(run.training_points[max(run.training_points)]) if run.training_points else None
