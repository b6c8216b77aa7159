"""Known algorithms through the inner analysis: `python -m tests.benchmarks.inner`.

Comes in: `--json`, which prints the counts alone; `--quick`; names out of `SETTINGS`, or sizes such as `3x20` (arms x
pulls); all of `SETTINGS` where none is named. Goes out: for each setting, with and without lapses, in how many of 200
simulated sets of five seeds each algorithm came out as what. Every set has tasks and luck of its own, 64 lifetimes a
run. A lapse is any action: a trained policy is never quite what it computes. `tests/inner/` takes one set of each.
"""

from __future__ import annotations

import json
import sys
from collections import Counter
from collections.abc import Mapping, Sequence
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


def named(words: Sequence[str]) -> Mapping[str, KeptFamily]:
    """Returns the settings that the words name; all where there are none."""
    chosen = {word: SETTINGS.get(word) or BernoulliBandit(*map(int, word.split("x"))) for word in words}
    return chosen or SETTINGS


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
    """Prints a table a setting; `--quick` takes a tenth of the sets."""
    sets = SETS // 10 if "--quick" in sys.argv else SETS
    found = {}
    for setting, family in named([word for word in sys.argv[1:] if word[0] != "-"]).items():
        for lapses in LAPSES:
            title = f"{setting}, {lapses:.0%} lapses, {sets} sets of five seeds"
            came, opened = measured(family, lapses, sets)
            found[title] = {name: dict(counts) for name, counts in came.items()}
            if "--json" not in sys.argv:
                Console(width=120).print(table(title, came, opened))
    if "--json" in sys.argv:
        print(json.dumps(found))


if __name__ == "__main__":
    main()
