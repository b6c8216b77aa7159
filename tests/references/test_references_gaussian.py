"""References of arms with normal pay-offs: beliefs, indices, and what drifts."""

from __future__ import annotations

import itertools
import math
from dataclasses import dataclass

import numpy as np
import pytest
import torch
from scipy.integrate import quad
from scipy.optimize import brentq
from scipy.stats import norm
from torch import Tensor

from ingredients.references import evaluate_references, references_for
from ingredients.references.gaussian_beliefs import (
    Believing,
    Satisficing,
    best_mean,
    best_of,
    best_satisficing,
    optimistic,
    upper_bound,
)
from ingredients.references.gaussian_gittins import expected_maximum, gittins_bonuses, gittins_preference
from ingredients.references.policy import Answer, ReferenceInput
from ingredients.references.restless_bandit import _with_present_means
from ingredients.references.simulation import simulate
from ingredients.seeds import Purpose, generator
from ingredients.tasks.gaussian_bandit import GaussianBandit
from ingredients.tasks.restless_bandit import RestlessBandit


def answer(arm: int, reward: float) -> Answer:
    """Returns what came of one pull in one lane."""
    nothing, no = torch.zeros(1, 1), torch.zeros(1, dtype=torch.bool)
    return Answer(0, nothing, torch.tensor([arm]), torch.tensor([reward]), nothing, ~no, no, torch.Generator())


def moment(step: int) -> ReferenceInput:
    """Returns a moment of which only the step is told."""
    nothing = torch.zeros(1, 1)
    return ReferenceInput(step, nothing, nothing, torch.zeros(1), torch.zeros(1, dtype=torch.int64), torch.Generator())


def positive_part(x: float, step: float) -> float:
    """Returns E[max(x + s z, 0)]."""
    return float(x * norm.cdf(x / step) + step * norm.pdf(x / step))


def test_a_belief_after_three_pulls() -> None:
    """Without drift: mean Σr / (n + σ²), variance 1 / (1 + n / σ²); an arm that was not pulled stays at the prior."""
    policy = Believing(2, 2.0, best_mean)
    belief = policy.initial(1)
    for reward in (1.0, 3.0, -1.0):
        belief = policy.update(belief, answer(1, reward))
    assert belief[0, 1].tolist() == pytest.approx([3 / (3 + 4), 1 / (1 + 3 / 4)])
    assert belief[0, 0].tolist() == [0, 1]


def test_a_belief_under_drift_is_the_conditional_distribution() -> None:
    """Pulled at 0, 2 and 3, an arm's mean at 4 has the distribution that the joint normal law gives."""
    decay, deviation, times, rewards = 0.9, 0.7, np.array([0, 2, 3]), np.array([1.2, -0.4, 0.5])
    policy = Believing(2, deviation, best_mean, decay)
    belief = policy.initial(1)
    for t in range(4):
        place = np.flatnonzero(times == t)
        belief = policy.update(belief, answer(0, rewards[place[0]]) if len(place) else answer(1, 9.0))
    seen = decay ** np.abs(times[:, None] - times) + deviation**2 * np.eye(3)
    weights = np.linalg.solve(seen, decay ** np.abs(times - 4))
    expected = [weights @ rewards, 1 - weights @ decay ** np.abs(times - 4)]
    assert belief[0, 0].tolist() == pytest.approx(expected, abs=1e-6)


def test_preferences_by_hand() -> None:
    """Beliefs N(.5, .04) and N(.3, .25): the mean takes the first, m + √v and UCB1's bound the second."""
    beliefs = torch.tensor([[[0.5, 0.04], [0.3, 0.25]]])
    assert best_mean(beliefs, moment(9)).tolist()[0] == pytest.approx([0.5, 0.3])
    assert optimistic(1.0)(beliefs, moment(9)).tolist()[0] == pytest.approx([0.7, 0.8])
    bound = math.sqrt(2 * math.log(10))
    assert upper_bound(beliefs, moment(9)).tolist()[0] == pytest.approx([0.5 + 0.2 * bound, 0.3 + 0.5 * bound])


@pytest.mark.parametrize(("arms", "expected"), [(1, 0.0), (2, math.pi**-0.5), (3, 1.5 * math.pi**-0.5), (10, 1.53875)])
def test_the_best_of_several_normal_numbers(arms: int, expected: float) -> None:
    """E[max] is 1/√π of two, 3/(2√π) of three, 1.53875 of ten (Harter 1961)."""
    assert expected_maximum(arms) == pytest.approx(expected, abs=1e-5)


@pytest.mark.parametrize("deviation", [0.5, 1.0])
def test_bonuses_of_one_two_and_three_pulls(deviation: float) -> None:
    """One pull left is worth its mean; with two and three the price of indifference solves nested integrals."""
    variance = [1 / (1 + n / deviation**2) for n in range(4)]
    step = [math.sqrt(a - b) for a, b in itertools.pairwise(variance)]

    def two(x: float, n: int) -> float:
        return x + positive_part(x, step[n])

    def three(x: float) -> float:
        return x + quad(lambda z: norm.pdf(z) * max(two(x + step[0] * z, 1), 0), -8, 8, limit=200)[0]

    bonuses = gittins_bonuses(3, deviation)
    assert bonuses[1].tolist() == pytest.approx([0, 0, 0], abs=1e-6)
    assert bonuses[2].tolist() == pytest.approx([-brentq(two, -3, 0, args=(n,)) for n in (0, 1)], abs=2e-3)
    assert bonuses[3].item() == pytest.approx(-brentq(three, -3, 0), abs=2e-3)


