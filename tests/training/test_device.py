"""The same stack on a GPU: the same results up to floating point. Skipped, and said so, where there is none."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import fields, replace
from typing import Any

import pytest
import torch
from torch import Tensor

from ingredients.agent.network import views
from ingredients.grid import Run, Stack, cells, runs
from ingredients.study import Study, parse_study
from ingredients.tasks import make_family
from ingredients.tasks.bernoulli_bandit import BernoulliBandit
from ingredients.tasks.family import Step
from ingredients.training.cost import card_needs, device_memory_by_runs
from ingredients.training.draws import TRAINING, evaluation_tasks, lifetime_draws, training_tasks
from ingredients.training.evaluation import evaluate, probes_of
from ingredients.training.improvement import improve, paces
from ingredients.training.interaction import Play
from ingredients.training.recorded import CudaRecorder
from ingredients.training.replayed import replayed
from ingredients.training.rollout import Rollout, collect
from ingredients.training.snapshot import restored_training, training_by_run, training_counters
from ingredients.training.trainer import Setup, Training, begin_training, prepare, train
from ingredients.training.workload import Workload

pytestmark = pytest.mark.skipif(not torch.cuda.is_available(), reason="no CUDA device on this machine")

BANDIT = {"family": "bernoulli-bandit", "arms": 3, "episodes": 10}
ROOM = {"family": "dark-room", "size": 4, "episodes": 5, "episode_steps": 6, "random_start": True}
MEMORIES = ["gru", "lstm", "fast-weights", "transitions", "transformer", "window", "none"]
NEAR = 1e-4  # of two gradients, one on each device: a difference as large as float32 makes of sums of thousands


def study_of(tasks: Mapping[str, Any], memory: str = "gru", **learner: object) -> Study:
    """Returns a study with four updates, eight lifetimes each."""
    steps = tasks["episodes"] * tasks.get("episode_steps", 1)
    settings = {"lifetimes": 8, "minibatches": 2, "epochs": 2, "train_steps": 4 * 8 * steps, **learner}
    levels = {"memory": [False]} if memory == "none" else {}
    sections = {"tasks": dict(tasks), "ingredients": levels, "agent": {"memory": memory, "hidden": 32}}
    return parse_study({"name": "device", **sections, "seeds": 2, "learner": settings}, "test")


def setup_of(study: Study, device: str = "cuda") -> Setup:
    """Returns the setup of all of a study's runs."""
    return prepare(study, runs(study), device)


def trained(setup: Setup, recorder: Any = None) -> Training:  # noqa: ANN401 - a recorder
    """Returns a training at its end."""
    training = begin_training(setup)
    for _ in replayed(setup, training, recorder or CudaRecorder(setup.device)):
        pass
    return training


def distance(ours: Tensor, theirs: Tensor) -> float:
    """Returns ‖ours − theirs‖ / ‖theirs‖."""
    here, there = ours.cpu().double(), theirs.cpu().double()
    return float((here - there).norm() / there.norm())


class Unrecorded:
    """A recorder that records nothing."""

    def __init__(self) -> None:
        """Counts how often it was asked."""
        self.asked = 0

    def run(self, function: Callable[[], Any]) -> Any:  # noqa: ANN401 - what the function returns
        """Calls it."""
        return function()

    def record(self, function: Callable[[], Any]) -> tuple[Any, Callable[[], None]]:
        """Refuses."""
        self.asked += 1
        raise RuntimeError("no recordings here")


def on(device: str, rollout: Rollout) -> Rollout:
    """Returns the rollout on a device."""

    def moved(part: Any) -> Any:  # noqa: ANN401 - a tensor, several or none
        return tuple(map(moved, part)) if isinstance(part, tuple) else part if part is None else part.to(device)

    return Rollout(**{field.name: moved(getattr(rollout, field.name)) for field in fields(rollout)})


@pytest.mark.parametrize(("tasks", "memory"), [*((BANDIT, memory) for memory in MEMORIES), (ROOM, "gru")])
def test_a_rollout_teaches_the_same_on_both_devices(tasks: dict[str, Any], memory: str) -> None:
    """One gradient of one rollout: losses and gradients agree as closely as float32 allows.

    Weights after several steps need not. Adam's first steps have the length of the learning rate whatever the gradient
    is, so where a gradient is nearly 0 its sign, a matter of rounding, decides; and one action of thousands that falls
    to the other side of its uniform makes another rollout.
    """
    study = study_of(tasks, memory, epochs=1, minibatches=1)
    setup = setup_of(study, "cpu")
    play_tasks = training_tasks(setup.runs, setup.family, 0, setup.lifetimes)
    draws = lifetime_draws(setup.runs, setup.family, TRAINING, 0, setup.lifetimes)
    play = Play(setup.agent, setup.family, views(begin_training(setup).policy, setup.agent.shapes()), play_tasks)
    rollout = collect(play, draws, 1, expected=True)
    told = {}
    for device in ("cpu", "cuda"):
        there = setup_of(study, device)
        training = begin_training(there)
        losses, norm = improve(there, training, on(device, rollout), paces(there, training))
        told[device] = training.policy_adam.mean, training.critic_adam.mean, norm, losses.value, losses.entropy
    for ours, theirs in zip(told["cuda"], told["cpu"], strict=True):
        assert distance(ours, theirs) < NEAR


