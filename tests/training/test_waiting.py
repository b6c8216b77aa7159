"""Steps in which an agent only waits for the next episode: they count in no mean, no gradient and no discount."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import AbstractContextManager, nullcontext

import pytest
import torch
from torch import Tensor

from ingredients.agent.compiled import without_loops
from ingredients.agent.network import flatten, views
from ingredients.grid import fingerprints, runs
from ingredients.study import Study, parse_study
from ingredients.training.critic import Critic, value_gradient
from ingredients.training.draws import TRAINING, lifetime_draws
from ingredients.training.gaussian import gaussian_gradient
from ingredients.training.interaction import Play
from ingredients.training.learner import (
    Minibatch,
    generalised_advantage,
    normalise_per_run,
    policy_gradient,
    prediction_gradient,
    step_weights,
)
from ingredients.training.rollout import collect
from ingredients.training.trainer import begin_training, prepare, train

RUNS, ACTED = 2, 7
PLACES = torch.tensor([0, 1, 4, 5, 6, 9, 11])  # of the steps acted in, among twelve; the others wait
STEPS = 12


def with_waiting(short: Tensor, fill: float = 1e4) -> Tensor:
    """Returns `[S, 12, ...]` of `[S, 7, ...]`: what stands at waiting steps is large, so that it would be noticed."""
    long = torch.full((short.shape[0], STEPS, *short.shape[2:]), fill).to(short.dtype)
    long[:, PLACES] = short
    return long


def weight() -> Tensor:
    """Returns what each of the twelve steps counts."""
    acting = torch.zeros(RUNS, STEPS)
    acting[:, PLACES] = 1.0
    return step_weights(acting)


def drawn(*shape: int) -> Tensor:
    """Returns normal draws."""
    return torch.randn(*shape, generator=torch.Generator().manual_seed(sum(shape)))


def test_the_advantage_leaves_waiting_out() -> None:
    """Steps with waiting between them have the advantages that they have side by side; so do normalised ones."""
    reward, value = drawn(RUNS, ACTED), drawn(RUNS, ACTED + 0) * 2
    plain = generalised_advantage(reward.unsqueeze(-1), value.unsqueeze(-1), 0.8, 0.7)
    acting = torch.zeros(RUNS, STEPS, 1)
    acting[:, PLACES] = 1.0
    long = generalised_advantage(
        with_waiting(reward).unsqueeze(-1), with_waiting(value).unsqueeze(-1), 0.8, 0.7, acting
    )
    assert torch.equal(long[:, PLACES], plain)
    assert not long[acting == 0].any()
    assert torch.allclose(
        normalise_per_run(long.unsqueeze(0), acting.unsqueeze(0))[0][:, PLACES],
        normalise_per_run(plain.unsqueeze(0))[0],
        atol=1e-5,
    )


def test_choices_are_learned_from_steps_acted_in() -> None:
    """Losses, entropy, KL, clip fraction and gradient are those of the acted steps alone; so is the prediction's."""
    logits, action = drawn(RUNS, ACTED, 3), torch.arange(RUNS * ACTED).view(RUNS, ACTED) % 3
    advised = Minibatch(action, drawn(RUNS, ACTED) - 1.5, drawn(RUNS, ACTED))
    losses, gradient = policy_gradient(logits, advised, 0.2, 0.3)
    padded = Minibatch(with_waiting(action, 0), with_waiting(advised.before, -90.0), with_waiting(advised.advantage))
    longer, wide = policy_gradient(with_waiting(logits, 9.0), padded._replace(weight=weight()), 0.2, 0.3)
    for short, long in zip(losses, longer, strict=True):
        assert torch.allclose(short, long, rtol=1e-5)
    assert torch.allclose(wide[:, PLACES], gradient, atol=1e-7)
    assert wide.abs().sum() == wide[:, PLACES].abs().sum()
    predicted = with_waiting(drawn(RUNS, ACTED, 3))
    for earned in (drawn(RUNS, ACTED), drawn(RUNS, ACTED, 3)):
        plain = prediction_gradient(predicted[:, PLACES].clone(), action, earned, 2.0)
        both = prediction_gradient(predicted.clone(), padded.action, with_waiting(earned, 0.0), 2.0, weight())
        assert torch.allclose(both[:, PLACES], plain, atol=1e-6)
        assert both.abs().sum() == both[:, PLACES].abs().sum()


