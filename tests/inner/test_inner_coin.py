"""Families whose belief is that of one coin: exact values, pasts of equal belief, and the gate."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest
import torch
from judgement_cases import FULL, cell, judge
from torch import Tensor

from ingredients.grid import runs
from ingredients.inner.algorithms import lived
from ingredients.inner.analysis import KeptFamily, behaviour_of, gate, inner_algorithm, yardsticks
from ingredients.inner.examinees import KnownAlgorithm
from ingredients.inner.models import BeliefModel, belief_model
from ingredients.inner.names import KNOWN
from ingredients.judgement import RunCurves
from ingredients.judgement.inner import Measured, came_out, gate_failure
from ingredients.references import references_for
from ingredients.references.dependent_bandit import bayes_optimal_return
from ingredients.report import inner
from ingredients.seeds import Purpose, generator
from ingredients.study import parse_study
from ingredients.tasks.dependent_bandit import LOWER_CHANCE, DependentBandit
from ingredients.tasks.two_step import TwoStep
from ingredients.training.trainer import begin_training, prepare

POINTS = 2000  # of a grid over a uniform coin, the mean of whose cells is exact to 1e-6
FAMILIES: dict[str, KeptFamily] = {
    "uniform": DependentBandit(6),
    "medium": DependentBandit(6, "medium"),
    "two-step": TwoStep(6, common=0.75, rewarded=0.8),
}
COINS = {  # equally likely values of p, and how often an action has the reward of its own side
    "uniform": ((torch.arange(POINTS, dtype=torch.float64) + 0.5) / POINTS, 1.0),
    "medium": (torch.tensor([0.25, 0.75], dtype=torch.float64), 1.0),
    "two-step": (torch.tensor([0.2, 0.8], dtype=torch.float64), 0.75),
}

DATA: dict[str, Any] = {
    "name": "coin",
    "ingredients": {name: [True] for name in ("reward_observation", "action_observation", "memory")},
    "seeds": 3,
    "agent": {"hidden": 16},
    "evaluation": {"tasks": 40, "reactive_agents": 0, "analysis": "inner_algorithm"},
}


def value_of(action: int, falls: tuple[int, int], left: int, coin: tuple[Tensor, float]) -> float:
    """Returns Q* by trying everything, with the posterior as weights of the values of p."""
    p, follows = coin
    weights = p ** falls[0] * (1 - p) ** falls[1]
    weights = weights / weights.sum()
    own = p if action == 0 else 1 - p
    pays = follows * own + (1 - follows) * (1 - own)
    first = float((weights * p).sum())  # the coin falls for the first action, whatever is done
    after = [(first, (falls[0] + 1, falls[1])), (1 - first, (falls[0], falls[1] + 1))]
    later = sum(
        chance * max(value_of(each, seen, left - 1, coin) for each in (0, 1)) for chance, seen in after if left > 1
    )
    return float((weights * pays).sum()) + later


@pytest.mark.parametrize("name", FAMILIES)
def test_values_of_a_coin_are_those_of_trying_everything(name: str) -> None:
    """Q*, the posterior mean and the chance to be best equal sums over all coins, before and after some falls."""
    family = FAMILIES[name]
    posterior, (p, _) = belief_model(family).posterior, COINS[name]
    for falls in ((0, 0), (1, 0), (1, 2), (0, 3)):
        counts = torch.tensor([falls])
        wanted = [value_of(action, falls, 6 - sum(falls), COINS[name]) for action in (0, 1)]
        assert posterior.values(counts).tolist() == pytest.approx(wanted, abs=1e-6)
        weights = p ** falls[0] * (1 - p) ** falls[1]
        mean = float((weights * p).sum() / weights.sum())
        variance = float((weights * (p - mean) ** 2).sum() / weights.sum())
        assert posterior.told(counts).tolist() == pytest.approx([mean, variance], abs=1e-6)
        assert posterior.best(counts)[0].item() == pytest.approx(
            float(weights[p > 0.5].sum() / weights.sum()), abs=1e-6
        )


@pytest.mark.parametrize("difficulty", ["uniform", *LOWER_CHANCE])
def test_the_value_before_anything_is_the_reference(difficulty: str) -> None:
    """Q* of the first pull is the Bayes-optimal return of the references."""
    values = belief_model(DependentBandit(15, difficulty)).posterior.values(torch.zeros(1, 2))
    assert values.tolist() == pytest.approx([bayes_optimal_return(difficulty, 15)] * 2, abs=1e-12)


def test_the_value_before_any_flight_is_the_reference() -> None:
    """Q* of the first ship is the Bayes-optimal return of the two-step task's references."""
    family = TwoStep(15)
    (wanted,) = (each.expected_return for each in references_for(family).all if each.name == "bayes_optimal")
    assert belief_model(family).posterior.values(torch.zeros(1, 2)).tolist() == pytest.approx([wanted] * 2, abs=1e-12)


