"""Ctrl-C while modules load ends the command in one line; imports nothing of the package."""

from __future__ import annotations

import os
import signal
import sys
from pathlib import Path
from typing import Any

_PROGRAMS = {"ingredients", "cli"}


def is_program() -> bool:
    """Returns whether this process is the command `ingredients`, not a program that imports the package."""
    return "cli" in sys.modules or Path(sys.argv[0] if sys.argv else "").stem in _PROGRAMS


class AtOnce:
    """Ends the process with one line on Ctrl-C inside the `with`.

    Ignored Ctrl-C (`nohup`, background jobs) stays ignored.
    """

    def __init__(self, program: bool = True) -> None:
        """Does nothing unless this is the command."""
        self._program = program

    def __enter__(self) -> None:
        self._before = signal.getsignal(signal.SIGINT)
        if self._program and self._before is not signal.SIG_IGN:
            self._hear(self._stop)

    def __exit__(self, *raised: object) -> None:
        if self._program:
            self._hear(self._before)

    @staticmethod
    def _hear(how: Any) -> None:  # noqa: ANN401 - what `signal` takes and gives
        try:
            signal.signal(signal.SIGINT, how)
        except ValueError:  # not in the main thread
            return

    @staticmethod
    def _stop(number: int, frame: object) -> None:
        os.write(2, b"interrupted\n")
        os._exit(130)
