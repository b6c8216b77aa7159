"""The references of tabular MDPs: published returns, a plan done by hand, optimism that is as wide as it may be."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial

import pytest
import torch
from torch import Tensor

from ingredients.references import evaluate_references
from ingredients.references.mdp_policies import Counts, Planning, RepeatingWhatPaid, Sampling, what_is_left
from ingredients.references.mdp_posterior import (
    Left,
    Posterior,
    bonus,
    greedy,
    optimistic_psrl,
    psrl,
    ucrl2,
    values_now,
)
from ingredients.references.policy import Answer, ReferenceInput, ReferencePolicy
from ingredients.references.simulation import mean_return, simulate
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
    played = simulate(DUAN, Planning(Counts(DUAN), greedy, epsilon=1.0), tasks, run=0).none
    assert sum(played) / DUAN.episodes == pytest.approx(float(exact.mean()), abs=0.12)
    assert float(exact.mean()) == pytest.approx(10, abs=4.5 * float(exact.std()) / len(tasks) ** 0.5)


@dataclass(frozen=True)
class OnceAnEpisode:
    """Chooses by what `planning` knew as the episode began, as the algorithms of Duan et al. do."""

    planning: Planning

    def initial(self, lanes: int) -> Tensor:
        """Returns what is known now, and what was known as the episode began."""
        return self.planning.initial(lanes).repeat(1, 2)

    def act(self, memory: Tensor, moment: ReferenceInput) -> Tensor:
        """Returns what is best by the latter."""
        return self.planning.act(memory.chunk(2, dim=1)[1], moment)

    def update(self, memory: Tensor, answer: Answer) -> Tensor:
        """Returns the former with one more step in it; where an episode ends, the latter catches up."""
        now, then = memory.chunk(2, dim=1)
        now = self.planning.update(now, answer)
        ends = (answer.step + 1) % self.planning.counts.family.episode_steps == 0
        return torch.cat([now, now if ends else then], dim=1)


@pytest.mark.parametrize(
    ("policy", "published"),
    [
        (lambda counts: OnceAnEpisode(Planning(counts, greedy)), 134.8),
        (lambda counts: Sampling(counts, psrl), 138.1),
        (lambda counts: Sampling(counts, optimistic_psrl), 144.1),
    ],
    ids=["greedy", "psrl", "opsrl"],
)
def test_returns_of_the_handicapped_are_those_of_duan(
    policy: Callable[[Counts], ReferencePolicy], published: float
) -> None:
    """With a prior mean reward of 0 and one plan an episode, algorithms earn what Duan et al. 2016, Table 2 have."""
    tasks = tasks_of(DUAN, 400)
    earned = mean_return(DUAN, policy(Counts(DUAN, prior_mean=0.0)), tasks, run=0)
    assert earned == pytest.approx(published, abs=6)  # standard error about 1.3 on ours, theirs about .8


def test_planning_at_every_step_is_worth_five() -> None:
    """BEB planned once an episode earns 156; at every step 161 to 162, as REFERENCES has it; greedy 158."""
    tasks, beb = tasks_of(DUAN, 600), Planning(Counts(DUAN), partial(bonus, scale=0.5))
    earned = [
        mean_return(DUAN, policy, tasks, run=0) for policy in (OnceAnEpisode(beb), Planning(Counts(DUAN), greedy), beb)
    ]
    assert earned == pytest.approx([156.5, 158.2, 161.8], abs=3)  # standard errors of about 1, in common
    assert earned[2] - earned[0] > 3.5


def test_values_now_are_those_of_the_whole_plan() -> None:
    """They are the first step of the family's value iteration, and by hand: leaving pays from two steps on."""
    tasks = tasks_of(TWO_STATES, 50)
    rewards, transitions = TWO_STATES.rewards(tasks), TWO_STATES.transitions(tasks)
    for steps in (1, 2, 7):
        whole = action_values(rewards, transitions, steps)[:, 0]
        torch.testing.assert_close(values_now(rewards, transitions, steps), whole)
    by_hand = values_now(REWARDS.unsqueeze(0), TRANSITIONS.unsqueeze(0), 2)
    assert by_hand[0].tolist() == [[1 + 1, 0 + 3], [3 + 3, 0.5 * 1 + 0.5 * 3]]


def test_a_planner_is_told_what_is_left() -> None:
    """The episode's steps with the present one; a share of episodes that falls from 1 to 0, and the bonus with it."""
    assert [what_is_left(TWO_STATES, t) for t in (0, 1, 2, 9)] == [(2, 1.0), (1, 1.0), (2, 0.75), (1, 0.0)]
    known = Posterior(torch.zeros(1, 2, 2), torch.tensor([[[0.0, 1.0], [3.0, 0.0]]]), torch.ones(1, 2, 2, 2))
    bonuses = [bonus(known, Left(1, share), torch.Generator(), 2.0, fades=True) for share in (1.0, 0.25, 0.0)]
    assert bonuses[0][0].tolist() == [[2.0, 1.0], [0.5, 2.0]]
    assert bonuses[1][0].tolist() == [[1.0, 0.5], [0.25, 1.0]]
    assert bonuses[2][0].tolist() == [[0.0, 0.0], [0.0, 0.0]]
    assert bonus(known, Left(1, 0.0), torch.Generator(), 2.0)[0].tolist() == [[2.0, 1.0], [0.5, 2.0]]