def past_of(model: BeliefModel, family: KeptFamily) -> tuple[Tensor, Tensor]:
    """Returns the counts after lifetimes, and after others that are said to tell the same, `[N, D, 2]`."""
    tasks = family.draw_tasks(generator(1, Purpose.EVALUATION_TASKS), 100).unsqueeze(0)
    beside = yardsticks(family, 32)
    histories = lived(beside.best, model, tasks, 0.5, generator(1, Purpose.REFERENCES))
    assert model.otherwise is not None
    others = model.otherwise(histories, generator(2, Purpose.REFERENCES))
    assert (others.actions != histories.actions).any(-1).float().mean() > 0.9
    return model.counts(histories)[0], model.counts(others)[0]


@pytest.mark.parametrize("name", FAMILIES)
def test_another_past_with_the_same_posterior(name: str) -> None:
    """It differs in what was done, and not in the counts before any decision."""
    counts, others = past_of(belief_model(FAMILIES[name]), FAMILIES[name])
    assert torch.equal(counts, others)


@pytest.mark.parametrize("family", [DependentBandit(12), TwoStep(12)], ids=["dependent-bandit", "two-step"])
def test_pasts_of_equal_posterior_move_who_does_not_know_the_structure(family: KeptFamily) -> None:
    """Only a learner of each action by itself moves; habits by what an episode speaks for do not."""
    beside = yardsticks(family, 64, 3)
    found = {
        name: behaviour_of(KnownAlgorithm(algorithm, beside.model, seed=1), beside, runs=1)[0]
        for name, algorithm in beside.algorithms.items()
    }
    assert {name: any(each["order.agent"]) for name, each in found.items()} == {
        **dict.fromkeys(("bayes_optimal", "thompson"), False),
        **dict.fromkeys(("reactive", "recency", "model_free"), True),
    }
    assert [name for name, each in found.items() if any(each["order.same"])] == ["model_free"]
    assert sum(found["model_free"]["order.same"]) > 0.1


@pytest.mark.parametrize("family", [DependentBandit(20), TwoStep(20, rewarded=0.75)], ids=["dependent", "two-step"])
def test_the_gate_of_a_coin(family: KeptFamily) -> None:
    """Each known algorithm comes out as what it is; greedy is no candidate, as it is Bayes-optimal."""
    found = gate(family, 64, stream=3, lapses=0.05)
    assert {name: came_out(found, name, 0.95) for name in KNOWN} == {**KNOWN, "gittins": None, "greedy": None}
    assert gate_failure(found, 0.95) is None


def test_the_gate_is_closed_where_noise_hides_an_algorithm() -> None:
    """With planets of .9 a belief is sharp after two flights, and Thompson sampling with lapses is no longer told."""
    family = TwoStep(20, rewarded=0.9)
    found = gate(family, 32, stream=3, lapses=belief_model(family).lapses)
    assert gate_failure(found, 0.95) == "the gate failed: thompson came out as bayes-adaptive"


@pytest.mark.parametrize("tasks", [{"family": "dependent-bandit"}, {"family": "two-step"}], ids=str)
def test_agents_on_a_coin_are_measured_and_reported(tasks: dict[str, Any]) -> None:
    """Stored weights give every number that the report shows; it leaves out greedy, and says why."""
    study = parse_study({**DATA, "tasks": {**tasks, "episodes": 8}}, "test")
    setup = prepare(study, runs(study)[:3])
    weights = begin_training(setup).policy
    made = inner_algorithm(setup, [0, 600], [weights, weights], study.evaluation.tasks)
    plain = cell(FULL, [0.9] * 3)
    judgement = judge(replace(plain, runs=tuple(map(_analysed, plain.runs, made))))
    assert inner.measures(judgement)[-2:] == [inner.SAME, inner.NO_GREEDY]
    assert inner.worth_rows(judgement) == []
    assert [row[0] for row in inner.beside_rows(judgement)] == [
        "agent",
        "bayes_optimal",
        "thompson",
        "reactive",
        "recency",
        "model_free",
    ]
    ((_, result),) = inner.found(judgement)
    assert set(result.belief) >= {"mean.linear.trained", "variance.network.untrained"}
    assert set(result.drawn) == {"told.0", "exact.0", "pull"}
    assert "by other actions" in inner.row(FULL, result)[inner.HEAD.index("moved by order")]


def _analysed(run: RunCurves, analysis: Measured) -> RunCurves:
    return replace(run, analysis=analysis)
