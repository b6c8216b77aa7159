"""Probes of trained agents, act by act: what is swapped, what is wiped, and what stays true."""

from __future__ import annotations

import pytest
import torch
from torch import Tensor

from ingredients.agent.observation import Past
from ingredients.grid import Cell, Run, cells
from ingredients.study import Study, parse_study
from ingredients.training import evaluation
from ingredients.training.critic import Critic, features, values
from ingredients.training.draws import carry, evaluation_tasks, training_sample
from ingredients.training.evaluation import evaluate, swap_memory, wipe_memory
from ingredients.training.interaction import Lanes
from ingredients.training.trainer import Setup, begin_training, prepare, train

FULL = Cell(True, True, True, True)


def _study(**sections: object) -> Study:
    small: dict[str, object] = {
        "name": "t",
        "tasks": {"family": "bernoulli-bandit", "arms": 2, "episodes": 8},
        "ingredients": {},
        "agent": {"hidden": 16},
        "learner": {"lifetimes": 8, "minibatches": 2, "train_steps": 2000},
    }
    return parse_study({**small, **sections}, "test")


def _lanes(first: float) -> Lanes:
    """Three lanes of one run, every number of which is another."""
    numbers = torch.arange(3.0).view(1, 3, 1) + first
    return Lanes(
        numbers, numbers + 10, Past(numbers + 20, numbers + 30, numbers + 40, numbers + 50, (numbers + 60).long())
    )


def test_the_swap_exchanges_memory_and_nothing_else() -> None:
    """Each lane gets the memory of the lane before it; environment, observation, starts, r and a stay its own."""
    halfway = _lanes(0.0)
    swapped = swap_memory(halfway, _lanes(100.0))
    assert swapped.memory.flatten().tolist() == [2.0, 0.0, 1.0]
    assert swapped.environment is halfway.environment
    assert swapped.past is halfway.past


def test_the_wipe_presents_a_new_lifetime_on_the_same_task() -> None:
    """Memory, starts, r and a are those of a lifetime's start; the environment and what it shows go on."""
    halfway, initial = _lanes(0.0), _lanes(100.0)
    wiped = wipe_memory(halfway, initial)
    assert wiped.memory is initial.memory
    assert wiped.environment is halfway.environment
    assert wiped.past.observation is halfway.past.observation
    for name in ("lifetime_start", "episode_start", "reward_tm1", "action_tm1"):
        assert getattr(wiped.past, name) is getattr(initial.past, name)


def _trained() -> tuple[Setup, Tensor, Tensor]:
    setup = prepare(_study(), (Run(FULL, 0), Run(FULL, 1)))
    training = begin_training(setup)
    list(train(setup, training))
    return setup, training.policy, evaluation_tasks(setup.family, 40).expand(2, -1, -1)


def test_probes_begin_half_way(monkeypatch: pytest.MonkeyPatch) -> None:
    """Up to episode K // 2 a probe's curve is the plain one, bit by bit; an intervention that does nothing keeps it."""
    setup, policy, tasks = _trained()
    monkeypatch.setattr(evaluation, "PROBES", {**evaluation.PROBES, "nothing": lambda halfway, initial: halfway})
    curves = evaluate(setup, policy, tasks, ("memory_swap", "memory_wipe", "nothing"))
    for name in ("memory_swap", "memory_wipe"):
        assert torch.equal(curves[name][:, :4], curves["none"][:, :4])
        assert not torch.equal(curves[name][:, 4:], curves["none"][:, 4:])
    assert torch.equal(curves["nothing"], curves["none"])


def test_greedy_takes_the_likeliest_action() -> None:
    """With a policy that never prefers arm 0, greedy play never pulls it, and sampled play does."""
    setup, policy, _ = _trained()
    bias = setup.agent.shapes()
    start = sum(int(torch.tensor(shape).prod()) for name, shape in bias.items() if name != "policy.bias")
    policy = torch.zeros_like(policy)
    policy[:, start + 1] = 0.1
    tasks = torch.tensor([0.0, 1.0]).expand(2, 100, 2)
    curves = evaluate(setup, policy, tasks, ("greedy",))
    assert (curves["greedy"] == 1.0).all()
    assert (curves["none"].mean(1) - 0.525).abs().max() < 0.06


def test_memory_is_reset_every_so_many_steps() -> None:
    """Off resets before every step, on at the lifetime's start alone, wipe_every 3 before steps 0, 3 and 6."""
    study = _study(ingredients={"memory": [False, {"wipe_every": 3}, True], "reward_observation": [True]})
    runs = [Run(cell, 0) for cell in cells(study) if cell.action_observation is True and cell.training_tasks is None]
    kept = carry(runs, 8)[:, :, 0, 0].T.tolist()
    assert kept == [[0] * 8, [0, 1, 1, 0, 1, 1, 0, 1], [0, 1, 1, 1, 1, 1, 1, 1]]


def test_the_training_sample_is_what_was_trained_on() -> None:
    """One task off, the list of N, and never more tasks than the run has met; lanes beyond repeat them."""
    runs = [Run(Cell(True, True, True, level), 0) for level in (False, 3, True)]
    family = prepare(_study(), (runs[0],)).family
    sample = training_sample(runs, family, lifetimes=4, updates=2, lanes=24)
    assert [len({tuple(task) for task in tasks.tolist()}) for tasks in sample] == [1, 3, 8]
    assert torch.equal(sample[2, :8], sample[2, 8:16])


def test_the_critic_sees_memory_task_and_time() -> None:
    """Its input is [h, ψ of the lane, t / T, γ^(T − t), 1]; its output two layers by hand."""
    states = torch.tensor([[[[1.0], [2.0]], [[3.0], [4.0]]]])  # S = 1, T = 2, N = 2, H = 1
    tasks = torch.tensor([[[0.25], [0.75]]])
    inputs = features(states, tasks, discount=0.5)
    assert inputs[0, 0].tolist() == [[1.0, 0.25, 0.0, 0.25, 1.0], [2.0, 0.75, 0.0, 0.25, 1.0]]
    assert inputs[0, 1].tolist() == [[3.0, 0.25, 0.5, 0.5, 1.0], [4.0, 0.75, 0.5, 0.5, 1.0]]
    first = torch.tensor([[[1.0, -1.0], [0.0, 0.0], [0.0, 0.0], [0.0, 0.0], [1.0, 0.0]]])
    weights = {"critic.first": first, "critic.last": torch.tensor([[[2.0, 5.0]]])}
    assert values(weights, inputs).tolist() == [[[4.0, 6.0], [8.0, 10.0]]]  # relu(−h) = 0, so 2 (h + 1)
    assert Critic(1, 1, 2).inputs == inputs.shape[-1]