@pytest.mark.parametrize(("tasks", "memory"), [*((BANDIT, memory) for memory in MEMORIES), (ROOM, "lstm")])
def test_a_recording_gives_what_the_program_gives(tasks: dict[str, Any], memory: str) -> None:
    """Four updates, replayed and not: the same weights to the bit, and nothing had to be left unrecorded."""
    setup = setup_of(study_of(tasks, memory))
    plain, recorded = trained(setup, Unrecorded()), trained(setup)
    assert recorded.notices == []
    assert len(plain.notices) == 2
    assert torch.equal(plain.policy, recorded.policy)
    assert torch.equal(plain.critic, recorded.critic)
    assert recorded.policy_adam.count == plain.policy_adam.count == 4 * 2 * 2


@pytest.mark.parametrize(("tasks", "memory"), [(BANDIT, "gru"), (BANDIT, "transformer"), (ROOM, "gru")])
def test_curves_are_those_of_the_cpu(tasks: dict[str, Any], memory: str) -> None:
    """Every probe on 1200 tasks, many chunks side by side: curves agree but for actions that rounding turned."""
    study = study_of(tasks, memory)
    policy = begin_training(setup_of(study, "cpu")).policy * 2
    probes = probes_of(make_family(study.tasks))
    found = {}
    for device in ("cpu", "cuda"):
        setup = prepare(study, runs(study)[:4], device)
        held_out = evaluation_tasks(setup.family, 1200).expand(4, -1, -1)
        found[device] = evaluate(setup, policy[:4].to(device), held_out, probes)
    for name, curve in found["cpu"].curves.items():
        assert torch.allclose(found["cuda"].curves[name], curve, rtol=0, atol=0.02), name
    assert torch.allclose(found["cuda"].returns.mean(1), found["cpu"].returns.mean(1), rtol=0, atol=0.05)


def test_a_run_that_diverges_is_frozen_and_named() -> None:
    """The device notes when; the other runs do not notice."""
    setup = setup_of(study_of(BANDIT))
    healthy, mixed = begin_training(setup), begin_training(setup)
    mixed.policy[3] = torch.nan
    for training in (healthy, mixed):
        for _ in train(setup, training):
            pass
    assert mixed.failed == {3: "diverged: the gradient was no longer finite at train step 80"}
    assert mixed.alive.tolist() == [index != 3 for index in range(len(setup.runs))]
    others = mixed.alive
    assert torch.equal(healthy.policy[others], mixed.policy[others])


def test_a_training_goes_on_from_a_snapshot() -> None:
    """Interrupted after two updates of four it ends in the same bits."""
    setup = setup_of(study_of(BANDIT))
    whole, begun = trained(setup), begin_training(setup)
    for _, _ in zip(range(2), train(setup, begun), strict=False):
        pass
    again = restored_training(training_by_run(begun), training_counters(begun), setup.device)
    for _ in train(setup, again):
        pass
    assert torch.equal(whole.policy, again.policy)


class Counting(BernoulliBandit):
    """A bandit that asks the device for a number in every step, which no recording may contain."""

    def step(self, tasks: Tensor, state: Tensor, action: Tensor, noise: Tensor) -> Step:
        """Pulls an arm, and looks."""
        assert float(tasks.max()) <= 1
        return super().step(tasks, state, action, noise)


def test_what_cannot_be_recorded_is_said_and_computed_all_the_same() -> None:
    """Somebody's family that waits: one sentence, and the numbers of the program."""
    study = study_of(BANDIT)
    plain = trained(setup_of(study))
    said = trained(replace(setup_of(study), family=Counting(arms=3, episodes=10)))
    assert len(said.notices) == 1
    assert said.notices[0].startswith("rollouts cannot be recorded for the GPU and take longer; no number changes: ")
    assert torch.equal(plain.policy, said.policy)


def test_environments_that_step_on_the_cpu_train_on_a_gpu() -> None:
    """Rollouts are collected as ever; the learning is recorded."""
    study = study_of({"gymnasium": "CartPole-v1", "episodes": 5, "episode_steps": 4})
    setup = prepare(study, runs(study)[:2], "cuda")
    training = trained(setup)
    assert training.notices == []
    assert bool(torch.isfinite(training.policy).all())
    assert not torch.equal(training.policy, begin_training(setup).policy)


def test_a_runs_numbers_hardly_depend_on_its_stack() -> None:
    """The same run alone and among sixteen: what a library's product rounds otherwise stays within float32."""
    study = study_of(BANDIT, epochs=1, minibatches=1, train_steps=80)
    among = trained(prepare(study, runs(study)[:16], "cuda"))
    alone = trained(prepare(study, runs(study)[:1], "cuda"))
    assert distance(alone.policy_adam.mean[0], among.policy_adam.mean[0]) < NEAR


def test_the_memory_is_what_was_foretold() -> None:
    """What training takes of the card is between a quarter of the estimate and all of it; what is free is known."""
    study, stack = Workload(runs=64).study(), Stack(0, Workload(runs=64).stack())
    torch.cuda.empty_cache()
    torch.cuda.reset_peak_memory_stats()
    before = torch.cuda.memory_reserved()
    updates = train(setup := prepare(study, stack.runs, "cuda"), begin_training(setup))
    for _ in range(3):
        next(updates)
    taken = torch.cuda.max_memory_reserved() - before
    assert 0.25 < taken / device_memory_by_runs(study, stack)[-1] < 1
    free, needs = card_needs(study, stack)
    assert free > 0
    assert len(needs) == 64


def test_every_cell_of_the_workload_learns() -> None:
    """Sixteen cells, 30 updates: the one with all ingredients earns more at the end than at the start."""
    workload = Workload(runs=16)
    setup = prepare(workload.study(), workload.stack(), "cuda")
    updates = train(setup, begin_training(setup))
    scores = torch.stack([next(updates).score for _ in range(30)]).cpu() / setup.family.episodes
    full = setup.runs.index(Run(cells(workload.study())[-1], 0))
    assert scores[-5:, full].mean() > scores[:5, full].mean() + 0.05
