"""What an engine is: jobs in, events out, nothing printed. Users may supply their own."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import Any, Protocol, Self


@dataclass(frozen=True)
class Needs:
    """What a job needs beside one core; 0 if unknown or nothing.

    `memory_bytes` is the peak; `gpus` may be a share.
    """

    memory_bytes: int = 0
    gpus: float = 0.0


@dataclass(frozen=True)
class Job:
    """One call that some worker makes.

    Attributes:
        key: unique in its grid and safe as a file name (`stack-3`).
        function: `module:name`: the main process must not import torch.
        arguments: positional, pickled.
        tells: whether one more argument, `tell`, reports progress.
        env_steps: environment steps of training, if known.
        about: foreign code in it, named if the worker dies.
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
    """A worker took the job, possibly as a retry."""

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
    """An attempt failed; after other jobs, another resumes from what was stored.

    `log` has the worker's output, if any; `attempts` counts failures.
    """

    job: Job
    reason: str
    log: Path | None
    attempts: int


@dataclass(frozen=True)
class Failed:
    """The job failed for good; `log` is of all attempts."""

    job: Job
    reason: str
    log: Path | None


Event = Started | Reported | Finished | Retried | Failed


class Engine(Protocol):
    """Executes jobs, in a `with` statement that workers never outlive."""

    def run(self, jobs: Iterable[Job]) -> Iterator[Event]:
        """Yields events until every job has ended; one job's failure affects no other.

        Jobs are taken only when there is room.
        """
        ...

    def __enter__(self) -> Self:
        """Returns the engine."""
        ...

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Stops every worker at once; stored results stay."""
        ...
