"""Training: the order of events, equal bits in every stack, and that it learns."""

from __future__ import annotations

from dataclasses import replace

import pytest
import torch
from torch import Tensor

from ingredients.agent.network import views
from ingredients.agent.policy import sample
from ingredients.grid import Cell, Run, cells
from ingredients.study import Study, parse_study
from ingredients.training.draws import TRAINING, at_step, evaluation_tasks, lifetime_draws, training_tasks
from ingredients.training.evaluation import evaluate
from ingredients.training.interaction import Draws, Play, advance, begin
from ingredients.training.rollout import Rollout, collect
from ingredients.training.trainer import Setup, begin_training, prepare, train

FULL = Cell(True, True, True, True)


def _study(**sections: object) -> Study:
    small: dict[str, object] = {
        "name": "t",
        "tasks": {"family": "bernoulli-bandit", "arms": 3, "episodes": 7},
        "ingredients": {},
        "agent": {"hidden": 16},
        "learner": {"lifetimes": 6, "minibatches": 2, "train_steps": 500},
    }
    return parse_study({**small, **sections}, "test")


def _rollout(setup: Setup, weights: dict[str, Tensor], update: int) -> Rollout:
    """Returns the rollout of six lifetimes in two minibatches that the update would see."""
    play = Play(setup.agent, setup.family, weights, training_tasks(setup.runs, setup.family, update, 6))
    return collect(play, lifetime_draws(setup.runs, setup.family, TRAINING, update, 6), 2, expected=True)


def test_tape_of_a_lifetime() -> None:
    """The exact order of events: empty start, then r_{t-1} and a_{t-1} of each pull, memory carried to the end."""
    setup = prepare(_study(), (Run(FULL, 0),))
    weights = views(begin_training(setup).policy, setup.agent.shapes())
    tasks = torch.tensor([[[0.9, 0.1, 0.5]]])
    noise = torch.zeros(7, 1, 1, 3)
    noise[:, 0, 0, 0] = torch.tensor([0.5, 0.95, 0.0, 0.5, 0.5, 0.5, 0.5])
    ones = torch.ones(7, 1, 1, 1)
    luck, start = torch.tensor([0.1, 0.1, 0.9, 0.5, 0.1, 0.1, 0.1]).view(7, 1, 1), torch.zeros(7, 1, 1, 0)
    draws = Draws(luck, noise, start, ones, ones, ones)
    play = Play(setup.agent, setup.family, weights, tasks)
    lanes, tape = begin(play, start[0]), []
    for t in range(7):
        lanes, moment = advance(play, lanes, at_step(draws, t))
        tape.append((moment.inputs.flatten().tolist(), int(moment.action), float(moment.step.reward)))
    #  observation, lifetime start, episode start, r, shown, a one-hot, shown, one
    assert tape[0] == ([0, 1, 1, 0, 0, 0, 0, 0, 0, 1], 0, 1.0)  # u = .1 → arm 0; .5 < .9 pays
    assert tape[1] == ([0, 0, 1, 1, 1, 1, 0, 0, 1, 1], 0, 0.0)  # .95 ≥ .9 does not
    assert tape[2] == ([0, 0, 1, 0, 1, 1, 0, 0, 1, 1], 2, 1.0)  # u = .9 → arm 2; 0 < .5 pays
    assert tape[3] == ([0, 0, 1, 1, 1, 0, 0, 1, 1, 1], 1, 0.0)  # u = .5 → arm 1; .5 ≥ .1 does not
    assert tape[4][0] == [0, 0, 1, 0, 1, 0, 1, 0, 1, 1]


def test_memory_off_resets_before_every_step() -> None:
    """With memory off the policy is a function of the input alone; with memory on it is not."""
    off, on = replace(FULL, memory=False), FULL
    setup = prepare(_study(), (Run(off, 0), Run(on, 0)))
    training = begin_training(setup)
    weights = views(training.policy, setup.agent.shapes())
    rollout = _rollout(setup, weights, 0)
    for run, carried in ((0, False), (1, True)):
        inputs = rollout.inputs[:, run].reshape(-1, setup.agent.layout.size)
        states = rollout.outputs[:, run].reshape(-1, 16)
        by_input: dict[tuple[float, ...], set[tuple[float, ...]]] = {}
        for x, h in zip(inputs.tolist(), states.round(decimals=5).tolist(), strict=True):
            by_input.setdefault(tuple(x), set()).add(tuple(h))
        most = max(len(found) for found in by_input.values())
        assert (most > 1) == carried


def test_the_learner_sees_what_the_rollout_saw() -> None:
    """Unrolled states equal the rollout's step by step, lane by lane: minibatches mix no lifetimes."""
    setup = prepare(_study(), tuple(Run(cell, 0) for cell in cells(_study())))
    weights = views(begin_training(setup).policy, setup.agent.shapes())
    rollout = _rollout(setup, weights, 3)
    tasks = training_tasks(setup.runs, setup.family, 3, 6)
    for m in range(2):
        states = setup.agent.memory.unroll(weights, rollout.carry, rollout.inputs[m])
        assert torch.allclose(states, rollout.outputs[m], atol=1e-6)
        assert torch.equal(rollout.tasks[m], tasks[:, 3 * m : 3 * m + 3])


