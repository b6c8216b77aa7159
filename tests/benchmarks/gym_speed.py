"""Training speed on environments of others, beside Stable-Baselines3: `python -m tests.benchmarks.gym_speed`.

Comes in: options. Goes out: acted steps a second, in interleaved repetitions. `ours`, `ppo` and `recurrent_ppo` train
one run in one process on one core; `alone` steps the environment there and learns nothing. `grid` is sixteen runs in
two processes on two cores, and `alone_twice` the environments in two. Ids whose package is missing are left out.
"""

from __future__ import annotations

import statistics
from functools import partial

import gymnasium
from rich.table import Table

from ingredients.engine.calls import results_of
from ingredients.engine.local import LocalEngine
from ingredients.engine.protocol import Job

from .part import Options, Part, Result, cores, interleaved, main

IDS = ("CartPole-v1", "Acrobot-v1", "LunarLander-v3")
RUNS = 8  # of the grid's sixteen, in each of two processes
WAYS: dict[str, tuple[str, tuple[object, ...], int]] = {
    "ours": ("ours", (1,), 1),
    "ppo": ("peer", ("ppo",), 1),
    "recurrent_ppo": ("peer", ("recurrent_ppo",), 1),
    "alone": ("alone", (), 1),
    "grid": ("ours", (RUNS,), 2),
    "alone_twice": ("alone", (), 2),
}


def measure(options: Options) -> Result:
    """Returns the median speeds of each environment."""
    with LocalEngine(2) as engine:
        return {"environments": [_row(engine, name, options) for name in IDS if _is_there(name)]}


def _is_there(name: str) -> bool:
    try:
        gymnasium.make(name).close()
    except gymnasium.error.DependencyNotInstalled:
        return False
    return True


def _row(engine: LocalEngine, name: str, options: Options) -> Result:
    timings = {way: partial(_speed, engine, name, way, options.seconds) for way in WAYS}
    for timing in timings.values():
        timing()  # makes and warms up
    speeds = interleaved(timings, options.repetitions)
    medians = {way: round(statistics.median(found)) for way, found in speeds.items()}
    return {
        "id": name,
        **medians,
        "ours_to_ppo": round(medians["ours"] / medians["ppo"], 2),
        "grid_to_alone": round(medians["grid"] / medians["alone_twice"], 2),
        "repetitions": {way: [round(speed) for speed in found] for way, found in speeds.items()},
    }


def _speed(engine: LocalEngine, name: str, way: str, seconds: float) -> float:
    """Returns the steps a second of all of its processes together."""
    function, arguments, processes = WAYS[way]
    called = f"{__package__}.gym_peer:{function}"
    jobs = [Job("speed", called, (core, name, *arguments, seconds)) for core in cores(processes)]
    return float(sum(result["env_steps"] / result["seconds"] for result in results_of(engine, jobs)))


def _table(result: Result) -> Table:
    table = Table("environment", *WAYS, "ours / ppo", "grid / alone_twice")
    for row in result["environments"]:
        ratios = [f"{row[name]:.2f}" for name in ("ours_to_ppo", "grid_to_alone")]
        table.add_row(row["id"], *(f"{row[way]:,}" for way in WAYS), *ratios)
    return table


PART = Part("Training on environments of others, acted steps a second", measure, _table)

if __name__ == "__main__":
    main(PART)
