"""What the parts of the benchmarks share: their options, interleaved repetitions, and how they print.

Comes in: a command line. Goes out: one JSON object, or tables. A part is a module that ends with `main(PART)`.
"""

from __future__ import annotations

import argparse
import json
import os
import statistics
import sys
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from rich.console import Console
from rich.markup import escape
from rich.table import Table

from ingredients.machine import usable_cores

Result = dict[str, Any]


@dataclass(frozen=True)
class Options:
    """How long to measure, and where.

    Attributes:
        workers: processes at once.
        seconds: of one timing, about.
        repetitions: how often each thing is timed, in turn with the others.
        train_steps: budget of a run that is trained to a threshold.
        seeds: how many such runs.
        jax_python: the Python that has jax.
    """

    workers: int = field(default_factory=usable_cores)
    seconds: float = 5.0
    repetitions: int = 5
    train_steps: int = 3_000_000
    seeds: int = 3
    jax_python: str | None = None


@dataclass(frozen=True)
class Part:
    """A benchmark: its title, what measures, and what makes a table of the measurements."""

    title: str
    measure: Callable[[Options], Result]
    table: Callable[[Result], Table]


def main(part: Part) -> None:
    """Measures as the command line says, and prints tables or, with `--json`, one object."""
    options, as_json = parsed(part.title)
    result = part.measure(options)
    if as_json:
        print(json.dumps(result, indent=2))
    else:
        show(part, result)


def show(part: Part, result: Result) -> None:
    """Prints a part's table, or why it was not measured."""
    console = Console(width=None if sys.stdout.isatty() else 120)  # a file has no width
    console.print(f"\n[bold]{part.title}[/bold]")
    console.print(escape(result["skipped"]) if "skipped" in result else part.table(result))


def parsed(title: str, arguments: Sequence[str] | None = None) -> tuple[Options, bool]:
    """Returns the options, and whether JSON is wanted."""
    usual = Options()
    parser = argparse.ArgumentParser(description=title)
    parser.add_argument("--json", action="store_true", help="print one JSON object")
    parser.add_argument("--workers", type=int, default=usual.workers, help="processes at once (%(default)s)")
    parser.add_argument("--seconds", type=float, default=usual.seconds, help="of one timing (%(default)s)")
    parser.add_argument("--repetitions", type=int, default=usual.repetitions, help="of each (%(default)s)")
    parser.add_argument("--train-steps", type=int, default=usual.train_steps, help="to a threshold (%(default)s)")
    parser.add_argument("--seeds", type=int, default=usual.seeds, help="to a threshold (%(default)s)")
    parser.add_argument("--jax-python", default=os.environ.get("JAX_PYTHON"), help="a Python with jax ($JAX_PYTHON)")
    named = vars(parser.parse_args(arguments))
    as_json = named.pop("json")
    return Options(**named), as_json


def cores(count: int) -> list[int]:
    """Returns the numbers of so many cores that this process may use, over again where there are not so many."""
    allowed = sorted(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else list(range(os.cpu_count() or 1))
    return [allowed[index % len(allowed)] for index in range(count)]


def stay_on(core: int) -> None:
    """Keeps this process on one core, where the system can."""
    if hasattr(os, "sched_setaffinity"):
        os.sched_setaffinity(0, {core})


def timed(work: Callable[[], object], steps: int, seconds: float) -> dict[str, float]:
    """Returns `env_steps` and `seconds` of work that is done again for about `seconds`, at least once."""
    began, done = time.perf_counter(), 0
    while (took := time.perf_counter() - began) < seconds or not done:
        work()
        done += steps
    return {"env_steps": done, "seconds": took}


def size(word: str) -> tuple[int, int]:
    """Returns arms and pulls of `3x30`.

    Raises:
        ValueError: it is no size.
    """
    arms, pulls = word.split("x")
    return int(arms), int(pulls)


def interleaved(timings: Mapping[str, Callable[[], float]], repetitions: int) -> dict[str, list[float]]:
    """Returns what each timing gave, in turn: a machine that slows down meanwhile slows all of them down."""
    speeds: dict[str, list[float]] = {name: [] for name in timings}
    for _ in range(repetitions):
        for name, timing in timings.items():
            speeds[name].append(timing())
    return speeds


def against(ours: str, speeds: Mapping[str, Sequence[float]], processes: int) -> dict[str, dict[str, Any]]:
    """Returns for each contender its speeds, their median, and how many times as fast `ours` is (of medians).

    Speeds are of all processes together. `ours_is_times_one_process` is what the whole machine gives somebody who runs
    one process of the contender.
    """
    best = statistics.median(speeds[ours])
    medians = {name: statistics.median(values) for name, values in speeds.items()}
    return {
        name: {
            "env_steps_per_second": round(medians[name], 1),
            "repetitions": [round(value, 1) for value in values],
            "ours_is_times_as_fast": round(best / medians[name], 2),
            "ours_is_times_one_process": round(best / medians[name] * processes, 2),
        }
        for name, values in speeds.items()
    }


def contest_table(result: Result) -> Table:
    """Returns the contenders of `against`, one a row."""
    table = Table("contender", "env steps/s", "lowest", "highest", "ours is times as fast", "as one process")
    for name, row in result["contenders"].items():
        low, high = min(row["repetitions"]), max(row["repetitions"])
        numbers = [f"{value:,.0f}" for value in (row["env_steps_per_second"], low, high)]
        ratios = [f"{row[f'ours_is_times_{of}']:.1f}" for of in ("as_fast", "one_process")]
        table.add_row(f"{name}: {result['what'][name]}", *numbers, *ratios)
    return table
