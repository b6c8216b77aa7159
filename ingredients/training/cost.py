"""The cost of training: memory by counting, speed by timing updates."""

from __future__ import annotations

import math
import time
from collections.abc import Generator, Iterator
from typing import NamedTuple, cast

import torch

from ingredients.agent.memory import memory_notice
from ingredients.agent.network import views
from ingredients.errors import UsageError
from ingredients.grid import Stack, memory_kinds
from ingredients.study import Study
from ingredients.study.levels import OneTask
from ingredients.tasks.family import Family
from ingredients.tasks.foreign import notice
from ingredients.training.contact import slow_notice
from ingredients.training.draws import EVALUATION, at_step, evaluation_tasks, lifetime_draws
from ingredients.training.evaluation import CHUNK_LANES, evaluate, lanes_at_once, stage_of
from ingredients.training.interaction import Draws, Play, advance, begin
from ingredients.training.trainer import Setup, Update, begin_training, prepare, train
from ingredients.training.workload import Workload

FLOAT_BYTES = 4
PROCESS_BYTES = 500 * 2**20  # the interpreter with torch, numba and pandas loaded, compiling included, as measured
DEVICE_BYTES = 500 * 2**20  # what the libraries take of a GPU when they are first used
DEVICE_SLACK = 1.3  # what an allocator leaves between tensors
CARD_TASKS = 4096  # played to time an evaluation on a GPU
CARD_SHARE = 0.85  # of what is free on a GPU when a grid begins
POLICY_ARRAYS = 12  # most arrays of [steps, actions] alive in the policy's loss


class Speed(NamedTuple):
    """Env steps per second over a stack's runs, in training and evaluation."""

    trained: float
    played: float


def memory_estimate(study: Study, stack: Stack) -> int:
    """Returns the peak bytes of training the stack."""
    setup = prepare(study, stack.runs)
    floats = _rollout_floats(setup) + _tape_floats(setup) + _weight_floats(setup) + _evaluation_floats(setup)
    return PROCESS_BYTES + FLOAT_BYTES * len(stack.runs) * floats


def card_needs(study: Study, stack: Stack) -> tuple[int, list[int]]:
    """Returns the GPU's free bytes, and those needed for stacks of one run, two, ....

    Runs inside the training worker: CUDA's own memory counts.

    Raises:
        UsageError: torch finds no GPU.
    """
    if not torch.cuda.is_available():
        raise UsageError("--device cuda: torch finds no CUDA device here; allowed here: cpu")
    torch.zeros(1, device="cuda")
    free, _ = torch.cuda.mem_get_info()
    return int(free * CARD_SHARE), device_memory_by_runs(study, stack)


def device_memory_by_runs(study: Study, stack: Stack) -> list[int]:
    """Returns the peak GPU bytes of stacks of one run, two, ...; evaluations adapt to free memory."""
    setup = prepare(study, stack.runs)
    floats = _rollout_floats(setup) + _drawn_floats(setup) + _tape_floats(setup) + _weight_floats(setup)
    floats += study.evaluation.points * sum(map(math.prod, setup.agent.shapes().values()))
    return [DEVICE_BYTES + int(FLOAT_BYTES * DEVICE_SLACK * count * floats) for count in range(1, len(stack.runs) + 1)]


