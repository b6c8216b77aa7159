from __future__ import annotations

from functools import cache

import numpy as np
import pytest
import torch
from scipy import integrate, stats
from torch import Tensor

from ingredients.references.bandit_gittins import gittins, gittins_indices
from ingredients.references.bandit_policies import Preferring, chances, greedy, one_more_pull, ucb1
from ingredients.references.bandit_thompson import Thompson, thompson_chances
from ingredients.references.policy import ReferenceInput


def moment(step: int, lanes: int, seed: int = 0) -> ReferenceInput:
    """Returns what these policies see of a step: its number and their draws."""
    draws = torch.Generator().manual_seed(seed)
    blank, none = torch.zeros(lanes, 1), torch.zeros(lanes, dtype=torch.int64)
    return ReferenceInput(step, torch.zeros(lanes, 2), blank, torch.zeros(lanes), none, draws)


def index_by_bisection(n: int, s: int, pulls_left: int) -> float:
    """Returns the price at which an arm is just worth starting, by bisection on the stopping problem itself."""

    def gain(price: float) -> float:
        @cache
        def start(n: int, s: int, left: int) -> float:
            p = (s + 1) / (n + 2)
            later = p * go_on(n + 1, s + 1, left - 1) + (1 - p) * go_on(n + 1, s, left - 1)
            return p - price + later

        def go_on(n: int, s: int, left: int) -> float:
            return max(0.0, start(n, s, left)) if left else 0.0

        return start(n, s, pulls_left)

    low, high = 0.0, 1.0
    for _ in range(40):
        middle = (low + high) / 2
        low, high = (middle, high) if gain(middle) > 0 else (low, middle)
    return low


def test_counts_grow_by_the_outcome_of_the_arm_that_was_pulled() -> None:
    """A reward adds a success, none adds a failure, and the counts that went in stay as they were."""
    counts = torch.zeros(2, 3, 2)
    after = one_more_pull(counts, torch.tensor([2, 0]), torch.tensor([1.0, 0.0]))
    assert after.tolist() == [[[0, 0], [0, 0], [1, 0]], [[0, 1], [0, 0], [0, 0]]]
    assert not counts.any()


def test_greedy_prefers_the_posterior_mean_and_breaks_ties_at_random() -> None:
    """(s + 1) / (s + f + 2): one failure in three beats nothing known, and arms never pulled share the draw alike."""
    counts = torch.tensor([[[2.0, 1.0], [0.0, 0.0], [0.0, 1.0]]])
    assert greedy(counts, 4).tolist() == [pytest.approx([3 / 5, 1 / 2, 1 / 3])]
    even = Preferring(4, greedy)
    arms = even.act(even.initial(40_000), moment(0, 40_000))
    shares = torch.bincount(arms, minlength=4) / 40_000
    assert shares.tolist() == pytest.approx([0.25] * 4, abs=4 * (0.25 * 0.75 / 40_000) ** 0.5)


def test_ties_share_the_chance_and_the_rest_get_none() -> None:
    """Two best arms of three are each pulled half of the time."""
    counts = torch.tensor([[[1.0, 0.0], [0.0, 1.0], [1.0, 0.0]]])
    assert chances(greedy, counts, 2).tolist() == [[0.5, 0.0, 0.5]]


def test_ucb1_pulls_each_arm_once_and_then_by_its_bound() -> None:
    """An arm never pulled comes first; then s/n + √(2 ln t / n), by hand at t = 4."""
    assert ucb1(torch.tensor([[[1.0, 0.0], [0.0, 0.0]]]), 1).argmax().item() == 1
    bounds = ucb1(torch.tensor([[[2.0, 1.0], [0.0, 1.0]]]), 4)
    assert bounds.tolist() == [pytest.approx([2 / 3 + (2 * np.log(4) / 3) ** 0.5, (2 * np.log(4)) ** 0.5])]


