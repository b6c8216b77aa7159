"""The local engine: spawned worker processes on this machine, kept alive between jobs, replaced when they die.

Comes in: jobs. Goes out: events. Each worker has one pipe; the main process waits on all pipes and on the
processes themselves, so a worker that is killed is noticed at once and costs only its job.
"""

from __future__ import annotations

import os
import signal
from collections import deque
from collections.abc import Iterable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from multiprocessing import get_context
from multiprocessing.connection import Connection, wait
from multiprocessing.context import SpawnProcess
from pathlib import Path
from types import TracebackType
from typing import Any, NoReturn, Self

from ingredients.engine.protocol import Event, Failed, Finished, Job, Started, Told
from ingredients.engine.worker import log_path, send_job, serve

WORKER_ENVIRONMENT = {
    "OMP_NUM_THREADS": "1",
    "MKL_NUM_THREADS": "1",
    # glibc: keep freed tensors instead of giving their pages back to the kernel and faulting them in again, which
    # cost a fifth of all time; other C libraries do not read these
    "MALLOC_MMAP_THRESHOLD_": str(32 * 2**20),
    "MALLOC_TRIM_THRESHOLD_": str(4 * 2**30),
    "MALLOC_TOP_PAD_": str(64 * 2**20),
}


def usable_cores() -> int:
    """Returns how many cores this process may use."""
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1


@contextmanager
def interruptible() -> Iterator[None]:
    """Makes a request to end (SIGTERM) the same as Ctrl-C."""

    def interrupt(number: int, frame: object) -> NoReturn:
        raise KeyboardInterrupt

    before = signal.signal(signal.SIGTERM, interrupt)
    try:
        yield
    finally:
        signal.signal(signal.SIGTERM, before)


@dataclass(eq=False)
class _Worker:
    """A worker process, our end of its pipe, and the job that it works on (None: idle)."""

    process: SpawnProcess
    pipe: Connection
    job: Job | None = None


class LocalEngine:
    """At most `workers` processes at a time; a job's output and traceback go to `logs`/<key>.log (None: stderr)."""

    def __init__(self, workers: int, logs: Path | None = None) -> None:
        """Starts nothing: workers are started as jobs need them."""
        self._limit = workers
        self._logs = logs
        self._workers: list[_Worker] = []

    def __enter__(self) -> Self:
        """Returns the engine."""
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Kills every worker: they have nothing to tidy up, since results are written atomically."""
        for worker in list(self._workers):
            self._remove(worker)

    def run(self, jobs: Iterable[Job]) -> Iterator[Event]:
        """Yields what happens until every job has finished or failed; jobs start in the order given."""
        waiting = deque(jobs)
        try:
            while waiting or any(worker.job for worker in self._workers):
                yield from self._hand_out(waiting)
                yield from self._listen()
        finally:  # a caller who stops listening abandons the jobs in work
            for worker in [worker for worker in self._workers if worker.job]:
                self._remove(worker)

    def _hand_out(self, waiting: deque[Job]) -> Iterator[Event]:
        while waiting and (worker := self._free_worker()):
            worker.job = waiting.popleft()
            with suppress(OSError):  # it has just died: `_listen` will find out
                send_job(worker.pipe, worker.job)
            yield Started(worker.job)

    def _free_worker(self) -> _Worker | None:
        for worker in self._workers:
            if worker.job is None:
                return worker
        if len(self._workers) < self._limit:
            self._workers.append(_start(self._logs))
            return self._workers[-1]
        return None

    def _listen(self) -> Iterator[Event]:
        """Waits for something to happen and yields it."""
        ready = wait([end for worker in self._workers for end in (worker.pipe, worker.process.sentinel)])
        for worker in list(self._workers):
            if worker.pipe in ready or worker.process.sentinel in ready:
                yield from self._hear(worker)

    def _hear(self, worker: _Worker) -> Iterator[Event]:
        """Yields what a worker has sent; where it has died, its last words first."""
        message = _receive(worker.pipe)
        if message is None:
            yield from self._bury(worker)
            return
        job, (kind, content) = worker.job, message
        assert job is not None
        if kind == "told":
            yield Told(job, content)
            return
        worker.job = None
        if kind == "finished":
            yield Finished(job, content)
        else:
            self._remove(worker)
            yield Failed(job, content, self._log(job))

    def _bury(self, worker: _Worker) -> Iterator[Event]:
        reason = self._remove(worker, patience=1.0)  # a pipe closes before its process has an exit code
        if worker.job:
            yield Failed(worker.job, reason, self._log(worker.job))

    def _remove(self, worker: _Worker, patience: float = 0.0) -> str:
        """Ends a worker for good, after `patience` seconds by force, and returns how it ended."""
        self._workers.remove(worker)
        worker.pipe.close()
        worker.process.join(patience)
        worker.process.kill()
        worker.process.join()
        reason = _end(worker.process.exitcode)
        worker.process.close()
        return reason

    def _log(self, job: Job) -> Path | None:
        """Returns where a failed job's last words are, if it had any; a killed worker leaves an empty file."""
        log = self._logs and log_path(self._logs, job.key)
        if not (log and log.is_file()):
            return None
        if log.stat().st_size:
            return log
        log.unlink()
        return None


def _start(logs: Path | None) -> _Worker:
    context = get_context("spawn")
    ours, theirs = context.Pipe()
    # no daemon: those may not have processes of their own, as environments with `vectorization: async` do
    process = context.Process(target=serve, args=(theirs, logs), name="ingredients worker", daemon=False)
    with _environment(WORKER_ENVIRONMENT), _without_interrupts():
        process.start()
    theirs.close()
    return _Worker(process, ours)


def _receive(pipe: Connection) -> tuple[str, Any] | None:
    """Returns the next message, None at the pipe's end; the sentinel may be ready before the pipe is empty."""
    try:
        message: tuple[str, Any] = pipe.recv()
    except (EOFError, OSError):
        return None
    return message


def _end(exitcode: int | None) -> str:
    """Returns how a process ended, in words."""
    assert exitcode is not None
    if exitcode >= 0:
        return f"the worker exited with code {exitcode}"
    name = signal.Signals(-exitcode).name
    return f"the worker was killed by {name}" + (" (out of memory?)" if name == "SIGKILL" else "")


@contextmanager
def _environment(variables: dict[str, str]) -> Iterator[None]:
    """Sets variables for the processes started inside; thread counts are read once, when libraries load."""
    before = {name: os.environ.get(name) for name in variables}
    os.environ.update(variables)
    try:
        yield
    finally:
        for name, value in before.items():
            os.environ.pop(name) if value is None else os.environ.update({name: value})


@contextmanager
def _without_interrupts() -> Iterator[None]:
    """Blocks SIGINT: a process started inside inherits that, and so is deaf to Ctrl-C before it can say so."""
    before = signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT})
    try:
        yield
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, before)
