from __future__ import annotations

import json
import math
from collections.abc import Callable
from typing import Any

import pytest
import torch
from torch import Tensor

from ingredients.judgement.calibration import reference_evidence, scale_of
from ingredients.judgement.verdict import classify
from ingredients.judgement_input.references import read_references
from ingredients.references import WITHOUT_MEMORY, bandit_gittins, evaluate_references, references_for
from ingredients.references.bandit_gittins import gittins
from ingredients.references.bandit_policies import Preferring, chances, greedy
from ingredients.references.bandit_thompson import Thompson
from ingredients.references.policy import ReferencePolicy
from ingredients.references.simulation import mean_return
from ingredients.seeds import Purpose, generator
from ingredients.study import Criterion
from ingredients.tasks.bernoulli_bandit import BernoulliBandit

SMALL = BernoulliBandit(2, 10)
NAMES = ["random", "best_fixed", "reactive", "reactive_reward_only", "greedy", "thompson", "ucb1", "gittins"]


def tasks_of(family: BernoulliBandit, count: int) -> Tensor:
    """Returns held-out tasks."""
    return family.draw_tasks(generator(1, Purpose.EVALUATION_TASKS), count)


@pytest.fixture(scope="module")
def small() -> dict[str, Any]:
    """The references of 2 arms × 10 pulls on 500 tasks."""
    return evaluate_references(SMALL, tasks_of(SMALL, 500), at_points=50, simulated_runs=3)


def returns(evaluated: dict[str, Any], name: str, probe: str = "none") -> list[float]:
    """Returns the return of a lifetime of each simulated run."""
    return [sum(curve) for curve in evaluated["references"][name]["curves"][probe]]


def test_what_the_store_keeps(small: dict[str, Any]) -> None:
    """Roles, labels and curves of every reference come as plain JSON, one curve of K numbers a run and probe."""
    assert json.loads(json.dumps(small)) == small
    assert {key: small[key] for key in small if key not in ("references", "at_points")} == {
        "floor": "best_fixed",
        "reactive": "reactive",
        "yardstick": "bayes_optimal",
        "writable": False,
        "held_out": True,
        "floor_without_rewards": True,
    }
    assert list(small["references"]) == [*NAMES, "bayes_optimal", "oracle"]
    judged = {small[role] for role in ("floor", "reactive", "yardstick")} | set(WITHOUT_MEMORY)
    for name, reference in small["references"].items():
        blocks = ["blocks"] if name in judged else []
        assert list(reference) == ["exact", "expected_return", "curves", "returns_by_block", *blocks]
        for by_block in reference.get("blocks", {}).values():
            assert [len(curve) for curve in by_block] == [10] * 20
        control = {"memory_swap_same": [10, 10, 10]} if "memory_swap_same" in reference["curves"] else {}
        assert {probe: [len(curve) for curve in curves] for probe, curves in reference["curves"].items()} == {
            "none": [10, 10, 10],
            "memory_swap": [10, 10, 10],
            **control,
        }


def test_at_points_are_the_curves_on_the_first_tasks(small: dict[str, Any]) -> None:
    """Each reference's mean over the simulated runs, played on the first fifty tasks alone."""
    first = evaluate_references(SMALL, tasks_of(SMALL, 500)[:50], at_points=1, simulated_runs=3)
    for name, curve in small["at_points"].items():
        runs = first["references"][name]["curves"]["none"]
        assert curve == pytest.approx([sum(episode) / 3 for episode in zip(*runs, strict=True)], rel=1e-12)
    assert small["at_points"].keys() == small["references"].keys()


def test_exact_marks_proven_optima_only(small: dict[str, Any]) -> None:
    """Ignorance, the Bayes optimum and the truth are ceilings; what was found, or is named for its author, is not."""
    exact = [name for name, reference in small["references"].items() if reference["exact"]]
    assert exact == ["random", "best_fixed", "bayes_optimal", "oracle"]


