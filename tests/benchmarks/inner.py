"""Known algorithms through the inner analysis: `python -m tests.benchmarks.inner`.

Comes in: `--json`, which prints the counts alone; `--quick`; sizes such as `2x20` (arms x pulls), all of `SIZES` where
none is named. Goes out: for each size, with and without lapses, in how many of 200 simulated sets of five seeds each
algorithm came out as what. Every set has tasks and luck of its own, 64 lifetimes a run. A lapse is a pull of any arm:
a trained policy is never quite what it computes. `tests/inner/test_inner_algorithms.py` takes one set of each.
"""

from __future__ import annotations

import json
import sys
from collections import Counter
from collections.abc import Mapping

from rich.console import Console
from rich.table import Table

from ingredients.inner.analysis import GATE_LIFETIMES, gate
from ingredients.inner.names import CANDIDATES, KNOWN
from ingredients.judgement.inner import gate_failure, nearest
from ingredients.tasks.bernoulli_bandit import BernoulliBandit

SIZES = ((2, 20), (2, 50))
SETS, LAPSES, CONFIDENCE = 200, (0.0, 0.05), 0.95
Came = Mapping[str, Counter[str]]


def measured(arms: int, pulls: int, lapses: float, sets: int) -> tuple[Came, int]:
    """Returns as what each algorithm came out, by name, and in how many sets the whole gate opened."""
    family, came = BernoulliBandit(arms, pulls), {name: Counter[str]() for name in KNOWN}
    opened = 0
    for number in range(sets):
        found = gate.__wrapped__(family, GATE_LIFETIMES, 1000 + number, lapses)
        opened += gate_failure(found, CONFIDENCE) is None
        for name, counts in came.items():
            counts[nearest({each: found[f"gate.{name}.{each}"] for each in CANDIDATES}, CONFIDENCE)] += 1
    return came, opened


def table(title: str, came: Came, opened: int) -> Table:
    """Returns a row an algorithm."""
    made = Table("algorithm", "came out as", "right", title=f"{title}; gate open in {opened}")
    for name, counts in came.items():
        said = ", ".join(f"{verdict} {count}" for verdict, count in counts.most_common())
        made.add_row(name, said, f"{counts[KNOWN[name]] / counts.total():.1%}")
    return made


def main() -> None:
    """Prints a table a size; `--quick` takes a tenth of the sets."""
    sets = SETS // 10 if "--quick" in sys.argv else SETS
    named = [tuple(map(int, word.split("x"))) for word in sys.argv[1:] if word[0].isdigit()]
    found = {}
    for arms, pulls in named or SIZES:
        for lapses in LAPSES:
            title = f"{arms} arms, {pulls} pulls, {lapses:.0%} lapses, {sets} sets of five seeds"
            came, opened = measured(arms, pulls, lapses, sets)
            found[title] = {name: dict(counts) for name, counts in came.items()}
            if "--json" not in sys.argv:
                Console(width=120).print(table(title, came, opened))
    if "--json" in sys.argv:
        print(json.dumps(found))


if __name__ == "__main__":
    main()
