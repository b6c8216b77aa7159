"""The engine as options name it."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal

from ingredients.engine.gpus import cuda_gpus
from ingredients.engine.limits import Limits
from ingredients.engine.local import LocalEngine
from ingredients.engine.protocol import Needs
from ingredients.engine.ray_cluster import RayEngine
from ingredients.errors import UsageError
from ingredients.grid_run.fitting import Fitted, card_needs, fitting, memory_by_runs, side_by_side, usable_memory
from ingredients.grid_run.jobs import GridPart, Remaining, StackOptions
from ingredients.machine import usable_cores

HOST_BYTES = 4 * 2**30  # of a worker that trains on a GPU: CUDA's libraries, and snapshots of a thousand runs

MeasuredEngine = LocalEngine | RayEngine
"""An engine that tells how much memory and how many GPUs its workers have."""


@dataclass(frozen=True)
class EngineOptions:
    """Where a grid computes.

    `address` is of a Ray cluster (None: started here), `workers` the jobs at a time (None: as many as fit).
    """

    engine: Literal["local", "ray"] = "local"
    address: str | None = None
    workers: int | None = None
    device: str = "cpu"
    limits: Limits = field(default_factory=Limits)

    def open(self, logs: Path) -> MeasuredEngine:
        """Returns the engine, for a `with` statement.

        Raises:
            UsageError: options conflict, or device or Ray is missing.
        """
        if self.engine == "ray":
            return RayEngine(self.address, self.workers, logs, self.limits)
        if self.address is not None:
            raise UsageError("--address names a Ray cluster; give --engine ray with it")
        if self.device == "cuda":
            gpus = cuda_gpus()
            # one worker for a GPU, and one more for the references, most of which are computed on the CPU
            return LocalEngine(self.workers or len(gpus), logs, self.limits, gpus, helper=self.workers is None)
        return LocalEngine(usable_cores() if self.workers is None else self.workers, logs, self.limits)

    def fitted(self, engine: MeasuredEngine, rest: Remaining) -> Fitted:
        """Returns the remaining stacks, cut to fit in a worker's memory; on GPUs as few as keep all busy.

        Raises:
            UsageError: a single run does not fit.
        """
        if not rest.stacks:
            return Fitted(rest, {}, ())
        if self.device == "cuda":
            gpus = max(int(engine.gpus() if isinstance(engine, RayEngine) else len(engine.gpus)), 1)
            wide = side_by_side(rest, gpus)
            free, memory = card_needs(engine, wide)
            return fitting(wide, memory, free // -(-(self.workers or gpus) // gpus))
        memory = memory_by_runs(engine, rest)
        if self.limits.memory_bytes is not None:
            return fitting(rest, memory, self.limits.memory_bytes)
        if isinstance(engine, RayEngine):
            return fitting(rest, memory, int(engine.largest_node()["memory"]))
        return fitting(rest, memory, usable_memory() // engine.workers)

    def stack_options(self, engine: MeasuredEngine, fitted: Fitted, snapshot_seconds: float) -> StackOptions:
        """Returns how stacks are trained, and their needs."""
        share = self._gpu_share(engine)
        on_gpu = self.device == "cuda"  # whose memory is not the machine's
        needs = {
            GridPart(stack).key: Needs(HOST_BYTES if on_gpu else size, share)
            for stack, size in fitted.memory_bytes.items()
        }
        return StackOptions(self.device, snapshot_seconds, needs)

    def _gpu_share(self, engine: MeasuredEngine) -> float:
        """Returns a worker's share of a GPU: 1, or less with more workers than GPUs."""
        if self.device != "cuda":
            return 0.0
        if self.workers is None or not isinstance(engine, RayEngine):
            return 1.0
        return min(1.0, int(engine.gpus() / self.workers * 100) / 100)