def memory_by_runs(study: Study, stack: Stack) -> list[int]:
    """Returns a worker's peak bytes for one run, two, ...."""
    whole = memory_estimate(study, stack) - PROCESS_BYTES
    return [PROCESS_BYTES + whole * count // len(stack.runs) for count in range(1, len(stack.runs) + 1)]


def settings(study: Study) -> dict[str, float]:
    """Returns the learner's numbers as a study names them, `auto` replaced; `segment` is False for whole lifetimes."""
    tuned = prepare(study, ()).tuned
    return tuned._asdict() | {"segment": tuned.segment or False}


def notices(study: Study) -> list[str]:
    """Returns what the user should know of tasks and memories.

    Raises:
        StudyError: a user's memory, tasks or environment breaks its contract.
    """
    setup = prepare(study, ())
    entering = setup.agent.eye.entering(setup.agent.layout.size)
    of_memories = (memory_notice(kind, entering, study.agent.hidden) for kind in memory_kinds(study))
    family = setup.family
    of_tasks = (notice(family), _gate_notice(study, family), _start_notice(study, family), slow_notice(study, family))
    return [said for said in (*of_tasks, *of_memories) if said]


def _gate_notice(study: Study, family: Family) -> str | None:
    """Returns that task settings alone make the study not applicable."""
    why = study.tasks.not_applicable(study.criterion.gain_above)
    return f"tasks {family.name}: not applicable, so no cell will get a verdict: {why}" if why else None


def _start_notice(study: Study, family: Family) -> str | None:
    """Returns that a level of the study changes nothing."""
    if family.start_size or OneTask.RANDOM_START not in study.ingredients.task_distribution:
        return None
    return (
        f"tasks {family.name}: all episodes of a task start alike, so task_distribution random_start is the same as off"
    )


def measure_speed(study: Study, stack: Stack, seconds: float) -> Speed:
    """Returns both speeds, timed for about `seconds`."""
    endless = study.learner.model_copy(update={"train_steps": 10**12})
    setup = prepare(study.model_copy(update={"learner": endless}), stack.runs)
    steps, took = _time(setup, seconds)
    return Speed(steps / took, _played_speed(setup, seconds / 4))


def measure_card(study: Study, stack: Stack, seconds: float) -> tuple[float, float, float]:
    """Returns the seconds until training is recorded on a GPU, then both `Speed`s."""
    endless = study.learner.model_copy(update={"train_steps": 10**12})
    setup = prepare(study.model_copy(update={"learner": endless}), stack.runs, "cuda")
    updates = train(setup, begin_training(setup))
    begins = sum(_device_seconds(updates) for _ in range(2))
    count = max(1, int(seconds / _device_seconds(updates)))
    took = _device_seconds(updates, count)
    cast(Generator[Update], updates).close()
    trained = count * setup.steps_per_update * len(stack.runs) / took
    return begins, trained, _card_played(setup, min(study.evaluation.tasks, CARD_TASKS))


def _card_played(setup: Setup, tasks: int) -> float:
    """Returns a recorded evaluation's env steps per second on a GPU."""
    policy = begin_training(setup).policy
    stage = stage_of(setup)
    lived = evaluation_tasks(setup.family, tasks).expand(len(setup.runs), -1, -1)
    for _ in range(2):
        evaluate(setup, policy, lived, stage=stage)
    began = time.perf_counter()
    evaluate(setup, policy, lived, stage=stage)
    return tasks * setup.family.steps * len(setup.runs) / (time.perf_counter() - began)


def card_speed(workload: Workload, seconds: float) -> dict[str, float]:
    """Returns a workload's speed and start-up on a GPU (`grid_run.on_gpus.CardBench`)."""
    torch.cuda.empty_cache()
    torch.cuda.reset_peak_memory_stats()
    setup = prepare(workload.study(), workload.stack(), "cuda")
    updates = train(setup, begin_training(setup))
    first, recorded = _device_seconds(updates), _device_seconds(updates)
    count = max(3, int(seconds / _device_seconds(updates)))
    took = _device_seconds(updates, count)
    cast(Generator[Update], updates).close()
    return {
        "env_steps_per_second": round(count * setup.steps_per_update * workload.runs / took, 1),
        "first_update_s": round(first, 3),
        "recording_s": round(recorded, 3),
        "peak_memory_bytes": torch.cuda.max_memory_reserved(),
    }


def card_facts() -> dict[str, str]:
    """Returns the GPU's name and torch's version."""
    return {"card": torch.cuda.get_device_name(0), "torch": torch.__version__}


def _device_seconds(updates: Iterator[Update], count: int = 1) -> float:
    """Returns the seconds of `count` updates, synchronised."""
    torch.cuda.synchronize()
    began = time.perf_counter()
    for _ in range(count):
        next(updates)
    torch.cuda.synchronize()
    return time.perf_counter() - began


def workload_speed(workload: Workload, seconds: float) -> dict[str, float]:
    """Returns a workload's `env_steps` and `seconds`, after one update."""
    steps, took = _time(prepare(workload.study(), workload.stack()), seconds)
    return {"env_steps": steps, "seconds": took}


def update_seconds(workload: Workload, updates: int) -> float:
    """Returns the seconds of `updates` updates, after a first one."""
    setup = prepare(workload.study(), workload.stack())
    trained = train(setup, begin_training(setup))
    next(trained)
    began = time.perf_counter()
    for _ in range(updates):
        next(trained)
    return time.perf_counter() - began


def _time(setup: Setup, seconds: float) -> tuple[int, float]:
    """Returns all runs' env steps and seconds, after one update."""
    updates = train(setup, begin_training(setup))
    next(updates)
    began = time.perf_counter()
    count = 0
    while (took := time.perf_counter() - began) < seconds or not count:
        next(updates)
        count += 1
    return count * setup.steps_per_update * len(setup.runs), took


def _played_speed(setup: Setup, seconds: float) -> float:
    """Returns the env steps per second of an evaluation."""
    count = lanes_at_once(setup)
    steps = setup.family.steps
    tasks = evaluation_tasks(setup.family, count).expand(len(setup.runs), -1, -1)
    began = time.perf_counter()
    draws = lifetime_draws(setup.runs, setup.family, EVALUATION, 0, count)
    drawn = (time.perf_counter() - began) / steps
    play = Play(setup.agent, setup.family, views(begin_training(setup).policy, setup.agent.shapes()), tasks)
    played, took = _time_play(play, draws, seconds)
    return count * len(setup.runs) / (took / played + drawn)


@torch.no_grad()
def _time_play(play: Play, draws: Draws, seconds: float) -> tuple[int, float]:
    """Returns steps played and their seconds, after a first step."""
    lanes, _ = advance(play, begin(play, draws.start[0]), at_step(draws, 0))
    began = time.perf_counter()
    played = 0
    took = 0.0
    while played < play.family.steps - 1 and took < seconds:
        lanes, _ = advance(play, lanes, at_step(draws, played + 1))
        played, took = played + 1, time.perf_counter() - began
    return played, took


def _rollout_floats(setup: Setup) -> int:
    """Returns floats per run of a rollout."""
    step = setup.agent.layout.size + setup.agent.hidden + setup.critic.inputs + 12 + 3 * setup.family.noise_size
    state = setup.agent.memory.state_floats(setup.family.steps)
    return setup.lifetimes * (setup.rollout_steps * step + state)


def _drawn_floats(setup: Setup) -> int:
    """Returns floats per run of a rollout's draws."""
    family = setup.family
    width = family.actions if family.continuous else 1
    step = width + family.noise_size + 2 + 2
    return setup.lifetimes * (setup.rollout_steps * step + 2 * family.episodes * family.start_size + family.task_size)


def _tape_floats(setup: Setup) -> int:
    """Returns floats per run of one minibatch's unroll, backward pass, loss and critic."""
    lanes = setup.lifetimes // setup.tuned.minibatches
    steps = setup.rollout_steps
    learner = setup.critic.hidden + POLICY_ARRAYS * setup.family.actions + 3 * setup.agent.head_hidden
    eye, size = setup.agent.eye, setup.agent.layout.size
    seen = 2 * eye.entering(size) + eye.words if eye.frames else 0
    return lanes * steps * (setup.agent.memory.tape_floats(steps) + learner + seen) + eye.block_floats


def _weight_floats(setup: Setup) -> int:
    """Returns floats per run of weights, moments, gradient and temporaries."""
    shapes = {**setup.agent.shapes(), **setup.critic.shapes()}
    return 8 * sum(math.prod(shape) for shape in shapes.values())


def _evaluation_floats(setup: Setup) -> int:
    """Returns floats per run of a chunk's draws and its lanes' states, three times."""
    draws = CHUNK_LANES * setup.family.steps * 2 * (setup.family.noise_size + setup.family.start_size + 5)
    state = setup.agent.memory.state_floats(setup.family.steps)
    return draws + lanes_at_once(setup) * (3 * state + 7 * setup.agent.hidden)
