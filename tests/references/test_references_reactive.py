from __future__ import annotations

import itertools
from functools import cache

import pytest
import torch
from torch import Tensor

from ingredients.references.bandit_reactive import (
    ReactivePolicy,
    best_reactive,
    best_reactive_to_reward,
    reactive_curve,
    win_means_first,
    win_stay_lose_random,
    win_stay_lose_shift,
)
from ingredients.references.simulation import simulate
from ingredients.tasks.bernoulli_bandit import BernoulliBandit

found_best, found_best_to_reward = cache(best_reactive), cache(best_reactive_to_reward)  # each search takes seconds
SETTINGS = [BernoulliBandit(2, 100), BernoulliBandit(5, 50), BernoulliBandit(3, 30, action_noise=0.3)]


def tasks_of(arms: int, count: int) -> Tensor:
    """Returns tasks that the search never saw."""
    return torch.rand(count, arms, generator=torch.Generator().manual_seed(7))


def random_policies(arms: int, count: int, rows: int, seed: int) -> ReactivePolicy:
    """Returns `count` policies, from nearly deterministic to nearly uniform; `rows` = 1 tells no last arms apart."""
    draws = torch.Generator().manual_seed(seed)
    sharpness = torch.logspace(-1, 1, count).view(-1, 1, 1, 1)
    then = (sharpness * torch.randn(count, 2, rows, arms, generator=draws)).softmax(-1)
    first = torch.randn(count, arms, generator=draws).softmax(-1)
    return ReactivePolicy(first, then.expand(-1, -1, arms, -1))


def mixed(policy: ReactivePolicy, other: ReactivePolicy, share: float) -> ReactivePolicy:
    """Returns `policy` with a `share` of each of the others."""
    return ReactivePolicy(
        (1 - share) * policy.first + share * other.first, (1 - share) * policy.then + share * other.then
    )


def win_stay_among(arms: int, used: int) -> ReactivePolicy:
    """Returns win-stay-lose-shift over the first `used` arms, started there."""
    small = win_stay_lose_shift(used).then
    then = torch.zeros(2, arms, arms)
    then[:, :, 0] = 1
    then[:, :used] = 0
    then[:, :used, :used] = small
    first = torch.zeros(arms)
    first[0] = 1
    return ReactivePolicy(first, then)


def stay_after_a_loss(arms: int, chance: float) -> ReactivePolicy:
    """Returns win-stay-lose-shift that forgives a loss with `chance`."""
    shift = win_stay_lose_shift(arms)
    forgiving = torch.stack(((1 - chance) * shift.then[0] + chance * shift.then[1], shift.then[1]))
    return ReactivePolicy(shift.first, forgiving)


def test_curve_equals_the_sum_over_all_paths() -> None:
    """Three pulls on one task with slips: the chain gives what enumerating every intention, slip and reward gives."""
    family = BernoulliBandit(2, 3, action_noise=0.2)
    p = torch.tensor([0.9, 0.3])
    policy = ReactivePolicy(
        torch.tensor([0.7, 0.3]), torch.tensor([[[0.1, 0.9], [0.6, 0.4]], [[0.8, 0.2], [0.5, 0.5]]])
    )
    expected = torch.zeros(3)
    for path in itertools.product(itertools.product(range(2), range(2), range(2)), repeat=3):
        chance, rewards, last = 1.0, [], None
        for intended, arm, reward in path:
            chances = policy.first if last is None else policy.then[last[1], last[0]]
            slip = 0.8 * (intended == arm) + 0.2 / 2
            chance *= chances[intended].item() * slip * (p[arm] if reward else 1 - p[arm]).item()
            rewards.append(reward)
            last = (arm, reward)
        expected += chance * torch.tensor(rewards)
    assert reactive_curve(family, policy, p.unsqueeze(0)).tolist() == pytest.approx(expected.tolist(), abs=1e-6)


@pytest.mark.parametrize("noise", [0.0, 0.3])
def test_curve_agrees_with_simulation(noise: float) -> None:
    """Played with draws, a mixed policy earns what the chain says, within four standard errors on each pull."""
    family = BernoulliBandit(3, 8, noise)
    tasks = tasks_of(3, 20_000)
    many = random_policies(3, 3, rows=3, seed=0)
    policy = ReactivePolicy(many.first[1], many.then[1])
    simulated = torch.tensor(simulate(family, policy, tasks, run=0).none)
    assert (simulated - reactive_curve(family, policy, tasks)).abs().max() < 4 * 0.3 / 20_000**0.5


