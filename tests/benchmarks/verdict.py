"""Known policies through the rule of judgement: `python -m tests.benchmarks.verdict`.

Comes in: `--quick`; sizes such as `5x25` (arms x pulls), all of `SIZES` where none is named. Goes out: for each size
and every policy, in how many of 200 simulated studies of five runs it came out as what. A pool of 40 runs a policy is
played on 4000 tasks, fewer than a study has, and each study draws five of it. A mixture counts as right where its
verdict is that of its count. Runs are classified once and counted in every study;
`tests/judgement/test_judgement_known_policies.py` takes whole judgements.
"""

from __future__ import annotations

import argparse
import sys
from collections import Counter
from concurrent.futures import ProcessPoolExecutor
from multiprocessing import get_context
from pathlib import Path

import numpy as np
from rich.console import Console
from rich.table import Table

sys.path.insert(0, str(Path(__file__).parents[1]))

from known_policies import EXPECTED, MIXTURES, SEEDS, Pools, classified, drawn, pools, right_of_mixture

from ingredients.judgement.shares import looks
from ingredients.judgement.verdict import decide
from ingredients.machine import usable_cores

from .part import size

SIZES = ((3, 30), (8, 40), (2, 300), (5, 25), (2, 100))
TASKS, RUNS, STUDIES = 4000, 40, 200
LOOK = looks([SEEDS], 0.95)


def measured(arms: int, pulls: int, pool: Pools, studies: int) -> Table:
    """Returns a row a policy: what it is expected to be, what it came out as, and how often that was right."""
    found: dict[str, Counter[str | None]] = {name: Counter() for name in pool.runs}
    mixtures: Counter[tuple[str, str, float]] = Counter()
    classes, gate = classified(pool)
    for study in range(studies):
        cells, firsts = drawn(classes, np.random.default_rng([study, arms, pulls]))
        verdicts = [decide(runs, 0, LOOK).verdict for runs in cells]
        for name, verdict in zip(pool.runs, verdicts, strict=False):
            found[name][verdict] += 1
        for mixture, of_first, verdict in zip(MIXTURES, firsts, verdicts[-len(MIXTURES) :], strict=True):
            mixtures[mixture] += verdict in right_of_mixture(mixture, of_first)
    state = "open" if gate.passed else "closed"
    table = Table(
        "policy", "by its mechanism", "came out as", "right", title=f"{arms} arms, {pulls} pulls; gate {state}"
    )
    for name, counts in found.items():
        right = sum(count for verdict, count in counts.items() if verdict in EXPECTED[name]) / studies
        came = ", ".join(f"{verdict} {count}" for verdict, count in counts.most_common())
        table.add_row(name, " or ".join(EXPECTED[name]), came, f"{right:.1%}")
    for mixture in MIXTURES:
        first, second, share = mixture
        table.add_row(f"{share:g} {first}, else {second}", "by its count", "", f"{mixtures[mixture] / studies:.1%}")
    return table


def main() -> None:
    """Prints a table a size."""
    parser = argparse.ArgumentParser(description="known policies through the verdict")
    parser.add_argument("sizes", nargs="*", type=size, help="arms x pulls, such as 3x30 (the usual ones)")
    parser.add_argument("--quick", action="store_true", help="a tenth of the studies and tasks, six runs a policy")
    options = parser.parse_args()
    less = 10 if options.quick else 1
    for arms, pulls in options.sizes or SIZES:
        with ProcessPoolExecutor(usable_cores(), get_context("spawn")) as workers:
            pool = pools(arms, pulls, TASKS // less, max(RUNS // less, 6), workers.map)
        Console(width=140).print(measured(arms, pulls, pool, STUDIES // less))


if __name__ == "__main__":
    main()
