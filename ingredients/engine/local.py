"""The local engine: reused worker processes, replaced when they die or exceed a limit."""

from __future__ import annotations

import signal
import time
from collections import deque
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from multiprocessing.connection import wait
from pathlib import Path
from types import TracebackType
from typing import NoReturn, Self

from ingredients.engine.limits import Fault, Limits
from ingredients.engine.process import Attempt, Worker, after_fault, next_attempt, start_worker
from ingredients.engine.protocol import Event, Finished, Job, Reported, Started
from ingredients.engine.worker import log_path

SECONDS_BETWEEN_LOOKS = 0.5


@contextmanager
def interruptible() -> Iterator[None]:
    """Turns SIGTERM, and what others' code makes of it or of Ctrl-C, into Ctrl-C.

    Raises:
        KeyboardInterrupt: one of the two came.
    """
    came: list[int] = []

    def interrupt(number: int, frame: object) -> NoReturn:
        came.append(number)
        raise KeyboardInterrupt

    heard = [signal.SIGTERM]
    if signal.getsignal(signal.SIGINT) is signal.default_int_handler:  # else it is ignored, or another program's
        heard.append(signal.SIGINT)
    before = [signal.signal(number, interrupt) for number in heard]
    try:
        yield
    except Exception:
        if came:  # packages make errors of their own of it, as in the midst of an import
            raise KeyboardInterrupt from None
        raise
    finally:
        for number, handler in zip(heard, before, strict=True):
            signal.signal(number, handler)


class LocalEngine:
    """At most `workers` processes; output goes to `logs`/<key>.log (None: stderr)."""

    def __init__(
        self,
        workers: int,
        logs: Path | None = None,
        limits: Limits | None = None,
        gpus: Sequence[str] = (),
        helper: bool = False,
    ) -> None:
        """Starts nothing: workers start when jobs need them.

        Args:
            workers: at most.
            logs: folder for output.
            limits: of jobs; by default none, and no retries.
            gpus: as CUDA names them, assigned in turn; by default every worker sees all.
            helper: adds a worker for jobs without GPU.
        """
        self.workers = workers
        self._logs = logs
        self._limits = limits or Limits()
        self.gpus = tuple(gpus)
        self._helper = helper
        self._workers: list[Worker] = []
        self._looked_at = 0.0

    def __enter__(self) -> Self:
        """Returns the engine."""
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Kills every worker; results are written atomically."""
        for worker in list(self._workers):
            self._remove(worker)

    def run(self, jobs: Iterable[Job]) -> Iterator[Event]:
        """Yields events until every job has ended; takes jobs as workers are free."""
        fresh = iter(jobs)
        again = deque[Attempt]()
        try:
            while True:
                yield from self._hand_out(fresh, again)
                if not self._at_work():
                    return
                yield from self._listen(again)
                yield from self._look(again)
        finally:  # a caller who stops listening abandons the jobs in work
            for worker in self._at_work():
                self._remove(worker)

    def _at_work(self) -> list[Worker]:
        return [worker for worker in self._workers if worker.attempt]

    def _hand_out(self, fresh: Iterator[Job], again: deque[Attempt]) -> Iterator[Event]:
        while self._has_room() and (attempt := next_attempt(fresh, again)):
            worker = self._free_worker(attempt.job)
            if self._logs and not attempt.faults:
                log_path(self._logs, attempt.job.key).unlink(missing_ok=True)  # that of an earlier grid
            worker.give(attempt)
            yield Started(attempt.job)

    def _has_room(self) -> bool:
        """Returns whether another job may be taken, the helper aside."""
        return sum(worker.slot < self.workers for worker in self._at_work()) < self.workers

    def _free_worker(self, job: Job) -> Worker:
        slots = self._slots(job)
        for worker in self._workers:
            if worker.attempt is None and worker.slot in slots:
                return worker
        taken = {worker.slot for worker in self._workers}
        slot = next(slot for slot in slots if slot not in taken)
        self._workers.append(start_worker(slot, self._logs, self._gpu(slot)))
        return self._workers[-1]

    def _slots(self, job: Job) -> range:
        """Returns the workers that may take a job: a free, suitable helper first."""
        helps = self._helper and job.limited and not job.needs.gpus
        if helps and all(worker.slot < self.workers for worker in self._at_work()):
            return range(self.workers, self.workers + 1)
        return range(self.workers)

    def _gpu(self, slot: int) -> str | None:
        """Returns the GPU that a worker sees, None for all."""
        return self.gpus[slot % self.workers % len(self.gpus)] if self.gpus else None

    def _listen(self, again: deque[Attempt]) -> Iterator[Event]:
        """Waits for events, or for the next check of limits."""
        limited = self._limits != Limits(self._limits.retries)
        ends = [end for worker in self._workers for end in (worker.pipe, worker.process.sentinel)]
        ready = wait(ends, SECONDS_BETWEEN_LOOKS if limited else None)
        for worker in list(self._workers):
            if worker.pipe in ready or worker.process.sentinel in ready:
                yield from self._hear(worker, again)

    def _hear(self, worker: Worker, again: deque[Attempt]) -> Iterator[Event]:
        """Yields a worker's next message, or its death."""
        attempt = worker.attempt
        message = worker.receive()
        if message is None:
            reason = self._remove(worker, patience=1.0)  # a pipe closes before its process has an exit code
            if attempt is not None:  # else an idle worker died
                yield self._failed(attempt, Fault(reason), again)
            return
        kind, content = message
        assert attempt is not None
        if kind == "told":
            yield Reported(attempt.job, content)
            return
        worker.attempt = None
        if kind == "finished":
            yield Finished(attempt.job, content)
        else:
            self._remove(worker)
            yield self._failed(attempt, content, again)

    def _look(self, again: deque[Attempt]) -> Iterator[Event]:
        """Now and then ends workers that exceed a limit."""
        if time.monotonic() - self._looked_at < SECONDS_BETWEEN_LOOKS:
            return
        self._looked_at = time.monotonic()
        for worker in self._at_work():
            attempt = worker.attempt
            if attempt and attempt.job.limited and (reason := worker.overstepped(self._limits)):
                where = worker.where
                worker.tell_where()
                self._remove(worker)
                yield self._failed(attempt, Fault(f"{reason}{where}"), again)

    def _failed(self, attempt: Attempt, fault: Fault, again: deque[Attempt]) -> Event:
        return after_fault(attempt, fault, self._limits, again, self._logs)

    def _remove(self, worker: Worker, patience: float = 0.0) -> str:
        self._workers.remove(worker)
        return worker.end(patience)
