"""Forced pulls: the environment draws the first arms, and after them nobody sees a reward."""

from __future__ import annotations

from dataclasses import dataclass, field, replace

import pytest
import torch
from torch import Tensor

from ingredients.agent.network import views
from ingredients.agent.observation import InputLayout, Past, assemble
from ingredients.errors import StudyError
from ingredients.grid import Cell, Run
from ingredients.judgement.ceilings import REWARDS_ONLY
from ingredients.references import evaluate_references, references_for
from ingredients.references.bandit_dynamic_programming import best_after_watching, count_states
from ingredients.references.forced_pulls import Watching
from ingredients.references.policy import Answer, ReferenceInput
from ingredients.references.simulation import simulate
from ingredients.seeds import Purpose, generator
from ingredients.study import Study, parse_study
from ingredients.tasks.bernoulli_bandit import BernoulliBandit
from ingredients.training.draws import at_step
from ingredients.training.interaction import Draws, Play, advance, begin
from ingredients.training.rollout import collect
from ingredients.training.trainer import Setup, begin_training, prepare

FAMILY = BernoulliBandit(3, 15, forced_pulls=5)
P = torch.tensor([[[0.9, 0.1, 0.5]]])


def study(**tasks: object) -> Study:
    """Returns a study of lifetimes of seven pulls, the first two of which are forced."""
    told = {"family": "bernoulli-bandit", "arms": 3, "episodes": 7, "forced_pulls": 2, **tasks}
    sections = {"agent": {"hidden": 16}, "learner": {"lifetimes": 2, "minibatches": 1, "train_steps": 50}}
    return parse_study({"name": "t", "tasks": told, "ingredients": {}, **sections}, "test")


def lifetime() -> tuple[Setup, Play, Draws]:
    """Returns one lane of an untrained agent, which always intends arm 2, and luck by which every even pull pays."""
    setup = prepare(study(), (Run(Cell(True, True, True, True), 0),))
    weights = views(begin_training(setup).policy, setup.agent.shapes())
    noise = torch.zeros(7, 1, 1, 3)
    noise[1::2, ..., 0] = 0.95  # ≥ .9: no arm pays
    noise[:, 0, 0, 2] = torch.tensor([0.1, 0.5, 0.1, 0.1, 0.1, 0.1, 0.1])  # the environment draws arms 0 and 1
    ones, last_arm = torch.ones(7, 1, 1, 1), torch.full((7, 1, 1), 0.999)
    draws = Draws(last_arm, noise, torch.zeros(7, 1, 1, 0), ones, ones, ones)
    return setup, Play(setup.agent, setup.family, weights, P), draws


def test_tape_of_a_lifetime() -> None:
    """Arms 0 and 1 are pulled whatever is intended, shown as the actions; from the third pull on no reward is shown."""
    _, play, draws = lifetime()
    lanes, tape = begin(play, draws.start[0]), []
    for t in range(7):
        lanes, moment = advance(play, lanes, at_step(draws, t))
        step = moment.step
        paid, expected = float(step.reward), round(float(step.expected_reward), 6)
        tape.append((moment.inputs.flatten().tolist(), int(moment.action), int(step.action), paid, expected))
    #  observation, lifetime start, episode start, r, shown, a one-hot, shown, one; intended, pulled, paid, expected
    assert tape[0] == ([0, 1, 1, 0, 0, 0, 0, 0, 0, 1], 2, 0, 1.0, 0.5)  # forced: expected is the mean of all arms
    assert tape[1] == ([0, 0, 1, 1, 1, 1, 0, 0, 1, 1], 2, 1, 0.0, 0.5)
    assert tape[2] == ([0, 0, 1, 0, 1, 0, 1, 0, 1, 1], 2, 2, 1.0, 0.5)  # free: expected is p of arm 2, .5 as well
    assert tape[3] == ([0, 0, 1, 0, 0, 0, 0, 1, 1, 1], 2, 2, 0.0, 0.5)  # paid 1 before, and not seen
    assert tape[4] == ([0, 0, 1, 0, 0, 0, 0, 1, 1, 1], 2, 2, 1.0, 0.5)
    assert tape[5] == tape[3]
    assert tape[6] == tape[4]


def test_what_is_not_seen_is_still_learned_from() -> None:
    """Where the learner counts what is paid, it counts the rewards that no input shows."""
    _, play, draws = lifetime()
    assert collect(play, draws, 1, expected=False).earned.flatten().tolist() == [1, 0, 1, 0, 1, 0, 1]
    expected = collect(play, draws, 1, expected=True)
    assert expected.reward.flatten().tolist() == pytest.approx([0.5 - 0.9] * 7)
    assert expected.inputs[0, 0, 1:3, 0, 3:5].any()
    assert not expected.inputs[0, 0, 3:, 0, 3:5].any()


