"""`training.csv`: a line for each report of each stack in training (results/README.md)."""

from __future__ import annotations

import csv
import io
import itertools
import math
import os
from collections.abc import Mapping
from contextlib import suppress
from datetime import UTC, datetime
from pathlib import Path

from ingredients.store.leases import Leases
from ingredients.store.tables import DIAGNOSTICS

COLUMNS = ("time", "stack", "train_step", "train_steps", "score", *DIAGNOSTICS.names[2:])
MOST_LINES = 500  # of a stack


class TrainingLog:
    """Appends to one file of a results folder, under a lease."""

    def __init__(self, directory: Path, leases: Leases) -> None:
        """Takes the first file that no other process writes.

        Raises:
            StoreError: the folder cannot be written or read.
        """
        names = (f"training{'' if number == 1 else f'-{number}'}.csv" for number in itertools.count(1))
        self.path = directory / next(name for name in names if leases.take([name]) is None)
        self._last: dict[str, int] = {}

    def add(
        self, stack: str, train_step: int, train_steps: int, score: float | None, diagnostics: Mapping[str, float]
    ) -> None:
        """Appends a line, if possible, if the stack advanced by 1/500 of its training, ended, or went back.

        `score` and `diagnostics` are as in `experiment.Progress`.
        """
        before = self._last.get(stack)
        near = before is not None and 0 <= train_step - before < train_steps / MOST_LINES
        if near and train_step < train_steps:
            return
        self._last[stack] = train_step
        now = datetime.now(UTC).isoformat(timespec="seconds")
        numbers = [score, *(diagnostics.get(name) for name in DIAGNOSTICS.names[2:])]
        with suppress(OSError):
            self._append([now, stack, train_step, train_steps, *map(_number, numbers)])

    def _append(self, values: list[object]) -> None:
        """Appends a line in one write; a new file gets a header."""
        with self.path.open("ab+") as file:
            whole = _whole_lines(file)
            if whole < file.seek(0, os.SEEK_END):
                file.truncate(whole)
            text = io.StringIO()
            csv.writer(text, lineterminator="\n").writerows([values] if whole else [COLUMNS, values])
            file.write(text.getvalue().encode())


def _whole_lines(file: io.BufferedRandom) -> int:
    """Returns where a file's last whole line ends."""
    end = file.seek(0, os.SEEK_END)
    start = max(end - 4096, 0)  # more than any line has
    file.seek(start)
    return start + file.read().rfind(b"\n") + 1


def _number(value: float | None) -> str:
    """Returns a number with six digits, or nothing if not finite."""
    return "" if value is None or not math.isfinite(value) else f"{value:.6g}"
