"""The curves `[K]` of runs: raw expected reward by episode of a lifetime, mean over evaluation tasks."""

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

    `control` is swapped with a lifetime on the same task; if missing, nothing is carried.
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
    """The curves of one finished run, without a probe unless it is named.

    Attributes:
        plain: `[K]`, held-out tasks, end of training, sampled actions.
        swapped: by carrier (`"internal"`: probe `memory_swap`), `[K]`, swapped half-way.
        points: by train step, `[K]` on held-out tasks; `training_points` on own training tasks.
        probes: by probe, `[K]`, end of training.
        blocks: return on blocks of held-out tasks, `[G]`.
        statistics: the family's own numbers.
        inside: decoder skill for `action` and `reward` on the memory, also before training (`_untrained`): 0 is the
            schedule's, 1 is perfect; empty if not measured.
        on_blocks: final curves on blocks of tasks; None if not stored: then the run has no class.
        analysis: numbers of `evaluation.analysis`.
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

    `looks` are the numbers of runs, finished or failed, at earlier judgements.
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