def test_the_same_tasks_give_the_same_floats(small: dict[str, Any]) -> None:
    """Evaluated twice, all numbers are identical."""
    again = evaluate_references(SMALL, tasks_of(SMALL, 500), at_points=50, simulated_runs=3)
    assert json.dumps(again) == json.dumps(small)


def test_ignorance_and_truth_are_scored_without_simulation(small: dict[str, Any]) -> None:
    """The floor earns the mean over arms and the oracle the best arm of these very tasks, at each pull of each run."""
    tasks = tasks_of(SMALL, 500).double()
    curves = {name: small["references"][name]["curves"]["none"] for name in ("random", "best_fixed", "oracle")}
    for name, level in {"random": tasks.mean(), "best_fixed": tasks.mean(), "oracle": tasks.amax(-1).mean()}.items():
        assert torch.tensor(curves[name]).sub(level).abs().max() < 1e-6


def test_simulated_returns_agree_with_the_expected_ones() -> None:
    """On many fresh tasks each reference earns its expected return within four standard errors of the task sample."""
    family = BernoulliBandit(3, 8, action_noise=0.2)
    evaluated = evaluate_references(family, tasks_of(family, 40_000), at_points=1, simulated_runs=1)
    error = 8 * 0.25 / 40_000**0.5
    for name, reference in evaluated["references"].items():
        if reference["expected_return"] is not None:
            assert returns(evaluated, name)[0] == pytest.approx(reference["expected_return"], abs=4 * error), name


def test_expected_returns_are_ordered_as_theory_says() -> None:
    """Nobody beats the Bayes optimum under the prior but who knows the task, with slips and without."""
    for family in (SMALL, BernoulliBandit(3, 12, action_noise=0.3)):
        expected = {
            reference.name: reference.expected_return
            for reference in references_for(family).all
            if reference.expected_return is not None
        }
        best = expected["bayes_optimal"]
        assert expected["random"] == expected["best_fixed"] == family.episodes / 2
        assert all(expected[name] <= best + 1e-9 for name in ("greedy", "thompson", "ucb1", "gittins", "random"))
        assert expected["oracle"] > best


def test_a_swap_costs_those_who_remember_and_no_others(small: dict[str, Any]) -> None:
    """Learners lose by another lane's counts; ignorant, reactive and all-knowing policies lose nothing."""
    for name in small["references"]:
        lost = [
            plain - swap for plain, swap in zip(returns(small, name), returns(small, name, "memory_swap"), strict=True)
        ]
        if name in ("greedy", "thompson", "ucb1", "gittins", "bayes_optimal"):
            assert min(lost) > 0.01, name
        else:
            assert lost == [0.0] * 3, name


def test_gittins_stands_in_where_the_program_has_too_many_states() -> None:
    """On the flagship, 5 arms × 50 pulls, the yardstick is gittins and nothing is expected without simulation."""
    references = references_for(BernoulliBandit(5, 50))
    assert references.yardstick == "gittins"
    assert [reference.name for reference in references.all] == [*NAMES, "oracle"]
    assert [r.name for r in references.all if r.expected_return is not None] == ["random", "best_fixed", "oracle"]


def test_thompson_stands_in_on_very_long_lifetimes() -> None:
    """Beyond the longest lifetime with indices the yardstick is thompson."""
    assert references_for(BernoulliBandit(21, 801)).yardstick == "thompson"


def test_many_arms_are_not_searched() -> None:
    """Beyond 20 arms `reactive` is win-stay-lose-shift, and there is no reference for the reward alone."""
    family = BernoulliBandit(25, 20)
    evaluated = evaluate_references(family, tasks_of(family, 1000), at_points=1, simulated_runs=1)
    assert "reactive_reward_only" not in evaluated["references"]
    assert returns(evaluated, "reactive")[0] > returns(evaluated, "random")[0] + 2
    assert returns(evaluated, "reactive") == returns(evaluated, "reactive", "memory_swap")