def test_curves_of_many_policies_are_those_of_each() -> None:
    """Weighing policies at once changes nothing but the time it takes."""
    family = BernoulliBandit(3, 10)
    many = random_policies(3, 4, rows=3, seed=1)
    tasks = tasks_of(3, 300)
    together = reactive_curve(family, many, tasks)
    for one in range(4):
        alone = reactive_curve(family, ReactivePolicy(many.first[one], many.then[one]), tasks)
        torch.testing.assert_close(alone, together[one], rtol=0, atol=1e-6)


@pytest.mark.parametrize("family", SETTINGS, ids=str)
def test_no_heuristic_and_no_perturbation_beats_the_best_found(family: BernoulliBandit) -> None:
    """On tasks that the search never saw, no variant of win-stay, no random policy and no small change is better."""
    arms, tasks = family.arms, tasks_of(family.arms, 4000)
    best = found_best(family)
    known = [win_stay_lose_shift(arms), win_stay_lose_random(arms), win_means_first(arms)]
    known += [win_stay_among(arms, used) for used in range(1, arms)]
    known += [stay_after_a_loss(arms, chance) for chance in (0.02, 0.1, 0.3)]
    rivals = [random_policies(arms, 40, arms, seed=2)]
    rivals += [mixed(best, random_policies(arms, 40, arms, seed=3), share) for share in (0.01, 0.1, 0.5)]
    rivals += [ReactivePolicy(policy.first.unsqueeze(0), policy.then.unsqueeze(0)) for policy in known]
    found = reactive_curve(family, best, tasks).sum()
    for rival in rivals:
        assert reactive_curve(family, rival, tasks).sum(-1).max() <= found + 1e-4


def test_every_deterministic_policy_of_two_arms_is_no_better() -> None:
    """All 32 deterministic policies on two arms were weighed, and none beats the best found."""
    family = BernoulliBandit(2, 30)
    tasks = tasks_of(2, 4000)
    every = torch.tensor(list(itertools.product(range(2), repeat=5)))
    arms = torch.eye(2)[every]
    all_of_them = ReactivePolicy(arms[:, 0], arms[:, 1:].view(-1, 2, 2, 2))
    found = reactive_curve(family, best_reactive(family), tasks).sum()
    # the arms of sampled tasks are not quite alike, so which one comes first matters a little
    assert reactive_curve(family, all_of_them, tasks).sum(-1).max() <= found + 0.02


def test_nothing_on_the_reward_alone_beats_the_best_found() -> None:
    """Neither random policies on r_{t-1} nor trap 3's 'first arm after a reward' earns more on unseen tasks."""
    family = BernoulliBandit(5, 50)
    tasks = tasks_of(5, 20_000)
    best = found_best_to_reward(family)
    found = reactive_curve(family, best, tasks).sum()
    rivals = [random_policies(5, 40, rows=1, seed=4)]
    rivals += [mixed(best, random_policies(5, 40, rows=1, seed=5), share) for share in (0.01, 0.1)]
    for rival in rivals:
        assert reactive_curve(family, rival, tasks).sum(-1).max() <= found + 0.02
    assert reactive_curve(family, win_means_first(5), tasks).sum() < found


def test_the_policy_on_reward_alone_looks_at_nothing_else() -> None:
    """Its chances are the same whatever the last arm was."""
    then = best_reactive_to_reward(BernoulliBandit(3, 10)).then
    assert torch.equal(then, then[:, :1].expand(-1, 3, -1))


def test_the_numbers_of_record() -> None:
    """Regret 7.69 on 2 × 100, .69 a pull late on 5 × 50; on the reward alone .523 on two arms and .54 on five."""
    wang, flagship = BernoulliBandit(2, 100), BernoulliBandit(5, 50)
    two, five = tasks_of(2, 100_000), tasks_of(5, 20_000)

    def late(family: BernoulliBandit, policy: ReactivePolicy, tasks: Tensor) -> float:
        return reactive_curve(family, policy, tasks)[-10:].mean().item()

    regret = 100 * two.double().amax(-1).mean() - reactive_curve(wang, found_best(wang), two).sum()
    assert regret.item() == pytest.approx(7.69, abs=0.02)
    assert late(flagship, found_best(flagship), five) == pytest.approx(0.69, abs=0.005)
    assert late(wang, found_best_to_reward(wang), two) == pytest.approx(0.523, abs=0.002)
    assert late(flagship, found_best_to_reward(flagship), five) == pytest.approx(0.54, abs=0.005)


def test_the_search_finds_the_same_policy_every_time() -> None:
    """No hidden randomness: two searches give equal tensors."""
    family = BernoulliBandit(4, 12)
    one, two = best_reactive_to_reward(family), best_reactive_to_reward(family)
    assert torch.equal(one.first, two.first)
    assert torch.equal(one.then, two.then)
