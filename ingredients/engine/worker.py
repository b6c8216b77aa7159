"""Inside one worker process: jobs come in on a pipe, messages go out.

They are ("told", message), ("finished", result) or ("failed", fault).
"""

from __future__ import annotations

import faulthandler
import importlib
import multiprocessing
import os
import pickle
import signal
import sys
import threading
import traceback
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from multiprocessing.connection import Connection, wait
from pathlib import Path
from typing import Any, NoReturn

from ingredients.boundary import trail
from ingredients.boundary.failures import in_short
from ingredients.engine.limits import Fault
from ingredients.engine.protocol import Job
from ingredients.errors import IngredientsError, StoreError

TELLS_WHERE = signal.SIGUSR1  # makes a worker write into its log where it is


def serve(pipe: Connection, logs: Path | None, place: trail.Memory, variables: dict[str, str]) -> None:
    """Runs jobs from `pipe` until it closes or one fails; output goes to `logs`.

    `place` is shared memory for its place in foreign code; `variables` are the parent's environment.
    """
    os.environ.clear()
    os.environ.update(variables)
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C reaches the whole terminal; the main process decides
    threading.Thread(target=_end_with_parent, args=(os._exit,), daemon=True).start()
    faulthandler.enable()
    faulthandler.register(TELLS_WHERE, chain=False)
    leave = os._exit
    vars(os)["_exit"] = _telling_where(leave)
    trail.leave_in(place)
    while (key := _next_key(pipe)) is not None:
        with output_to(log_path(logs, key) if logs else None):
            finished, answer = _run(pipe)
        if not _sent(pipe, answer) or not finished:
            break
    vars(os)["_exit"] = leave  # by which multiprocessing ends a process that was forked


def log_path(logs: Path, key: str) -> Path:
    """Returns the path of a job's log."""
    return logs / f"{key}.log"


def note_in_log(logs: Path | None, key: str, line: str) -> None:
    """Adds a line to a job's log."""
    if logs is None:
        return
    with suppress(OSError):  # a folder that cannot be written is said where a result is lost by it
        logs.mkdir(parents=True, exist_ok=True)
        with log_path(logs, key).open("a", encoding="utf-8") as log:
            log.write(f"{line}\n")


def written_log(logs: Path | None, key: str) -> Path | None:
    """Returns a failed job's log; removes an empty one."""
    if logs is None:
        return None
    log = log_path(logs, key)
    if not log.is_file():
        return None
    if log.stat().st_size:
        return log
    log.unlink()
    return None


def send_job(pipe: Connection, job: Job) -> None:
    """Sends a job, key first, to open the log."""
    pipe.send(job.key)
    pipe.send_bytes(pickle.dumps(job))


def _sent(pipe: Connection, answer: bytes) -> bool:
    """Sends an answer; returns whether the main process received it."""
    try:
        pipe.send_bytes(answer)
    except OSError:
        return False
    return True


def _next_key(pipe: Connection) -> str | None:
    try:
        key: str = pipe.recv()
    except (EOFError, OSError):
        return None
    return key


def _run(pipe: Connection) -> tuple[bool, bytes]:
    return answer(pipe.recv_bytes, _teller(pipe))


def answer(receive: Callable[[], bytes], tell: Callable[[Any], None]) -> tuple[bool, bytes]:
    """Runs a pickled job, catching everything; returns whether it finished, and the message."""
    try:
        job: Job = pickle.loads(receive())
        return True, pickle.dumps(("finished", _call(job, tell)))
    except BaseException as error:  # also SystemExit: a job must not end the grid
        mistake = isinstance(error, IngredientsError)
        if not mistake or _of_others(error):  # what the user can mend says everything in its one line
            with suppress(OSError):  # a full disk
                traceback.print_exc()
        reason = f"{type(error).__name__}: {error}" if mistake else in_short(error)
        return False, pickle.dumps(("failed", Fault(reason, raised=True, mistake=mistake)))


def _of_others(error: BaseException) -> bool:
    """Returns whether foreign code raised, other than Gymnasium's and file systems' errors."""
    cause = error.__cause__
    return not (cause is None or isinstance(error, StoreError) or type(cause).__module__.startswith("gymnasium"))


def _call(job: Job, tell: Callable[[Any], None]) -> Any:  # noqa: ANN401 - a job returns what it likes
    module, _, name = job.function.partition(":")
    function = getattr(importlib.import_module(module), name)
    # two threads in a process of small matrices can be ten times slower than one (docs/design.md §11)
    if "torch" in sys.modules:
        sys.modules["torch"].set_num_threads(1)
    return function(*job.arguments, tell) if job.tells else function(*job.arguments)


def _teller(pipe: Connection) -> Callable[[Any], None]:
    return lambda message: pipe.send(("told", message))


def _telling_where(leave: Callable[[int], NoReturn]) -> Callable[[int], NoReturn]:
    """Returns an `os._exit` that first logs its caller, lacking a traceback."""
    worker = os.getpid()

    def leave_telling(status: int) -> NoReturn:
        with suppress(Exception):
            if os.getpid() == worker:  # a process that was forked from it may end so
                print(f"os._exit({status}) was called:", file=sys.stderr)
                traceback.print_stack(sys._getframe(1))
                sys.stderr.flush()
        leave(status)

    return leave_telling


def _end_with_parent(leave: Callable[[int], NoReturn]) -> None:
    parent = multiprocessing.parent_process()
    assert parent is not None
    wait([parent.sentinel])
    leave(1)


@contextmanager
def output_to(log: Path | None) -> Iterator[None]:
    """Appends this process's output, native crashes included, to `log`, if any."""
    if log is None:
        yield
        return
    descriptor = _opened(log)
    before = [os.dup(1), os.dup(2)]
    _redirect([descriptor, descriptor])
    for stream in (sys.stdout, sys.stderr):  # what others' code prints must not fail for want of a character
        if hasattr(stream, "reconfigure"):
            stream.reconfigure(errors="backslashreplace")
    try:
        yield
    finally:
        with suppress(OSError):  # a full disk
            sys.stdout.flush()
            sys.stderr.flush()
        _redirect(before)
        os.close(descriptor)
        with suppress(OSError):  # a read-only one
            if not log.stat().st_size:
                log.unlink()


def _opened(log: Path) -> int:
    try:
        log.parent.mkdir(parents=True, exist_ok=True)
        return os.open(log, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o666)
    except OSError:  # a folder that cannot be written is said where a result is lost by it, and not by output
        return os.open(os.devnull, os.O_WRONLY)


def _redirect(descriptors: list[int]) -> None:
    for standard, descriptor in zip((1, 2), descriptors, strict=True):
        os.dup2(descriptor, standard)
