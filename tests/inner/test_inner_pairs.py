"""Values by pairs of arms, for bandits too large for the exact program: how far from exact, and the gate."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest
import torch
from judgement_cases import FULL, cell, judge
from torch import Tensor

from ingredients.grid import runs
from ingredients.inner.algorithms import along, known_algorithms, lived
from ingredients.inner.analysis import gate, inner_algorithm
from ingredients.inner.measures import lost
from ingredients.inner.models import belief_model
from ingredients.inner.names import KNOWN
from ingredients.inner.pair_values import pair_values
from ingredients.inner.values import action_values, best_share
from ingredients.judgement.inner import came_out, gate_failure
from ingredients.references.bandit_dynamic_programming import MOST_STATES, count_states, number_of_states
from ingredients.report import inner
from ingredients.seeds import Purpose, generator
from ingredients.study import parse_study
from ingredients.tasks.bernoulli_bandit import BernoulliBandit
from ingredients.training.trainer import begin_training, prepare

LARGE = BernoulliBandit(5, 17)  # the smallest of five arms that is not exact
STUDY: dict[str, Any] = {
    "name": "pairs",
    "tasks": {"family": "bernoulli-bandit", "arms": LARGE.arms, "episodes": LARGE.episodes},
    "ingredients": {name: [True] for name in ("reward_observation", "action_observation", "memory")},
    "seeds": 3,
    "agent": {"hidden": 16},
    "evaluation": {"tasks": 32, "reactive_agents": 0, "analysis": "inner_algorithm"},
}


def below(values: Tensor) -> Tensor:
    """Returns how far each arm's value is below the best."""
    return values.amax(-1, keepdim=True) - values


@pytest.mark.parametrize("noise", [0.0, 0.2])
def test_two_arms_have_their_exact_values(noise: float) -> None:
    """After every history of two arms the differences are those of the exact program."""
    pairs, exact = pair_values(2, 7, noise), action_values(2, 7, noise)
    for t in range(7):
        counts = count_states(2, 7).after(t)
        assert torch.allclose(below(pairs.of(counts)), below(exact.of(counts)), atol=1e-6)


def test_three_arms_are_nearly_exact() -> None:
    """The best arm by pairs is the best but for 1e-4 a pull; costs are a little too small, those of greedy most."""
    arms, pulls = 3, 15
    model, pairs = belief_model(BernoulliBandit(arms, pulls)), pair_values(arms, pulls)
    algorithms = known_algorithms(model)
    tasks = torch.rand(1, 400, arms, generator=generator(1, Purpose.EVALUATION_TASKS))
    histories = lived(algorithms["thompson"], model, tasks, 0.0, generator(1, Purpose.REFERENCES))
    counts = model.counts(histories)
    exact, found = model.gaps(counts), below(pairs.of(counts))
    assert lost(best_share(pairs.of(counts)), exact).mean().item() < 1e-4
    assert lost(pairs.policy(counts), exact).mean().item() < 5e-4
    policies = {name: along(algorithms[name], histories) for name in ("thompson", "ucb1", "reactive", "greedy")}
    ratios = {name: float(lost(made, found).mean() / lost(made, exact).mean()) for name, made in policies.items()}
    assert all(0.9 < ratio < 1 for name, ratio in ratios.items() if name != "greedy"), ratios
    assert 0.6 < ratios["greedy"] < 0.95


def test_the_gate_of_a_large_bandit() -> None:
    """The Gittins index comes out as Bayes-adaptive, and the others as what they are."""
    assert number_of_states(LARGE.arms, LARGE.episodes) > MOST_STATES
    found = gate(LARGE, 64, stream=3)
    assert {name: came_out(found, name, 0.95) for name in KNOWN} == {**KNOWN, "bayes_optimal": None, "model_free": None}
    assert gate_failure(found, 0.95) is None


def test_agents_on_a_large_bandit_are_measured_and_reported() -> None:
    """The report names the Gittins index where it would name exact Bayes, and says that costs are not exact."""
    study = parse_study(STUDY, "test")
    setup = prepare(study, runs(study)[:3])
    weights = begin_training(setup).policy
    made = inner_algorithm(setup, [0, 600], [weights, weights], study.evaluation.tasks)
    plain = cell(FULL, [0.9] * 3)
    analysed = [replace(run, analysis=analysis) for run, analysis in zip(plain.runs, made, strict=True)]
    judgement = judge(replace(plain, runs=tuple(analysed)))
    assert inner.measures(judgement)[0] == inner.BY_PAIRS
    rows = {row[0] for row in inner.beside_rows(judgement)}
    assert "gittins" in rows
    assert "bayes_optimal" not in rows
    assert inner.worth_rows(judgement)