def test_bonuses_grow_with_what_is_left_and_shrink_with_what_is_known() -> None:
    """More pulls left make an arm worth more, pulls that were made less."""
    bonuses = gittins_bonuses(30, 1.0)
    assert [len(row) for row in bonuses[1:]] == list(range(30, 0, -1))
    of_a_new_arm = torch.stack([row[0] for row in bonuses[1:]])
    assert (of_a_new_arm.diff() > 0).all()
    assert (bonuses[10].diff() < 0).all()


def test_two_pulls_are_worth_what_the_optimum_is() -> None:
    """With two pulls the index policy is optimal: E[max(x₁, 0)] = √½ φ(0) = .2821 in the second."""
    family = GaussianBandit(2, 2)
    tasks = family.draw_tasks(torch.Generator().manual_seed(0), 40_000)
    policy = Believing(2, 1.0, gittins_preference(2, 1.0))
    expected = math.sqrt(0.5) / math.sqrt(2 * math.pi)
    assert simulate(family, policy, tasks, 0).none[1] == pytest.approx(expected, abs=4 / 40_000**0.5)


def test_references_of_a_gaussian_bandit() -> None:
    """The index beats all that do not know the task; the oracle earns E[max μ] a pull, the floor nothing."""
    family = GaussianBandit(4, 40)
    tasks = family.draw_tasks(generator(1, Purpose.EVALUATION_TASKS), 4000)
    evaluated = evaluate_references(family, tasks, at_points=1, simulated_runs=1)
    told = evaluated["references"]
    earned = {name: sum(reference["curves"]["none"][0]) for name, reference in told.items()}
    others = ("reactive", "reactive_reward_only", "greedy", "thompson", "ucb1")
    assert evaluated["yardstick"] == "gittins"
    assert all(earned["gittins"] > earned[name] + 1 for name in others)
    assert earned["oracle"] == pytest.approx(40 * expected_maximum(4), abs=40 * 4 * 0.7 / 4000**0.5)
    assert earned["best_fixed"] == pytest.approx(0, abs=40 * 4 * 0.5 / 4000**0.5)
    assert [name for name, reference in told.items() if reference["exact"]] == ["random", "best_fixed", "oracle"]
    assert earned["reactive"] > earned["reactive_reward_only"] + 5 > earned["best_fixed"] + 5


def test_thompson_stands_in_on_very_long_lifetimes() -> None:
    """Beyond the longest lifetime with indices the yardstick is thompson."""
    assert references_for(GaussianBandit(2, 501)).yardstick == "thompson"


@dataclass(frozen=True)
class Always:
    """Pulls one arm."""

    arm: int

    def initial(self, lanes: int) -> Tensor:
        """Returns nothing."""
        return torch.zeros(lanes, 0)

    def act(self, memory: Tensor, moment: ReferenceInput) -> Tensor:
        """Returns the arm."""
        return torch.full((len(memory),), self.arm)

    def update(self, memory: Tensor, answer: Answer) -> Tensor:
        """Returns nothing."""
        return memory


def test_present_means_drift_as_those_that_policies_meet() -> None:
    """What is computed from the means is, to the last digit, what a policy earns that always pulls one arm."""
    family = RestlessBandit(3, 12)
    tasks = family.draw_tasks(torch.Generator().manual_seed(0), 300)
    computed = _with_present_means(family, lambda means: means[:, 1])(tasks, 4).none
    assert computed == simulate(family, Always(1), tasks, 4).none
    assert computed[0] == pytest.approx(tasks[:, 1].double().mean().item())
    assert abs(computed[11] - computed[0]) > 1e-3


def test_means_keep_their_spread_and_forget_by_decay() -> None:
    """However long they drift, means are N(0, 1), and λ^t of the first ones is left after t pulls."""
    family = RestlessBandit(2, 40, decay=0.95)
    tasks = family.draw_tasks(torch.Generator().manual_seed(0), 50_000)
    state, draw = tasks, torch.Generator().manual_seed(1)
    for _ in range(20):
        noise = torch.rand(len(tasks), family.noise_size, generator=draw)
        state = family.step(tasks, state, torch.zeros(len(tasks), dtype=torch.int64), noise).state
    assert state.std().item() == pytest.approx(1, abs=0.02)
    assert (state * tasks).mean().item() == pytest.approx(0.95**20, abs=0.02)


def test_references_of_a_restless_bandit() -> None:
    """Optimism about an exact belief beats greedy, Thompson and UCB1, and what needs no memory by a tenth and more."""
    family = RestlessBandit(4, 50)
    tasks = family.draw_tasks(generator(1, Purpose.EVALUATION_TASKS), 2000)
    references = references_for(family)
    earned = {reference.name: sum(reference.curves(tasks, 0).none) for reference in references.all}
    assert references.yardstick == "optimistic"
    assert all(earned["optimistic"] > earned[name] + 1 for name in ("greedy", "thompson", "ucb1"))
    assert earned["reactive"] < 0.9 * earned["optimistic"]
    assert earned["oracle"] == pytest.approx(50 * expected_maximum(4), abs=2)
    assert earned["best_fixed"] == pytest.approx(0, abs=2)


def test_the_search_takes_the_best() -> None:
    """Of candidates the one that earns most is found, the same every time, and it needs no memory."""
    family = GaussianBandit(3, 20)
    assert best_of(family, [Satisficing(3, 50.0, True), Satisficing(3, 0.5, True)]).enough == 0.5
    found = best_satisficing(family, sees_actions=True)
    assert found == best_satisficing(family, sees_actions=True)
    assert -2 < found.enough < 2
    assert found.update(found.initial(4), answer(0, 1.0)).shape == (4, 0)
