"""The curves `[K]` of runs: raw expected reward by episode, mean over evaluation tasks."""

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
    """Raw curves on G blocks of evaluation tasks, `[G, K]`, plain or by carrier swapped half-way.

    `control` is swapped on the same task.
    """

    plain: Rows
    swapped: Mapping[str, Rows] = field(default_factory=dict)
    control: Mapping[str, Rows] = field(default_factory=dict)

    def controlled(self, carrier: str) -> Rows:
        """Returns a swap's control."""
        return self.control.get(carrier, self.plain)


def block_curves(named: Mapping[str, npt.ArrayLike]) -> BlockCurves | None:
    """Returns the curves on blocks, or None."""
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
    """The curves of one finished run, `[K]` unless said, on held-out tasks at the end of training.

    Attributes:
        plain: without a probe, sampled actions.
        swapped: by carrier (`"internal"`: probe `memory_swap`), half-way.
        points: by train step; `training_points` on own training tasks.
        blocks: return on blocks of tasks, `[G]`.
        inside: decoder skill for `action` and `reward` on the memory, from 0 (the schedule's) to 1; `_untrained` is
            before training.
        on_blocks: on blocks of tasks; without them the run has no class.
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
    """One cell: runs in any order, failed seeds, kind of memory.

    `looks`: numbers of runs, failed ones included, at earlier judgements.
    """

    cell: Cell
    runs: tuple[RunCurves, ...] = ()
    failed_seeds: tuple[int, ...] = ()
    memory_kind: str = "gru"
    looks: tuple[int, ...] = ()

    @property
    def failed(self) -> int:
        """Number of failed runs."""
        return len(self.failed_seeds)
