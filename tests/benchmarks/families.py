"""How fast task families step: `python -m tests.benchmarks.families`.

Comes in: options. Goes out: for every family of ours the environment steps a second of one core, as a batched tensor
program and as the same environment through `gymnasium.vector.SyncVectorEnv`, in interleaved repetitions, and the ratio
of their medians (at least 50 is asked for). The program plays whole lifetimes by `lifetime.proceed`, its luck and
random actions drawn on the way; the vector resets its environments by itself, its random actions drawn on the way, too.
"""

from __future__ import annotations

import statistics
import time
from functools import partial
from typing import Any

import gymnasium
import numpy as np
import torch
from rich.table import Table

from ingredients.families import FAMILIES
from ingredients.study import parse_study
from ingredients.study.tasks import SECTIONS
from ingredients.tasks import lifetime, make_family
from ingredients.tasks.family import Family

from .part import Options, Part, Result, interleaved, main

LANES, SYNC_LANES = 4096, 16
ASKED = 50
USUAL = 5  # of a setting that has no default, such as the number of arms


def measure(options: Options) -> Result:
    """Returns both speeds of each family, and their ratio."""
    torch.set_num_threads(1)
    return {"asked": ASKED, "families": [_row(name, options) for name in SECTIONS]}


def settings(name: str) -> dict[str, Any]:
    """Returns a family's settings: its defaults, and five of what it has no default for."""
    required = [key for key, field in SECTIONS[name].model_fields.items() if field.is_required()]
    return {key: USUAL for key in required if key != "family"}


def _row(name: str, options: Options) -> dict[str, Any]:
    given = settings(name)
    family = make_family(parse_study({"name": "t", "tasks": {"family": name, **given}, "ingredients": {}}, "t").tasks)
    seconds = options.seconds / 5
    timings = {"batched": partial(batched, family, seconds), "sync": partial(sync, name, given, seconds)}
    speeds = interleaved(timings, min(options.repetitions, 3))
    medians = {way: round(statistics.median(found), 1) for way, found in speeds.items()}
    return {"family": name, **medians, "ratio": round(medians["batched"] / medians["sync"], 1)}


@torch.no_grad()
def batched(family: Family, seconds: float) -> float:
    """Returns the environment steps a second of the tensor program."""
    draw = torch.Generator().manual_seed(0)
    began, steps = time.perf_counter(), 0
    while not steps or time.perf_counter() - began < seconds:
        tasks = family.draw_tasks(draw, LANES)
        world = lifetime.begin(family, tasks, torch.rand(LANES, family.start_size, generator=draw))
        for t in range(family.steps):
            noise = torch.rand(LANES, family.noise_size, generator=draw)
            world, _ = lifetime.proceed(family, tasks, world, _actions(family, draw), noise)
            if lifetime.starts_episode(family, t + 1):
                start = torch.rand(LANES, family.start_size, generator=draw)
                world = lifetime.next_episode(family, tasks, world, start)
        steps += LANES * family.steps
    return steps / (time.perf_counter() - began)


def _actions(family: Family, draw: torch.Generator) -> torch.Tensor:
    if family.continuous:
        return 2 * torch.rand(LANES, family.actions, generator=draw) - 1
    return torch.randint(family.actions, (LANES,), generator=draw)


def sync(name: str, given: dict[str, Any], seconds: float) -> float:
    """Returns the environment steps a second of the same environment, stepped one by one."""
    ids = {spec.name: spec.gymnasium_id for spec in FAMILIES}
    many = gymnasium.make_vec(ids[name], num_envs=SYNC_LANES, vectorization_mode="sync", **given)
    many.reset(seed=0)
    many.action_space.seed(0)
    began, steps = time.perf_counter(), 0
    resets = np.zeros(SYNC_LANES, np.bool_)  # the next step of an episode that has ended is its reset, not a step
    while not steps or time.perf_counter() - began < seconds:
        _, _, terminated, truncated, _ = many.step(many.action_space.sample())
        steps += int((~resets).sum())
        resets = terminated | truncated
    return steps / (time.perf_counter() - began)


def table(result: Result) -> Table:
    """Returns the families, one a row."""
    rows = Table("family", "batched, steps/s", "SyncVectorEnv, steps/s", "ratio", caption=f"asked: {result['asked']}")
    for row in result["families"]:
        rows.add_row(row["family"], f"{row['batched']:,.0f}", f"{row['sync']:,.0f}", f"{row['ratio']:.0f}")
    return rows


PART = Part("Throughput of task families", measure, table)

if __name__ == "__main__":
    main(PART)
