"""What training costs: memory by counting tensors, speed by timing a few updates.

Comes in: a study. Goes out: bytes, env steps a second. Nothing is kept of what is trained here.
"""

from __future__ import annotations

import math
import time

from ingredients.grid import Stack, runs, stacks
from ingredients.study import Study, parse_study
from ingredients.training.draws import TRAINING_SAMPLE
from ingredients.training.evaluation import CHUNK_LANES, PROBES
from ingredients.training.trainer import Setup, begin_training, prepare, train

FLOAT_BYTES = 4
PROCESS_BYTES = 350 * 2**20  # the interpreter with torch and pandas loaded, as measured
PLAYED_FOR_TRAINED = 16  # as measured on the flagship: 1.1 million steps played, 65 thousand trained a second

BENCH_STUDY = {
    "name": "bench",
    "tasks": {"family": "bernoulli-bandit", "arms": 5, "episodes": 100},
    "ingredients": {},
    "seeds": 1,
    "agent": {"memory": "gru", "hidden": 64},
    "learner": {"lifetimes": 32, "epochs": 4, "minibatches": 4, "train_steps": 10_000_000},
}


def memory_estimate(study: Study, stack: Stack) -> int:
    """Returns the peak bytes of a worker that trains the stack: the rollout, one minibatch's tape, the weights."""
    setup = prepare(study, stack.runs)
    floats = _rollout_floats(setup) + _tape_floats(setup) + _weight_floats(setup) + _evaluation_floats(setup)
    return PROCESS_BYTES + FLOAT_BYTES * len(stack.runs) * floats


def measure_speed(study: Study, seconds: float) -> float:
    """Returns the environment steps a second of this process, training a stack of the study for about `seconds`."""
    endless = study.learner.model_copy(update={"train_steps": 10**12})
    first_stack = stacks(study)[0].runs
    steps, took = _time(prepare(study.model_copy(update={"learner": endless}), first_stack), seconds)
    return steps / took


def evaluation_share(study: Study) -> float:
    """Returns the time that evaluation takes, as a share of the time of training.

    A step that is only played costs a `PLAYED_FOR_TRAINED`th of one that is also trained on.
    """
    setup, settings = prepare(study, ()), study.evaluation
    final = settings.tasks * (2 + len(PROBES) / 2) + min(settings.tasks, TRAINING_SAMPLE)
    played = (final + 2 * (settings.points - 1) * settings.tasks_at_points) * setup.family.steps
    return played / PLAYED_FOR_TRAINED / (setup.updates * setup.steps_per_update)


def bench_worker(seconds: float) -> dict[str, float]:
    """Returns `env_steps` and `seconds` of this process on the fixed workload (DESIGN §3), timed after one update."""
    study = parse_study(BENCH_STUDY, "bench")
    steps, took = _time(prepare(study, runs(study)), seconds)
    return {"env_steps": steps, "seconds": took}


def _time(setup: Setup, seconds: float) -> tuple[int, float]:
    """Returns how many environment steps all runs trained on in how many seconds, a first update not counted."""
    updates = train(setup, begin_training(setup))
    next(updates)
    began, count = time.perf_counter(), 0
    while (took := time.perf_counter() - began) < seconds or not count:
        next(updates)
        count += 1
    return count * setup.steps_per_update * len(setup.runs), took


def _rollout_floats(setup: Setup) -> int:
    """Returns floats a run: inputs, memory and critic's inputs of every step, and some ten numbers a step."""
    step = setup.agent.layout.size + setup.agent.hidden + setup.critic.inputs + 12 + 3 * setup.family.noise_size
    return setup.learner.lifetimes * setup.family.steps * step


def _tape_floats(setup: Setup) -> int:
    """Returns floats a run: what the unroll, its way back and the critic keep for one minibatch."""
    lanes = setup.learner.lifetimes // setup.learner.minibatches
    return lanes * setup.family.steps * (14 * setup.agent.hidden + 4 * setup.critic.hidden + 8 * setup.family.actions)


def _weight_floats(setup: Setup) -> int:
    """Returns floats a run: weights, two moments, gradient and temporaries of the optimiser."""
    shapes = {**setup.agent.shapes(), **setup.critic.shapes()}
    return 8 * sum(math.prod(shape) for shape in shapes.values())


def _evaluation_floats(setup: Setup) -> int:
    """Returns floats a run: the draws and states of one chunk of evaluation lanes."""
    step = setup.family.noise_size + 5
    return CHUNK_LANES * (setup.family.steps * 2 * step + 10 * setup.agent.hidden)