def test_what_is_learned_within_an_episode_counts_at_once() -> None:
    """After a bad reward in the first state a planner that comes back to it in the same episode does something else."""
    policy, draws = Planning(Counts(TWO_STATES), greedy), torch.Generator().manual_seed(0)
    no, home = torch.tensor([False]), torch.tensor([[1.0, 0.0]])
    step = Answer(0, home, torch.tensor([0]), torch.tensor([-9.0]), home, no, no, draws)
    memory, nothing = policy.update(policy.initial(1), step), torch.zeros(1)
    moments = [ReferenceInput(1, nothing, home, nothing, nothing.long(), draws) for _ in range(20)]
    assert {int(policy.act(memory, moment)) for moment in moments} == {1}


def test_the_posterior_counts_what_an_agent_is_shown() -> None:
    """A reward counts for its pair, a next state too, but not where an episode's last step led."""
    policy, draws = Planning(Counts(TWO_STATES), greedy), torch.Generator().manual_seed(0)
    no, memory = torch.tensor([False]), policy.initial(1)
    home, away = torch.tensor([[1.0, 0.0]]), torch.tensor([[0.0, 1.0]])
    memory = policy.update(memory, Answer(0, home, torch.tensor([1]), torch.tensor([3.0]), away, no, no, draws))
    memory = policy.update(memory, Answer(1, away, torch.tensor([0]), torch.tensor([0.0]), home, no, no, draws))
    known = policy.counts.posterior(memory)
    assert known.mean[0].tolist() == [[1.0, 2.0], [0.5, 1.0]]
    assert known.visits[0].tolist() == [[0.0, 1.0], [1.0, 0.0]]
    assert known.counts[0].tolist() == [[[1.0, 1.0], [1.0, 2.0]], [[1.0, 1.0], [1.0, 1.0]]]


def test_posterior_sampling_keeps_its_draw_for_an_episode() -> None:
    """Between an episode's first step and its last the MDP stays; by step, each has its own."""
    draws = torch.Generator().manual_seed(0)
    no, home, drawn = torch.tensor([False]), torch.tensor([[1.0, 0.0]]), []
    for by_step in (False, True):
        policy = Sampling(Counts(TWO_STATES), psrl, by_step)
        memory, seen = policy.initial(1), []
        for step in range(4):
            answer = Answer(step, home, torch.tensor([0]), torch.tensor([1.0]), home, no, no, draws)
            memory = policy.update(memory, answer)
            seen.append(tuple(memory[0, -TWO_STATES.task_size :].tolist()))
        drawn.append(seen)
    assert drawn[0][0] != (0.0,) * TWO_STATES.task_size
    assert drawn[0][0] != drawn[0][1] == drawn[0][2] != drawn[0][3]  # steps 1 and 3 end an episode
    assert len(set(drawn[1])) == 4


def test_the_most_promising_transitions_are_as_far_as_allowed() -> None:
    """UCRL2 moves probability from the worst next state to the best, never more than there is."""
    visits = torch.tensor([[[1e6, 1.0], [1e6, 1e6]]])
    known = Posterior(REWARDS.unsqueeze(0), visits, torch.ones(1, 2, 2, 2))
    sure = ucrl2(known, Left(2, 1.0), torch.Generator(), scale=1e-6)
    torch.testing.assert_close(sure[0], action_values(REWARDS, torch.full((2, 2, 2), 0.5), 2)[0], atol=1e-3, rtol=0)
    hopeful = [ucrl2(known, Left(steps, 1.0), torch.Generator(), scale=0.5)[0] for steps in (2, 1)]
    last = hopeful[1].amax(-1)
    assert hopeful[0][0, 1] - hopeful[1][0, 1] == pytest.approx(float(last.max()), abs=1e-5)  # all of it is moved
    assert float(hopeful[0][0, 0] - hopeful[1][0, 0]) == pytest.approx(float(last.mean()), abs=0.05)  # hardly any


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
    assert best in set(earned) - {"random", "reactive", "oracle"}
    curves = made["references"][best]["curves"]
    assert sum(curves["memory_swap"][0]) < sum(curves["none"][0])
    assert made["references"]["random"]["expected_return"] == family.steps
    assert [reference.exact for reference in tabular_mdp_references(family).all] == [True, *[False] * 10, True]


def test_references_are_a_function_of_the_run() -> None:
    """The same run gives the same curve, another run another one."""
    family = TabularMdp(3, 2, 5, 3)
    tasks = tasks_of(family, 50)
    first, again, other = (simulate(family, Sampling(Counts(family), psrl), tasks, run) for run in (0, 0, 1))
    assert first == again != other
