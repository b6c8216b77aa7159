"""Totals of a grid's events: progress, speed, failures."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence

from ingredients.engine.protocol import Failed, Finished, Job, Reported, Retried, Started
from ingredients.experiment import Progress
from ingredients.grid_run.events import FinishedByOther, GridEvent, HeldByOther


class Tally:
    """The state of a running grid, by job key.

    Attributes:
        in_work: running jobs' last message; None before the first.
        retried: retried jobs' last failed attempt.
        waiting: other processes that run this grid's jobs.
        elsewhere: jobs done by others.
    """

    def __init__(self, jobs: Sequence[Job], clock: Callable[[], float] = time.monotonic) -> None:
        """Time counts from the first reported training."""
        self.jobs = tuple(jobs)
        self.in_work: dict[str, Progress | None] = {}
        self.finished: list[Finished] = []
        self.failures: list[Failed] = []
        self.retried: dict[str, Retried] = {}
        self.notices: list[tuple[str, str]] = []
        self.waiting: dict[str, str] = {}
        self.elsewhere: list[FinishedByOther] = []
        self._clock = clock
        self._trained: dict[str, int] = {}
        self._found: dict[str, int] = {}
        self._began: tuple[float, int] | None = None

    def add(self, event: GridEvent) -> None:
        """Counts one event."""
        key = event.job.key
        if isinstance(event, HeldByOther):
            self.waiting[key] = event.by
            return
        self.waiting.pop(key, None)
        if isinstance(event, Started):
            self.in_work[key] = None
            return
        if isinstance(event, Reported):
            self.in_work[key] = event.message
            self._train(key, event.message.env_steps)
            if event.message.notice:
                self.notices.append((key, event.message.notice))
            return
        self.in_work.pop(key, None)
        if isinstance(event, Retried):
            self.retried[key] = event
            return
        self.retried.pop(key, None)
        if isinstance(event, Finished):
            self._train(key, event.job.env_steps)
            self.finished.append(event)
        elif isinstance(event, FinishedByOther):
            self.elsewhere.append(event)
        else:
            self.failures.append(event)

    @property
    def ended(self) -> int:
        """Number of jobs that have ended."""
        return len(self.finished) + len(self.failures) + len(self.elsewhere)

    @property
    def total(self) -> int:
        """Environment steps of the whole grid."""
        return sum(job.env_steps for job in self.jobs)

    @property
    def passed(self) -> int:
        """Environment steps that are over: trained anywhere, or lost."""
        jobs = [*(event.job for event in self.failures), *(event.job for event in self.elsewhere)]
        others = {job.key: job.env_steps for job in jobs}
        return min(sum((self._trained | others).values()), self.total)

    @property
    def env_steps_per_second(self) -> float:
        """Mean speed since training began, evaluation pauses included, lost attempts not; 0 while unknown."""
        if self._began is None:
            return 0.0
        began, before = self._began
        elapsed = self._clock() - began
        return max(self._gained() - before, 0) / elapsed if elapsed > 0 else 0.0

    @property
    def seconds_left(self) -> float | None:
        """Time for the rest at mean speed; None while unknown."""
        if self.passed == self.total:
            return 0.0
        speed = self.env_steps_per_second
        return (self.total - self.passed) / speed if speed else None

    def _train(self, key: str, env_steps: int) -> None:
        """Notes a job's progress, which a retry may have set back."""
        self._trained[key] = env_steps
        self._found[key] = min(self._found.get(key, env_steps), env_steps)
        if self._began is None and env_steps:
            self._began = self._clock(), self._gained()

    def _gained(self) -> int:
        return sum(self._trained.values()) - sum(self._found.values())