def test_chances_of_thompson_by_hand() -> None:
    """Arms alike share the chance; Beta(2, 1) is above a uniform draw two times in three."""
    chance = thompson_chances(2, 5)
    counts = torch.tensor([[[0.0, 0.0], [0.0, 0.0]], [[1.0, 0.0], [0.0, 0.0]], [[0.0, 0.0], [0.0, 1.0]]])
    expected = [pytest.approx(row, abs=1e-12) for row in ([1 / 2, 1 / 2], [2 / 3, 1 / 3], [2 / 3, 1 / 3])]
    assert chance(counts, 0).tolist() == expected


def test_chances_of_thompson_equal_adaptive_quadrature() -> None:
    """On uneven counts of four arms the chances equal ∫ f_a Π F_b by an independent integrator, and sum to 1."""
    counts = [(9, 2), (0, 3), (4, 4), (1, 0)]
    arms = [stats.beta(s + 1, f + 1) for s, f in counts]
    expected = []
    for arm in range(4):
        others = [arms[other] for other in range(4) if other != arm]
        expected.append(
            integrate.quad(lambda x, a=arm, o=others: arms[a].pdf(x) * np.prod([b.cdf(x) for b in o]), 0, 1)[0]
        )
    chance = thompson_chances(4, 24)(torch.tensor([counts], dtype=torch.float64), 23)
    assert chance[0].tolist() == pytest.approx(expected, abs=1e-9)
    assert chance.sum().item() == pytest.approx(1.0, abs=1e-12)


def test_thompson_draws_by_these_chances() -> None:
    """How often each arm is drawn agrees with the exact chances within four standard errors."""
    counts = torch.tensor([[[5.0, 3.0], [1.0, 0.0], [2.0, 4.0]]])
    lanes = 50_000
    arms = Thompson(3).act(counts.expand(lanes, -1, -1), moment(15, lanes))
    exact = thompson_chances(3, 16)(counts, 15)[0]
    error = (exact * (1 - exact) / lanes).sqrt()
    assert ((torch.bincount(arms, minlength=3) / lanes - exact).abs() < 4 * error).all()


def test_thompson_draws_anew_with_another_generator_only() -> None:
    """The policy's draws come from the moment's generator: equal ones give equal arms, others do not."""
    policy = Thompson(5)
    memory = policy.initial(200)

    def arms(seed: int) -> Tensor:
        return policy.act(memory, moment(0, 200, seed))

    assert torch.equal(arms(1), arms(1))
    assert not torch.equal(arms(1), arms(2))


def test_gittins_indices_by_hand() -> None:
    """With one pull left the index is the mean; a fresh arm with two left has (1/2 + 1/2 · 2/3) / (1 + 1/2) = 5/9."""
    tables = gittins_indices(3)
    assert tables[1][2, 1].item() == pytest.approx(1 / 2, abs=1e-6)
    assert tables[1][1, 1].item() == pytest.approx(2 / 3, abs=1e-6)
    assert tables[2][0, 0].item() == pytest.approx(5 / 9, abs=1e-5)


@pytest.mark.parametrize(("n", "s", "pulls_left"), [(0, 0, 3), (0, 0, 40), (4, 1, 10), (9, 9, 31), (20, 12, 20)])
def test_gittins_indices_solve_the_stopping_problem(n: int, s: int, pulls_left: int) -> None:
    """Calibrated indices are within .005 of those found by bisection on the stopping problem."""
    assert gittins_indices(40)[pulls_left][n, s].item() == pytest.approx(index_by_bisection(n, s, pulls_left), abs=5e-3)


def test_gittins_explores_while_there_is_time_and_exploits_at_the_end() -> None:
    """An unknown arm is preferred to a known better one early in a lifetime, and not with the last pull."""
    preference = gittins(200)
    early = torch.tensor([[[6.0, 4.0], [0.0, 0.0]]])
    late = torch.tensor([[[120.0, 79.0], [0.0, 0.0]]])
    assert preference(early, 10).argmax().item() == 1
    assert preference(late, 199).argmax().item() == 0
