"""What a grid's events add up to: how far it is, how fast it goes, what failed.

No text is made here.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence

from ingredients.engine.protocol import Failed, Finished, Job, Reported, Retried, Started
from ingredients.experiment import Progress
from ingredients.grid_run.events import FinishedByOther, GridEvent, HeldByOther


class Tally:
    """The state of a grid while it runs.

    Attributes:
        jobs: all jobs of the grid.
        in_work: what each job in work last told, by key; None before its first message.
        finished: jobs that have finished.
        failures: jobs that have failed.
        retried: the last attempt that failed of each job that is tried again and has not ended, by key.
        notices: what jobs found worth saying, each with the job's key.
        waiting: the processes that run jobs of this grid elsewhere, by the job's key.
        elsewhere: jobs that another process has done.
    """

    def __init__(self, jobs: Sequence[Job], clock: Callable[[], float] = time.monotonic) -> None:
        """Nothing has happened yet; the clock counts from the first training that is told of."""
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
        """The number of jobs that nothing more will happen to."""
        return len(self.finished) + len(self.failures) + len(self.elsewhere)

    @property
    def total(self) -> int:
        """The environment steps that the whole grid will train."""
        return sum(job.env_steps for job in self.jobs)

    @property
    def passed(self) -> int:
        """The environment steps that need no more waiting for: trained, here or elsewhere, or lost."""
        jobs = [*(event.job for event in self.failures), *(event.job for event in self.elsewhere)]
        others = {job.key: job.env_steps for job in jobs}
        return min(sum((self._trained | others).values()), self.total)

    @property
    def env_steps_per_second(self) -> float:
        """The mean speed since training began, pauses for evaluation included; 0 as long as it is unknown.

        What an attempt lost is not counted, nor what a stack had been trained before: only what was gained since.
        """
        if self._began is None:
            return 0.0
        began, before = self._began
        elapsed = self._clock() - began
        return max(self._gained() - before, 0) / elapsed if elapsed > 0 else 0.0

    @property
    def seconds_left(self) -> float | None:
        """The time that the rest will take at the mean speed so far; None as long as that is unknown."""
        if self.passed == self.total:
            return 0.0
        speed = self.env_steps_per_second
        return (self.total - self.passed) / speed if speed else None

    def _train(self, key: str, env_steps: int) -> None:
        """Takes down how far a job is: after a retry it may be less far than before."""
        self._trained[key] = env_steps
        self._found[key] = min(self._found.get(key, env_steps), env_steps)
        if self._began is None and env_steps:
            self._began = self._clock(), self._gained()

    def _gained(self) -> int:
        return sum(self._trained.values()) - sum(self._found.values())
