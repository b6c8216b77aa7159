"""Leaks of known size through the decoder: `python -m tests.benchmarks.leaks`.

Comes in: `--quick`, by which the decoder is the one of `run-grid`, not the one of `audit`. Goes out: for each leak the
truth by hand, what was measured, with its interval, whether an agent could read it that does not know the task, and the
CPU seconds of the family, reward and action together.
"""

from __future__ import annotations

import argparse
import sys
import time
from pathlib import Path
from typing import NamedTuple

from rich.console import Console
from rich.table import Table

sys.path.insert(0, str(Path(__file__).parents[1]))

import leaking
from leaking import Leaky, late_by, part_of_the_time

from ingredients.decoding.decoders import QUICK
from ingredients.training.leakage import family_leakage


class Case(NamedTuple):
    """A bandit that leaks, what it leaks, and how much of it, by hand."""

    leak: str
    family: Leaky
    of: str
    truth: float


PULLS = leaking.PULLS
CASES = (
    Case("none", part_of_the_time(0.0, of="reward"), "reward", 0.0),
    Case("full", part_of_the_time(1.0, of="reward"), "reward", 1.0),
    Case("half", part_of_the_time(0.5, of="reward"), "reward", 0.5),
    Case("quarter", part_of_the_time(0.25, of="action"), "action", 0.25),
    Case("12% of steps", part_of_the_time(0.12, of="action"), "action", 0.12),
    Case("late by one", late_by(1, of="reward"), "reward", 1 - 2 / PULLS),
    Case("late by two", late_by(2, of="action"), "action", 1 - 3 / PULLS),
    Case("XOR", leaking.XOR, "reward", 1.0),
    Case("difference", leaking.DIFFERENCE, "action", 1.0),
    Case("code of the task", leaking.CODE, "action", 1.0),
    Case("polarity of the task", leaking.POLARITY, "reward", 1.0),
    Case("richness of the task", leaking.RICHNESS, "reward", 0.0),
)


def main() -> None:
    """Prints a row a case, as they come."""
    parser = argparse.ArgumentParser(description="leaks of known size through the decoder")
    parser.add_argument("--quick", action="store_true", help="with the decoder of run-grid")
    settings = (QUICK,) if parser.parse_args().quick else ()
    table = Table("leak", "of", "truth", "measured", "without the task", "CPU seconds")
    for case in CASES:
        began = time.process_time()
        found = family_leakage(case.family, *settings)[case.of]
        seconds = time.process_time() - began
        measured = f"{found['leak']:.3f} [{found['low']:.3f}, {found['high']:.3f}]"
        row = (case.leak, case.of, f"{case.truth:.3f}", measured, str(found["history"]["leaks"]), f"{seconds:.1f}")
        table.add_row(*row)
        print(*row, sep=" | ", flush=True)
    Console(width=120).print(table)


if __name__ == "__main__":
    main()
