from __future__ import annotations

import itertools
import math
from fractions import Fraction
from functools import cache, partial

import pytest
import torch
from torch import Tensor

from ingredients.references.bandit_dynamic_programming import (
    CountStates,
    bayes_optimal,
    count_states,
    expected_return,
    number_of_states,
    rank,
)
from ingredients.references.bandit_gittins import gittins
from ingredients.references.bandit_policies import chances, greedy, ucb1
from ingredients.references.bandit_thompson import thompson_chances

History = tuple[tuple[int, int], ...]
"""(arm that was carried out, reward) of each pull."""


def optimum_by_histories(arms: int, pulls: int, noise: Fraction) -> Fraction:
    """Returns the best return over all policies, by a tree of histories; knows nothing of counts as states."""

    def likelihood(history: History) -> Fraction:
        product = Fraction(1)
        for arm in range(arms):
            rewards = [reward for pulled, reward in history if pulled == arm]
            s, f = sum(rewards), len(rewards) - sum(rewards)
            product *= Fraction(math.factorial(s) * math.factorial(f), math.factorial(s + f + 1))  # ∫ p^s (1−p)^f dp
        return product

    @cache
    def value(history: History) -> Fraction:
        if len(history) == pulls:
            return Fraction(0)
        worth = []
        for arm in range(arms):
            paid = likelihood((*history, (arm, 1))) / likelihood(history)
            worth.append(paid * (1 + value((*history, (arm, 1)))) + (1 - paid) * value((*history, (arm, 0))))
        intended = [(1 - noise) * worth[arm] + noise * sum(worth) / arms for arm in range(arms)]
        return max(intended)

    return value(())


def any_arm(counts: Tensor, pulls: int) -> Tensor:
    """Returns the chances of a policy that pulls any arm."""
    return torch.full(counts.shape[:-1], 1 / counts.shape[-2], dtype=counts.dtype)


@pytest.fixture(scope="module")
def wang() -> CountStates:
    """The states of Wang et al.'s setting, 2 arms × 100 pulls."""
    return count_states(2, 100)


@pytest.mark.parametrize(("arms", "pulls"), [(2, 5), (3, 4), (5, 3)])
def test_states_are_all_the_counts_in_the_order_of_their_rank(arms: int, pulls: int) -> None:
    """After t pulls the states are all ways to spread t over the outcomes, each once, and rank says where each is."""
    states = count_states(arms, pulls)
    for t in range(pulls):
        counts = states.after(t)
        every = [c for c in itertools.product(range(t + 1), repeat=2 * arms) if sum(c) == t]
        assert sorted(map(tuple, counts.flatten(1).long().tolist())) == sorted(every)
        assert rank(counts, states.binomials).tolist() == list(range(states.size(t)))
    assert sum(states.size(t) for t in range(pulls + 1)) == number_of_states(arms, pulls)


@pytest.mark.parametrize(("arms", "pulls"), [(2, 5), (3, 4)])
def test_a_successor_is_the_state_with_one_more_outcome(arms: int, pulls: int) -> None:
    """The stored successor of a state is the rank of its counts with that outcome added."""
    states = count_states(arms, pulls)
    for t, arm, outcome in itertools.product(range(pulls), range(arms), range(2)):
        counts = states.after(t)
        counts[:, arm, outcome] += 1
        assert rank(counts, states.binomials).tolist() == states.successors[: len(counts), arm, outcome].tolist()


def test_two_pulls_by_hand() -> None:
    """1/2, then 2/3 after a success, the other arm's 1/2 after a failure: 13/12; with half the actions lost, 25/24."""
    states = count_states(2, 2)
    assert bayes_optimal(states).expected_return == pytest.approx(13 / 12, abs=1e-12)
    assert bayes_optimal(states, action_noise=0.5).expected_return == pytest.approx(25 / 24, abs=1e-12)


@pytest.mark.parametrize("noise", [Fraction(0), Fraction(1, 4)])
@pytest.mark.parametrize(("arms", "pulls"), [(2, 3), (2, 5), (3, 4)])
def test_the_program_equals_brute_force_over_histories(arms: int, pulls: int, noise: Fraction) -> None:
    """Dynamic programming over counts finds the optimum of the tree of all histories, with and without slips."""
    optimum = bayes_optimal(count_states(arms, pulls), float(noise)).expected_return
    assert optimum == pytest.approx(float(optimum_by_histories(arms, pulls, noise)), abs=1e-12)


@pytest.mark.parametrize(("arms", "pulls", "known"), [(2, 20, 12.431), (2, 50, 31.997), (5, 10, 6.660)])
def test_bayes_optimal_returns_of_record(arms: int, pulls: int, known: float) -> None:
    """The exact optima that REFERENCES lists come out to three decimals."""
    assert round(bayes_optimal(count_states(arms, pulls)).expected_return, 3) == known


@pytest.mark.parametrize("noise", [0.0, 0.3])
def test_the_optimal_policy_earns_the_optimal_value(noise: float) -> None:
    """The policy that is read off the program, weighed forward over the states, earns what the program says."""
    states = count_states(3, 7)
    best = bayes_optimal(states, noise)
    played = expected_return(states, partial(chances, best.preference), noise)
    assert played == pytest.approx(best.expected_return, abs=1e-12)


def test_returns_of_simple_policies_by_hand() -> None:
    """Any arm earns a half a pull, whatever slips; greedy is optimal in two pulls; Thompson earns 37/36 in two."""
    states = count_states(2, 2)
    assert expected_return(count_states(3, 6), any_arm, 0.4) == pytest.approx(3.0, abs=1e-12)
    assert expected_return(states, partial(chances, greedy)) == pytest.approx(13 / 12, abs=1e-12)
    assert expected_return(states, thompson_chances(2, 2)) == pytest.approx(37 / 36, abs=1e-12)


def test_the_regrets_of_wang_et_al(wang: CountStates) -> None:
    """Exact regrets on 2 arms × 100 pulls agree with REFERENCES' table, which was in part simulated."""
    best = 100 * 2 / 3
    assert best - bayes_optimal(wang).expected_return == pytest.approx(1.75, abs=0.005)
    assert best - expected_return(wang, any_arm) == pytest.approx(16.67, abs=0.005)
    assert best - expected_return(wang, partial(chances, ucb1)) == pytest.approx(5.60, abs=0.03)
    assert best - expected_return(wang, thompson_chances(2, 100)) == pytest.approx(2.77, abs=0.03)
    assert best - expected_return(wang, partial(chances, greedy)) == pytest.approx(2.68, abs=0.03)
    assert best - expected_return(wang, partial(chances, gittins(100))) == pytest.approx(1.7544, abs=0.0005)
