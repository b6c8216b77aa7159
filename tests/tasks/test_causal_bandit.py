"""The causal bandit: values counted by hand, the tape of two episodes, inference against enumeration of all graphs."""

from __future__ import annotations

import math
from itertools import product

import pytest
import torch
from torch import Tensor

from ingredients.references import evaluate_references, references_for
from ingredients.references.causal_bandit import BayesInference, associated
from ingredients.references.policy import Answer
from ingredients.seeds import Purpose, generator
from ingredients.tasks import lifetime
from ingredients.tasks.causal_bandit import CausalBandit

FAMILY = CausalBandit(nodes=3, episodes=5, noise=0.5)
CHAIN = torch.tensor([[1.0, 0.0, -1.0]])  # w_01 = 1, w_02 = 0, w_12 = −1
FORK = torch.tensor([[1.0, -1.0, 0.0]])  # w_01 = 1, w_02 = −1


def do(node: int, to: float, weights: Tensor = CHAIN, luck: tuple[float, ...] = (0.0, 0.0, 0.0)) -> list[float]:
    """Returns the values of the three nodes where one is set."""
    at = torch.nn.functional.one_hot(torch.tensor([node]), 3)
    values: list[float] = FAMILY.values(weights, at, torch.tensor([to]), torch.tensor([luck]))[0].tolist()
    return values


def test_values_of_a_chain_are_those_counted_by_hand() -> None:
    """What is set passes on by the weights; its own parents do not reach it; luck adds up on the way."""
    assert do(0, 1.0) == [1.0, 1.0, -1.0]
    assert do(1, -1.0) == [0.0, -1.0, 1.0]
    assert do(2, 1.0) == [0.0, 0.0, 1.0]
    assert do(1, 1.0, luck=(2.0, 5.0, 0.5)) == [2.0, 1.0, -0.5]


def test_weights_stand_row_by_row() -> None:
    """Four nodes: 01, 02, 03, 12, 13, 23."""
    family = CausalBandit(4, 5)
    assert [family.weight(i, j) for i, j in ((0, 1), (0, 2), (0, 3), (1, 2), (1, 3), (2, 3))] == [0, 1, 2, 3, 4, 5]


def test_tape_of_an_information_and_a_goal_episode() -> None:
    """Act, look, act, look: what is seen is what was set and what followed; only a choice in the goal phase is paid."""
    middling, third = torch.full((1, 3), 0.5), torch.tensor([[0.5]])  # no luck; node 1 is set from outside
    world = lifetime.begin(FAMILY, CHAIN, third)
    seen, paid = [], []
    for t in range(6):
        seen.append(world.observation[0].tolist())
        world, step = lifetime.proceed(FAMILY, CHAIN, world, torch.tensor([2 if t >= 4 else 0]), middling)
        paid.append((step.reward.item(), step.expected_reward.item()))
        if lifetime.starts_episode(FAMILY, t + 1):
            world = lifetime.next_episode(FAMILY, CHAIN, world, third)
    act, look = [0.0] * 8, [1.0, 1.0, -1.0, 0.0, 0.0, 0.0, 0.0, 1.0]
    goal, answer = [0.0, 0.0, 0.0, 0.0, 1.0, 0.0, 1.0, 0.0], [0.0, -1.0, 1.0, 0.0, 1.0, 0.0, 1.0, 1.0]
    assert seen == [act, look, act, look, goal, answer]
    assert paid == [(0.0, 0.0)] * 4 + [(1.0, 1.0), (0.0, 0.0)]


def test_seeing_is_not_doing() -> None:
    """A fork: x_1 = −1 seen speaks for x_0 = −½ and x_2 = ½; set, it says nothing about either."""
    one = torch.tensor([[0.0, 1.0, 0.0]])
    assert associated(FAMILY, FORK, one)[0].tolist() == pytest.approx([-0.5, -1.0, 0.5])
    assert do(1, -1.0, FORK) == [0.0, -1.0, 0.0]
    assert associated(FAMILY, CHAIN, one)[0].tolist() == pytest.approx([-0.5, -1.0, 1.0])


def test_inference_agrees_with_enumeration_of_all_graphs() -> None:
    """Posterior mean weights after three interventions equal those of all 27 graphs, weighed one by one."""
    policy = BayesInference(FAMILY)
    data = [(0, [1.0, 0.7, -0.2]), (1, [0.3, 1.0, -1.4]), (0, [1.0, 1.2, -0.4])]
    memory = policy.initial(1)
    for node, values in data:
        led_to = torch.tensor([[*values, 0.0, 0.0, 0.0, 0.0, 1.0]])
        no = torch.tensor([False])
        memory = policy.update(
            memory,
            Answer(0, torch.zeros(1, 8), torch.tensor([node]), torch.zeros(1), led_to, no, no, torch.Generator()),
        )
    graphs = list(product((-1.0, 0.0, 1.0), repeat=3))
    weighed = []
    for w01, w02, w12 in graphs:
        log = 0.0
        for node, (x0, x1, x2) in data:
            errors = [x0, x1 - w01 * x0, x2 - w02 * x0 - w12 * x1]
            log += sum(-0.5 * (error / 0.5) ** 2 for j, error in enumerate(errors) if j != node)
        weighed.append(math.exp(log))
    means = [sum(w * g[k] for w, g in zip(weighed, graphs, strict=True)) / sum(weighed) for k in range(3)]
    assert policy.posterior_means(memory)[0].tolist() == pytest.approx(means, abs=1e-5)


