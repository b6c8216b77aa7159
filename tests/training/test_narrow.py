"""Narrow task distributions (claim 4): one task with random starts, and with random memories."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest
import torch
from judgement_cases import FULL, judge, shaped
from memories import F, carried, inputs, stack_of

from ingredients.agent.memory import Memory
from ingredients.agent.memory.gru import Gru
from ingredients.agent.memory.lstm import Lstm
from ingredients.agent.network import views
from ingredients.errors import StudyError
from ingredients.grid import Cell, Run
from ingredients.report.layout import fullest_first
from ingredients.study import Study, load_study, parse_study
from ingredients.study.levels import OneTask, TasksLevel
from ingredients.training.draws import TRAINING, carry, lifetime_draws, random_memory, training_tasks
from ingredients.training.evaluation import evaluate
from ingredients.training.interaction import Play
from ingredients.training.rollout import collect
from ingredients.training.trainer import begin_training, prepare, train

NARROW = Path(__file__).parents[2] / "ablations" / "narrow.yaml"
RANDOM = replace(FULL, task_distribution=OneTask.RANDOM_MEMORY)
RECURRENT = pytest.mark.parametrize(
    "memory", [Gru(F, 16, 20), Lstm(F, 16)], ids=lambda memory: type(memory).__name__.lower()
)


def study(memory: str = "gru") -> Study:
    """Returns a study whose stacks train in a blink."""
    return parse_study(
        {
            "name": "t",
            "tasks": {"family": "bernoulli-bandit", "arms": 3, "episodes": 7},
            "ingredients": {},
            "agent": {"hidden": 16, "memory": memory},
            "learner": {"lifetimes": 6, "minibatches": 2, "train_steps": 200},
        },
        "test",
    )


def start_of(memory: Memory, runs: int, lanes: int) -> tuple[torch.Tensor, ...]:
    """Returns some state other than the initial one."""
    draw = torch.Generator().manual_seed(7)
    return tuple(
        torch.randn(part.shape, generator=draw) for part in memory.initial_state(runs, lanes, 9, torch.ones(1))
    )


@RECURRENT
def test_an_unroll_goes_on_from_the_state_it_is_given(memory: Memory) -> None:
    """It equals the same steps one by one from there; a reset before the first step forgets it."""
    weights, x, ones = stack_of(memory, 2), inputs(2, 11, 3), torch.ones(2, 11)
    start = start_of(memory, 2, 3)
    state, stepped = start, []
    for t in range(11):
        output, state = memory.step(weights, state, ones[:, t, None, None], x[:, t])
        stepped.append(output)
    assert torch.allclose(memory.unroll(weights, ones, x, start), torch.stack(stepped, dim=1), atol=1e-5)
    assert not torch.allclose(memory.unroll(weights, ones, x), torch.stack(stepped, dim=1), atol=1e-2)
    ones[:, 0] = 0.0
    assert torch.equal(memory.unroll(weights, ones, x, start), memory.unroll(weights, ones, x))


@RECURRENT
def test_zeros_are_the_initial_state_to_the_bit(memory: Memory) -> None:
    """Outputs and gradients are the same bytes, and the state that was handed in stays as it was."""
    carried_ = carried(2, 11)
    found = []
    for start in (None, memory.initial_state(2, 3, 11, torch.ones(1))):
        weights = {name: weight.requires_grad_() for name, weight in stack_of(memory, 2).items()}
        outputs = memory.unroll(weights, carried_, inputs(2, 11, 3), start)
        found.append([outputs, *torch.autograd.grad(outputs.square().sum(), list(weights.values()))])
        assert start is None or not any(part.any() for part in start)
    assert all(torch.equal(a, b) for a, b in zip(*found, strict=True))


@RECURRENT
def test_gradients_from_a_random_start_against_finite_differences(memory: Memory) -> None:
    """Along any direction of the weights the loss changes as the gradients say."""
    weights, ones = stack_of(memory, 1, torch.float64), torch.ones(1, 9, dtype=torch.float64)
    x, start = inputs(1, 9, 2, torch.float64), tuple(part.double() for part in start_of(memory, 1, 2))
    leaves = [leaf.requires_grad_() for leaf in weights.values()]

    def loss(*of: torch.Tensor) -> torch.Tensor:
        return memory.unroll(dict(zip(weights, of, strict=True)), ones, x, start).pow(3).sum()

    gradients = torch.autograd.grad(loss(*leaves), leaves)
    draw, step = torch.Generator().manual_seed(1), 1e-5
    way = [torch.randn(leaf.shape, generator=draw, dtype=torch.float64) for leaf in leaves]
    ahead, behind = ([leaf + sign * part for leaf, part in zip(leaves, way, strict=True)] for sign in (step, -step))
    slope = (loss(*ahead) - loss(*behind)) / (2 * step)
    expected = sum(float((gradient * part).sum()) for gradient, part in zip(gradients, way, strict=True))
    assert slope.item() == pytest.approx(expected, rel=1e-6)


def test_only_runs_that_ask_for_it_start_from_a_random_memory() -> None:
    """Their states are within the bounds of a recurrent memory, differ by lane, and survive the first step."""
    made = study()
    runs = (Run(FULL, 0), Run(RANDOM, 0), Run(replace(RANDOM, memory=False), 0))
    setup = prepare(made, runs)
    start = random_memory(runs, setup.agent.memory, setup.family, 3, 6)
    assert start is not None
    (h,) = start
    assert not h[0].any()
    assert 0.3 < h[1].abs().mean() < 1
    assert (h[1].abs() < 1).all()
    assert len({tuple(lane) for lane in h[1].tolist()}) == 6
    assert carry(runs, 7)[0].flatten().tolist() == [0.0, 1.0, 0.0]
    assert random_memory(runs[:1], setup.agent.memory, setup.family, 3, 6) is None
    other = random_memory(runs, setup.agent.memory, setup.family, 4, 6)
    assert other is not None
    assert not torch.equal(other[0][1], h[1])


@pytest.mark.parametrize("kind", ["gru", "lstm"])
def test_the_learner_starts_where_the_rollout_did(kind: str) -> None:
    """Unrolled outputs equal the rollout's, minibatch by minibatch, from the very states that it began with."""
    runs = (Run(FULL, 0), Run(RANDOM, 0))
    setup = prepare(study(kind), runs)
    weights = views(begin_training(setup).policy, setup.agent.shapes())
    start = random_memory(runs, setup.agent.memory, setup.family, 0, 6)
    play = Play(setup.agent, setup.family, weights, training_tasks(runs, setup.family, 0, 6))
    rollout = collect(play, lifetime_draws(runs, setup.family, TRAINING, 0, 6), 2, True, start)
    assert rollout.start is not None
    for m in range(2):
        begun = tuple(part[m] for part in rollout.start)
        again = setup.agent.memory.unroll(weights, rollout.carry, rollout.inputs[m], begun)
        assert torch.allclose(again, rollout.outputs[m], atol=1e-6)
        without = setup.agent.memory.unroll(weights, rollout.carry, rollout.inputs[m])
        assert (without[1, 0] - rollout.outputs[m][1, 0]).abs().max() > 1e-2


