"""Events of a running grid: the engine's, and two for several processes."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from ingredients.engine.protocol import Event, Job


@dataclass(frozen=True)
class HeldByOther:
    """Process `by` holds the job's lease."""

    job: Job
    by: str


@dataclass(frozen=True)
class FinishedByOther:
    """Another process did the job; `result` has failed runs' reasons, by id."""

    job: Job
    result: Mapping[str, str]


GridEvent = Event | HeldByOther | FinishedByOther
