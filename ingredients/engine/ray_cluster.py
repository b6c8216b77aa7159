"""The Ray engine: jobs are tasks on a cluster, or a Ray started here."""

from __future__ import annotations

import logging
import os
import pickle
import signal
import socket
import sys
import threading
import time
from collections import deque
from collections.abc import Iterable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from types import TracebackType
from typing import Any, Self

from ingredients.engine.extras import Extra, require
from ingredients.engine.limits import Fault, Limits
from ingredients.engine.process import WORKER_ENVIRONMENT, Attempt, after_fault, next_attempt
from ingredients.engine.protocol import Event, Finished, Job, Needs, Reported, Started
from ingredients.engine.ray_task import Home, Mailbox, work
from ingredients.engine.worker import log_path
from ingredients.errors import IngredientsError, UsageError
from ingredients.machine import usable_cores

QUEUED = 2  # jobs handed to Ray beyond what the cluster has cores for, so that none is idle; others may want the rest
SECONDS_BETWEEN_LOOKS = 0.2
SECONDS_TO_REACH = 5.0
OBJECT_STORE_BYTES = 80 * 2**20  # next to nothing goes through it: results are files in a shared folder
SETTINGS = {  # of Ray's own processes, read when they start
    "RAY_USAGE_STATS_ENABLED": "0",
    "RAY_ACCEL_ENV_VAR_OVERRIDE_ON_ZERO": "0",  # what Ray will do from its next version on, and warns of until then
    "RAY_worker_niceness": "0",  # by default every worker gives way to any other process, unlike a local worker
}


class RayEngine:
    """Tasks on a Ray cluster, at most `workers` at a time (None: all that fit)."""

    def __init__(
        self,
        address: str | None = None,
        workers: int | None = None,
        logs: Path | None = None,
        limits: Limits | None = None,
    ) -> None:
        """Connects to nothing yet.

        Args:
            address: of a running cluster, `host:port`, or `auto` for this machine's; None starts a Ray that ends with
                the engine.
            workers: jobs at a time.
            logs: output goes to `logs`/<key>.log (None: Ray's files).
            limits: of jobs; by default none, and no retries. Ray watches memory itself.

        Raises:
            UsageError: Ray is not installed, or the address is invalid.
        """
        require("--engine ray", Extra("Ray", "ray", "cluster", "init"))
        if address is not None and address != "auto" and not _host_and_port(address):
            raise UsageError(f"--address {address}: no address of a Ray cluster; allowed: auto, or host:port")
        self._address, self._workers = address, workers
        self._home = Home(Path.cwd(), tuple(sys.path), logs.absolute() if logs else None)
        self._limits = limits or Limits()
        self._attempts: dict[Any, Attempt] = {}
        self._began: dict[str, float] = {}
        self._stopped: dict[Any, str] = {}

    def __enter__(self) -> Self:
        """Connects, or starts Ray here.

        Raises:
            UsageError: no cluster at the address.
        """
        import ray

        os.environ.update(SETTINGS)
        # events tell of lost workers and nodes; Ray would print it on stdout, too
        ray._private.worker._worker_logs_enabled = False
        with _own_signals():
            self._connect()
        here = ray.util.scheduling_strategies.NodeAffinitySchedulingStrategy(
            ray.get_runtime_context().get_node_id(), soft=False
        )
        # on the driver's node, so that it is not lost with another one
        self._mailbox = ray.remote(Mailbox).options(num_cpus=0, scheduling_strategy=here).remote()
        self._work = ray.remote(work)
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Ends this driver's tasks and leaves the cluster."""
        import ray

        self._abandon()  # a run that was broken off may be closed only later, when there is no Ray any more
        ray.shutdown()

    def largest_node(self) -> dict[str, float]:
        """Returns the most that one node has of `CPU`, `GPU`, `memory`."""
        nodes = _resources()
        return {name: max(node.get(name, 0.0) for node in nodes) for name in ("CPU", "GPU", "memory")}

    def gpus(self) -> float:
        """Returns the number of GPUs in the cluster."""
        return sum(node.get("GPU", 0.0) for node in _resources())

    def run(self, jobs: Iterable[Job]) -> Iterator[Event]:
        """Yields events until every job has ended; takes jobs as there is room.

        Raises:
            UsageError: no node has what a job needs.
            IngredientsError: the cluster no longer answers.
        """
        import ray

        fresh = iter(jobs)
        again = deque[Attempt]()
        try:
            while True:
                while len(self._attempts) < self._room() and (attempt := next_attempt(fresh, again)):
                    self._hand_out(attempt)
                if not self._attempts:
                    return
                yield from self._listen(again)
                self._look()
        except ray.exceptions.RayError as error:
            kept = "what is finished is kept, and the same command goes on"
            raise IngredientsError(f"--engine ray: the cluster is lost: {_first_line(error)}; {kept}") from None
        finally:  # a caller who stops listening abandons the jobs in work
            self._abandon()

    def _room(self) -> int:
        """Returns how many jobs Ray may hold."""
        return self._workers or int(sum(node.get("CPU", 0.0) for node in _resources())) + QUEUED

    def _hand_out(self, attempt: Attempt) -> None:
        job, needs = attempt.job, attempt.job.needs
        _require_room(needs)
        if self._home.logs and not attempt.faults:
            log_path(self._home.logs, job.key).unlink(missing_ok=True)  # that of an earlier grid
        # Ray's own retries would not be seen, and could not be told from a job that is slow
        task = self._work.options(num_cpus=1, num_gpus=needs.gpus, memory=needs.memory_bytes, max_retries=0)
        self._attempts[task.remote(job.key, pickle.dumps(job), self._home, self._mailbox)] = attempt

    def _listen(self, again: deque[Attempt]) -> Iterator[Event]:
        """Yields the tasks' messages, then the ends of tasks."""
        import ray

        ended, _ = ray.wait(list(self._attempts), num_returns=len(self._attempts), timeout=SECONDS_BETWEEN_LOOKS)
        in_work = {attempt.job.key: attempt.job for attempt in self._attempts.values()}
        for key, kind, message in ray.get(self._mailbox.take.remote()):
            if key not in in_work:
                continue
            if kind == "started":
                self._began[key] = time.monotonic()
            yield Started(in_work[key]) if kind == "started" else Reported(in_work[key], message)
        for task in ended:
            yield self._end(task, again)

    def _end(self, task: Any, again: deque[Attempt]) -> Event:  # noqa: ANN401 - a reference of Ray's
        import ray

        attempt, stopped = self._attempts.pop(task), self._stopped.pop(task, None)
        self._began.pop(attempt.job.key, None)
        try:
            _, answer = ray.get(task)
        except ray.exceptions.RayError as error:
            reason = stopped or f"the worker or its node was lost: {_first_line(error)}"
            return self._failed(attempt, Fault(reason), again)
        kind, content = pickle.loads(answer)
        return Finished(attempt.job, content) if kind == "finished" else self._failed(attempt, content, again)

    def _failed(self, attempt: Attempt, fault: Fault, again: deque[Attempt]) -> Event:
        return after_fault(attempt, fault, self._limits, again, self._home.logs)

    def _look(self) -> None:
        """Ends tasks over the time limit, counted from their start."""
        import ray

        most = self._limits.seconds
        if most is None:
            return
        for task, attempt in self._attempts.items():
            began = self._began.get(attempt.job.key, time.monotonic())
            if task not in self._stopped and time.monotonic() - began > most:
                self._stopped[task] = f"not finished after {most:g} s, the limit: the worker was stopped"
                ray.cancel(task, force=True)

    def _abandon(self) -> None:
        """Ends running tasks by force; results are written atomically."""
        import ray

        tasks = list(self._attempts)
        self._attempts.clear()
        for task in tasks:
            with suppress(ray.exceptions.RayError, ValueError):
                ray.cancel(task, force=True)
        if tasks:
            ray.wait(tasks, num_returns=len(tasks), timeout=SECONDS_TO_REACH)

    def _connect(self) -> None:
        """Joins the cluster at the address, or starts one.

        Raises:
            UsageError: there is none.
        """
        import ray

        # read when a process starts, before any library loads; the same for every task, so that workers live on
        quiet = {
            "logging_level": logging.FATAL,
            "log_to_driver": False,
            "runtime_env": {"env_vars": WORKER_ENVIRONMENT},
        }
        if self._address is None:
            cores = self._workers or usable_cores()
            sizes = {"num_cpus": cores, "object_store_memory": OBJECT_STORE_BYTES}
            ray.init(address="local", include_dashboard=False, **sizes, **quiet)
            return
        try:
            _require_answer(self._address)
            ray.init(address=self._address, **quiet)
        except (OSError, RuntimeError, ValueError) as error:
            raise UsageError(f"--address {self._address}: no Ray cluster can be joined: {_first_line(error)}") from None