@pytest.mark.parametrize("kind", ["gru", "lstm"])
def test_a_run_beside_one_of_random_memories_keeps_its_bits(kind: str) -> None:
    """Weights, critic and curves are the same bytes; and the one with random memories is another run."""
    me, left = Run(FULL, 0), []
    for beside in (Run(replace(FULL, task_distribution=OneTask.RANDOM_START), 0), Run(RANDOM, 0)):
        setup = prepare(study(kind), (beside, me))
        training = begin_training(setup)
        list(train(setup, training))
        tasks = training_tasks(setup.runs, setup.family, 0, 40)
        curves = evaluate(setup, training.policy, tasks, ("memory_swap",)).curves
        left.append([training.policy, training.critic, *curves.values()])
    assert all(torch.equal(a[1], b[1]) for a, b in zip(*left, strict=True))
    assert not torch.equal(left[0][0][0], left[1][0][0])


def test_an_evaluation_starts_from_the_initial_memory() -> None:
    """Curves of given weights do not know how training lifetimes started."""
    tasks, curves = training_tasks((Run(FULL, 0),), prepare(study(), ()).family, 0, 40), []
    for cell in (replace(FULL, task_distribution=OneTask.RANDOM_START), RANDOM):
        setup = prepare(study(), (Run(cell, 0),))
        curves.append(evaluate(setup, begin_training(setup).policy, tasks).curves["none"])
    assert torch.equal(*curves)


@pytest.mark.parametrize("memory", ["fast-weights", "transformer", "window", "own_memories:Gated"])
def test_other_memories_are_refused(memory: str) -> None:
    """A transformer's state is no point in a box; the line names the level, the memory, and what would do."""
    data = {
        "name": "t",
        "tasks": {"family": "bernoulli-bandit", "arms": 2, "episodes": 10},
        "ingredients": {"memory": [False, True], "task_distribution": ["random_memory", True]},
        "agent": {"memory": memory},
    }
    with pytest.raises(StudyError) as caught:
        parse_study(data, "s.yaml")
    assert str(caught.value) == (
        f"s.yaml: ingredients.task_distribution: random_memory needs a memory whose state has bounds, and this "
        f"study has {memory}, got ['random_memory', on]; allowed: gru, lstm"
    )


LEVELS: tuple[TasksLevel, ...] = (False, OneTask.RANDOM_START, OneTask.RANDOM_MEMORY, 4, 16, True)


def test_narrow_levels_stand_between_one_task_and_several() -> None:
    """In the dose-response curve and in tables, whatever the order of the grid."""
    cells = [replace(FULL, task_distribution=level) for level in LEVELS]
    assert fullest_first(cells[::-1]) == cells[::-1]
    assert fullest_first(cells) == cells[::-1]
    shapes = ["none", "none", "none", "none", "in-context", "in-context"]
    (curve,) = judge(*(shaped(cell, shape) for cell, shape in reversed(list(zip(cells, shapes, strict=True))))).doses
    assert [dose.level for dose in curve.doses] == ["off", "random_start", "random_memory", "4", "16", "on"]
    assert curve.sentence == "Task distribution: in-context learning appears between 4 (none) and 16."


def test_a_narrow_level_neither_has_nor_lacks_the_ingredient() -> None:
    """It is graded: that one task with random starts was enough does not make the distribution needless."""
    narrow = replace(FULL, task_distribution=OneTask.RANDOM_START)
    judged = judge(
        shaped(FULL, "in-context"), shaped(FULL.lacking("task_distribution"), "none"), shaped(narrow, "in-context")
    )
    assert judged.ingredients["task_distribution"].necessary is True
    ceiling = judged.cells[2].ceiling
    assert ceiling is not None
    assert not ceiling.trainable_incentive


def test_the_shipped_study_has_every_narrow_level() -> None:
    """`ablations/narrow.yaml`: one task, with random starts, with random memories, four, sixteen, all."""
    assert load_study(NARROW).ingredients.task_distribution == LEVELS
    assert Cell(True, True, True, OneTask.RANDOM_MEMORY).random_memory
