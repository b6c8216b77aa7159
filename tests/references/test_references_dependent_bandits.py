"""References of arms that tell of one another: two arms of one coin, eleven with an informer."""

from __future__ import annotations

import itertools
from functools import cache

import pytest
import torch

from ingredients.references import evaluate_references, references_for
from ingredients.references.bandit_reactive import ReactivePolicy, best_reactive, reactive_curve
from ingredients.references.dependent_bandit import bayes_optimal_return
from ingredients.references.informative_bandit import Eliminating, Reacting
from ingredients.references.policy import Answer
from ingredients.references.simulation import simulate
from ingredients.seeds import Purpose, generator
from ingredients.tasks.dependent_bandit import DependentBandit
from ingredients.tasks.informative_bandit import InformativeBandit

DIFFICULTIES = ["uniform", "easy", "medium", "hard"]
COINS = {"easy": 0.1, "medium": 0.25, "hard": 0.4}


@pytest.mark.parametrize(
    ("difficulty", "earned"),
    [("uniform", 1 / 2 + 2 / 3 + 2 / 3), ("easy", 0.5 + 0.82 + 0.82), ("hard", 0.5 + 0.52 + 0.52)],
)
def test_three_pulls_by_hand(difficulty: str, earned: float) -> None:
    """Uniform: means 2/3 after one pull; 3/4, 1/2, 3/4 after two. Two coins: .9² + .1² after one; a tie is worth .5."""
    assert bayes_optimal_return(difficulty, 3) == pytest.approx(earned)


@pytest.mark.parametrize("difficulty", DIFFICULTIES)
def test_no_policy_beats_the_closed_form(difficulty: str) -> None:
    """A dynamic program over what the coin has shown, free to pull either arm, finds the same optimum."""

    def mean(first: int, second: int) -> float:
        if difficulty == "uniform":
            return (first + 1) / (first + second + 2)
        low, high = COINS[difficulty], 1 - COINS[difficulty]
        of_low, of_high = low**first * high**second, high**first * low**second
        return (low * of_low + high * of_high) / (of_low + of_high)

    @cache
    def value(first: int, second: int, left: int) -> float:
        if not left:
            return 0.0
        q = mean(first, second)
        after_first, after_second = value(first + 1, second, left - 1), value(first, second + 1, left - 1)
        pull_first = q * (1 + after_first) + (1 - q) * after_second
        pull_second = (1 - q) * (1 + after_second) + q * after_first
        return max(pull_first, pull_second)

    assert bayes_optimal_return(difficulty, 15) == pytest.approx(value(0, 0, 15))


@pytest.mark.parametrize("difficulty", DIFFICULTIES)
def test_simulated_returns_agree_with_the_expected_ones(difficulty: str) -> None:
    """Played on many tasks each reference earns what was computed, and none but the oracle more than the optimum."""
    family = DependentBandit(12, difficulty)
    tasks = family.draw_tasks(generator(1, Purpose.EVALUATION_TASKS), 20_000)
    error, optimum = 12 * 0.25 / 20_000**0.5, bayes_optimal_return(difficulty, 12)
    for reference in references_for(family).all:
        earned = sum(reference.curves(tasks, 0).none)
        if reference.expected_return is not None:
            assert earned == pytest.approx(reference.expected_return, abs=4 * error), reference.name
        assert reference.name == "oracle" or earned < optimum + 4 * error, reference.name


@pytest.mark.parametrize("difficulty", ["uniform", "medium"])
def test_reactive_is_win_stay_lose_shift_and_nothing_deterministic_is_better(difficulty: str) -> None:
    """It stays on the better arm with p of it, p² + (1 − p)² a pull; all 32 deterministic policies were weighed."""
    family = DependentBandit(20, difficulty)
    tasks = family.draw_tasks(generator(1, Purpose.EVALUATION_TASKS), 4000)
    found = reactive_curve(family, best_reactive(family), tasks)
    assert found[1:].tolist() == pytest.approx([float((tasks**2).sum(-1).mean())] * 19, abs=1e-4)
    every = torch.eye(2)[torch.tensor(list(itertools.product(range(2), repeat=5)))]
    weighed = reactive_curve(family, ReactivePolicy(every[:, 0], every[:, 1:].view(-1, 2, 2, 2)), tasks).sum(-1)
    assert weighed.max() <= found.sum() + 0.05


