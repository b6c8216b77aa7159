"""On a node of a Ray cluster: one job as a task, and the mailbox by which tasks tell the driver how they go on."""

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
    """Where the command was given: relative paths and the user's own modules mean the same in every task.

    Attributes:
        folder: the current folder.
        paths: where Python looks for modules.
        logs: a folder in the results folder, where the output of jobs goes; None where it is not kept.
    """

    folder: Path
    paths: tuple[str, ...]
    logs: Path | None

    @property
    def not_shared(self) -> Path | None:
        """A folder that this node lacks: the current one, or that of the results; None if it has both."""
        needed = (self.folder, *([self.logs.parent] if self.logs else []))
        return next((folder for folder in needed if not folder.is_dir()), None)

    def enter(self) -> None:
        """Makes this process look for files and modules where the driver does.

        Raises:
            UsageError: this node lacks a folder.
        """
        if lacking := self.not_shared:
            raise UsageError(f"node {socket.gethostname()} has no folder {lacking}: every node must see the same one")
        os.chdir(self.folder)
        sys.path[:] = [*self.paths, *(path for path in sys.path if path not in self.paths)]


class Mailbox:
    """What tasks have told and the driver has not yet read, as (job's key, kind, message); an actor of one process."""

    def __init__(self) -> None:
        """It is empty."""
        self._letters: list[tuple[str, str, Any]] = []

    def put(self, letter: tuple[str, str, Any]) -> None:
        """Keeps a letter."""
        self._letters.append(letter)

    def take(self) -> list[tuple[str, str, Any]]:
        """Returns the letters in the order in which they came, and forgets them."""
        taken = self._letters
        self._letters = []
        return taken


def work(key: str, pickled: bytes, home: Home, mailbox: Any) -> tuple[bool, bytes]:  # noqa: ANN401 - an actor
    """Runs a job as a Ray task; returns whether it finished, and the pickled message (see `worker.answer`)."""
    import ray

    def post(kind: str, message: object) -> None:
        # waits until it has arrived: what was told before the end is read before the end
        ray.get(mailbox.put.remote((key, kind, message)))

    def receive() -> bytes:
        home.enter()
        return pickled

    faulthandler.enable()
    post("started", None)
    with output_to(None if home.not_shared else home.logs and log_path(home.logs, key)):
        return answer(receive, lambda message: post("told", message))
