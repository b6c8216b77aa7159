"""Whether curves can be judged together."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from ingredients.errors import StoreError
from ingredients.judgement_input.curves import CellInput, RunCurves
from ingredients.judgement_input.references import References


def check(cells: Sequence[CellInput], references: References) -> None:
    """Checks that curves can be judged together; cells and seeds must be unique.

    Raises:
        StoreError: curves of unequal length, or with values that are not finite.
    """
    assert len({cell.cell for cell in cells}) == len(cells), "a cell comes twice"
    episodes = references.roles["floor"].runs[0].plain.size
    for reference in references.all.values():
        for run in reference.runs:
            _check_run(f"reference {reference.name}", run, episodes)
    for cell in cells:
        seeds = [*(run.seed for run in cell.runs), *cell.failed_seeds]
        assert len(set(seeds)) == len(seeds), f"a seed comes twice in {cell.cell.label()}"
        for run in cell.runs:
            _check_run(f"{cell.cell.label()} · seed {run.seed}", run, episodes)


def _check_run(what: str, run: RunCurves, episodes: int) -> None:
    curves = (
        run.plain,
        *(curve for of in (run.swapped, run.points, run.training_points, run.probes) for curve in of.values()),
    )
    for curve in curves:
        if curve.shape != (episodes,):
            raise StoreError(f"{what}: a curve of shape {curve.shape} among lifetimes of {episodes} episodes")
        if not np.isfinite(curve).all():
            raise StoreError(f"{what}: a curve holds values that are not finite")
    if run.on_blocks is not None and run.on_blocks.plain.shape[1:] != (episodes,):
        raise StoreError(f"{what}: curves on blocks of tasks of shape {run.on_blocks.plain.shape}")
