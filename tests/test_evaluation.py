"""Probes of trained agents, act by act: what is swapped, what is wiped, and what stays true."""

from __future__ import annotations

import pytest
import torch
from torch import Tensor

from ingredients.agent.observation import Past
from ingredients.grid import Cell, Run, cells
from ingredients.study import Study, parse_study
from ingredients.training import evaluation
from ingredients.training.draws import carry, evaluation_tasks, training_sample
from ingredients.training.evaluation import evaluate, lanes_at_once, swap_memory, wipe_memory
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
    past = Past(numbers + 20, numbers + 30, numbers + 40, numbers + 50, (numbers + 60).long())
    return Lanes((numbers, -numbers), numbers + 10, past)


def test_the_swap_exchanges_memory_and_nothing_else() -> None:
    """Each lane gets the memory of the lane before it; environment, observation, starts, r and a stay its own."""
    halfway = _lanes(0.0)
    swapped = swap_memory(halfway, _lanes(100.0))
    assert [part.flatten().tolist() for part in swapped.memory] == [[2.0, 0.0, 1.0], [-2.0, 0.0, -1.0]]
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
    return setup, training.policy, evaluation_tasks(setup.family, 400).expand(2, -1, -1)


def test_probes_begin_half_way(monkeypatch: pytest.MonkeyPatch) -> None:
    """Up to episode K // 2 a probe's curve is the plain one, bit by bit; an intervention that does nothing keeps it."""
    setup, policy, tasks = _trained()
    monkeypatch.setattr(evaluation, "PROBES", {**evaluation.PROBES, "nothing": lambda halfway, initial: halfway})
    curves = evaluate(setup, policy, tasks, ("memory_swap", "memory_wipe", "nothing"))
    for name in ("memory_swap", "memory_wipe"):
        assert torch.equal(curves[name][:, :4], curves["none"][:, :4])
        assert not torch.equal(curves[name][:, 4:], curves["none"][:, 4:])
    assert torch.equal(curves["nothing"], curves["none"])


def test_a_large_state_is_played_in_parts() -> None:
    """A recurrent memory plays 512 lanes at once as ever, a transformer as many as keep its cache small: by hand."""
    lanes = {}
    for kind, episodes in (("gru", 100), ("lstm", 100), ("transformer", 96), ("transformer", 10_000)):
        study = _study(
            tasks={"family": "bernoulli-bandit", "arms": 2, "episodes": episodes}, agent={"memory": kind, "hidden": 64}
        )
        lanes[kind, episodes] = {lanes_at_once(prepare(study, runs)) for runs in ((), (Run(FULL, 0), Run(FULL, 1)))}
    # two blocks of keys and values, 64 units, 96 steps, and two counts of two floats: 24,580 floats a lane
    assert lanes == {
        **{(kind, 100): {512} for kind in ("gru", "lstm")},
        ("transformer", 96): {2**21 // 24_580},
        ("transformer", 10_000): {16},
    }


def test_parts_of_a_chunk_meet_the_same_luck(monkeypatch: pytest.MonkeyPatch) -> None:
    """However few lanes are played at once, each has its own task and luck: plain curves stay, neighbours change."""
    setup, policy, tasks = _trained()
    whole = evaluate(setup, policy, tasks, ("memory_swap",))
    monkeypatch.setattr(evaluation, "STATE_FLOATS", 50 * 16)
    assert lanes_at_once(setup) == 50
    parts = evaluate(setup, policy, tasks, ("memory_swap",))
    assert torch.allclose(parts["none"], whole["none"], rtol=0, atol=1e-6)
    assert torch.allclose(parts["memory_swap"], whole["memory_swap"], rtol=0, atol=0.05)


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
