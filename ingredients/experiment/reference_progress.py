"""Progress of the references' job: trainings, and counted parts."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import replace

from ingredients.experiment import Progress, Tell

Counted = Callable[[int, int], None]
"""Is told how many of how many pieces of work are done."""


def in_a_row(tell: Tell) -> Tell:
    """Returns a `tell` for successive trainings, which adds earlier environment steps."""
    before = last = 0

    def told(message: Progress) -> None:
        nonlocal before, last
        if message.train_steps:
            if message.env_steps < last:
                before += last
            last = message.env_steps
        tell(replace(message, env_steps=before + last))

    return told


def counted(tell: Tell, doing: str, pieces: str, clock: Callable[[], float] = time.monotonic) -> Counted:
    """Returns a function that reports pieces done, and the time left."""
    began = clock()

    def told(so_far: int, of: int) -> None:
        nonlocal began
        began = began if so_far else clock()
        left = (clock() - began) / so_far * (of - so_far) if so_far else None
        tell(Progress("references", doing=f"{doing}, {so_far:,} of {of:,} {pieces}", part_seconds_left=left))

    return told
