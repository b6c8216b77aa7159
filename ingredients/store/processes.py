"""Identifies this process, and tells whether another one still runs."""

from __future__ import annotations

import os
import socket
from contextlib import suppress
from dataclasses import dataclass
from functools import cache
from pathlib import Path


@dataclass(frozen=True)
class Process:
    """A process, distinct from later ones of its number.

    `machine` identifies boot and container; `began` is the start in the machine's units, or empty.
    """

    host: str
    machine: str
    number: int
    began: str

    def __str__(self) -> str:
        """Returns it for messages."""
        return f"process {self.number} on {self.host}"


def this_process() -> Process:
    """Returns this process."""
    return Process(socket.gethostname(), _machine(), os.getpid(), _began(os.getpid()) or "")


def is_there(process: Process) -> bool | None:
    """Returns whether a process runs; None if unknown."""
    if process.machine != _machine() or os.name != "posix":
        return None
    try:
        os.kill(process.number, 0)
    except ProcessLookupError:
        return False
    except PermissionError:  # somebody else's
        pass
    began = _began(process.number)
    return None if began is None else began == process.began


@cache
def _machine() -> str:
    """Returns host name, boot id and process namespace, as known."""
    parts = [socket.gethostname()]
    with suppress(OSError):
        parts.append(Path("/proc/sys/kernel/random/boot_id").read_text(encoding="ascii").strip())
    with suppress(OSError):
        parts.append(os.readlink("/proc/self/ns/pid"))
    return " ".join(parts)


def _began(number: int) -> str | None:
    """Returns a process's start in ticks since boot; None if unknown, "never" for zombies."""
    try:
        text = Path(f"/proc/{number}/stat").read_text(encoding="utf-8", errors="replace")
    except OSError:
        return None
    fields = text.rpartition(")")[2].split()  # the name before it may hold spaces and brackets
    state, began = fields[0], fields[19]
    return "never" if state in "ZX" else began
