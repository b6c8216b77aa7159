"""The references of tabular MDPs: published returns, a plan done by hand, optimism that is as wide as it may be."""

from __future__ import annotations

from functools import partial

import pytest
import torch
from torch import Tensor

from ingredients.references import evaluate_references
from ingredients.references.mdp_policies import Planning, RepeatingWhatPaid
from ingredients.references.mdp_posterior import Posterior, greedy, optimistic_psrl, psrl, ucrl2
from ingredients.references.policy import Answer
from ingredients.references.simulation import simulate
from ingredients.references.tabular_mdp import random_return, tabular_mdp_references
from ingredients.tasks.tabular_mdp import TabularMdp, action_values

DUAN = TabularMdp(states=10, actions=5, episodes=10, episode_steps=10)
TWO_STATES = TabularMdp(states=2, actions=2, episodes=5, episode_steps=2)
# state 0: stay for 1, or leave for 0; state 1: stay for 3, or return for 0 half of the time
REWARDS = torch.tensor([[1.0, 0.0], [3.0, 0.0]])
TRANSITIONS = torch.tensor([[[1.0, 0.0], [0.0, 1.0]], [[0.0, 1.0], [0.5, 0.5]]])


def two_state_task() -> Tensor:
    """Returns the MDP above as ψ, `[12]`."""
    return torch.cat([REWARDS.flatten(), TRANSITIONS.flatten()])


def tasks_of(family: TabularMdp, count: int) -> Tensor:
    """Returns tasks of a fixed stream, `[N, D]`."""
    return family.draw_tasks(torch.Generator().manual_seed(3), count)


def test_value_iteration_by_hand() -> None:
    """With two steps left leaving costs 1 now and brings 3; with one step left it brings nothing."""
    plan = action_values(REWARDS, TRANSITIONS, 2)
    assert plan[1].tolist() == [[1.0, 0.0], [3.0, 0.0]]
    assert plan[0].tolist() == [[1 + 1, 0 + 3], [3 + 3, 0.5 * 1 + 0.5 * 3]]
    assert TWO_STATES.best_episode_return(two_state_task()) == 3
    assert TWO_STATES.best_episode_return(two_state_task().expand(3, 2, -1)).tolist() == [[3.0] * 2] * 3  # type: ignore[union-attr]


def test_costs_are_what_is_lost_against_the_best_action() -> None:
    """In the first step staying costs 1, in the second one leaving does; a lifetime's later episodes are alike."""
    task = two_state_task()
    solution, home, away = TWO_STATES.solve(task), torch.tensor([0.0]), torch.tensor([1.0])
    assert [TWO_STATES.costs(solution, home, t).tolist() for t in (0, 1, 2)] == [[1.0, 0.0], [0.0, 1.0], [1.0, 0.0]]
    assert TWO_STATES.costs(solution, away, 0).tolist() == [0.0, 4.0]


def test_costs_add_up_to_what_the_best_earns_more() -> None:
    """Over many episodes the costs of random actions are the best episode's return less theirs, within the luck."""
    family, tasks = TabularMdp(4, 3, 5, 6), tasks_of(TabularMdp(4, 3, 5, 6), 4000)
    draw, solution = torch.Generator().manual_seed(0), family.solve(tasks)
    state, earned, cost = torch.zeros(len(tasks), 1), torch.zeros(len(tasks)), torch.zeros(len(tasks))
    for t in range(family.episode_steps):
        action = torch.randint(3, (len(tasks),), generator=draw)
        cost += family.costs(solution, state, t).gather(-1, action.unsqueeze(-1)).squeeze(-1)
        step = family.step(tasks, state, action, torch.rand(len(tasks), 2, generator=draw))
        state, earned = step.state, earned + step.expected_reward
    missed = family.best_episode_return(tasks) - earned  # type: ignore[operator]
    assert abs(float((missed - cost).mean())) < 4.5 * float((missed - cost).std()) / len(tasks) ** 0.5
    assert float((missed - cost).std()) < float(missed.std())


def test_tasks_have_the_distribution_of_the_paper() -> None:
    """Mean rewards N(1, 1); next-state probabilities flat on the simplex: mean 1/S, variance (S − 1) / S² (S + 1)."""
    tasks = tasks_of(DUAN, 200)
    rewards, transitions = DUAN.rewards(tasks), DUAN.transitions(tasks)
    assert (rewards.mean().item(), rewards.std().item()) == pytest.approx((1, 1), abs=0.05)
    torch.testing.assert_close(transitions.sum(-1), torch.ones_like(rewards))
    assert transitions.var().item() == pytest.approx(9 / (100 * 11), rel=0.03)


def test_random_actions_earn_what_policy_evaluation_says() -> None:
    """Exact policy evaluation agrees with random actions played out, and is 1 a step in the mean of the prior."""
    tasks = tasks_of(DUAN, 500)
    exact = random_return(DUAN, tasks)
    played = simulate(DUAN, Planning(DUAN, greedy, epsilon=1.0), tasks, run=0).none
    assert sum(played) / DUAN.episodes == pytest.approx(float(exact.mean()), abs=0.12)
    assert float(exact.mean()) == pytest.approx(10, abs=4.5 * float(exact.std()) / len(tasks) ** 0.5)


