"""What a grid will take, measured in workers."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, NamedTuple

from ingredients.engine.calls import workers_for_calls
from ingredients.engine.local import LocalEngine
from ingredients.experiment import Work
from ingredients.grid import Stack, memory_kinds
from ingredients.grid_run.fitting import fitting, kind_of, largest_of_each_kind, memory_by_runs, usable_memory
from ingredients.grid_run.jobs import Remaining, call_with_study
from ingredients.study import Study
from ingredients.study.levels import OneTask
from ingredients.study.own_source import TASKS, is_own, source_path
from ingredients.study.seeds import too_few
from ingredients.study.tasks import is_foreign, own_code

PLAN_SECONDS = 2.0


@dataclass(frozen=True)
class Estimate:
    """What a grid will take.

    Attributes:
        memory_bytes: of a worker with the largest stack, on `device`.
        env_steps_per_second: of one worker in training while all compute, over all kinds of memory.
        seconds: of training and evaluating the unfinished runs.
        leakage: result of `training.leakage`.
        contact: of `training.contact`, for foreign tasks.
        settings: the learner's numbers, `auto` replaced (`training.cost.settings`).
        timed: whether speed and time were measured; else they are 0.
    """

    workers: int
    memory_bytes: int
    env_steps_per_second: float
    seconds: float
    notices: tuple[str, ...] = ()
    leakage: Mapping[str, Any] = field(default_factory=dict)
    contact: Sequence[tuple[str, str]] = ()
    settings: Mapping[str, float] = field(default_factory=dict)
    timed: bool = True
    device: str = "cpu"


def estimate(
    rest: Remaining, workers: int, quick: bool = False, tell: Callable[[str], None] = lambda step: None
) -> Estimate:
    """Returns what the remaining stacks, cut as for `run-grid`, will take; times each kind of memory on all workers.

    `quick` measures neither time nor leaks. `tell` hears of slow steps.

    Raises:
        StudyError: the user's code breaks its contract.
        UsageError: a single run does not fit in memory.
    """
    workers = min(workers, max(len(rest.stacks), 1))
    with workers_for_calls(workers) as engine:
        told = asked_notices(engine, rest.study)
        tell("counting the memory that stacks take")
        memory = memory_by_runs(engine, rest)
        fitted = fitting(rest, memory, usable_memory() // workers)
        seen = asked_contact(engine, rest.study, tell)
        settings = asked_settings(engine, rest.study)
        kinds = largest_of_each_kind(fitted.rest)
        largest = max(memory[kind][len(stack.runs) - 1] for kind, stack in kinds.items())
        if quick:
            told = (*told, *fitted.notices)
            return Estimate(workers, largest, 0.0, 0.0, told, contact=seen, settings=settings, timed=False)
        # in every worker, so that the timings start together
        work, *_ = call_with_study(engine, workers, "ingredients.experiment.work:work_of_a_run", rest.study)
        tell("measuring what the environment leaks")
        (leakage,) = call_with_study(engine, 1, "ingredients.training.leakage:leakage", rest.study)
        speeds = {}
        for number, (kind, stack) in enumerate(kinds.items(), start=1):
            tell(f"timing training with {kind} ({number} of {len(kinds)})")
            speeds[kind] = _speed(engine, workers, rest.study, stack)
    seconds = [_seconds(rest, stack, speeds[kind_of(rest.study, stack)], work) for stack in fitted.rest.stacks]
    seconds += [rest.reference_steps / next(iter(speeds.values())).trained] if rest.reference_steps else []
    speed = _mean_speed(fitted.rest, speeds)
    ends = makespan(seconds, workers)
    return Estimate(workers, largest, speed, ends, (*told, *fitted.notices), leakage, seen, settings)


def checked(study: Study) -> dict[str, Any]:
    """Returns what `training.contact` says of a study's tasks.

    Raises:
        UsageError: a user's file is missing.
        StudyError: it breaks its contract.
    """
    with workers_for_calls(1) as engine:
        told = asked_notices(engine, study)
        (seen,) = call_with_study(engine, 1, "ingredients.training.contact:contact", study)
    return {**seen, "rows": [*seen["rows"], *(("notice", text) for text in told)]}


def asked_contact(engine: LocalEngine, study: Study, tell: Callable[[str], None]) -> Sequence[tuple[str, str]]:
    """Returns what random play shows of foreign tasks; else, whether seeds are too few."""
    if not is_foreign(study.tasks):
        few = too_few(study.seeds.count, study.criterion.confidence)
        return (("verdicts", f"unlikely: {few}"),) if few else ()
    tell("playing the tasks at random")
    (seen,) = call_with_study(engine, 1, "ingredients.training.contact:contact", study)
    return tuple(seen["rows"])


def asked_settings(engine: LocalEngine, study: Study) -> Mapping[str, float]:
    """Returns the learner's numbers from a worker, which has the tasks."""
    return dict(call_with_study(engine, 1, "ingredients.training.cost:settings", study)[0])


def notices(study: Study) -> tuple[str, ...]:
    """Returns sentences for the user: on foreign code, and settings without effect.

    Raises:
        UsageError: a user's file is missing.
        StudyError: it breaks its contract.
    """
    with workers_for_calls(1) as engine:
        told = asked_notices(engine, study)
        if getattr(study.tasks, "vary", None) != {}:
            return told
        (unvaried,) = call_with_study(engine, 1, "ingredients.training.contact:unvaried", study)
    return (*told, *([unvaried] if unvaried else []))


def asked_notices(engine: LocalEngine, study: Study) -> tuple[str, ...]:
    """Returns a study's notices, from a worker if need be."""
    own = [kind for kind in memory_kinds(study) if is_own(kind)]
    for kind in own:
        source_path(kind)  # its file may not be there
    for name in own_code(study.tasks):
        source_path(name, TASKS)
    level = OneTask.RANDOM_START in study.ingredients.task_distribution
    if not (own or is_foreign(study.tasks) or level or study.tasks.not_applicable(study.criterion.gain_above)):
        return ()  # to ask for nothing would cost a worker the second that torch takes to load
    return tuple(call_with_study(engine, 1, "ingredients.training.cost:notices", study)[0])


class _Speed(NamedTuple):
    """Env steps a second of the slowest worker."""

    trained: float
    played: float


def _speed(engine: LocalEngine, workers: int, study: Study, stack: Stack) -> _Speed:
    speeds = call_with_study(engine, workers, "ingredients.training.cost:measure_speed", study, stack, PLAN_SECONDS)
    return _Speed(min(trained for trained, _ in speeds), min(played for _, played in speeds))


def _seconds(rest: Remaining, stack: Stack, speed: _Speed, work: Work) -> float:
    """Returns a stack's time; runs with good weights are only evaluated."""
    untrained = len(set(stack.runs) - rest.trained)
    return untrained * work.trained / speed.trained + len(stack.runs) * work.played / speed.played


def _mean_speed(rest: Remaining, speeds: Mapping[str, _Speed]) -> float:
    """Returns the mean speed over what is left to train, or the first kind's."""
    steps = {stack: rest.env_steps(stack) for stack in rest.stacks}
    seconds = sum(count / speeds[kind_of(rest.study, stack)].trained for stack, count in steps.items())
    return sum(steps.values()) / seconds if seconds else next(iter(speeds.values())).trained


def makespan(seconds: Sequence[float], workers: int) -> float:
    """Returns the last worker's end, if each takes the longest left."""
    busy = [0.0] * workers
    for each in sorted(seconds, reverse=True):
        busy[busy.index(min(busy))] += each
    return max(busy)
