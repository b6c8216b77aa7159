"""One worker process from outside: start, messages, limits, end."""

from __future__ import annotations

import os
import signal
import sys
import time
from collections import deque
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from ctypes import c_char
from dataclasses import dataclass, replace
from multiprocessing import get_context
from multiprocessing.connection import Connection
from multiprocessing.context import ForkServerContext, SpawnContext
from multiprocessing.process import BaseProcess
from pathlib import Path
from typing import Any

import psutil

from ingredients.boundary import trail
from ingredients.engine.limits import Fault, Limits, last_words, tried_again
from ingredients.engine.protocol import Event, Failed, Job, Retried
from ingredients.engine.worker import TELLS_WHERE, note_in_log, send_job, serve, written_log

SECONDS_TO_TELL = 0.2
LEAST_CPU_SECONDS = 0.05  # what a process that computes uses in any look, and one that only waits does not
WORKER_ENVIRONMENT = {
    "OMP_NUM_THREADS": "1",
    "MKL_NUM_THREADS": "1",
    "OPENBLAS_NUM_THREADS": "1",
    # glibc: keep freed tensors instead of giving their pages back to the kernel and faulting them in again, which
    # cost a fifth of all time; other C libraries do not read these
    "MALLOC_MMAP_THRESHOLD_": str(32 * 2**20),
    "MALLOC_TRIM_THRESHOLD_": str(4 * 2**30),
    "MALLOC_TOP_PAD_": str(64 * 2**20),
    "JE_ARROW_MALLOC_CONF": "background_thread:false",  # Arrow starts no thread when it is loaded: see `PRELOADED`
}
# Loaded once, in the process that workers are forked from: most of what a worker's start costs. None starts a thread.
PRELOADED = ["torch", "scipy.stats", "numba", "ingredients.experiment.stack"]


@dataclass(frozen=True)
class Attempt:
    """A job to be tried, and why earlier attempts failed."""

    job: Job
    faults: tuple[Fault, ...] = ()


def next_attempt(fresh: Iterator[Job], again: deque[Attempt]) -> Attempt | None:
    """Returns the next attempt; retries come after all jobs."""
    job = next(fresh, None)
    if job is not None:
        return Attempt(job)
    return again.popleft() if again else None


def was_running(job: Job) -> str:
    """Returns a message's end: a dead worker's foreign code."""
    return f" (it was running {job.about})" if job.about else ""


def after_fault(attempt: Attempt, fault: Fault, limits: Limits, again: deque[Attempt], logs: Path | None) -> Event:
    """Returns a failed attempt's event: a retry after other jobs, or failure."""
    job = attempt.job
    if not fault.raised:  # its worker is gone and left no word
        fault = replace(fault, reason=f"{fault.reason}{was_running(job)}")
        note_in_log(logs, job.key, fault.reason)
    faults = (*attempt.faults, fault)
    log = written_log(logs, job.key)
    if tried_again(faults, limits):
        again.append(Attempt(job, faults))  # what was short, such as memory, may be there by then
        return Retried(job, fault.reason, log, len(faults))
    return Failed(job, last_words(faults), log)