def test_only_the_reward_columns_depend_on_what_can_be_observed() -> None:
    """An r_{t-1} that nobody can observe empties both columns of its channel, and changes no other column."""
    layout, one = InputLayout(observation_size=1, actions=3), torch.ones(1, 1)
    past = Past(0.25 * one, 0 * one, one, one, torch.tensor([[2]]))
    seen, hidden = (assemble(layout, replace(past, reward_observed=level * one), one, one) for level in (1, 0))
    assert torch.equal(seen, assemble(layout, past, one, one))
    columns = list(layout.columns("reward_observation"))
    assert seen[0, columns].tolist() == [1, 1]
    assert hidden[0, columns].tolist() == [0, 0]
    others = [column for column in range(layout.size) if column not in columns]
    assert torch.equal(seen[:, others], hidden[:, others])


def test_a_forced_pull_ignores_the_intention() -> None:
    """Two agents that intend different arms get the same pulls and rewards until the last forced one."""
    tasks = FAMILY.draw_tasks(torch.Generator().manual_seed(0), 50)
    noise = torch.rand(7, 50, 3, generator=torch.Generator().manual_seed(1))

    def played(arm: int) -> list[Tensor]:
        state, _ = FAMILY.first(tasks, tasks[:, :0])
        given = []
        for luck in noise:
            step = FAMILY.step(tasks, state, torch.full((50,), arm), luck)
            state = step.state
            given.append(torch.stack([step.action.float(), step.reward, step.expected_reward]))
        return given

    for t, (one, other) in enumerate(zip(played(0), played(2), strict=True)):
        assert torch.equal(one, other) is (t < 5)
    assert set(played(1)[0][0].tolist()) == {0.0, 1.0, 2.0}


@pytest.mark.parametrize(("forced", "best"), [(0, 1 / 2), (1, 7 / 12), (2, 7 / 12), (3, 73 / 120)])
def test_the_best_of_two_arms_after_watching(forced: int, best: float) -> None:
    """By hand: one pull leaves 2/3 or 1/2; three on one arm .6, on both (1/3 + 2/3 + 1/2 + 2/3 + 3/4 + 3/4) / 6."""
    assert best_after_watching(count_states(2, forced + 1), forced) == pytest.approx(best)


def test_simulated_returns_agree_with_the_expected_ones() -> None:
    """Each reference earns its computed return within four standard errors, with slips and without."""
    for noise in (0.0, 0.2):
        family = replace(FAMILY, action_noise=noise)
        tasks = family.draw_tasks(generator(1, Purpose.EVALUATION_TASKS), 20_000)
        for reference in references_for(family).all:
            earned = sum(reference.curves(tasks, 0).none)
            if reference.expected_return is not None:
                assert earned == pytest.approx(reference.expected_return, abs=4 * 15 * 0.25 / 20_000**0.5)


def test_without_actions_nothing_can_be_known() -> None:
    """Who sees rewards alone has the floor as his ceiling, with memory and without; with actions memory pays."""
    evaluated = evaluate_references(FAMILY, FAMILY.draw_tasks(torch.Generator().manual_seed(2), 3000), 10, 2)
    late = {
        name: sum(curve[-3:]) for name, told in evaluated["references"].items() for curve in told["curves"]["none"][:1]
    }
    assert late[REWARDS_ONLY] == late["reactive_reward_only"] == late["best_fixed"]
    assert late["best_fixed"] + 0.15 < late["reactive"] < late["bayes_optimal"] - 0.15 < late["oracle"]
    assert (evaluated["floor"], evaluated["reactive"], evaluated["yardstick"]) == (
        "best_fixed",
        "reactive",
        "bayes_optimal",
    )


@dataclass(frozen=True)
class Tape:
    """Pulls arm 0 and counts the pulls that it is told of; writes down step, count, r_{t-1} and what is answered."""

    events: list[tuple[int, float, float, float]] = field(default_factory=list)

    def initial(self, lanes: int) -> Tensor:
        """Returns no pulls."""
        return torch.zeros(lanes, 1)

    def act(self, memory: Tensor, moment: ReferenceInput) -> Tensor:
        """Pulls arm 0."""
        self.events.append((moment.step, memory.item(), moment.reward_tm1.item(), -1.0))
        return torch.zeros(1, dtype=torch.int64)

    def update(self, memory: Tensor, answer: Answer) -> Tensor:
        """Counts one more."""
        self.events.append((answer.step, memory.item(), -1.0, answer.reward.item()))
        return memory + 1


def test_tape_of_a_policy_that_watches() -> None:
    """It is told of five pulls and no more, and where rewards cannot be observed r_{t-1} is 0."""
    tape = Tape()
    simulate(FAMILY, Watching(tape, 5), torch.ones(1, 3), run=0)
    told = [event for t in range(5) for event in ((t, t, float(t > 0), -1), (t, t, -1, 1))]
    blind = [(t, 5, float(t == 5), -1) for t in range(5, 15)]
    # the half, pull 7, is where the swapped lifetime branches off; then a twin plays the first half, and its control
    twin = [*told, *blind[:2]]
    assert tape.events == [*told, *blind, *blind[2:], *twin, *blind[2:]]


def test_a_lifetime_without_a_free_pull_is_refused() -> None:
    """One line says the key, the value and what is allowed."""
    with pytest.raises(StudyError, match=r"tasks.forced_pulls: leave no pull to the agent, got 7; allowed: 0 to 6"):
        study(forced_pulls=7)
