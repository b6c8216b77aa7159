"""Exact values, and what known policies lose by them: brute force, published numbers, an identity."""

from __future__ import annotations

from functools import partial

import pytest
import torch
from torch import Tensor

from ingredients.inner.algorithms import ByCounts, along, known_algorithms, lived
from ingredients.inner.histories import of_pulls
from ingredients.inner.measures import decisions, lost, lost_by_worth
from ingredients.inner.models import BeliefModel, belief_model
from ingredients.inner.values import action_values
from ingredients.references.bandit_dynamic_programming import (
    Chances,
    bayes_optimal,
    count_states,
    expected_return,
    reach,
)
from ingredients.references.bandit_policies import posterior_mean
from ingredients.seeds import Purpose, generator
from ingredients.tasks.bernoulli_bandit import BernoulliBandit

Counts = tuple[tuple[int, int], ...]


def best_value(counts: Counts, left: int, noise: float) -> float:
    """Returns V* by trying everything."""
    if left == 0:
        return 0.0
    values = [arm_value(counts, arm, left, noise) for arm in range(len(counts))]
    return (1 - noise) * max(values) + noise * sum(values) / len(values)


def arm_value(counts: Counts, arm: int, left: int, noise: float) -> float:
    """Returns Q* of carrying out an arm by trying everything."""
    s, f = counts[arm]
    p = (s + 1) / (s + f + 2)
    won, missed = (
        best_value((*counts[:arm], after, *counts[arm + 1 :]), left - 1, noise) for after in ((s + 1, f), (s, f + 1))
    )
    return p * (1 + won) + (1 - p) * missed


@pytest.mark.parametrize(("arms", "pulls", "noise"), [(2, 5, 0.0), (3, 3, 0.0), (2, 4, 0.2)])
def test_values_are_those_of_trying_everything(arms: int, pulls: int, noise: float) -> None:
    """Q* of every arm after every history of a small bandit equals the exhaustive search."""
    values, model = action_values(arms, pulls, noise), belief_model(BernoulliBandit(arms, pulls, noise))
    for t in range(pulls):
        for row in count_states(arms, pulls).after(t):
            counts: Counts = tuple((int(s), int(f)) for s, f in row.tolist())
            wanted = [arm_value(counts, arm, pulls - t, noise) for arm in range(arms)]
            assert values.of(row).tolist() == pytest.approx(wanted, abs=1e-12)
            assert model.gaps(row).max().item() == pytest.approx((1 - noise) * (max(wanted) - min(wanted)), abs=1e-12)


def under(model: BeliefModel, chooses: Chances, measured: Chances) -> list[float]:
    """Returns E[measured] at each pull, exactly, where the past is that of a policy; `measured` gives `[M]`."""
    arms, pulls = model.posterior.parts, model.posterior.decisions
    states, reached, found = count_states(arms, pulls), torch.ones(1, dtype=torch.float64), []
    for t in range(pulls):
        counts = states.after(t)
        found.append(float((reached * measured(counts, t)).sum()))
        pulled = reached.unsqueeze(-1) * chooses(counts, t)
        paid = pulled * posterior_mean(counts)
        reached = reach(states, t, torch.stack((paid, pulled - paid), -1))
    return found


def of_counts(model: BeliefModel, name: str) -> Chances:
    """Returns a known algorithm that chooses by counts."""
    algorithm = known_algorithms(model)[name]
    assert isinstance(algorithm, ByCounts)
    return algorithm.of_counts


@pytest.mark.parametrize(
    ("pulls", "opposite", "differs", "loses"), [(20, 0.032, 0.187, 0.029), (50, 0.031, 0.151, 0.0212)]
)
def test_published_numbers_of_greedy_and_thompson(pulls: int, opposite: float, differs: float, loses: float) -> None:
    """On two arms greedy rarely opposes the Bayes-optimal action; Thompson differs, and loses, as issue 21 says."""
    model = belief_model(BernoulliBandit(2, pulls))
    best, greedy, thompson = (of_counts(model, name) for name in ("bayes_optimal", "greedy", "thompson"))

    def opposes(counts: Tensor, t: int) -> Tensor:
        return ((best(counts, t) - greedy(counts, t)).abs().sum(-1) > 1.9).double()

    def apart(counts: Tensor, t: int) -> Tensor:
        return 0.5 * (best(counts, t) - thompson(counts, t)).abs().sum(-1)

    def costs(counts: Tensor, t: int) -> Tensor:
        return lost(thompson(counts, t), model.gaps(counts))

    found = [torch.tensor(under(model, best, each)).mean().item() for each in (opposes, apart, costs)]
    assert found == pytest.approx([opposite, differs, loses], abs=0.0006)


@pytest.mark.parametrize("name", ["greedy", "thompson", "bayes_optimal"])
def test_losses_add_up_to_what_a_policy_falls_short_of_the_optimum(name: str) -> None:
    """On a policy's own lifetimes the losses of all pulls sum to V* less its exact return (performance difference)."""
    model, states = belief_model(BernoulliBandit(2, 12)), count_states(2, 12)
    policy = of_counts(model, name)
    costs = under(model, policy, lambda counts, t: lost(policy(counts, t), model.gaps(counts)))
    short = bayes_optimal(states).expected_return - expected_return(states, policy)
    assert sum(costs) == pytest.approx(short, abs=1e-9)


def test_counts_before_each_pull() -> None:
    """Successes and failures of each arm are those of the pulls before, not of the pull itself."""
    histories = of_pulls(torch.tensor([[[1, 0, 1]]]), torch.tensor([[[1.0, 0.0, 0.0]]]))
    counts = belief_model(BernoulliBandit(2, 3)).counts(histories)
    assert counts[0, 0].tolist() == [[[0, 0], [0, 0]], [[0, 0], [1, 0]], [[0, 1], [1, 0]]]
    assert histories.reordered(torch.tensor([[[2, 0]]])).actions.tolist() == [[[1, 1]]]


def test_losses_by_what_exploring_is_worth() -> None:
    """Greedy loses nothing where exploring is worth nothing, and the classes weighed by their shares make the mean."""
    model = belief_model(BernoulliBandit(2, 10))
    algorithms, tasks = known_algorithms(model), torch.rand(1, 200, 2, generator=torch.Generator().manual_seed(1))
    draws = generator(0, Purpose.REFERENCES)
    histories = lived(algorithms["bayes_optimal"], model, tasks, 0.0, draws)
    at = decisions(model, model.counts(histories))
    greedy = along(algorithms["greedy"], histories)
    made = lost_by_worth({"greedy": greedy}, at)
    assert made["greedy"][0, 0] == 0 < made["greedy"][0, 1] <= 0.01 < made["greedy"][0, 2]
    assert (made["share"] * made["greedy"]).sum().item() == pytest.approx(lost(greedy, at.gaps).mean().item())


def test_lifetimes_follow_the_chances_and_the_tasks() -> None:
    """Pulls that slip go anywhere; pay-offs are those of the arm that was carried out."""
    model = belief_model(BernoulliBandit(2, 6))
    tasks = torch.tensor([[[1.0, 0.0]]]).expand(1, 400, 2)
    play = partial(lived, known_algorithms(model)["greedy"], model, tasks)
    plain, slipping = (play(noise, generator(0, Purpose.REFERENCES)) for noise in (0.0, 1.0))
    assert torch.equal(plain.rewards, (plain.actions == 0).float())
    assert plain.actions[:, :, 2:].sum() == 0
    assert slipping.actions.float().mean().item() == pytest.approx(0.5, abs=0.04)