def test_it_intervenes_where_it_knows_least() -> None:
    """Before anything is known that is the first node, which two others may hang on; the last has no effects.

    A weight of −1, 0 or 1 has a variance of 2/3; after x_1 = 0.9 under x_0 = 1 the first node's is that of 3 odds.
    """
    policy, no = BayesInference(FAMILY), torch.tensor([False])
    memory = policy.initial(1)
    assert policy.uncertainty(memory)[0].tolist() == pytest.approx([4 / 3, 2 / 3, 0.0])
    led_to = torch.tensor([[1.0, 0.9, -0.1, 0.0, 0.0, 0.0, 0.0, 1.0]])
    answer = Answer(0, torch.zeros(1, 8), torch.tensor([0]), torch.zeros(1), led_to, no, no, torch.Generator())
    after = policy.uncertainty(policy.update(memory, answer))[0]
    odds = [math.exp(-0.5 * ((0.9 - w) / 0.5) ** 2) for w in (-1, 0, 1)]
    mean = (odds[2] - odds[0]) / sum(odds)
    of_01 = (odds[2] + odds[0]) / sum(odds) - mean**2
    pairs = list(product((-1, 0, 1), repeat=2))
    weights = [math.exp(-0.5 * ((-0.1 - a - 0.9 * b) / 0.5) ** 2) for a, b in pairs]

    def variance(k: int) -> float:
        first = sum(w * pair[k] for w, pair in zip(weights, pairs, strict=True)) / sum(weights)
        return sum(w * pair[k] ** 2 for w, pair in zip(weights, pairs, strict=True)) / sum(weights) - first**2

    assert after.tolist() == pytest.approx([of_01 + variance(0), variance(1), 0.0], abs=1e-5)


def test_inference_learns_nothing_while_looking() -> None:
    """What is done while looking has no effect and leaves the memory as it is."""
    policy, no = BayesInference(FAMILY), torch.tensor([False])
    looking = torch.tensor([[1.0, 0.7, -0.2, 0.0, 0.0, 0.0, 0.0, 1.0]])
    answer = Answer(1, looking, torch.tensor([1]), torch.zeros(1), torch.zeros(1, 8), no, no, torch.Generator())
    assert torch.equal(policy.update(policy.initial(1), answer), policy.initial(1))


def test_references_stand_in_their_order() -> None:
    """Ignorance 0; a note is worth something and less than seeing; inference is nearly told; told the graph is best."""
    family = CausalBandit(3, 6, noise=0.5)
    kept = evaluate_references(family, family.draw_tasks(generator(0, Purpose.EVALUATION_TASKS), 4000), 100, 1)
    assert (kept["floor"], kept["reactive"], kept["yardstick"]) == ("elsewhere", "one_note", "bayes_inference")
    late = {name: reference["curves"]["none"][0][-1] for name, reference in kept["references"].items()}
    first = {name: reference["curves"]["none"][0][3] for name, reference in kept["references"].items()}
    assert late["random"] == pytest.approx(-1 / 3, abs=0.04)
    assert late["elsewhere"] == pytest.approx(0.0, abs=0.03)
    assert 0.05 < first["one_note"] < first["bayes_inference"]
    assert 0.9 * late["oracle"] < late["bayes_inference"] <= late["oracle"]
    assert late["associational"] < late["oracle"]
    swapped = kept["references"]["bayes_inference"]["curves"]["memory_swap"][0]
    assert sum(swapped[3:]) < 0.7 * sum(kept["references"]["bayes_inference"]["curves"]["none"][0][3:])


def test_the_oracle_of_three_nodes_is_the_mean_of_the_best_over_all_graphs() -> None:
    """Node 0 set: the best of −w_01 and −w_02 − w_12 · w_01; node 1: max(0, −w_12); node 2: 0."""
    best = []
    for w01, w02, w12 in product((-1, 0, 1), repeat=3):
        best += [max(-1, -w01, -w02 - w01 * w12), max(0, -w12), 0]
    tasks = torch.tensor(list(product((-1.0, 0.0, 1.0), repeat=3))).repeat(200, 1)
    oracle = next(reference for reference in references_for(FAMILY).all if reference.name == "oracle")
    assert oracle.curves(tasks, 0).none[-1] == pytest.approx(sum(best) / len(best), abs=0.03)
