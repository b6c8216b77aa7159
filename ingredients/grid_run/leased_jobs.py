"""Shares a grid's jobs among processes, by leases."""

from __future__ import annotations

import time
from collections import deque
from collections.abc import Iterator
from dataclasses import replace

from ingredients.engine.protocol import Engine, Failed, Finished, Job
from ingredients.errors import UnwritableError
from ingredients.grid import Run, fingerprints
from ingredients.grid_run.events import FinishedByOther, GridEvent, HeldByOther
from ingredients.grid_run.jobs import GridPart, Remaining, StackOptions, part_job, parts, references_needed
from ingredients.store import Leases, Store

SECONDS_BETWEEN_LOOKS = 1.0


class LeasedJobs:
    """The jobs of a grid that no other process does."""

    def __init__(self, rest: Remaining, store: Store, leases: Leases, options: StackOptions) -> None:
        """Takes no job yet; `rest` is what the folder lacks."""
        self._rest, self._store, self._leases, self._options = rest, store, leases, options
        self._pending = parts(rest)
        self._in_work: dict[str, GridPart] = {}
        self._news: deque[GridEvent] = deque()

    def run(self, engine: Engine) -> Iterator[GridEvent]:
        """Yields events until every job is done, here or elsewhere.

        Raises:
            UnwritableError: a result could not be stored, so later ones could not either.
            StoreError: the folder cannot be read, or holds a damaged run.
        """
        while self._pending:
            for event in engine.run(self._jobs()):
                self._hear(event)
                yield from self._told()
                yield event
            yield from self._told()
            if self._pending:  # all of it is in other hands; one of them may die, or leave something undone
                time.sleep(SECONDS_BETWEEN_LOOKS)

    def _jobs(self) -> Iterator[Job]:
        """Yields available jobs, each leased when asked for."""
        while part := self._take():
            self._pending.remove(part)
            lacking = self._still_lacking(part)
            if lacking is None:
                self._leases.give_back(part.names)
                self._news.append(FinishedByOther(self._job(part), self._failed_elsewhere(part)))
            else:
                self._in_work[part.key] = part
                yield self._job(lacking)

    def _take(self) -> GridPart | None:
        """Leases and returns the first part that is free."""
        for part in self._pending:
            holder = self._leases.take(part.names)
            if holder is None:
                return part
            self._news.append(HeldByOther(self._job(part), str(holder)))
        return None

    def _hear(self, event: GridEvent) -> None:
        """Releases what has ended; raises if storing failed."""
        if not isinstance(event, Finished | Failed):
            return
        self._leases.give_back(self._in_work.pop(event.job.key).names)
        if isinstance(event, Failed):
            kind, _, what = event.reason.partition(": ")
            if kind == UnwritableError.__name__:
                raise UnwritableError(what)

    def _told(self) -> Iterator[GridEvent]:
        while self._news:
            yield self._news.popleft()

    def _job(self, part: GridPart) -> Job:
        return part_job(self._rest, part, self._store.directory, self._options)

    # What another process has stored since this one looked

    def _still_lacking(self, part: GridPart) -> GridPart | None:
        """Returns what of a part is still undone, or None."""
        if part.stack is None:
            return part if references_needed(self._rest.study, self._store) else None
        runs = tuple(run for run in part.stack.runs if not self._has_ended(run))
        return GridPart(replace(part.stack, runs=runs)) if runs else None

    def _has_ended(self, run: Run) -> bool:
        """Returns whether a run has finished, or failed elsewhere."""
        state = self._store.state(run, fingerprints(self._rest.study, run))
        return state == "finished" or (state == "failed" and self._failed_since(run))

    def _failed_since(self, run: Run) -> bool:
        return self._store.record_mark(run) != self._rest.failed.get(run)

    def _failed_elsewhere(self, part: GridPart) -> dict[str, str]:
        """Returns why runs failed elsewhere, by id."""
        about = {run.id: self._store.read_run_json(run) for run in (part.stack.runs if part.stack else ())}
        return {run_id: str(content["reason"]) for run_id, content in about.items() if content["status"] == "failed"}
