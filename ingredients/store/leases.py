"""Leases: several processes share a grid, and no run is trained twice.

Each process keeps one file in `leases/`: who it is, what it holds, and a counter that it raises every few seconds. To
take something it writes its claim, then reads all other files: of two that want the same, at least one sees the other
and withdraws.

Dead processes are recognised at once; on other machines, when the counter stands still for a minute of the observer's
clock.
"""

from __future__ import annotations

import json
import os
import secrets
import threading
import time
from collections.abc import Callable, Collection
from contextlib import suppress
from dataclasses import asdict, dataclass
from pathlib import Path
from types import TracebackType
from typing import Self

from ingredients.errors import UnwritableError
from ingredients.store.files import explained
from ingredients.store.processes import Process, is_there, this_process

SECONDS_BETWEEN_BEATS = 5.0
SECONDS_TO_DEATH = 60.0
LEASES = "leases"


@dataclass(frozen=True)
class Holder:
    """A process's file: who it is, its counter, what it holds."""

    process: Process
    beat: int
    names: frozenset[str]


class Leases:
    """What this process holds of a results folder, within the `with` statement."""

    def __init__(self, directory: Path, beats: float = SECONDS_BETWEEN_BEATS, death: float = SECONDS_TO_DEATH) -> None:
        """Writes nothing before the `with` statement.

        `beats` are seconds between signs of life, `death` seconds without any until a process elsewhere is dead.
        """
        self._file = directory / LEASES / f"{secrets.token_hex(8)}.json"
        self._process = this_process()
        self._names: frozenset[str] = frozenset()
        self._beat = 0
        self._between = beats
        self._watch = Watch(directory, death)
        self._writing = threading.Lock()
        self._ended = threading.Event()
        self._heart = threading.Thread(target=self._live, name="leases", daemon=True)

    def __enter__(self) -> Self:
        """Starts the signs of life.

        Raises:
            StoreError: the folder cannot be written.
        """
        self._write()
        self._heart.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Releases everything."""
        self._ended.set()
        self._heart.join()
        with suppress(OSError):
            self._file.unlink()

    def take(self, names: Collection[str]) -> Process | None:
        """Takes all names and returns None, or takes none and returns a holder.

        Raises:
            StoreError: the folder cannot be written or read.
        """
        wanted = frozenset(names)
        if other := self._other(wanted):  # reading is cheaper than writing
            return other
        before = self._names
        self._hold(before | wanted)
        if other := self._other(wanted):
            self._hold(before)
        return other

    def give_back(self, names: Collection[str]) -> None:
        """Releases the names; on a full disk, with a later sign of life."""
        with suppress(UnwritableError):
            self._hold(self._names - frozenset(names))

    def _other(self, wanted: frozenset[str]) -> Process | None:
        others = self._watch.living(except_=self._file)
        return next((other.process for other in others if other.names & wanted), None)

    def _hold(self, names: frozenset[str]) -> None:
        self._names = names
        self._write()

    def _live(self) -> None:
        while not self._ended.wait(self._between):
            with suppress(UnwritableError):  # a full disk is said where a result is lost by it, not here
                self._write()

    def _write(self) -> None:
        """Replaces the file, unflushed: crashes that lose it also end the process."""
        with self._writing, explained(self._file.parent, "written"):
            self._file.parent.mkdir(exist_ok=True)
            self._beat += 1
            holder = {"process": asdict(self._process), "beat": self._beat, "names": sorted(self._names)}
            partial = self._file.with_suffix(".partial")
            try:
                partial.write_text(json.dumps(holder), encoding="utf-8")
                os.replace(partial, self._file)
            finally:
                partial.unlink(missing_ok=True)


class Watch:
    """Reads signs of life, and removes the files of dead processes."""

    def __init__(
        self, directory: Path, death: float = SECONDS_TO_DEATH, clock: Callable[[], float] = time.monotonic
    ) -> None:
        """Reads nothing yet; see `Leases` for `death`."""
        self._folder = directory / LEASES
        self._death = death
        self._clock = clock
        self._seen: dict[Path, tuple[int, float]] = {}

    def living(self, except_: Path | None = None) -> list[Holder]:
        """Returns the processes that may be at work.

        Raises:
            StoreError: the folder cannot be read.
        """
        with explained(self._folder, "read"):
            files = sorted(self._folder.glob("*.json"))
        return [holder for file in files if file != except_ and (holder := self._look(file))]

    def _look(self, file: Path) -> Holder | None:
        """Returns a file's content; None if it or its process is gone."""
        holder = _read(file)
        if holder is None:
            return None
        there = is_there(holder.process)
        if there:
            return holder
        if there is None and not self._stands_still(file, holder.beat):
            return holder
        with suppress(OSError):  # another process is faster, or may do what we may not
            file.unlink()
        return None

    def _stands_still(self, file: Path, beat: int) -> bool:
        """Returns whether a counter has not changed for `death` seconds."""
        now = self._clock()
        seen, since = self._seen.get(file, (None, now))
        if seen != beat:
            since = now
        self._seen[file] = beat, since
        return now - since >= self._death


def at_work(directory: Path, death: float = SECONDS_TO_DEATH) -> Process | None:
    """Returns a process at work in a results folder, or None.

    Waits until a process on another machine shows life or is dead.

    Raises:
        StoreError: the folder cannot be read.
    """
    watch = Watch(directory, death)
    first = {holder.process: holder.beat for holder in watch.living()}
    while living := watch.living():
        for holder in living:
            if is_there(holder.process) or first.get(holder.process) != holder.beat:
                return holder.process
        time.sleep(min(1.0, death / 10))
    return None


def _read(file: Path) -> Holder | None:
    """Returns a file's content; None if it is gone or invalid."""
    try:
        content = json.loads(file.read_text(encoding="utf-8"))
        return Holder(Process(**content["process"]), int(content["beat"]), frozenset(content["names"]))
    except (OSError, ValueError, TypeError, KeyError):
        return None