@pytest.mark.parametrize(
    ("planner", "published"),
    [(greedy, 134.8), (psrl, 138.1), (optimistic_psrl, 144.1)],
    ids=["greedy", "psrl", "opsrl"],
)
def test_returns_with_a_prior_that_expects_nothing_are_those_of_duan(planner: object, published: float) -> None:
    """With a prior mean reward of 0, PSRL, optimistic PSRL and greedy earn what Duan et al. 2016, Table 2 have."""
    tasks = tasks_of(DUAN, 400)
    earned = sum(simulate(DUAN, Planning(DUAN, planner, prior_mean=0.0), tasks, run=0).none)  # type: ignore[arg-type]
    assert earned == pytest.approx(published, abs=6)  # standard error about 1.3 on ours, theirs about .8


def test_the_posterior_counts_what_an_agent_is_shown() -> None:
    """A reward counts for its pair, a next state too, but not where an episode's last step led."""
    policy, draws = Planning(TWO_STATES, greedy), torch.Generator().manual_seed(0)
    no, memory = torch.tensor([False]), policy.initial(1)
    home, away = torch.tensor([[1.0, 0.0]]), torch.tensor([[0.0, 1.0]])
    memory = policy.update(memory, Answer(0, home, torch.tensor([1]), torch.tensor([3.0]), away, no, no, draws))
    memory = policy.update(memory, Answer(1, away, torch.tensor([0]), torch.tensor([0.0]), home, no, no, draws))
    known = policy.posterior(memory)
    assert known.mean[0].tolist() == [[1.0, 2.0], [0.5, 1.0]]
    assert known.visits[0].tolist() == [[0.0, 1.0], [1.0, 0.0]]
    assert known.counts[0].tolist() == [[[1.0, 1.0], [1.0, 2.0]], [[1.0, 1.0], [1.0, 1.0]]]


def test_a_planner_follows_its_plan_for_an_episode() -> None:
    """Between an episode's first step and its last the plan stays; before the next one it is made anew."""
    policy, draws = Planning(TWO_STATES, psrl), torch.Generator().manual_seed(0)
    no, memory = torch.tensor([False]), policy.initial(1)
    home = torch.tensor([[1.0, 0.0]])
    plans = []
    for step in range(4):
        memory = policy.update(memory, Answer(step, home, torch.tensor([0]), torch.tensor([1.0]), home, no, no, draws))
        plans.append(memory[0, -8:].tolist())
    assert plans[1] == plans[2] != plans[3]
    assert plans[0] != [0.0] * 8


def test_the_most_promising_transitions_are_as_far_as_allowed() -> None:
    """UCRL2 moves probability from the worst next state to the best, never more than there is."""
    visits = torch.tensor([[[1e6, 1.0], [1e6, 1e6]]])
    known = Posterior(REWARDS.unsqueeze(0), visits, torch.ones(1, 2, 2, 2), steps=2)
    sure = ucrl2(known, torch.Generator(), scale=1e-6)
    torch.testing.assert_close(
        sure, action_values(REWARDS, torch.full((2, 2, 2), 0.5), 2).unsqueeze(0), atol=1e-3, rtol=0
    )
    hopeful = ucrl2(known, torch.Generator(), scale=0.5)
    last = hopeful[0, 1].amax(-1)
    assert hopeful[0, 0, 0, 1] - hopeful[0, 1, 0, 1] == pytest.approx(float(last.max()), abs=1e-5)  # all of it is moved
    assert float(hopeful[0, 0, 0, 0] - hopeful[0, 1, 0, 0]) == pytest.approx(float(last.mean()), abs=0.05)  # hardly any


def test_the_reference_without_memory_earns_more_than_chance() -> None:
    """To repeat what paid is worth something, and cannot be swapped."""
    curves = simulate(DUAN, RepeatingWhatPaid(5), tasks_of(DUAN, 2000), run=0)
    assert 102 < sum(curves.none) < 107
    assert curves.memory_swap == curves.none


def test_evaluated_references_are_ordered() -> None:
    """Floor below reactive, the best classical one between it and the oracle; a swap of what that knows hurts it."""
    family = TabularMdp(3, 2, 6, 3)
    made = evaluate_references(family, tasks_of(family, 300), at_points=50, simulated_runs=1)
    earned = {name: sum(entry["curves"]["none"][0]) for name, entry in made["references"].items()}
    best = made["yardstick"]
    assert earned[made["floor"]] < earned[made["reactive"]] < earned[best] < earned["oracle"]
    assert best in {"greedy", "epsilon_greedy", "psrl", "opsrl", "beb", "ucrl2"}
    curves = made["references"][best]["curves"]
    assert sum(curves["memory_swap"][0]) < sum(curves["none"][0])
    assert made["references"]["random"]["expected_return"] == family.steps
    assert [reference.exact for reference in tabular_mdp_references(family).all] == [True, *[False] * 7, True]


def test_references_are_a_function_of_the_run() -> None:
    """The same run gives the same curve, another run another one."""
    family, policy = TabularMdp(3, 2, 5, 3), partial(Planning, planner=psrl)
    tasks = tasks_of(family, 50)
    first, again, other = (simulate(family, policy(family), tasks, run) for run in (0, 0, 1))
    assert first == again != other
