"""Training speed beside RecurrentPPO of sb3-contrib, in one run: `python -m tests.benchmarks.recurrent_ppo`.

Comes in: options. Goes out: env steps a second of the whole machine, ours and its, in interleaved repetitions.

Ours is the fixed workload, 16 runs x 32 lifetimes in a worker for each core. RecurrentPPO trains one agent with 32
lifetimes a process, one process pinned to each core; its processes' speeds are added. Both train a recurrent network of
64 units on 5 arms x 100 pulls, 4 epochs x 4 minibatches a rollout, one thread a process. See `recurrent_peer` for its
variants; the ratio to hold is that to the fastest of them, and `ours_is_times_one_process` is what somebody gains who
runs a single process of it.
"""

from __future__ import annotations

import importlib.util
from functools import partial

from ingredients.engine.calls import results_of
from ingredients.engine.local import LocalEngine
from ingredients.engine.protocol import Job
from ingredients.grid_run.bench import training_speed
from ingredients.training.workload import Workload

from .part import Options, Part, Result, against, contest_table, cores, interleaved, main

VARIANTS = {
    "default": "RecurrentPPO as it comes, our Gymnasium environment",
    "cheap": "RecurrentPPO, the cheapest policy, our Gymnasium environment",
    "batched": "RecurrentPPO, the cheapest policy, a batched environment",
}
MISSING = "skipped: sb3-contrib is not installed; make bench does it, or pip install '.[bench]' -c constraints.txt"


def measure(options: Options) -> Result:
    """Returns the speeds of ours and of each variant."""
    if importlib.util.find_spec("sb3_contrib") is None:
        return {"skipped": MISSING}
    with LocalEngine(options.workers) as ours, LocalEngine(options.workers) as theirs:
        timings = {"ours": partial(training_speed, ours, options.workers, Workload(), options.seconds)}
        timings |= {variant: partial(_speed, theirs, options, variant) for variant in VARIANTS}
        for timing in timings.values():
            timing()  # imports and warms up
        speeds = interleaved(timings, options.repetitions)
    contenders = against("ours", speeds, options.workers)
    ours_is = {"ours": "16 runs x 32 lifetimes in each worker, as one stack"}
    return {"workers": options.workers, "what": ours_is | VARIANTS, "contenders": contenders}


def _speed(engine: LocalEngine, options: Options, variant: str) -> float:
    """Returns the env steps a second of all of its processes together."""
    function = f"{__package__}.recurrent_peer:train"
    jobs = [Job("peer", function, (core, variant, options.seconds)) for core in cores(options.workers)]
    return float(sum(result["env_steps"] / result["seconds"] for result in results_of(engine, jobs)))


PART = Part("Training beside RecurrentPPO", measure, contest_table)

if __name__ == "__main__":
    main(PART)
