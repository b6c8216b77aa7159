"""Inside a Ray cluster: one job as a task, and its mailbox."""

from __future__ import annotations

import faulthandler
import os
import socket
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from ingredients.engine.worker import answer, log_path, output_to
from ingredients.errors import UsageError


@dataclass(frozen=True)
class Home:
    """Where the command was given: paths and modules mean the same in every task.

    `paths` is Python's module path; `logs` the folder for output.
    """

    folder: Path
    paths: tuple[str, ...]
    logs: Path | None

    @property
    def not_shared(self) -> Path | None:
        """A needed folder that this node lacks, or None."""
        needed = (self.folder, *([self.logs.parent] if self.logs else []))
        return next((folder for folder in needed if not folder.is_dir()), None)

    def enter(self) -> None:
        """Changes to the driver's folder and module path.

        Raises:
            UsageError: this node lacks a folder.
        """
        if lacking := self.not_shared:
            raise UsageError(f"node {socket.gethostname()} has no folder {lacking}: every node must see the same one")
        os.chdir(self.folder)
        sys.path[:] = [*self.paths, *(path for path in sys.path if path not in self.paths)]


class Mailbox:
    """Unread messages of tasks, (job's key, kind, message); a Ray actor."""

    def __init__(self) -> None:
        """Starts empty."""
        self._letters: list[tuple[str, str, Any]] = []

    def put(self, letter: tuple[str, str, Any]) -> None:
        """Adds a message."""
        self._letters.append(letter)

    def take(self) -> list[tuple[str, str, Any]]:
        """Returns and removes the messages, in order."""
        taken = self._letters
        self._letters = []
        return taken


def work(key: str, pickled: bytes, home: Home, mailbox: Any) -> tuple[bool, bytes]:  # noqa: ANN401 - an actor
    """Runs a job as a Ray task; returns what `worker.answer` does."""
    import ray

    def post(kind: str, message: object) -> None:
        # waits for its arrival, so that all messages are read before the end
        ray.get(mailbox.put.remote((key, kind, message)))

    def receive() -> bytes:
        home.enter()
        return pickled

    faulthandler.enable()
    post("started", None)
    with output_to(None if home.not_shared else home.logs and log_path(home.logs, key)):
        return answer(receive, lambda message: post("told", message))
