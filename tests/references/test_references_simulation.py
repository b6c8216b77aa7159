from __future__ import annotations

from dataclasses import dataclass, field

import pytest
import torch
from torch import Tensor

from ingredients.references.bandit_dynamic_programming import bayes_optimal, count_states
from ingredients.references.bandit_policies import Preferring, greedy
from ingredients.references.bandit_reactive import win_stay_lose_shift
from ingredients.references.policy import Answer, ReferenceInput
from ingredients.references.simulation import simulate
from ingredients.seeds import Purpose, generator
from ingredients.tasks.bernoulli_bandit import BernoulliBandit


@dataclass(frozen=True)
class Tape:
    """Pulls arm t mod 2 and writes down everything that it is asked; its memory is the lane's number and its pulls."""

    events: list[tuple[str, list[list[float]] | list[float]]] = field(default_factory=list)

    def initial(self, lanes: int) -> Tensor:
        """Returns each lane's number, and no pulls."""
        self.events.append(("initial", [float(lanes)]))
        return torch.stack((torch.arange(float(lanes)), torch.zeros(lanes)), -1)

    def act(self, memory: Tensor, moment: ReferenceInput) -> Tensor:
        """Writes down what the policy sees: its memory, r_{t-1} and a_{t-1}."""
        seen = torch.stack((memory[:, 0], memory[:, 1], moment.reward_tm1, moment.action_tm1.float()))
        self.events.append((f"act {moment.step}", seen.tolist()))
        return torch.full((len(memory),), moment.step % 2)

    def update(self, memory: Tensor, answer: Answer) -> Tensor:
        """Writes down what was pulled and paid."""
        self.events.append(("update", torch.stack((answer.action.float(), answer.reward)).tolist()))
        return memory + torch.tensor([0.0, 1.0])


def tasks_of(family: BernoulliBandit, count: int) -> Tensor:
    """Returns held-out tasks."""
    return family.draw_tasks(generator(3, Purpose.EVALUATION_TASKS), count)


def test_tape_of_two_lifetimes() -> None:
    """Memory, r and a start empty; the swap rolls the memory at K // 2 and leaves r_{t-1} and a_{t-1} true.

    The twins of its control play each lane's task in the place of the lane before, and bring their memory from there.
    """
    certain = torch.tensor([[1.0, 0.0], [0.0, 1.0], [1.0, 1.0]])  # lane 0 pays on arm 0, lane 1 on arm 1, lane 2 always
    tape = Tape()
    curves = simulate(BernoulliBandit(2, 3), tape, certain, run=0)
    own, rolled = [0.0, 1.0, 2.0], [2.0, 0.0, 1.0]
    arm_0, arm_1 = [[0.0] * 3, [1.0, 0.0, 1.0]], [[1.0] * 3, [0.0, 1.0, 1.0]]
    start = ("act 0", [own, [0.0] * 3, [0.0] * 3, [-1.0] * 3])
    after_0 = [[1.0] * 3, arm_0[1], arm_0[0]]
    after_1 = [[2.0] * 3, arm_1[1], arm_1[0]]
    assert tape.events == [
        ("initial", [3.0]),
        *(start, ("update", arm_0)),
        *(("act 1", [own, *after_0]), ("update", arm_1), ("act 2", [own, *after_1]), ("update", arm_0)),
        *(("act 1", [rolled, *after_0]), ("update", arm_1), ("act 2", [rolled, *after_1]), ("update", arm_0)),
        *(("initial", [3.0]), start, ("update", [arm_0[0], [0.0, 1.0, 1.0]])),
        *(("act 1", [rolled, *after_0]), ("update", arm_1), ("act 2", [rolled, *after_1]), ("update", arm_0)),
    ]
    assert curves.none == curves.memory_swap == curves.memory_swap_same == pytest.approx([2 / 3] * 3)


def test_first_half_is_shared_and_the_swap_costs_a_learner() -> None:
    """Up to K // 2 both curves are the same numbers; then another task's counts mislead a policy that trusts them."""
    family = BernoulliBandit(5, 21)
    curves = simulate(family, Preferring(5, greedy), tasks_of(family, 2000), run=0)
    assert len(curves.none) == len(curves.memory_swap) == 21
    assert curves.none[:10] == curves.memory_swap[:10]
    assert sum(curves.none[10:]) > sum(curves.memory_swap[10:]) + 1
    assert curves.memory_swap_same is not None
    assert curves.none[:10] == curves.memory_swap_same[:10]
    assert sum(curves.memory_swap_same[10:]) == pytest.approx(sum(curves.none[10:]), abs=0.2)  # what it knew is true
    for name, blocks in curves.blocks.items():
        assert torch.tensor(blocks).mean(0).tolist() == pytest.approx(getattr(curves, name), abs=1e-6)


def test_swap_does_nothing_to_a_policy_without_memory() -> None:
    """Win-stay-lose-shift goes by the true r_{t-1} and a_{t-1} under the same noise: not one number changes."""
    family = BernoulliBandit(3, 20, action_noise=0.2)
    curves = simulate(family, win_stay_lose_shift(3), tasks_of(family, 500), run=1)
    assert curves.none == curves.memory_swap


def test_a_run_is_reproduced_by_its_number_and_by_nothing_else() -> None:
    """The same run gives identical floats, and another run gives others."""
    family = BernoulliBandit(3, 10)
    tasks = tasks_of(family, 100)
    policy = Preferring(3, greedy)
    assert simulate(family, policy, tasks, run=4) == simulate(family, policy, tasks, run=4)
    assert simulate(family, policy, tasks, run=4) != simulate(family, policy, tasks, run=5)


@pytest.mark.parametrize("noise", [0.0, 0.25])
def test_simulated_bayes_optimal_return_agrees_with_the_exact_one(noise: float) -> None:
    """On 2 arms × 20 pulls the mean of 40 batches of fresh tasks is within three standard errors of the program's."""
    family = BernoulliBandit(2, 20, noise)
    best = bayes_optimal(count_states(2, 20), noise)
    policy = Preferring(2, best.preference)
    batches = torch.split(tasks_of(family, 40 * 250), 250)
    returns = torch.tensor([sum(simulate(family, policy, batch, run).none) for run, batch in enumerate(batches)])
    error = returns.std() / len(returns) ** 0.5
    assert error < 0.1
    assert abs(returns.mean() - best.expected_return) < 3 * error