@dataclass(eq=False)
class Worker:
    """A worker process and our end of its pipe.

    Attributes:
        slot: its number among the living.
        place: shared memory, with its place in foreign code.
        attempt: its work; None while idle.
        began: the attempt's start, by `time.monotonic`.
        alive_at: last sign of life.
        cpu_seconds: CPU time by then.
    """

    process: BaseProcess
    pipe: Connection
    slot: int
    place: trail.Memory
    attempt: Attempt | None = None
    began: float = 0.0
    alive_at: float = 0.0
    cpu_seconds: float = 0.0

    def give(self, attempt: Attempt) -> None:
        """Hands it a job."""
        self.attempt = attempt
        self.began = self.alive_at = time.monotonic()
        with suppress(OSError):  # it has just died: whoever listens will find out
            send_job(self.pipe, attempt.job)

    def receive(self) -> tuple[str, Any] | None:
        """Returns its next message, None at the pipe's end."""
        self.alive_at = time.monotonic()
        try:
            message: tuple[str, Any] = self.pipe.recv()
        except (EOFError, OSError):
            return None
        return message

    def overstepped(self, limits: Limits) -> str | None:
        """Returns in words which limit it exceeds, or None."""
        try:
            seen = psutil.Process(self.process.pid)
            memory = seen.memory_info().rss
            cpu = seen.cpu_times()
        except psutil.Error:  # it has just died
            return None
        return self._overstepped(limits, memory, cpu.user + cpu.system)

    def _overstepped(self, limits: Limits, memory: int, cpu_seconds: float) -> str | None:
        now = time.monotonic()
        if cpu_seconds - self.cpu_seconds >= LEAST_CPU_SECONDS:
            self.alive_at, self.cpu_seconds = now, cpu_seconds
        if limits.memory_bytes is not None and memory > limits.memory_bytes:
            limit = limits.memory_bytes / 1e9
            return (
                f"the worker used {memory / 1e9:.2f} GB of memory, above the limit of {limit:.2f} GB, and was stopped"
            )
        if limits.seconds is not None and now - self.began > limits.seconds:
            return f"not finished after {limits.seconds:g} s, the limit: the worker was stopped"
        if limits.stalled_seconds is not None and now - self.alive_at > limits.stalled_seconds:
            return f"no sign of life for {limits.stalled_seconds:g} s: the worker was stopped"
        return None

    def end(self, patience: float = 0.0) -> str:
        """Ends the process, after `patience` seconds by force; returns how, in words."""
        self.pipe.close()
        self.process.join(patience)
        self.process.kill()
        self.process.join()
        exitcode = self.process.exitcode
        self.process.close()
        assert exitcode is not None
        if exitcode >= 0:
            return f"the worker exited with code {exitcode}{self.where}"
        name = signal.Signals(-exitcode).name
        why = " (out of memory?)" if name == "SIGKILL" else ""
        return f"the worker was killed by {name}{why}{self.where}"

    @property
    def where(self) -> str:
        """Its place in foreign code, as a clause's end, or nothing."""
        place = trail.left_in(self.place)
        return f" in {place}" if place else ""

    def tell_where(self) -> None:
        """Makes it write its place into its log."""
        with suppress(OSError):
            os.kill(self.process.pid or 0, TELLS_WHERE)
            time.sleep(SECONDS_TO_TELL)


def start_worker(slot: int, logs: Path | None, gpu: str | None) -> Worker:
    """Starts a process that awaits jobs and sees one GPU (None: all)."""
    context = _context()
    ours, theirs = context.Pipe()
    place = context.RawArray(c_char, trail.SIZE)
    variables = WORKER_ENVIRONMENT | ({} if gpu is None else {"CUDA_VISIBLE_DEVICES": gpu})
    with _environment(variables), _without_interrupts(), _without_typed_program():
        arguments = (theirs, logs, place, dict(os.environ))
        # no daemon: those may not have processes of their own, as environments with `vectorization: async` do
        process = context.Process(target=serve, args=arguments, name="ingredients worker", daemon=False)
        process.start()
    theirs.close()
    return Worker(process, ours, slot, place)


def _context() -> ForkServerContext | SpawnContext:
    """Returns how processes start: forked with loaded libraries, where safe."""
    if sys.platform != "linux":
        return get_context("spawn")
    context = get_context("forkserver")
    context.set_forkserver_preload(PRELOADED)
    return context


@contextmanager
def _environment(variables: dict[str, str]) -> Iterator[None]:
    """Sets variables for new processes: libraries read thread counts at loading."""
    before = {name: os.environ.get(name) for name in variables}
    os.environ.update(variables)
    try:
        yield
    finally:
        for name, value in before.items():
            if value is None:
                del os.environ[name]
            else:
                os.environ[name] = value


@contextmanager
def _without_typed_program() -> Iterator[None]:
    """Hides a program on stdin (`python - < script.py`): workers would look for its file, `<stdin>`."""
    program = sys.modules["__main__"]
    file = getattr(program, "__file__", None)
    if file is None or Path(file).exists():
        yield
        return
    del program.__file__
    try:
        yield
    finally:
        program.__file__ = file


@contextmanager
def _without_interrupts() -> Iterator[None]:
    """Blocks SIGINT: processes started inside ignore Ctrl-C from the beginning."""
    before = signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT})
    try:
        yield
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, before)
