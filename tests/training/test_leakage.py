"""What environments leak: decoded where it shows, not where it does not, and the same every time."""

from __future__ import annotations

from dataclasses import asdict
from functools import cache
from typing import Any

import leaking
import numpy as np
import pytest
import torch
from leaking import Leaky, late_by, part_of_the_time
from sklearn.ensemble import RandomForestClassifier
from torch import Tensor

from ingredients.decoding.chosen import DecoderQuestion
from ingredients.decoding.classes import edges_of, place
from ingredients.decoding.decoders import FULL, QUICK, Budget
from ingredients.decoding.forest import forest_chances
from ingredients.decoding.leak import LEAKS_ABOVE, LeakMeasurement, measure, ratio
from ingredients.study import Study, parse_study
from ingredients.tasks import make_family
from ingredients.tasks.bernoulli_bandit import BernoulliBandit
from ingredients.tasks.causal_bandit import CausalBandit
from ingredients.tasks.family import Family, Step
from ingredients.training.draws import evaluation_tasks
from ingredients.training.leakage import QUICK_SHARE, _few, _many, family_leakage, leakage, play_at_random

ROOM: dict[str, Any] = {"family": "dark-room", "size": 4, "episodes": 8, "episode_steps": 10}


def study_of(tasks: dict[str, Any]) -> Study:
    """Returns a study with these tasks."""
    return parse_study({"name": "t", "tasks": tasks, "ingredients": {}}, "test")


@cache
def leaks_of(**tasks: Any) -> dict[str, Any]:  # noqa: ANN401 - whatever a family's section may hold
    """Returns what the environment of a study with these tasks leaks."""
    return leakage(study_of(tasks))


def one_leak(family: Family, name: str, budget: Budget = QUICK, **known: bool) -> LeakMeasurement:
    """Returns one of the eight numbers that `family_leakage` finds, of the same play, in an eighth of the time."""
    asked, each = DecoderQuestion(name, **known), QUICK_SHARE if budget == QUICK else 1
    played, _ = play_at_random(family, *(_few if asked.task else _many)(family, each))
    return measure(played, asked, budget)


def test_one_leak_is_one_of_all() -> None:
    """What most tests below look at is what a plan is told."""
    family, found = make_family(study_of(ROOM).tasks), leaks_of(**ROOM)
    assert found["reward"]["history"] == asdict(one_leak(family, "reward", history=True))
    assert found["action"] == found["action"] | asdict(one_leak(family, "action", task=True))


def test_a_bandit_leaks_nothing() -> None:
    """Its one number is always 0, so a decoder does no better than without it: the essay's exception."""
    found = leaks_of(family="bernoulli-bandit", arms=4, episodes=20)
    assert (found["reward"]["leaks"], found["action"]["leaks"]) == (False, False)
    assert found["action"]["base_rate"] == pytest.approx(0.25, abs=0.03)
    assert found["reward"]["low"] <= found["reward"]["leak"] <= found["reward"]["high"]
    assert (found["reward"]["classes"], found["action"]["classes"]) == (2, 4)


@pytest.mark.parametrize(
    ("switches", "reward", "in_lifetime", "action"),
    [
        ({"position_shown": False}, False, False, False),
        ({}, True, False, True),
        ({"position_shown": False, "goal_shown": True}, True, True, False),
        ({"ends_at_goal": True, "position_shown": True}, True, True, True),
    ],
)
def test_a_dark_room_leaks_what_its_switches_say(
    switches: dict[str, bool], reward: bool, in_lifetime: bool, action: bool
) -> None:
    """Position leaks the move, and the reward to one who knows the goal; the goal's light and an early end to all."""
    found = leaks_of(**ROOM, **switches)
    assert (found["reward"]["leaks"], found["action"]["leaks"]) == (reward, action)
    assert found["reward"]["history"]["leaks"] == found["reward"]["without"]["leaks"] == in_lifetime
    for leak in found.values():
        assert leak["quick"]
        assert leak["leaks"] == (leak["low"] > LEAKS_ABOVE)
        expected = (leak["accuracy"] - leak["base_rate"]) / (1 - leak["base_rate"])
        assert leak["leak"] == pytest.approx(max(expected, 0))


