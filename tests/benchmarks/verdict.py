"""Known policies through the rule of judgement: `python -m tests.benchmarks.verdict`.

Comes in: options, the same for all parts, of which only `--json` says anything here. Goes out: for 3 × 30, 8 × 40 and
2 × 300 (arms × pulls) and every policy, in how many of 200 simulated studies of five runs it came out as what. A pool
of 40 runs a policy is played on 2000 tasks, and each study draws five of it. A mixture counts as right where its
verdict is that of its count.
"""

from __future__ import annotations

import sys
from collections import Counter
from pathlib import Path

import numpy as np
from rich.console import Console
from rich.table import Table

sys.path.insert(0, str(Path(__file__).parents[1]))

from known_policies import EXPECTED, judged, pools

SIZES = ((3, 30), (8, 40), (2, 300))
TASKS, RUNS, STUDIES = 2000, 40, 200


def measured(arms: int, pulls: int, tasks: int, runs: int, studies: int) -> Table:
    """Returns a row a policy: what it is expected to be, what it came out as, and how often that was right."""
    pool = pools(arms, pulls, tasks, runs)
    found: dict[str, Counter[str | None]] = {name: Counter() for name in pool.runs}
    mixtures: Counter[bool] = Counter()
    closed = 0
    for study in range(studies):
        judgement, learners = judged(pool, np.random.default_rng([study, arms, pulls]))
        closed += not judgement.calibration.passed
        for name, cell in zip(pool.runs, judgement.cells, strict=False):
            found[name][cell.verdict] += 1
        mixtures[judgement.cells[-1].verdict == {0: "none", 5: "in-context"}.get(learners, "mixed")] += 1
    table = Table(
        "policy", "by its mechanism", "came out as", "right", title=f"{arms} arms, {pulls} pulls; gate closed: {closed}"
    )
    for name, counts in found.items():
        right = sum(count for verdict, count in counts.items() if verdict in EXPECTED[name]) / studies
        came = ", ".join(f"{verdict} {count}" for verdict, count in counts.most_common())
        table.add_row(name, " or ".join(EXPECTED[name]), came, f"{right:.1%}")
    table.add_row("mixture .6", "by its count", "", f"{mixtures[True] / studies:.1%}")
    return table


def main() -> None:
    """Prints a table a size; `--quick` takes a tenth of everything."""
    less = 10 if "--quick" in sys.argv else 1
    for arms, pulls in SIZES:
        Console(width=140).print(measured(arms, pulls, TASKS // min(less, 2), max(RUNS // less, 6), STUDIES // less))


if __name__ == "__main__":
    main()
