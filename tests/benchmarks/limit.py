"""How far training is from the physical limit: `python -m tests.benchmarks.limit`.

Comes in: options. Goes out: for some sizes, the operations a second that training achieves in its matrix products, and
those that `torch.bmm` reaches on the very products of an update, nothing else done; all workers at work in both.

Achieved counts what the algorithm needs (`products.needed_flops`); `made` says how many times as many operations the
program makes. A product is timed on contiguous factors that stay in the cache, so nothing made of the same products
reaches the limit; but the compiled loops (`ingredients.agent.compiled`) make them with another BLAS.
"""

from __future__ import annotations

from rich.table import Table

from ingredients.engine.local import LocalEngine
from ingredients.grid_run.bench import limit, training_speed
from ingredients.training.workload import Workload

from .part import Options, Part, Result, main

SIZES = (
    Workload(),
    Workload(lifetimes=64),
    Workload(lifetimes=128),
    Workload(hidden=32),
    Workload(hidden=128),
    Workload(runs=8),
)


def measure(options: Options) -> Result:
    """Returns the sizes with their speeds and limits."""
    with LocalEngine(options.workers) as engine:
        training_speed(engine, options.workers, Workload(), 0.0)  # imports first
        return {"workers": options.workers, "sizes": [_row(engine, options, workload) for workload in SIZES]}


def _row(engine: LocalEngine, options: Options, workload: Workload) -> dict[str, float]:
    speed = training_speed(engine, options.workers, workload, options.seconds)
    gigaflops = limit(engine, options.workers, workload, speed)
    return {**workload.sizes(), "env_steps_per_second": round(speed, 1), **gigaflops}


def table(result: Result) -> Table:
    """Returns the sizes, one a row."""
    rows = Table("runs", "lifetimes", "hidden", "env steps/s", "GFLOP/s", "torch.bmm", "share", "made")
    for row in result["sizes"]:
        sizes = [str(row[name]) for name in ("runs", "lifetimes", "hidden")]
        speeds = [f"{row['env_steps_per_second']:,.0f}", f"{row['training']:.1f}", f"{row['bmm']:.1f}"]
        rows.add_row(*sizes, *speeds, f"{row['share']:.0%}", f"{row['made']:.2f}")
    return rows


PART = Part("Achieved speed of matrix products, and the limit", measure, table)

if __name__ == "__main__":
    main(PART)
