"""What `bench` prints for people.

Comes in: the measurements. Goes out: aligned plain text that survives a pipe.
"""

from __future__ import annotations

from ingredients.engine.bench import Bench
from ingredients.report.plan import gigabytes


def bench_text(bench: Bench) -> str:
    """Returns the speed in one line, the limit and the memory in one line each, and the other sizes as a table."""
    speed, bmm = bench.gigaflops["training"], bench.gigaflops["bmm"]
    lines = [
        f"{bench.env_steps_per_second:,.0f} env steps/s: {bench.workers} workers on {bench.cores} cores, "
        f"{bench.per_worker:,.0f} each; torch {bench.torch}; peak memory {gigabytes(bench.peak_memory_bytes)}",
        f"{speed:,.1f} GFLOP/s in matrix products: {bench.gigaflops['share']:.0%} of the {bmm:,.1f} that torch.bmm "
        "reaches on the same shapes",
        "",
        "runs  lifetimes  hidden  env steps/s",
    ]
    rows = sorted(bench.scaling, key=lambda row: (row["hidden"], row["lifetimes"], row["runs"]))
    return "\n".join([*lines, *(_row(row) for row in rows)])


def _row(row: dict[str, float]) -> str:
    return f"{row['runs']:>4}  {row['lifetimes']:>9}  {row['hidden']:>6}  {row['env_steps_per_second']:>11,.0f}"