def test_one_arm_tells_of_the_other() -> None:
    """Thompson with the right posterior beats indices that take the arms for independent, where pulls are few."""
    family = DependentBandit(8, "medium")
    tasks = family.draw_tasks(generator(1, Purpose.EVALUATION_TASKS), 20_000)
    evaluated = evaluate_references(family, tasks, at_points=1, simulated_runs=1)["references"]
    earned = {name: sum(told["curves"]["none"][0]) for name, told in evaluated.items()}
    assert earned["bayes_optimal"] > earned["gittins"] > earned["ucb1"]
    assert earned["bayes_optimal"] > earned["thompson"] > earned["reactive"] > earned["reactive_reward_only"]


def test_the_informer_is_asked_once() -> None:
    """On each of the ten tasks the optimum earns a tenth of the target's number, then 5 a pull; so does `reactive`."""
    family = InformativeBandit(6)
    drawn = family.draw_tasks(torch.Generator().manual_seed(0), 200)
    tasks = drawn[[(drawn[:, 10] == number / 10).nonzero()[0].item() for number in range(1, 11)]]
    for policy in (Eliminating(asks=True), Reacting(sees_actions=True)):
        assert simulate(family, policy, tasks, 0).none == pytest.approx([0.55, 5, 5, 5, 5, 5])
        for number in range(1, 11):
            played = simulate(family, policy, tasks[number - 1 : number], number).none
            assert played == pytest.approx([number / 10, 5, 5, 5, 5, 5])


@pytest.mark.parametrize("pulls", [2, 5, 20])
def test_asking_first_is_optimal(pulls: int) -> None:
    """A program over how many arms may be the target, in which asking later pays 1 and not .55, gains nothing."""

    @cache
    def most(left_over: int, left: int) -> float:
        if not left:
            return 0.0
        if left_over == 1:
            return 5.0 * left
        ask = (0.55 if left_over == 10 else 1.0) + 5 * (left - 1)
        hit = 1 / left_over
        return max(ask, hit * 5 * left + (1 - hit) * (1 + most(left_over - 1, left - 1)))

    assert most(10, pulls) == pytest.approx(0.55 + 5 * (pulls - 1))


def test_what_the_references_of_the_informer_earn() -> None:
    """Computed returns hold; Thompson never asks and misses 4.5 times; who lacks his actions cannot stay."""
    family = InformativeBandit(20)
    tasks = family.draw_tasks(generator(1, Purpose.EVALUATION_TASKS), 4000)
    evaluated = evaluate_references(family, tasks, at_points=1, simulated_runs=1)["references"]
    earned = {name: sum(told["curves"]["none"][0]) for name, told in evaluated.items()}
    for name, told in evaluated.items():
        if told["expected_return"] is not None:
            assert earned[name] == pytest.approx(told["expected_return"], abs=0.1), name
    assert earned["bayes_optimal"] == earned["reactive"]
    assert earned["thompson"] == pytest.approx(4.5 + 15.5 * 5, abs=0.8)
    assert earned["best_fixed"] + 20 < earned["reactive_reward_only"] < 60


def test_slips_make_memory_worth_something() -> None:
    """With slips who remembers the target earns more than who must ask again, and nothing is called exact."""
    family = InformativeBandit(20, action_noise=0.3)
    references = references_for(family)
    tasks = family.draw_tasks(generator(1, Purpose.EVALUATION_TASKS), 4000)
    earned = {reference.name: sum(reference.curves(tasks, 0).none) for reference in references.all}
    assert references.yardstick == "ask_then_take"
    assert earned["oracle"] > earned["ask_then_take"] > earned["reactive"] + 5
    assert earned["ask_then_take"] > earned["thompson"] + 5
    assert not any(reference.exact for reference in references.all if reference.name in ("ask_then_take", "reactive"))


def test_what_elimination_remembers() -> None:
    """A miss takes one arm out, an announcement or a hit all others."""
    policy = Eliminating(asks=True)
    memory = policy.initial(3)
    action, reward = torch.tensor([2, 10, 7]), torch.tensor([1.0, 0.3, 5.0])
    nothing, no = torch.zeros(3, 1), torch.zeros(3, dtype=torch.bool)
    after = policy.update(memory, Answer(0, nothing, action, reward, nothing, ~no, no, torch.Generator()))
    assert after[0].tolist() == [1, 1, 0, 1, 1, 1, 1, 1, 1, 1]
    assert [row.nonzero().flatten().tolist() for row in after[1:]] == [[2], [7]]
    assert torch.equal(memory, policy.initial(3))