def _trained_alone_and_beside(study: Study, run: Run, beside: tuple[Run, ...]) -> tuple[Tensor, ...]:
    """Returns everything that a run leaves behind when trained in the stack `beside`."""
    setup = prepare(study, beside)
    training = begin_training(setup)
    updates = list(train(setup, training))
    index = beside.index(run)
    tasks = evaluation_tasks(setup.family, 77).expand(len(beside), -1, -1)
    curves = evaluate(setup, training.policy, tasks, ("greedy", "memory_swap", "memory_wipe")).curves
    logged = [torch.stack([*update.losses, update.gradient_norm, update.score])[:, index] for update in updates]
    return training.policy[index], training.critic[index], torch.stack([c[index] for c in curves.values()]), *logged


@pytest.mark.parametrize(
    ("arms", "pulls", "hidden", "lifetimes", "minibatches"),
    [
        *((5, 20, 64, 32, 4), (3, 7, 16, 10, 2), (2, 10, 48, 6, 2), (10, 12, 32, 3, 1), (4, 11, 16, 1, 1)),
        *((5, 9, 64, 33, 3), (7, 9, 128, 33, 3), (10, 11, 64, 6, 2)),
    ],
)
def test_a_runs_bits_do_not_depend_on_its_stack(
    arms: int, pulls: int, hidden: int, lifetimes: int, minibatches: int
) -> None:
    """One run alone and in stacks of 2, 7 and 16 leaves the same bytes: weights, curves, diagnostics."""
    study = _study(
        tasks={"family": "bernoulli-bandit", "arms": arms, "episodes": pulls},
        agent={"hidden": hidden},
        learner={"lifetimes": lifetimes, "minibatches": minibatches, "train_steps": lifetimes * pulls * 5},
        seeds=2,
    )
    runs = tuple(Run(cell, seed) for seed in (0, 1) for cell in cells(study))
    me = runs[15]
    alone = _trained_alone_and_beside(study, me, (me,))
    for beside in ((runs[3], me), runs[10:17], runs[:16]):
        together = _trained_alone_and_beside(study, me, beside)
        assert all(torch.equal(a, b) for a, b in zip(alone, together, strict=True))


def test_same_seed_same_bytes_other_seed_others() -> None:
    """Training is a function of study and seed."""
    weights = []
    for seed in (0, 0, 1):
        setup = prepare(_study(), (Run(FULL, seed),))
        training = begin_training(setup)
        list(train(setup, training))
        weights.append(training.policy)
    assert torch.equal(weights[0], weights[1])
    assert not torch.equal(weights[0], weights[2])


def test_a_diverging_run_is_named_and_leaves_its_stack_alone() -> None:
    """A run whose weights turn NaN is reported with its train step; the other runs keep their bits."""
    study = _study()
    runs = (Run(FULL, 0), Run(replace(FULL, memory=False), 0))
    results = []
    for broken in (False, True):
        setup = prepare(study, runs)
        training = begin_training(setup)
        updates = train(setup, training)
        next(updates)
        if broken:
            training.policy[0, 0] = torch.nan
        list(updates)
        results.append(training)
    assert results[0].failed == {}
    assert results[1].failed == {0: "diverged: the gradient was no longer finite at train step 84"}
    assert torch.equal(results[0].policy[1], results[1].policy[1])


def test_sampling_is_by_inverse_cdf() -> None:
    """Uniforms below the first probability give the first action, and a NaN policy still gives some action."""
    scores = torch.log(torch.tensor([0.2, 0.3, 0.5])).expand(4, 3)
    assert sample(scores, torch.tensor([0.1, 0.2, 0.49, 0.99])).tolist() == [0, 1, 1, 2]
    assert sample(torch.full((1, 3), torch.nan), torch.tensor([0.5])).item() in (0, 1, 2)
    often = sample(scores[:1].expand(30_000, 3), torch.rand(30_000, generator=torch.Generator().manual_seed(0)))
    assert torch.allclose(torch.bincount(often) / 30_000, torch.tensor([0.2, 0.3, 0.5]), atol=0.01)


def test_the_full_cell_learns_and_the_blind_cell_cannot() -> None:
    """On two arms the full cell adapts within the lifetime; without reward observation nothing can."""
    study = _study(
        tasks={"family": "bernoulli-bandit", "arms": 2, "episodes": 20},
        agent={"hidden": 32},
        learner={"lifetimes": 32, "train_steps": 60_000},
    )
    setup = prepare(study, (Run(FULL, 0), Run(replace(FULL, reward_observation=False), 0)))
    training = begin_training(setup)
    list(train(setup, training))
    curves = evaluate(setup, training.policy, evaluation_tasks(setup.family, 2000).expand(2, -1, -1)).curves["none"]
    gain = curves[:, -4:].mean(1) - curves[:, :4].mean(1)
    assert gain[0] > 0.06
    assert abs(float(gain[1])) < 0.02
    assert abs(float(curves[1].mean()) - 0.5) < 0.02
