"""What an engine is: jobs in, events out (a seam that a user may replace).

The engine prints nothing and knows nothing of studies: displays, stores and exit codes stay outside.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import Any, Protocol, Self


@dataclass(frozen=True)
class Needs:
    """What a machine must have free for a job, beside one core; 0 where it is not known or not needed.

    Attributes:
        memory_bytes: at its peak.
        gpus: a whole number, or the share of one.
    """

    memory_bytes: int = 0
    gpus: float = 0.0


@dataclass(frozen=True)
class Job:
    """One call that some worker makes.

    Attributes:
        key: a name that is unique in its grid and safe as a file name (`stack-3`).
        function: where the function is, `module:name`. A name and not the function itself, because importing
            what trains imports torch, which the main process never does.
        arguments: its positional arguments; they are pickled on the way.
        tells: whether the function takes one more argument, `tell`, to report progress with.
        env_steps: how many environment steps it trains, as far as that is known: the measure of progress.
        needs: what it takes, for an engine that looks for a place for it.
        limited: whether it may be stopped for what it takes; a question asked beforehand may not.
        about: whose code it runs that is not ours, for what is said of a worker that died of it; empty if nobody's.
        runs: how many runs it makes; 0 where it makes none, or another thing.
    """

    key: str
    function: str
    arguments: tuple[Any, ...] = ()
    tells: bool = False
    env_steps: int = 0
    needs: Needs = Needs()
    limited: bool = True
    about: str = ""
    runs: int = 0


@dataclass(frozen=True)
class Started:
    """A worker took the job; once more where it is tried again."""

    job: Job


@dataclass(frozen=True)
class Reported:
    """The job reported progress."""

    job: Job
    message: Any


@dataclass(frozen=True)
class Finished:
    """The job returned `result`."""

    job: Job
    result: Any


@dataclass(frozen=True)
class Retried:
    """An attempt at the job failed, and there will be another: it goes on from what it has stored, after the others.

    Attributes:
        job: the job.
        reason: why it failed, in one line.
        log: the traceback and what the worker printed, if it did.
        attempts: how many have failed by now.
    """

    job: Job
    reason: str
    log: Path | None
    attempts: int


@dataclass(frozen=True)
class Failed:
    """The job raised, or its worker died, for good; `log` is that of all attempts."""

    job: Job
    reason: str
    log: Path | None


Event = Started | Reported | Finished | Retried | Failed


class Engine(Protocol):
    """Executes jobs somewhere. Used in a `with` statement: whatever happens, no worker outlives it."""

    def run(self, jobs: Iterable[Job]) -> Iterator[Event]:
        """Yields what happens until every job has finished or failed; one job's failure costs no other.

        A job is asked for only when there is room for it: to be handed one may mean that others cannot have it.
        """
        ...

    def __enter__(self) -> Self:
        """Returns the engine."""
        ...

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Stops every worker at once; what jobs have stored is kept."""
        ...
