"""The critic's arithmetic, and what of it may reach the policy: nothing but the advantages."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import AbstractContextManager, nullcontext
from dataclasses import replace

import pytest
import torch

from ingredients.agent.compiled import without_loops
from ingredients.agent.network import flatten, views
from ingredients.grid import Run, cells
from ingredients.study import Study, parse_study
from ingredients.training.critic import Critic, features, value_gradient, values
from ingredients.training.draws import TRAINING, lifetime_draws, training_tasks
from ingredients.training.interaction import Play
from ingredients.training.rollout import Rollout, collect
from ingredients.training.trainer import Setup, begin_training, prepare, train


def _study(**learner: object) -> Study:
    small = {"lifetimes": 6, "minibatches": 2, "train_steps": 300, **learner}
    tasks = {"family": "bernoulli-bandit", "arms": 3, "episodes": 7}
    sections = {"tasks": tasks, "ingredients": {}, "agent": {"hidden": 16}, "learner": small}
    return parse_study({"name": "critic", **sections}, "test")


def _setup(**learner: object) -> Setup:
    study = _study(**learner)
    return prepare(study, (Run(cells(study)[-1], 0), Run(cells(study)[-1], 1)))


def _rollout(setup: Setup, expected: bool) -> Rollout:
    tasks = training_tasks(setup.runs, setup.family, 0, 6)
    play = Play(setup.agent, setup.family, views(begin_training(setup).policy, setup.agent.shapes()), tasks)
    return collect(play, lifetime_draws(setup.runs, setup.family, TRAINING, 0, 6), 2, expected)


def test_the_critic_sees_memory_task_and_time() -> None:
    """Its input is [h, ψ of the lane, t / T, γ^(T − t), 1]; its output two layers by hand."""
    states = torch.tensor([[[[1.0], [2.0]], [[3.0], [4.0]]]])  # S = 1, T = 2, N = 2, H = 1
    tasks = torch.tensor([[[0.25], [0.75]]])
    inputs = features(states, tasks, discount=0.5)
    assert inputs[0, 0].tolist() == [[1.0, 0.25, 0.0, 0.25, 1.0], [2.0, 0.75, 0.0, 0.25, 1.0]]
    assert inputs[0, 1].tolist() == [[3.0, 0.25, 0.5, 0.5, 1.0], [4.0, 0.75, 0.5, 0.5, 1.0]]
    first = torch.tensor([[[1.0, -1.0], [0.0, 0.0], [0.0, 0.0], [0.0, 0.0], [1.0, 0.0]]])
    weights = {"critic.first": first, "critic.last": torch.tensor([[[2.0, 0, 0, 0], [5.0, 0, 0, 0]]])}
    assert values(weights, inputs).tolist() == [[[4.0, 6.0], [8.0, 10.0]]]  # relu(−h) = 0, so 2 (h + 1)
    assert Critic(1, 1, 2).inputs == inputs.shape[-1]


@pytest.mark.parametrize("program", [nullcontext, without_loops], ids=["loops", "torch"])
@pytest.mark.parametrize("steps", [5, 128, 301])
def test_the_gradient_by_hand_is_autograds(steps: int, program: Callable[[], AbstractContextManager[None]]) -> None:
    """Loss and gradient of two runs are autograd's, in both programs, whether or not the steps fill whole blocks."""
    critic = Critic(16, 3, 16)
    draw = torch.Generator().manual_seed(0)
    flat = flatten([critic.initial_weights(seed) for seed in (0, 1)])
    weights = {name: part.detach().requires_grad_() for name, part in views(flat, critic.shapes()).items()}
    inputs, target = torch.randn(2, steps, critic.inputs, generator=draw), torch.randn(2, steps, generator=draw)
    with program():
        loss, gradient = value_gradient(weights, inputs, target, flat)
    expected = 0.5 * ((values(weights, inputs) - target) ** 2).mean(1)
    parts = torch.autograd.grad(expected.sum(), list(weights.values()))
    assert torch.allclose(loss, expected, rtol=1e-5)
    theirs = torch.cat([part.flatten(1) for part in parts], dim=1)
    assert torch.allclose(gradient[:, : theirs.shape[1]], theirs, atol=1e-6)
    assert not gradient[:, theirs.shape[1] :].any()


def test_expected_rewards_are_what_the_task_makes_of_a_step() -> None:
    """They are p of the pulled arm less the best arm's p; without them the rewards are those that were paid."""
    setup = _setup()
    counted, paid = _rollout(setup, expected=True), _rollout(setup, expected=False)
    assert torch.equal(counted.action, paid.action)
    assert torch.equal(counted.inputs, paid.inputs)
    tasks = counted.tasks.unsqueeze(2).expand(*counted.action.shape, 3)
    of_pull = tasks.gather(-1, counted.action.unsqueeze(-1)).squeeze(-1)
    assert torch.equal(counted.earned, of_pull)
    assert torch.equal(counted.reward, of_pull - tasks.amax(-1))
    assert torch.equal(paid.earned, paid.reward)
    assert set(paid.reward.flatten().tolist()) == {0.0, 1.0}
    assert torch.equal(paid.reward[:, :, :-1], paid.inputs[:, :, 1:, :, setup.agent.layout.reward])


def test_the_policy_does_not_see_the_task() -> None:
    """With the same draws of actions and rewards, other tasks leave the policy's inputs and outputs as they were."""
    setup = _setup()
    play = Play(
        setup.agent,
        setup.family,
        views(begin_training(setup).policy, setup.agent.shapes()),
        training_tasks(setup.runs, setup.family, 0, 6),
    )
    draws = lifetime_draws(setup.runs, setup.family, TRAINING, 0, 6)
    never = draws._replace(noise=torch.ones_like(draws.noise))  # a pay-out of probability 0 whatever ψ is
    plain = collect(play, never, 2, expected=True)
    moved = collect(replace(play, tasks=play.tasks * 0.5 + 0.1), never, 2, expected=True)
    assert not torch.equal(plain.reward, moved.reward)
    for name in ("inputs", "outputs", "action"):
        assert torch.equal(getattr(plain, name), getattr(moved, name))


def test_a_critic_that_does_not_see_the_task() -> None:
    """`critic_sees_task: off` leaves ψ out of its input, and the policy's weights start as they do otherwise."""
    blind, seeing = _setup(critic_sees_task=False), _setup()
    assert seeing.critic.inputs - blind.critic.inputs == 3
    before = begin_training(blind)
    assert torch.equal(before.policy, begin_training(seeing).policy)
    after = begin_training(blind)
    list(train(blind, after))
    assert torch.isfinite(after.critic).all()
    assert not torch.equal(before.critic, after.critic)


@pytest.mark.parametrize("weight", [0.0, 1.0])
def test_the_agent_predicts_its_rewards_where_it_is_asked_to(weight: float) -> None:
    """At weight 0 the head's predictions stay where they started; else they move, and the padding never does."""
    setup = _setup(reward_prediction=weight)
    before, after = begin_training(setup), begin_training(setup)
    list(train(setup, after))
    first, last = (views(one.policy, setup.agent.shapes())["head.weight"] for one in (before, after))
    actions = setup.agent.layout.actions
    assert not torch.equal(first[..., :actions], last[..., :actions])
    predictions = slice(actions, 2 * actions)
    assert torch.equal(first[..., predictions], last[..., predictions]) == (weight == 0)
    assert torch.equal(first[..., 2 * actions :], last[..., 2 * actions :])