def test_vectors_are_learned_from_steps_acted_in() -> None:
    """The same where actions are vectors."""
    heads, action = drawn(RUNS, ACTED, 6), drawn(RUNS, ACTED, 2)
    advised = Minibatch(action, drawn(RUNS, ACTED) - 2.0, drawn(RUNS, ACTED))
    losses, gradient = gaussian_gradient(heads, advised, 0.2, 0.3)
    padded = Minibatch(
        with_waiting(action, 3.0), with_waiting(advised.before), with_waiting(advised.advantage), weight()
    )
    longer, wide = gaussian_gradient(with_waiting(heads, 0.5), padded, 0.2, 0.3)
    for short, long in zip(losses, longer, strict=True):
        assert torch.allclose(short, long, rtol=1e-5)
    assert torch.allclose(wide[:, PLACES], gradient, atol=1e-6)
    assert wide.abs().sum() == wide[:, PLACES].abs().sum()


@pytest.mark.parametrize("program", [nullcontext, without_loops], ids=["loops", "torch"])
def test_values_are_learned_from_steps_acted_in(program: Callable[[], AbstractContextManager[None]]) -> None:
    """In both programs; and weights of one give the bytes that no weights give."""
    critic = Critic(4, 1, 8)
    flat = flatten([critic.initial_weights(seed) for seed in (0, 1)])
    weights = views(flat, critic.shapes())
    inputs, target = drawn(RUNS, ACTED, critic.inputs), drawn(RUNS, ACTED)
    with program():
        loss, gradient = value_gradient(weights, inputs, target, flat)
        longer, wide = value_gradient(weights, with_waiting(inputs, 2.0), with_waiting(target), flat, weight())
        ones = value_gradient(weights, inputs, target, flat, torch.ones(RUNS, ACTED))
    assert torch.allclose(loss, longer, rtol=1e-5)
    assert torch.allclose(gradient, wide, atol=1e-6)
    assert torch.equal(ones[0], loss)
    assert torch.equal(ones[1], gradient)


def room(**tasks: object) -> Study:
    """Returns a study of a small room that ends at its goal."""
    return parse_study(
        {
            "name": "t",
            "tasks": {"family": "dark-room", "size": 2, "episodes": 5, "ends_at_goal": True, **tasks},
            "ingredients": {},
            "seeds": 1,
            "agent": {"hidden": 16},
            "learner": {"lifetimes": 16, "minibatches": 2, "train_steps": 4000, "reward_prediction": 1},
        },
        "test",
    )


def test_what_an_episode_is_worth_does_not_depend_on_its_length() -> None:
    """What ψ allows is subtracted once an episode, in the step in which it begins, and in no step of waiting."""
    study = room(episode_steps=6)
    setup = prepare(study, runs(study)[-1:])
    tasks = setup.family.draw_tasks(torch.Generator().manual_seed(0), 16).unsqueeze(0)
    play = Play(setup.agent, setup.family, views(begin_training(setup).policy, setup.agent.shapes()), tasks)
    rollout = collect(play, lifetime_draws(setup.runs, setup.family, TRAINING, 0, 16), 2, expected=True)
    assert rollout.acting is not None
    best = setup.family.best_episode_return(tasks)
    assert best is not None
    lost = (rollout.earned - rollout.reward).view(2, 1, 5, 6, 8)
    assert torch.equal(lost[:, :, :, 0], best.view(1, 2, 1, 8).transpose(0, 1).expand(2, 1, 5, 8))
    assert not lost[:, :, :, 1:].any()
    assert not rollout.reward[rollout.acting == 0].any()


def test_waiting_longer_gives_the_same_means() -> None:
    """The same behaviour in episodes of at most 4 and of at most 40 steps has the same entropy, stored with a run."""
    entropies = {}
    for steps in (4, 40):
        study = room(episode_steps=steps)
        setup = prepare(study, runs(study)[-1:])
        entropies[steps] = float(next(train(setup, begin_training(setup))).losses.entropy)
    assert entropies[40] == pytest.approx(entropies[4], rel=0.02)
    assert entropies[4] > 1.4  # of five moves, before anything is learned


def test_stored_runs_that_waited_are_older() -> None:
    """A run of tasks whose episodes may end early has another fingerprint than one whose cannot."""
    ends, never = room(episode_steps=6), room(episode_steps=6, ends_at_goal=False)
    assert fingerprints(ends, runs(ends)[0]).trains != fingerprints(never, runs(never)[0]).trains
