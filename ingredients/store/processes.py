"""Which process this is, and whether another one is still there: as far as one machine can see that of its own."""

from __future__ import annotations

import os
import socket
from contextlib import suppress
from dataclasses import dataclass
from functools import cache
from pathlib import Path


@dataclass(frozen=True)
class Process:
    """A process, told apart from every later one that gets its number.

    Attributes:
        host: the machine's name, for people.
        machine: the machine since its last start, and the part of it in which the number holds (a container).
        number: the process's number there.
        began: when it started, in the machine's own measure; empty where that is not known.
    """

    host: str
    machine: str
    number: int
    began: str

    def __str__(self) -> str:
        """Returns how people are told of it."""
        return f"process {self.number} on {self.host}"


def this_process() -> Process:
    """Returns the process that asks."""
    return Process(socket.gethostname(), _machine(), os.getpid(), _began(os.getpid()) or "")


def is_there(process: Process) -> bool | None:
    """Returns whether a process is there still; None where this machine cannot tell."""
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
    """Returns the name of the machine, of its last start and of its space of process numbers, as far as it has them."""
    parts = [socket.gethostname()]
    with suppress(OSError):
        parts.append(Path("/proc/sys/kernel/random/boot_id").read_text(encoding="ascii").strip())
    with suppress(OSError):
        parts.append(os.readlink("/proc/self/ns/pid"))
    return " ".join(parts)


def _began(number: int) -> str | None:
    """Returns when a process started, in ticks since the machine did; None where this is not to be known.

    Of a process that has ended, and is only waited for by its parent, that is never.
    """
    try:
        text = Path(f"/proc/{number}/stat").read_text(encoding="utf-8", errors="replace")
    except OSError:
        return None
    fields = text.rpartition(")")[2].split()  # the name before it may hold spaces and brackets
    state, began = fields[0], fields[19]
    return "never" if state in "ZX" else began
