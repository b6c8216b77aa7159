"""What a large report costs: `python -m tests.benchmarks.report_size`.

Comes in: options. Goes out: seconds and peak memory of the whole of `build_report`, imports included, each time in a
process of its own, for made-up results of 64 cells × 20 seeds × 20 evaluation points × 100 episodes. The targets are
those that were set before: 30 s and 2 GiB.
"""

from __future__ import annotations

import json
import statistics
import subprocess
import sys
import tempfile
from pathlib import Path

from rich.table import Table

from ingredients.grid import cells

from .part import Options, Part, Result, main

SECONDS, BYTES = 30.0, 2 * 1024**3
EPISODES = 100
STUDY = {
    "tasks": {"family": "bernoulli-bandit", "arms": 5, "episodes": EPISODES},
    "ingredients": {
        "reward_observation": [False, 0.25, 0.5, True],
        "action_observation": [False, True],
        "memory": [False, {"wipe_every": 10}, {"wipe_every": 50}, True],
        "task_distribution": [False, True],
    },
    "evaluation": {"points": 20},
    "seeds": 20,
}
# `ru_maxrss` begins with the peak of the process that started this one, so it is not asked where the kernel tells more
_PROGRAM = """
import json, resource, sys, time
from pathlib import Path
start = time.perf_counter()
from ingredients.report.build import build_report
report = build_report(Path(sys.argv[1]))
seconds = time.perf_counter() - start
assert report.unwritten is None, report.unwritten
assert "torch" not in sys.modules
status = Path("/proc/self/status")
if status.exists():
    peak = 1024 * int(status.read_text().split("VmHWM:")[1].split()[0])
else:
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * (1 if sys.platform == "darwin" else 1024)
print(json.dumps({"seconds": seconds, "peak_memory_bytes": peak, "rows": len(report.evidence.frame)}))
"""


def measure(options: Options) -> Result:
    """Returns the size of the study, every repetition's seconds, and the highest peak of memory."""
    with tempfile.TemporaryDirectory() as folder:
        results = Path(folder) / "bandit"
        sizes = _write(results)
        built = [_built(results) for _ in range(options.repetitions)]
        page = (results / "report.html").stat().st_size
    seconds = [round(each["seconds"], 2) for each in built]
    return {
        **sizes,
        "rows": built[0]["rows"],
        "page_bytes": page,
        "repetitions": seconds,
        "seconds": statistics.median(seconds),
        "seconds_allowed": SECONDS,
        "peak_memory_bytes": max(each["peak_memory_bytes"] for each in built),
        "bytes_allowed": BYTES,
    }


def _write(results: Path) -> dict[str, int]:
    """Writes the made-up results and returns how many there are of everything."""
    sys.path.insert(0, str(Path(__file__).parents[1]))  # the tests' modules, which this folder is below
    from synthetic import bandit_study, write_results

    study = bandit_study(**STUDY)
    write_results(results, study)
    seeds, points = study.seeds.count, study.evaluation.points
    return {"cells": len(cells(study)), "seeds": seeds, "points": points, "episodes": EPISODES}


def _built(results: Path) -> Result:
    command = [sys.executable, "-c", _PROGRAM, str(results)]
    said: Result = json.loads(subprocess.run(command, check=True, stdout=subprocess.PIPE, text=True).stdout)
    return said


def table(result: Result) -> Table:
    """Returns what was measured beside what is allowed."""
    names = ("cells", "seeds", "points", "episodes", "rows")
    rows = Table("report of " + ", ".join(f"{result[name]:,} {name}" for name in names), "measured", "allowed")
    low, high = min(result["repetitions"]), max(result["repetitions"])
    seconds = f"{result['seconds']:.1f} ({low:.1f} to {high:.1f})"
    rows.add_row("seconds", seconds, f"{result['seconds_allowed']:.0f}")
    memory, allowed = (result[name] / 1024**3 for name in ("peak_memory_bytes", "bytes_allowed"))
    rows.add_row("peak memory, GiB", f"{memory:.2f}", f"{allowed:.0f}")
    rows.add_row("report.html, MiB", f"{result['page_bytes'] / 1024**2:.1f}", "")
    return rows


PART = Part("A large report", measure, table)

if __name__ == "__main__":
    main(PART)