def _resources() -> list[dict[str, float]]:
    """Returns the total resources of each node."""
    import ray

    return [node["Resources"] for node in ray.nodes() if node["Alive"]]


def _require_room(needs: Needs) -> None:
    """Refuses a job that would wait for ever.

    Raises:
        UsageError: no node can hold it.
    """
    wanted = {"CPU": 1.0, "GPU": needs.gpus, "memory": float(needs.memory_bytes)}
    nodes = _resources()
    if not any(all(node.get(name, 0.0) >= count for name, count in wanted.items()) for node in nodes):
        most = {name: max(node.get(name, 0.0) for node in nodes) for name in wanted}
        raise UsageError(
            f"--engine ray: a job needs {_amounts(wanted)}, and no node of the cluster has that; the most that any has "
            f"of each: {_amounts(most)}"
        )


def _amounts(amounts: dict[str, float]) -> str:
    return f"{amounts['CPU']:g} CPU, {amounts['GPU']:g} GPU and {amounts['memory'] / 1e9:.1f} GB of memory"


def _host_and_port(address: str) -> tuple[str, int] | None:
    host, _, port = address.rpartition(":")
    return (host, int(port)) if host and port.isdecimal() and "/" not in host else None


def _require_answer(address: str) -> None:
    """Raises `OSError` where nobody listens: Ray tries for minutes."""
    if place := _host_and_port(address):
        socket.create_connection(place, timeout=SECONDS_TO_REACH).close()


def _first_line(error: BaseException) -> str:
    return next((line.strip() for line in str(error).splitlines() if line.strip()), type(error).__name__)


@contextmanager
def _own_signals() -> Iterator[None]:
    """Restores SIGTERM's handler; Ray's ends the process silently."""
    before = signal.getsignal(signal.SIGTERM)
    try:
        yield
    finally:
        if threading.current_thread() is threading.main_thread():
            signal.signal(signal.SIGTERM, before)
