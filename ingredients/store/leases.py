"""Leases: which process works at which runs of a results folder, so that several divide a grid and none is done twice.

Each process keeps one small file in `leases/`: who it is, what it holds, and a count that it raises every few seconds.
To take something it first writes that it holds it and then reads everybody else's file. Of two that want the same
at once at least one sees the other, and whoever sees another steps back; so never do both hold it. Files have
random names that are never used again: to take over from the dead is to remove theirs, which cannot hit the living.

Dead is what this machine sees to be gone, and at once; of another machine, whose count stands still for a minute by
this process's own clock. What two clocks say is never compared.
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
    """What the file of a process says: who it is, how often it has said so, and the names that it holds."""

    process: Process
    beat: int
    names: frozenset[str]


class Leases:
    """What this process holds of a results folder. Used in a `with` statement, which gives all of it back."""

    def __init__(self, directory: Path, beats: float = SECONDS_BETWEEN_BEATS, death: float = SECONDS_TO_DEATH) -> None:
        """Names the results folder; nothing is written before the `with` statement.

        Args:
            directory: The results folder.
            beats: Seconds from one sign of life to the next.
            death: Seconds without any, after which a process of another machine is dead.
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
        """Says that this process is at work in the folder, and goes on saying so.

        Raises:
            StoreError: If the folder cannot be written.
        """
        self._write()
        self._heart.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Gives everything back."""
        self._ended.set()
        self._heart.join()
        with suppress(OSError):
            self._file.unlink()

    def take(self, names: Collection[str]) -> Process | None:
        """Takes all of the names, or none where another process holds one of them.

        Returns:
            That process; None where they are this one's now.

        Raises:
            StoreError: If the folder cannot be written or read.
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
        """Lets others have the names; on a full disk a little later, with the next sign of life or the end."""
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
        """Puts a new file in the place of the old; no flush: what a machine forgets in a crash, its dead held."""
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
    """Looks at the signs of life in a results folder, and removes the files of the dead."""

    def __init__(
        self, directory: Path, death: float = SECONDS_TO_DEATH, clock: Callable[[], float] = time.monotonic
    ) -> None:
        """Looks at nothing yet; see `Leases` for `death`."""
        self._folder = directory / LEASES
        self._death = death
        self._clock = clock
        self._seen: dict[Path, tuple[int, float]] = {}

    def living(self, except_: Path | None = None) -> list[Holder]:
        """Returns the processes that are at work in the folder, or may be.

        Raises:
            StoreError: If the folder cannot be read.
        """
        with explained(self._folder, "read"):
            files = sorted(self._folder.glob("*.json"))
        return [holder for file in files if file != except_ and (holder := self._look(file))]

    def _look(self, file: Path) -> Holder | None:
        """Returns what a file says, None where its process is dead or has just gone."""
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
        """Returns whether a count has been the same for as long as the dead are silent."""
        now = self._clock()
        seen, since = self._seen.get(file, (None, now))
        if seen != beat:
            since = now
        self._seen[file] = beat, since
        return now - since >= self._death


def at_work(directory: Path, death: float = SECONDS_TO_DEATH) -> Process | None:
    """Returns a process that is at work in a results folder, None if there is none.

    One of another machine is waited for: it gives a sign of life, or turns out to be dead.

    Raises:
        StoreError: If the folder cannot be read.
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
    """Returns what a file says; None where it is gone, or is none of ours."""
    try:
        content = json.loads(file.read_text(encoding="utf-8"))
        return Holder(Process(**content["process"]), int(content["beat"]), frozenset(content["names"]))
    except (OSError, ValueError, TypeError, KeyError):
        return None
