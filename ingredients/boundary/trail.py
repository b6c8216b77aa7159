"""Records in shared memory where foreign code is, in case it dies."""

from __future__ import annotations

from ctypes import Array, c_char
from struct import Struct

Memory = Array[c_char]
_MARK = Struct("<?I251s")  # whether such code is running, its step, the place
SIZE = _MARK.size
_memory: memoryview | None = None


def leave_in(memory: Memory | None) -> None:
    """Sets the memory for this process's marks; None stops them."""
    global _memory
    _memory = None if memory is None else memoryview(memory).cast("B")


def place(words: str) -> bytes:
    """Returns a place as `mark` takes it."""
    return words.encode(errors="replace")


def mark(step: int, at: bytes) -> None:
    """Records a call of foreign code: a reset (step 0) or a step."""
    if _memory is not None:
        _MARK.pack_into(_memory, 0, True, step, at)


def clear() -> None:
    """Records that the call returned."""
    if _memory is not None:
        _memory[0] = 0


def left_in(memory: Memory) -> str:
    """Returns where a process died, such as `step (task seed 3; episode 1, step 2)`."""
    running, step, at = _MARK.unpack_from(memoryview(memory).cast("B"))
    words = at.rstrip(b"\0").decode(errors="ignore")
    return f"{'step' if step else 'reset'} ({words}, step {step})" if running else ""
