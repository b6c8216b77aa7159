"""What happens while a grid runs: an engine's events, and two more where several processes share a results folder."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from ingredients.engine.protocol import Event, Job


@dataclass(frozen=True)
class HeldByOther:
    """Another process, `by`, holds the lease of the job."""

    job: Job
    by: str


@dataclass(frozen=True)
class FinishedByOther:
    """Another process has done the job; `result` holds why runs failed, by their id."""

    job: Job
    result: Mapping[str, str]


GridEvent = Event | HeldByOther | FinishedByOther
