"""The text of `bench`."""

from __future__ import annotations

from ingredients.grid_run.bench import Bench
from ingredients.grid_run.on_gpus import CardBench
from ingredients.grid_run.plan import gigabytes


def bench_text(bench: Bench | CardBench) -> str:
    """Returns the measurements as text."""
    return card_bench_text(bench) if isinstance(bench, CardBench) else machine_bench_text(bench)


def machine_bench_text(bench: Bench) -> str:
    """Returns speed, limit, memory, and a table of other sizes."""
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


def card_bench_text(bench: CardBench) -> str:
    """Returns the GPU, and a table by number of runs."""
    lines = [f"{bench.card}; torch {bench.torch}", "", "runs  env steps/s  first update  recording  peak memory"]
    return "\n".join([*lines, *(_card_row(row) for row in bench.rows)])


def _card_row(row: dict[str, float]) -> str:
    first, recording = f"{row['first_update_s']:.2f} s", f"{row['recording_s']:.2f} s"
    memory = gigabytes(int(row["peak_memory_bytes"]))
    return f"{row['runs']:>4}  {row['env_steps_per_second']:>11,.0f}  {first:>12}  {recording:>9}  {memory:>11}"


def _row(row: dict[str, float]) -> str:
    return f"{row['runs']:>4}  {row['lifetimes']:>9}  {row['hidden']:>6}  {row['env_steps_per_second']:>11,.0f}"
