"""What grids take on GPUs, and a GPU's training speed, from few replays."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from ingredients.engine.calls import call_in_each, results_of, workers_for_calls
from ingredients.engine.gpus import cuda_gpus
from ingredients.engine.protocol import Job, Needs
from ingredients.grid_run.bench import Bench, bench
from ingredients.grid_run.estimate import (
    PLAN_SECONDS,
    Estimate,
    asked_contact,
    asked_notices,
    asked_settings,
    estimate,
    makespan,
)
from ingredients.grid_run.fitting import card_needs, fitting, kind_of, largest_of_each_kind, side_by_side
from ingredients.grid_run.jobs import Remaining, call_with_study
from ingredients.machine import usable_cores
from ingredients.training.workload import Workload

BENCH_RUNS = (16, 80, 256, 1024)
BENCH_SECONDS = 3.0
ONE = Needs(0, 1.0)


def estimate_for(
    device: str, rest: Remaining, workers: int | None, quick: bool, tell: Callable[[str], None]
) -> Estimate:
    """Returns what the remaining stacks will take on a device."""
    if device == "cuda":
        return estimate_on_cards(rest, workers, quick, tell)
    return estimate(rest, usable_cores() if workers is None else workers, quick, tell)


def estimate_on_cards(
    rest: Remaining,
    workers: int | None = None,
    quick: bool = False,
    tell: Callable[[str], None] = lambda step: None,
) -> Estimate:
    """Returns what the remaining stacks will take on all GPUs here; `quick` and `tell` as in `estimate`.

    Recording counts; references, storing and the report do not.

    Raises:
        StudyError: the user's code breaks its contract.
        UsageError: there is no GPU, or a single run does not fit in its memory.
    """
    gpus = cuda_gpus()
    count = workers or len(gpus)
    with workers_for_calls(count, gpus) as engine:
        told = asked_notices(engine, rest.study)
        tell("counting the memory that stacks take")
        wide = side_by_side(rest, count)
        free, memory = card_needs(engine, wide)
        fitted = fitting(wide, memory, free // -(-count // len(gpus)))
        seen = asked_contact(engine, rest.study, tell)
        settings = asked_settings(engine, rest.study)
        kinds = largest_of_each_kind(fitted.rest)
        largest = max(memory[kind][len(stack.runs) - 1] for kind, stack in kinds.items())
        notices = (*told, *fitted.notices)
        count = min(count, max(len(fitted.rest.stacks), 1))
        if quick:
            return Estimate(count, largest, 0.0, 0.0, notices, {}, seen, settings, timed=False, device="cuda")
        tell("measuring what the environment leaks, and timing training")
        work, *_ = call_with_study(engine, 1, "ingredients.experiment.work:work_of_a_run", rest.study)
        (leakage,) = call_with_study(engine, 1, "ingredients.training.leakage:leakage", rest.study)
        measure = "ingredients.training.cost:measure_card"
        timed = {
            kind: results_of(engine, [Job(f"timing-{index}", measure, (rest.study, stack, PLAN_SECONDS), needs=ONE)])[0]
            for index, (kind, stack) in enumerate(kinds.items())
        }
    seconds = []
    for stack in fitted.rest.stacks:
        begins, trained, played = timed[kind_of(rest.study, stack)]
        untrained = len(set(stack.runs) - rest.trained)
        seconds.append(begins + untrained * work.trained / trained + len(stack.runs) * work.played / played)
    speed = next(iter(timed.values()))[1]
    return Estimate(count, largest, speed, makespan(seconds, count), notices, leakage, seen, settings, device="cuda")


@dataclass(frozen=True)
class CardBench:
    """Training speed on a GPU: the fixed workload with ever more runs side by side.

    `rows` has by number of runs `env_steps_per_second`, `first_update_s` with compilation at first use, `recording_s`,
    and the card's `peak_memory_bytes`. `workload` is the study, of 16 runs.
    """

    card: str
    torch: str
    rows: list[dict[str, float]]
    workload: dict[str, Any]


def bench_for(device: str, workers: int | None) -> Bench | CardBench:
    """Times training of the fixed workload on a device."""
    if device == "cuda":
        return bench_on_card()
    return bench(usable_cores() if workers is None else workers)


def bench_on_card() -> CardBench:
    """Times the fixed workload's training on the first GPU, at several sizes.

    Raises:
        UsageError: there is no GPU.
    """
    rows = []
    with workers_for_calls(1, cuda_gpus()[:1]) as engine:
        (about,) = call_in_each(engine, 1, "ingredients.training.cost:card_facts")
        for runs in BENCH_RUNS:
            workload = Workload(runs=runs)
            (row,) = call_in_each(engine, 1, "ingredients.training.cost:card_speed", workload, BENCH_SECONDS)
            rows.append({"runs": runs, **row})
    return CardBench(about["card"], about["torch"], rows, Workload().data())
