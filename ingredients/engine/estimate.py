"""What a grid will take, measured before it is trained; in workers, since that needs torch.

Comes in: what remains of a study, a number of workers. Goes out: an `Estimate`. Nothing is trained to keep.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple

from ingredients.engine.ask import together
from ingredients.engine.grid_jobs import Remaining
from ingredients.engine.local import LocalEngine
from ingredients.grid import Stack, memory_kind, memory_kinds, stacks
from ingredients.study import Study
from ingredients.study.own_source import TASKS, is_own, source_path
from ingredients.study.tasks import is_foreign, own_code

PLAN_SECONDS = 2.0


@dataclass(frozen=True)
class Estimate:
    """What a grid will take.

    Attributes:
        workers: how many work at a time; never more than there are stacks.
        memory_bytes: of one worker with the largest stack.
        env_steps_per_second: of one worker in training, measured while all of them compute; over all kinds of memory.
        seconds: training and evaluation time of the runs that are not finished.
        notices: what the user should know of his own memories and of tasks that are not ours.
    """

    workers: int
    memory_bytes: int
    env_steps_per_second: float
    seconds: float
    notices: tuple[str, ...] = ()


def estimate(rest: Remaining, workers: int) -> Estimate:
    """Returns what the remaining stacks will take, from a timing of each kind of memory on all workers at once.

    When nothing remains it is the estimate of a worker that would train the study's first stack.

    Raises:
        StudyError: code of the user's own breaks its contract.
    """
    workers = min(workers, max(len(rest.stacks), 1))
    kinds = _largest_of_each_kind(rest)
    with LocalEngine(workers) as engine:
        notices = _notices(engine, rest.study)
        # in every worker, so that the timings start together
        memory = {kind: max(_everywhere(engine, workers, "memory_estimate", rest.study, kinds[kind])) for kind in kinds}
        speeds = {kind: _speed(engine, workers, rest.study, kinds[kind]) for kind in kinds}
        (played,) = _everywhere(engine, 1, "evaluation_steps", rest.study)
    seconds = [_seconds(rest, stack, speeds[_kind(rest, stack)], played) for stack in rest.stacks]
    seconds += [rest.informed_steps / next(iter(speeds.values())).trained] if rest.informed_steps else []
    return Estimate(workers, max(memory.values()), _mean_speed(rest, speeds), _makespan(seconds, workers), notices)


def notices(study: Study) -> tuple[str, ...]:
    """Returns what the user should know of code that is not ours before it is trained; of ours there is nothing to say.

    Raises:
        UsageError: a file of his own is not there.
        StudyError: it breaks its contract.
    """
    with LocalEngine(1) as engine:
        return _notices(engine, study)


def _notices(engine: LocalEngine, study: Study) -> tuple[str, ...]:
    own = [kind for kind in memory_kinds(study) if is_own(kind)]
    for kind in own:
        source_path(kind)  # its file may not be there
    for name in own_code(study.tasks):
        source_path(name, TASKS)
    # to ask for nothing would cost a worker the second that torch takes to load
    return tuple(_everywhere(engine, 1, "notices", study)[0]) if own or is_foreign(study.tasks) else ()


class _Speed(NamedTuple):
    """Env steps a second of the slowest worker on a stack."""

    trained: float
    played: float


def _speed(engine: LocalEngine, workers: int, study: Study, stack: Stack) -> _Speed:
    speeds = _everywhere(engine, workers, "measure_speed", study, stack, PLAN_SECONDS)
    return _Speed(min(trained for trained, _ in speeds), min(played for _, played in speeds))


def _everywhere(engine: LocalEngine, workers: int, function: str, *arguments: object) -> list[Any]:
    return together(engine, workers, f"ingredients.training.cost:{function}", *arguments)


def _kind(rest: Remaining, stack: Stack) -> str:
    return memory_kind(rest.study, stack.runs[0].cell)


def _largest_of_each_kind(rest: Remaining) -> dict[str, Stack]:
    """Returns for each kind of memory that remains the largest stack; where nothing does, the study's first."""
    smallest_first = sorted(rest.stacks or stacks(rest.study)[:1], key=lambda stack: len(stack.runs))
    return {_kind(rest, stack): stack for stack in smallest_first}


def _seconds(rest: Remaining, stack: Stack, speed: _Speed, played: int) -> float:
    """Returns how long a stack takes whose runs' evaluations play so many steps."""
    return rest.env_steps(stack) / speed.trained + len(stack.runs) * played / speed.played


def _mean_speed(rest: Remaining, speeds: Mapping[str, _Speed]) -> float:
    """Returns the env steps a second over all that is still to be trained; the first kind's where that is nothing."""
    steps = {stack: rest.env_steps(stack) for stack in rest.stacks}
    seconds = sum(count / speeds[_kind(rest, stack)].trained for stack, count in steps.items())
    return sum(steps.values()) / seconds if seconds else next(iter(speeds.values())).trained


def _makespan(seconds: Sequence[float], workers: int) -> float:
    """Returns when the last worker is done, where each takes the longest stack that is left."""
    busy = [0.0] * workers
    for each in sorted(seconds, reverse=True):
        busy[busy.index(min(busy))] += each
    return max(busy)
