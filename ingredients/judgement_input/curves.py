"""The curves of runs, as plain arrays.

A curve is `[K]`: the mean over evaluation tasks of the expected reward of each of the K episodes of a lifetime, raw.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np
import numpy.typing as npt

from ingredients.grid import Cell
from ingredients.probes import SWAPS

Curve = npt.NDArray[np.float64]
Rows = npt.NDArray[np.float64]


@dataclass(frozen=True, eq=False)
class BlockCurves:
    """Curves on each of G blocks of the evaluation tasks, `[G, K]`, raw: what intervals over tasks rest on.

    Attributes:
        plain: without a probe.
        swapped: for each carrier, with it swapped half-way.
        control: for each carrier, with it swapped for that of a lifetime on the same task; where it is missing nothing
            can be carried by it, and the plain curves stand in.
    """

    plain: Rows
    swapped: Mapping[str, Rows] = field(default_factory=dict)
    control: Mapping[str, Rows] = field(default_factory=dict)

    def controlled(self, carrier: str) -> Rows:
        """Returns what the swapped curves are compared with."""
        return self.control.get(carrier, self.plain)


def block_curves(named: Mapping[str, npt.ArrayLike]) -> BlockCurves | None:
    """Returns the curves on blocks by the names of the probes; None where there are none."""
    arrays = {name: np.asarray(rows, dtype=np.float64) for name, rows in named.items()}
    if "none" not in arrays:
        return None
    return BlockCurves(
        plain=arrays["none"],
        swapped={carrier: arrays[probe] for probe, carrier in SWAPS.items() if probe in arrays},
        control={carrier: arrays[f"{probe}_same"] for probe, carrier in SWAPS.items() if f"{probe}_same" in arrays},
    )


@dataclass(frozen=True, eq=False)
class RunCurves:
    """The curves of one finished run: one cell, one seed.

    Attributes:
        seed: the run's seed; cells are paired by it.
        plain: `[K]`, held-out tasks at the end of training, sampled actions, no probe.
        swapped: for each carrier (`"internal"`: the probe `memory_swap`) the `[K]` curve with it swapped half-way.
        points: for each evaluation point, a train step (the end of training may be the last), the `[K]` curve on
            held-out tasks.
        training_points: the same on the run's own training tasks.
        probes: the `[K]` curve of each probe at the end of training, by name.
        blocks: the plain lifetime's return on each block of the held-out tasks, `[G]`; None where it was not stored.
        statistics: the family's own analysis of the plain lifetimes, by name.
        inside: how well `action` and `reward` are decoded from the memory, and (`_untrained`) from that of the network
            before training: 0 is what the schedule tells, 1 is all; empty without a memory, or where not measured.
        on_blocks: the final curves on blocks of tasks; None where they were not stored: then the run has no class.
        analysis: what the study's `evaluation.analysis` found, lists of numbers by name (`judgement.inner`).
    """

    seed: int
    plain: Curve
    swapped: Mapping[str, Curve] = field(default_factory=dict)
    points: Mapping[int, Curve] = field(default_factory=dict)
    training_points: Mapping[int, Curve] = field(default_factory=dict)
    probes: Mapping[str, Curve] = field(default_factory=dict)
    blocks: Curve | None = None
    statistics: Mapping[str, float] = field(default_factory=dict)
    inside: Mapping[str, float] = field(default_factory=dict)
    on_blocks: BlockCurves | None = None
    analysis: Mapping[str, Sequence[float]] = field(default_factory=dict)


@dataclass(frozen=True, eq=False)
class CellInput:
    """One cell of the study: its finished runs in any order, the seeds of those that failed, its kind of memory.

    `looks` are the numbers of runs, finished or failed, at which the cell was judged before.
    """

    cell: Cell
    runs: tuple[RunCurves, ...] = ()
    failed_seeds: tuple[int, ...] = ()
    memory_kind: str = "gru"
    looks: tuple[int, ...] = ()

    @property
    def failed(self) -> int:
        """How many runs of this cell failed."""
        return len(self.failed_seeds)