def thompson(family: BernoulliBandit) -> ReferencePolicy:
    """Returns Thompson sampling for `family`."""
    return Thompson(family.arms)


def gittins_policy(family: BernoulliBandit) -> ReferencePolicy:
    """Returns the index policy for `family`."""
    return Preferring(family.arms, gittins(family.episodes))


def coarse_gittins_policy(family: BernoulliBandit) -> ReferencePolicy:
    """Returns it with indices on a quarter of the prices: on 5 arms x 500 pulls it earns the same within 0.01."""
    with pytest.MonkeyPatch.context() as patched:
        patched.setattr(bandit_gittins, "PRICES", 33)
        return gittins_policy(family)


# Duan et al. 2016, Table 1: mean total reward over 1000 tasks, and its standard error there (sd of a lifetime's total)
DUAN = [
    (thompson, 5, 10, 5.7, 0.063),
    (thompson, 5, 100, 74.7, 0.51),
    (thompson, 10, 100, 76.7, 0.36),
    (thompson, 5, 500, 402.0, 2.37),
    (gittins_policy, 5, 10, 6.6, 0.070),
    (gittins_policy, 5, 100, 78.3, 0.50),
    (gittins_policy, 10, 100, 82.8, 0.36),
    (coarse_gittins_policy, 5, 500, 405.8, 2.33),
]


@pytest.mark.parametrize(("policy", "arms", "pulls", "published", "error"), DUAN)
def test_duan_et_al_table_1(
    policy: Callable[[BernoulliBandit], ReferencePolicy], arms: int, pulls: int, published: float, error: float
) -> None:
    """Thompson and Gittins (ties at random) earn what was published, within three standard errors of the difference."""
    family = BernoulliBandit(arms, pulls)
    tasks = tasks_of(family, max(1000, min(4000, 200_000 // pulls)))
    regret = pulls * tasks.double().amax(-1).mean() - mean_return(family, policy(family), tasks, 0)
    ours = pulls * arms / (arms + 1) - regret.item()  # E[best arm] is exact, so that only the regret is estimated
    assert abs(ours - published) < 3 * math.hypot(error, 0.3 * error)


def test_greedy_depends_on_how_ties_are_broken() -> None:
    """On 10 arms × 100 pulls random ties earn 79.1; always the first of the best arms earns 77.7."""
    family = BernoulliBandit(10, 100)
    tasks = tasks_of(family, 4000)

    def first_of_the_best(counts: Tensor, pulls: int) -> Tensor:
        return chances(greedy, counts, pulls) - 1e-6 * torch.arange(counts.shape[-2])

    def earned(preference: Callable[[Tensor, int], Tensor]) -> float:
        played = mean_return(family, Preferring(10, preference), tasks, 0)
        return 100 * 10 / 11 - (100 * tasks.double().amax(-1).mean().item() - played)

    assert earned(greedy) == pytest.approx(79.1, abs=0.6)
    assert earned(first_of_the_best) == pytest.approx(77.7, abs=0.6)
    assert earned(greedy) > earned(first_of_the_best) + 0.5


def test_the_gate_sees_what_references_without_memory_are() -> None:
    """A swap of a memory that is not there costs exactly nothing, so floor and reactive come out as what they are."""
    family = BernoulliBandit(3, 30)
    references = read_references(evaluate_references(family, tasks_of(family, 2000), at_points=50, simulated_runs=2))
    scale = scale_of(references)
    found = {
        role: classify(reference_evidence(reference, references, scale, Criterion()), True)
        for role, reference in references.roles.items()
    }
    carried = reference_evidence(references.roles["reactive"], references, scale, Criterion()).carried
    assert carried["internal"].interval.mean == carried["internal"].interval.high == 0.0
    assert {role: run.verdict for role, run in found.items()} == {
        "floor": "none",
        "reactive": "reactive",
        "yardstick": "in-context",
    }