class Scheduled(BernoulliBandit):
    """A bandit that pays in the second half of a lifetime alone, and shows that half."""

    def step(self, tasks: Tensor, state: Tensor, action: Tensor, noise: Tensor) -> Step:
        """Pays by arm or not at all; the state counts the steps."""
        step, late = super().step(tasks, state, action, noise), state[..., 0] + 1 >= self.episodes // 2
        reward = torch.where(late, self.late_reward(step.reward), torch.zeros_like(step.reward))
        return step._replace(state=state + 1, observation=late.float().unsqueeze(-1), reward=reward)

    def late_reward(self, reward: Tensor) -> Tensor:
        """Returns what is paid in the second half."""
        return reward

    def first(self, tasks: Tensor, start: Tensor) -> tuple[Tensor, Tensor]:
        """Starts to count."""
        zero = torch.zeros_like(tasks[..., :1])
        return zero, zero

    def next_episode(self, tasks: Tensor, state: Tensor, start: Tensor) -> tuple[Tensor, Tensor]:
        """Counts on, and shows the half."""
        return state, (state >= self.episodes // 2).float()


class Paid(Scheduled):
    """The same, where the second half always pays."""

    def late_reward(self, reward: Tensor) -> Tensor:
        """Returns 1."""
        return torch.ones_like(reward)


def test_what_the_schedule_gives_away_is_no_leak() -> None:
    """In the first half every reward is 0, and the half is shown: whoever counts the steps knows as much."""
    found = one_leak(Scheduled(4, 20), "reward", FULL, task=True)
    assert not found.leaks
    assert found.leak == pytest.approx(0, abs=0.05)
    assert one_leak(Scheduled(4, 20), "reward", FULL).base_rate == pytest.approx(0.75, abs=0.06)
    paid = one_leak(Paid(4, 20), "reward", task=True)
    assert (paid.leak, paid.leaks, paid.reason) == (None, None, "the schedule alone tells the reward")


def test_a_causal_bandit_shows_its_answer_and_not_only_its_phase() -> None:
    """Most rewards are 0 by the phase, which is the base; what the values tell beyond it is a weak leak."""
    family, number = CausalBandit(nodes=4, episodes=10), torch.arange(400)
    played, _ = play_at_random(family, evaluation_tasks(family, 400), number)
    reward, action = (measure(played, DecoderQuestion(name)) for name in ("reward", "action"))
    assert (reward.base_rate or 0) > 0.85
    assert 0.1 < (reward.leak or 0) < 0.35
    assert action.leaks


def test_the_same_numbers_every_time() -> None:
    """All draws are named, and so is the decoder's."""
    assert leaks_of(**ROOM) == leakage(study_of(ROOM))


class Generous(BernoulliBandit):
    """A bandit that always pays the same, and shows the arm that was pulled."""

    def step(self, tasks: Tensor, state: Tensor, action: Tensor, noise: Tensor) -> Step:
        """Pays 1."""
        step = super().step(tasks, state, action, noise)
        return step._replace(reward=torch.ones_like(step.reward))


class Pulled(BernoulliBandit):
    """A bandit of vectors: the first component is shown when the next episode starts, the reward is their sum."""

    actions = 2
    continuous = True

    def step(self, tasks: Tensor, state: Tensor, action: Tensor, noise: Tensor) -> Step:
        """Pays the sum of the vector's components, and keeps the first for the next observation."""
        never = torch.zeros(action.shape[:-1], dtype=torch.bool)
        return Step(action[..., :1], action[..., :1], action, action.sum(-1), action.sum(-1), ~never, never)

    def next_episode(self, tasks: Tensor, state: Tensor, start: Tensor) -> tuple[Tensor, Tensor]:
        """Shows what was kept."""
        return state, state


def test_what_never_differs_cannot_be_decoded() -> None:
    """No number, and the reason: a claim of a leak would rest on nothing."""
    reward = one_leak(Generous(3, 10), "reward", task=True)
    assert (reward.leak, reward.leaks, reward.reason) == (
        None,
        None,
        "the reward is constant: 1 in each of 40,000 steps of random play",
    )


def test_vectors_and_numbers_are_decoded_by_quartiles() -> None:
    """One component of two is shown, and half of an action is told; of the reward it makes half as well."""
    action, reward = (one_leak(Pulled(3, 20), name, task=True) for name in ("action", "reward"))
    assert action.leak == pytest.approx(0.5, abs=0.1)
    assert action.classes == reward.classes == 4
    assert 0.2 < (reward.leak or 0) < 0.8
    assert reward.leaks


def test_few_values_are_classes_and_many_are_quartiles() -> None:
    """A value that most steps have swallows none of the rare ones on either side; rare ones are told from it alone."""
    edges = edges_of(np.repeat([0.0, 1.0, 5.0], [9, 5, 5]))
    assert place(edges, np.array([5.0, 0.0, 2.0, 1.0])).tolist() == [5, 1, 4, 3]
    assert edges_of(np.array([0.0, 0.0, 1.0])).tolist() == [0]
    seldom = np.repeat([0.0, 0.7, 0.8, 0.9], [90, 1, 2, 1])
    assert place(edges_of(seldom), np.array([0.0, 0.7, 0.8, 0.9])).tolist() == [1, 2, 2, 2]
    mostly_zero = np.concatenate([np.zeros(80), np.linspace(1, 2, 10), np.linspace(-2, -1, 10)])
    assert np.unique(place(edges_of(mostly_zero), mostly_zero)).size == 3


def test_a_ratio_over_lifetimes_by_hand() -> None:
    """Lifetimes of 2, 1 and 1 errors among 2, 2 and 4: 4/8; residuals 1, 0, -1; s.e. sqrt(2 · 3/2) / 8."""
    part = np.array([1, 1, 1, 0, 1, 0, 0, 0])
    whole, lifetimes = np.ones(8, dtype=np.int64), np.array([4, 4, 7, 7, 9, 9, 9, 9])
    assert ratio(part, whole, lifetimes) == pytest.approx((0.5, 3**0.5 / 8, 3))


@pytest.mark.parametrize(("rows", "columns", "things", "looked_at"), [(90, 3, 1, None), (400, 30, 2, "sqrt")])
def test_a_forest_is_that_of_scikit_learn(rows: int, columns: int, things: int, looked_at: str | None) -> None:
    """The same trees and the same bits, of one thing that is told and of several."""
    draw = np.random.default_rng(0)
    fitted, asked = draw.normal(size=(rows, columns)).round(1), draw.normal(size=(50, columns))
    classes = draw.integers(0, 3, size=(rows, things))
    theirs = RandomForestClassifier(7, min_samples_leaf=3, max_features=looked_at, random_state=0)
    told = theirs.fit(fitted, classes if things > 1 else classes[:, 0]).predict_proba(asked)
    ours = forest_chances(fitted, classes, asked, 7, 3, looked_at)
    assert all(np.array_equal(one, other) for one, other in zip(ours, told if things > 1 else [told], strict=True))


@pytest.mark.parametrize(
    ("family", "name", "truth"),
    [
        pytest.param(part_of_the_time(0.5, of="reward"), "reward", 0.5, id="half"),
        pytest.param(part_of_the_time(0.12, of="action"), "action", 0.12, id="12% of steps"),
        pytest.param(late_by(2, of="action"), "action", 1 - 3 / 30, id="late by two"),
        pytest.param(leaking.XOR, "reward", 1.0, id="XOR"),
        pytest.param(leaking.DIFFERENCE, "action", 1.0, id="difference"),
        pytest.param(leaking.CODE, "action", 1.0, id="code of the task"),
        pytest.param(leaking.POLARITY, "reward", 1.0, id="polarity of the task"),
        pytest.param(leaking.RICHNESS, "reward", 0.0, id="richness of the task"),
    ],
)
def test_leaks_of_known_size(family: Leaky, name: str, truth: float) -> None:
    """A leak is what it is by hand, though only one who knows the task, multiplies or waits can read it."""
    assert one_leak(family, name, task=True).leak == pytest.approx(truth, abs=0.1)


def test_what_only_the_task_tells_is_no_leak_to_one_who_does_not_know_it() -> None:
    """A polarity cannot be told by the lifetime so far without rewards."""
    assert one_leak(leaking.POLARITY, "reward", task=True).leaks
    assert not one_leak(leaking.POLARITY, "reward", history=True).leaks


def test_failed_play_is_said_with_how_often() -> None:
    """Lifetimes that gave a number that is not finite are left out; what they show is no leak."""
    reward = family_leakage(leaking.NOT_FINITE, QUICK)["reward"]
    assert "lifetimes of random play, the first: it gave a number that is not finite" in reward["failed"]
    assert 0 < int(reward["failed"].split()[1]) < int(reward["failed"].split()[3])


def test_the_shown_reward_tells_of_the_action_to_one_who_knows_the_task() -> None:
    """The exact share on random MDPs, by their tables: 0.27 by two states, 0.41 with the reward."""
    family = make_family(study_of({"family": "tabular-mdp", "episodes": 10}).tasks)
    assert one_leak(family, "action", task=True).leak == pytest.approx(0.27, abs=0.1)
    assert one_leak(family, "action", task=True, reward=True).leak == pytest.approx(0.41, abs=0.1)
