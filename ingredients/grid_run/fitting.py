"""Cuts stacks to fit in memory, before training, which changes no number (docs/design.md §11)."""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import pairwise
from pathlib import Path

from ingredients.engine.calls import results_of
from ingredients.engine.protocol import Engine, Job, Needs
from ingredients.errors import UsageError
from ingredients.grid import Run, Stack, equal_parts, memory_kind, stacks
from ingredients.grid_run.jobs import Remaining, others_code
from ingredients.machine import memory_limits
from ingredients.study import Study
from ingredients.study.messages import several

MemoryByRuns = Mapping[str, Sequence[int]]


@dataclass(frozen=True)
class Fitted:
    """The remaining stacks, cut to fit, with workers' bytes; `notices` tell of cuts."""

    rest: Remaining
    memory_bytes: Mapping[Stack, int]
    notices: tuple[str, ...]


def memory_by_runs(engine: Engine, rest: Remaining) -> MemoryByRuns:
    """Returns a worker's peak bytes for stacks of 1, 2, ... runs, by memory."""
    largest = largest_of_each_kind(rest)
    function = "ingredients.training.cost:memory_by_runs"
    about = others_code(rest.study)
    # one job at a time, so that results keep their order
    return {
        kind: results_of(engine, [Job(f"memory-{index}", function, (rest.study, stack), limited=False, about=about)])[0]
        for index, (kind, stack) in enumerate(largest.items())
    }


def largest_of_each_kind(rest: Remaining) -> dict[str, Stack]:
    """Returns the largest remaining stack by memory, or the first."""
    smallest_first = sorted(rest.stacks or stacks(rest.study)[:1], key=lambda stack: len(stack.runs))
    return {kind_of(rest.study, stack): stack for stack in smallest_first}


def kind_of(study: Study, stack: Stack) -> str:
    """Returns a stack's kind of memory."""
    return memory_kind(study, stack.runs[0].cell)


def fitting(rest: Remaining, memory: MemoryByRuns, budget: int) -> Fitted:
    """Returns the remains in stacks of at most `budget` bytes, by `memory_by_runs`.

    Raises:
        UsageError: a single run needs more.
    """
    parts: list[Stack] = []
    notices: dict[str, str] = {}
    for stack in rest.stacks:
        kind = kind_of(rest.study, stack)
        needs = memory[kind][: len(stack.runs)]
        parts += (cut := _cut(stack, _most_runs(kind, needs, budget)))
        if len(cut) > 1:
            notices.setdefault(kind, _notice(kind, needs, budget, cut))
    sizes = {part: memory[kind_of(rest.study, part)][len(part.runs) - 1] for part in parts}
    return Fitted(replace(rest, stacks=tuple(parts)), sizes, tuple(notices.values()))


def card_needs(engine: Engine, rest: Remaining) -> tuple[int, MemoryByRuns]:
    """Returns the free bytes of a worker's GPU, and those of stacks of 1, 2, ... runs."""
    needs: dict[str, Sequence[int]] = {}
    free = 0
    for index, (kind, stack) in enumerate(largest_of_each_kind(rest).items()):
        asked = (rest.study, stack)
        function = "ingredients.training.cost:card_needs"
        about = others_code(rest.study)
        job = Job(f"card-{index}", function, asked, needs=Needs(0, 1.0), limited=False, about=about)
        free, needs[kind] = results_of(engine, [job])[0]
    return free, needs


def side_by_side(rest: Remaining, gpus: int) -> Remaining:
    """Returns the remains in as few stacks as keep all GPUs busy."""
    by_kind: dict[str, list[Run]] = {}
    for stack in rest.stacks:
        by_kind.setdefault(kind_of(rest.study, stack), []).extend(stack.runs)
    each = -(-gpus // max(len(by_kind), 1))
    wide = [part for of_kind in by_kind.values() for part in equal_parts(of_kind, min(each, len(of_kind)))]
    return replace(rest, stacks=tuple(Stack(index, part) for index, part in enumerate(wide)))


def usable_memory() -> int:
    """Returns the bytes free here, without swapping and within a container's limit."""
    return min([_available(), *memory_limits()])


def _most_runs(kind: str, needs: Sequence[int], budget: int) -> int:
    most = sum(need <= budget for need in needs)
    if not most:
        raise UsageError(
            f"memory {kind}: one run alone needs {_gigabytes(needs[0])} and a worker may have {_gigabytes(budget)}; "
            "give fewer --workers, or make agent.hidden, learner.lifetimes or tasks.episodes smaller"
        )
    return most


def _cut(stack: Stack, most: int) -> list[Stack]:
    """Returns a stack in the fewest nearly equal parts of at most `most` runs."""
    count = -(-len(stack.runs) // most)
    if count == 1:
        return [stack]
    bounds = [index * len(stack.runs) // count for index in range(count + 1)]
    return [
        replace(stack, runs=stack.runs[start:end], part=number)
        for number, (start, end) in enumerate(pairwise(bounds), start=1)
    ]


def _notice(kind: str, needs: Sequence[int], budget: int, cut: Sequence[Stack]) -> str:
    largest = max(len(part.runs) for part in cut)
    return (
        f"memory {kind}: a stack of {several(len(needs), 'run')} needs {_gigabytes(needs[-1])} and a worker may have "
        f"{_gigabytes(budget)}, so stacks are cut to {several(largest, 'run')}; "
        "this takes longer and changes no number"
    )


def _available() -> int:
    told = Path("/proc/meminfo")
    if told.exists():
        amounts = dict(line.split(":") for line in told.read_text().splitlines() if ":" in line)
        if "MemAvailable" in amounts:
            return int(amounts["MemAvailable"].split()[0]) * 1024
    return os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE")  # elsewhere: all that there is


def _gigabytes(count: int) -> str:
    return f"{count / 1e9:.2f} GB"
