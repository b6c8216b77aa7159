"""Known algorithms through the whole analysis: each comes out as what it is, and what is said of it is exact."""

from __future__ import annotations

import pytest
import torch

from ingredients.inner.algorithms import Recency, along, softened
from ingredients.inner.analysis import behaviour_of, gate, yardsticks
from ingredients.inner.candidates import distance, distances
from ingredients.inner.examinees import KnownAlgorithm
from ingredients.inner.exchange import asked_after, moves
from ingredients.inner.histories import of_pulls
from ingredients.inner.models import belief_model
from ingredients.inner.names import KNOWN
from ingredients.judgement.inner import BY_COUNTS, came_out, gate_failure, nearest
from ingredients.seeds import Purpose, generator
from ingredients.tasks.bernoulli_bandit import BernoulliBandit

FAMILY, LIFETIMES = BernoulliBandit(2, 12), 48


PUBLISHED = {
    "greedy": [0.003327, 0.000621, 0.021146, 0.005999, 0.030024, 0.304364],
    "recency": [0.012432, 0.014728, 0.028770, 0.000625, 0.038243, 0.299148],
    "thompson": [0.000714, 0.000654, 0.000374, 0.003109, 0.035348, 0.172428],
}
"""Distances of one run with lapses from each candidate, by the code that the published studies were analysed with."""


def test_distances_are_those_of_the_published_studies() -> None:
    """What a Bernoulli bandit's policies are measured to be does not change with the other families."""
    found = gate(FAMILY, LIFETIMES, stream=3, lapses=0.05)
    candidates = ("bayes-adaptive", "greedy", "posterior-sampling", "recency", "reactive", "history-free")
    for name, wanted in PUBLISHED.items():
        assert [found[f"gate.{name}.{each}"][0] for each in candidates] == pytest.approx(wanted, abs=2e-6)


@pytest.mark.parametrize("lapses", [0.0, 0.05])
def test_known_algorithms_come_out_as_what_they_are(lapses: float) -> None:
    """The gate opens, also where an algorithm pulls any arm at every twentieth pull."""
    found = gate(FAMILY, LIFETIMES, stream=3, lapses=lapses)
    verdicts = {name: came_out(found, name, 0.95) for name in KNOWN}
    assert verdicts == {**KNOWN, "gittins": None, "model_free": None}
    assert gate_failure(found, 0.95) is None


def test_a_gate_that_mistakes_an_algorithm_is_closed() -> None:
    """A Bayesian that another order moves, or one that comes out as another, closes the gate and is named."""
    found = gate(FAMILY, LIFETIMES, stream=3)
    moved = {**found, "gate.greedy.order": [0.0, 0.0, 1e-9, 0.0, 0.0]}
    assert gate_failure(moved, 0.95) == "the gate failed: another order of the past moves greedy"
    candidates = belief_model(FAMILY).candidates
    other = {f"gate.thompson.{name}": found[f"gate.greedy.{name}"] for name in candidates}
    assert gate_failure({**found, **other}, 0.95) == "the gate failed: thompson came out as greedy"


def test_order_moves_habits_and_no_bayesian() -> None:
    """After the same pulls in another order the policies by counts are the same to the bit; the habits' are not."""
    beside = yardsticks(FAMILY, LIFETIMES, 3)
    for name, algorithm in beside.algorithms.items():
        examinee = KnownAlgorithm(algorithm, beside.model, seed=1)
        own = examinee.lifetimes(beside.tasks.unsqueeze(0))
        made = moves(examinee.chances, examinee.chances(own), own, generator(1, Purpose.REFERENCES))
        assert made.reordered.shape == (1, len(asked_after(FAMILY.episodes)))
        assert (made.reordered == 0).all() if name in (*BY_COUNTS, "ucb1") else made.reordered.mean() > 0.02
        assert made.other.min() > 0.02


def test_recency_weighted_means_by_hand() -> None:
    """V moves by α of the error of the pulled arm: .5, then .65 after a win, .455 after a loss."""
    histories = of_pulls(torch.tensor([[[0, 0, 1]]]), torch.tensor([[[1.0, 0.0, 1.0]]]))
    learner = belief_model(FAMILY).learners["recency"]
    chances = along(Recency(2, learner, rate=0.3, temperature=0.1), histories)[0, 0]
    wanted = softened(torch.tensor([[0.5, 0.5], [0.65, 0.5], [0.455, 0.5]], dtype=torch.float64), 0.1)
    assert torch.allclose(chances, wanted)
    assert along(Recency(2, learner), histories)[0, 0].tolist() == [[0.5, 0.5], [1.0, 0.0], [0.0, 1.0]]


def test_distance_by_hand() -> None:
    """Two decisions, of which one has three times the weight: (3 · ½ · (.5² + .5²) + 1 · ½ · 2) / 4."""
    policy = torch.tensor([[[[0.5, 0.5], [0.0, 1.0]]]])
    other = torch.tensor([[[[1.0, 0.0], [1.0, 0.0]]]])
    assert distance(policy, other, torch.tensor([[[3.0, 1.0]]])).tolist() == [(3 * 0.25 + 1) / 4]


def test_a_policy_without_history_is_told_by_its_mean() -> None:
    """The best accounts by the last pull and by none leave nothing of a policy that never moves."""
    beside = yardsticks(FAMILY, LIFETIMES, 3)
    policy = torch.tensor([0.7, 0.3], dtype=torch.float64).expand(1, LIFETIMES, FAMILY.episodes, 2)
    found = distances(policy, beside.bayes, beside.model, along(beside.algorithms["thompson"], beside.bayes))
    assert float(found["history-free"]) == pytest.approx(0, abs=1e-12)
    assert nearest({name: [float(far)] * 5 for name, far in found.items()}, 0.95) == "history-free"


def test_behaviour_of_the_bayes_optimal_agent() -> None:
    """It loses nothing anywhere, and what is told of it has every name that the judgement reads."""
    beside = yardsticks(FAMILY, LIFETIMES, 3)
    made = behaviour_of(KnownAlgorithm(beside.best, beside.model, seed=1), beside, runs=2)
    assert [len(found["lost.own.agent"]) for found in made] == [12, 12]
    assert all(max(found[f"lost.{place}.agent"]) < 1e-12 for found in made for place in ("own", "bayes"))
    assert {f"distance.{name}" for name in beside.model.candidates} < set(made[0])
