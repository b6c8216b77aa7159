"""Known algorithms through the inner analysis: `python -m tests.benchmarks.inner`.

Comes in: `--json`, which prints the counts alone; `--quick`; names out of `SETTINGS`, or sizes such as `3x20` (arms x
pulls); all of `SETTINGS` where none is named. Goes out: for each setting, with and without lapses, in how many of 200
simulated sets of five seeds each algorithm came out as what. Every set has tasks and luck of its own, 64 lifetimes a
run. A lapse is any action: a trained policy is never quite what it computes. `tests/inner/` takes one set of each.
"""

from __future__ import annotations

import argparse
import json
from collections import Counter
from collections.abc import Mapping
from concurrent.futures import ProcessPoolExecutor
from functools import partial
from multiprocessing import get_context

from rich.console import Console
from rich.table import Table

from ingredients.inner.analysis import GATE_LIFETIMES, KeptFamily, gate
from ingredients.inner.names import KNOWN
from ingredients.judgement.inner import came_out, gate_failure
from ingredients.machine import usable_cores
from ingredients.tasks.bernoulli_bandit import BernoulliBandit
from ingredients.tasks.dependent_bandit import DependentBandit
from ingredients.tasks.two_step import TwoStep

from .part import size

SETTINGS: Mapping[str, KeptFamily] = {
    "2x20": BernoulliBandit(2, 20),
    "2x50": BernoulliBandit(2, 50),
    "5x50": BernoulliBandit(5, 50),
    "dependent": DependentBandit(20),
    "dependent-hard": DependentBandit(20, "hard"),
    "two-step": TwoStep(20, rewarded=0.75),
    "two-step-0.9": TwoStep(20, rewarded=0.9),
}
SETS, LAPSES, CONFIDENCE = 200, (0.0, 0.05), 0.95
Came = Mapping[str, Counter[str]]


def setting(word: str) -> tuple[str, KeptFamily]:
    """Returns a setting by its name, or a size.

    Raises:
        ValueError: it is neither.
    """
    return word, SETTINGS.get(word) or BernoulliBandit(*size(word))


def measured(family: KeptFamily, lapses: float, sets: int) -> tuple[Came, int]:
    """Returns as what each algorithm came out, by name, and in how many sets the whole gate opened."""
    came: dict[str, Counter[str]] = {}
    opened = 0
    of_set = partial(gate, family, GATE_LIFETIMES, lapses=lapses)
    with ProcessPoolExecutor(usable_cores(), get_context("spawn")) as workers:
        every = list(workers.map(of_set, range(1000, 1000 + sets)))
    for found in every:
        opened += gate_failure(found, CONFIDENCE) is None
        for name in KNOWN:
            if verdict := came_out(found, name, CONFIDENCE):
                came.setdefault(name, Counter())[verdict] += 1
    return came, opened


def table(title: str, came: Came, opened: int) -> Table:
    """Returns a row an algorithm."""
    made = Table("algorithm", "came out as", "right", title=f"{title}; gate open in {opened}")
    for name, counts in came.items():
        said = ", ".join(f"{verdict} {count}" for verdict, count in counts.most_common())
        made.add_row(name, said, f"{counts[KNOWN[name]] / counts.total():.1%}")
    return made


def main() -> None:
    """Prints a table a setting."""
    parser = argparse.ArgumentParser(description="known algorithms through the inner analysis")
    parser.add_argument(
        "settings", nargs="*", type=setting, help=f"of {', '.join(SETTINGS)} (all), or arms x pulls: 3x20"
    )
    parser.add_argument("--quick", action="store_true", help="a tenth of the sets")
    parser.add_argument("--json", action="store_true", help="print counts alone")
    options = parser.parse_args()
    sets = SETS // 10 if options.quick else SETS
    found = {}
    for name_of, family in options.settings or SETTINGS.items():
        for lapses in LAPSES:
            title = f"{name_of}, {lapses:.0%} lapses, {sets} sets of five seeds"
            came, opened = measured(family, lapses, sets)
            found[title] = {name: dict(counts) for name, counts in came.items()}
            if not options.json:
                Console(width=120).print(table(title, came, opened))
    if options.json:
        print(json.dumps(found))


if __name__ == "__main__":
    main()
