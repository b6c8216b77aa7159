"""The bandit beside a track: what is written, what it pays, and how far an agent without memory gets by it."""

from __future__ import annotations

from dataclasses import replace

import pytest
import torch
from torch import Tensor

from ingredients.errors import StudyError
from ingredients.references import references_for
from ingredients.references.simulation import simulate
from ingredients.references.track_bandit import Automaton
from ingredients.study import parse_study
from ingredients.tasks import lifetime
from ingredients.tasks.track_bandit import LEFT, RIGHT, STAY, STEPS, TrackBandit

FAMILY = TrackBandit(episodes=40, squares=10)


def tasks(count: int) -> Tensor:
    """Returns `[count, 2]` tasks."""
    return FAMILY.draw_tasks(torch.Generator().manual_seed(3), count)


def late(curve: list[float]) -> float:
    """Returns the mean of the last fifth."""
    return sum(curve[-8:]) / 8


def test_a_pull_pays_by_its_arm_and_moves_by_its_step() -> None:
    """Arm 1 pays .75 here; from the right-hand end a step to the right stays, and is seen as position 1."""
    task, state = torch.tensor([[0.25, 0.75]] * 3), torch.tensor([[9.0], [9.0], [0.0]])
    action = torch.tensor([STEPS + RIGHT, STEPS + LEFT, LEFT])
    step = FAMILY.step(task, state, action, torch.tensor([[0.7], [0.8], [0.2]]))
    assert step.reward.tolist() == [1.0, 0.0, 1.0]
    assert step.expected_reward.tolist() == [0.75, 0.75, 0.25]
    assert step.state.flatten().tolist() == [9.0, 8.0, 0.0]
    assert step.action.tolist() == [STEPS + STAY, STEPS + STAY, STAY]  # no note in the action channel
    assert step.observation.flatten().tolist() == pytest.approx([1.0, 8 / 9, 0.0])


def test_the_position_is_all_that_is_written_and_outlasts_a_pull() -> None:
    """A swap of what is written is seen at once; hidden, there is nothing to swap and nothing to see."""
    task = torch.tensor([[0.1, 0.9], [0.2, 0.8]])
    state, seen = FAMILY.next_episode(task, torch.tensor([[2.0], [7.0]]), task[:, :0])
    assert state.flatten().tolist() == [2.0, 7.0]
    swapped = lifetime.swap_written(FAMILY, task, lifetime.World(state, seen, None))
    assert swapped.observation.flatten().tolist() == pytest.approx([7 / 9, 2 / 9])
    unseen = replace(FAMILY, position_shown=False)
    assert (len(FAMILY.written), len(unseen.written)) == (1, 0)
    assert unseen.first(task, task[:, :0])[1].tolist() == [[0.0], [0.0]]


def test_on_two_squares_the_automaton_is_win_stay_lose_shift() -> None:
    """A square for each arm says which was pulled and no more; in closed form on arms of .8 and .4."""
    family = replace(FAMILY, squares=2)
    task = torch.tensor([[0.8, 0.4]]).repeat(20_000, 1)
    curve = simulate(family, Automaton(family), task, 0).none
    share = 0.6 / (0.6 + 0.2)  # of pulls of the better arm: the worse is left after .6 of them, the better after .2
    assert late(curve) == pytest.approx(share * 0.8 + (1 - share) * 0.4, abs=0.005)


def test_more_squares_remember_longer() -> None:
    """Late scores rise with the track, beyond the best reaction by more than δ and not beyond the optimum."""
    played, some = {}, tasks(4000)
    for squares in (2, 4, 10):
        family = replace(FAMILY, squares=squares)
        played[squares] = late(simulate(family, Automaton(family), some, 0).none)
    references = {each.name: late(each.curves(some, 0).none) for each in references_for(FAMILY).all}
    span = references["bayes_optimal"] - references["best_fixed"]
    assert played[2] < played[4] < played[10] < references["bayes_optimal"]
    assert (played[10] - references["reactive"]) / span > 0.2


def test_the_automaton_loses_what_it_knows_with_its_place_alone() -> None:
    """A swap of positions costs it, one of its empty memory nothing; references that do not look lose nothing."""
    some, references = tasks(2000), {each.name: each for each in references_for(FAMILY).all}
    curves = references["automaton"].curves(some, 0)
    assert curves.environment_swap is not None
    assert curves.memory_swap == curves.none
    assert sum(curves.none[20:25]) - sum(curves.environment_swap[20:25]) > 5 * 0.05
    optimal = references["bayes_optimal"].curves(some, 0)
    assert optimal.environment_swap == optimal.none != optimal.memory_swap
    assert "automaton" not in {each.name for each in references_for(replace(FAMILY, position_shown=False)).all}


def test_a_track_has_two_halves() -> None:
    """An odd number of squares would have a middle that belongs to neither arm."""
    study = {"name": "t", "tasks": {"family": "track-bandit", "episodes": 10, "squares": 5}, "ingredients": {}}
    with pytest.raises(StudyError, match="an even number"):
        parse_study(study, "test")


def test_a_step_that_stays_writes_nothing() -> None:
    """Whatever is pulled."""
    for arm in (0, 1):
        step = FAMILY.step(tasks(5), torch.full((5, 1), 4.0), torch.full((5,), STEPS * arm + STAY), torch.rand(5, 1))
        assert (step.state == 4.0).all()
