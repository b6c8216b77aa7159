"""Known algorithms through the whole analysis: each comes out as what it is, and what is said of it is exact."""

from __future__ import annotations

import pytest
import torch

from ingredients.inner.algorithms import Recency, along, known_algorithms, softened
from ingredients.inner.analysis import behaviour_of, gate, yardsticks
from ingredients.inner.candidates import distance, distances
from ingredients.inner.examinees import KnownAlgorithm
from ingredients.inner.exchange import asked_after, moves
from ingredients.inner.histories import Histories
from ingredients.inner.names import CANDIDATES, KNOWN
from ingredients.judgement.inner import BY_COUNTS, gate_failure, nearest
from ingredients.seeds import Purpose, generator
from ingredients.tasks.bernoulli_bandit import BernoulliBandit

FAMILY, LIFETIMES = BernoulliBandit(2, 12), 48


@pytest.mark.parametrize("lapses", [0.0, 0.05])
def test_known_algorithms_come_out_as_what_they_are(lapses: float) -> None:
    """The gate opens, also where an algorithm pulls any arm at every twentieth pull."""
    found = gate(FAMILY, LIFETIMES, stream=3, lapses=lapses)
    verdicts = {name: nearest({each: found[f"gate.{name}.{each}"] for each in CANDIDATES}, 0.95) for name in KNOWN}
    assert verdicts == dict(KNOWN)
    assert gate_failure(found, 0.95) is None


def test_a_gate_that_mistakes_an_algorithm_is_closed() -> None:
    """A Bayesian that another order moves, or one that comes out as another, closes the gate and is named."""
    found = gate(FAMILY, LIFETIMES, stream=3)
    moved = {**found, "gate.greedy.order": [0.0, 0.0, 1e-9, 0.0, 0.0]}
    assert gate_failure(moved, 0.95) == "the gate failed: another order of the past moves greedy"
    other = {f"gate.thompson.{name}": found[f"gate.greedy.{name}"] for name in CANDIDATES}
    assert gate_failure({**found, **other}, 0.95) == "the gate failed: thompson came out as greedy"


def test_order_moves_habits_and_no_bayesian() -> None:
    """After the same pulls in another order the policies by counts are the same to the bit; the habits' are not."""
    beside = yardsticks(FAMILY, LIFETIMES, 3)
    for name, algorithm in beside.algorithms.items():
        examinee = KnownAlgorithm(algorithm, FAMILY.episodes, seed=1)
        own = examinee.lifetimes(beside.tasks.unsqueeze(0))
        made = moves(examinee.chances, examinee.chances(own), own, generator(1, Purpose.REFERENCES))
        assert made.reordered.shape == (1, len(asked_after(FAMILY.episodes)))
        assert (made.reordered == 0).all() if name in (*BY_COUNTS, "ucb1") else made.reordered.mean() > 0.02
        assert made.other.min() > 0.02


def test_recency_weighted_means_by_hand() -> None:
    """V moves by α of the error of the pulled arm: .5, then .65 after a win, .455 after a loss."""
    histories = Histories(torch.tensor([[[0, 0, 1]]]), torch.tensor([[[1.0, 0.0, 1.0]]]))
    chances = along(Recency(2, rate=0.3, temperature=0.1), histories)[0, 0]
    wanted = softened(torch.tensor([[0.5, 0.5], [0.65, 0.5], [0.455, 0.5]], dtype=torch.float64), 0.1)
    assert torch.allclose(chances, wanted)
    assert along(Recency(2), histories)[0, 0].tolist() == [[0.5, 0.5], [1.0, 0.0], [0.0, 1.0]]


def test_distance_by_hand() -> None:
    """Two decisions, of which one has three times the weight: (3 · ½ · (.5² + .5²) + 1 · ½ · 2) / 4."""
    policy = torch.tensor([[[[0.5, 0.5], [0.0, 1.0]]]])
    other = torch.tensor([[[[1.0, 0.0], [1.0, 0.0]]]])
    assert distance(policy, other, torch.tensor([[[3.0, 1.0]]])).tolist() == [(3 * 0.25 + 1) / 4]


def test_a_policy_without_history_is_told_by_its_mean() -> None:
    """The best accounts by the last pull and by none leave nothing of a policy that never moves."""
    beside = yardsticks(FAMILY, LIFETIMES, 3)
    policy = torch.tensor([0.7, 0.3], dtype=torch.float64).expand(1, LIFETIMES, FAMILY.episodes, 2)
    found = distances(policy, beside.bayes, beside.values, along(beside.algorithms["thompson"], beside.bayes))
    assert float(found["history-free"]) == pytest.approx(0, abs=1e-12)
    assert nearest({name: [float(far)] * 5 for name, far in found.items()}, 0.95) == "history-free"


def test_behaviour_of_the_bayes_optimal_agent() -> None:
    """It loses nothing anywhere, and what is told of it has every name that the judgement reads."""
    beside = yardsticks(FAMILY, LIFETIMES, 3)
    made = behaviour_of(KnownAlgorithm(known_algorithms(beside.values)["bayes_optimal"], 12, seed=1), beside, runs=2)
    assert [len(found["lost.own.agent"]) for found in made] == [12, 12]
    assert all(max(found[f"lost.{place}.agent"]) < 1e-12 for found in made for place in ("own", "bayes"))
    assert {f"distance.{name}" for name in CANDIDATES} < set(made[0])
