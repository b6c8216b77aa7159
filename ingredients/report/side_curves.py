"""A study's adaptation curves in a comparison; floor 0, yardstick 1."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from ingredients.errors import StoreError
from ingredients.grid import Cell
from ingredients.judgement import Judgement
from ingredients.judgement_input.curves import Rows
from ingredients.judgement_input.gather import CURVES_PARQUET, Evidence
from ingredients.store.tables import axis_in, read_last_curves
from ingredients.study import INGREDIENTS

SideCurves = Mapping[Cell, Rows]
"""Normalised curves of a cell's finished runs at the end of training, `[R, K]`; cells without a run are not there."""


def curves_of(evidence: Evidence, judgement: Judgement) -> SideCurves:
    """Returns a judged study's curves; none without a scale."""
    scale = judgement.scale
    if scale is None or not scale.usable:
        return {}
    return {
        each.cell: scale.normalised(np.stack([run.plain for run in each.runs])) for each in evidence.cells if each.runs
    }


def stored_curves(directory: Path, content: Mapping[str, Any], cells: Sequence[Cell]) -> SideCurves:
    """Returns the curves' table of a study without runs; `content` is its `report.json`.

    Raises:
        StoreError: it is damaged.
    """
    low = content.get("floor")
    high = (content.get("yardstick") or {}).get("late")
    path = directory / CURVES_PARQUET
    if low is None or high is None or high <= low or not path.is_file():
        return {}
    frame = read_last_curves(path)
    by_levels = dict(iter(frame.groupby(list(INGREDIENTS), observed=True)["return"]))
    returns = {cell: by_levels.get(tuple(cell.texts()[name] for name in INGREDIENTS)) for cell in cells}
    points = frame[axis_in(frame)].nunique()
    try:
        return {
            cell: (found.to_numpy().reshape(-1, points) - low) / (high - low)
            for cell, found in returns.items()
            if found is not None
        }
    except ValueError as error:
        raise StoreError(f"{path}: damaged: its curves are not all of {points} points") from error
