"""Interval reproduction: the tape of a trial, what a press is worth, who needs which memory."""

from __future__ import annotations

import pytest
import torch
from torch import Tensor

from ingredients.errors import StudyError
from ingredients.references import evaluate_references, references_for
from ingredients.references.interval_reproduction import ExactClock, Walker, best_fixed_time
from ingredients.references.simulation import simulate
from ingredients.study import parse_study
from ingredients.tasks import lifetime
from ingredients.tasks.interval_reproduction import LEFT, PRESS, RIGHT, IntervalReproduction

FAMILY = IntervalReproduction(episodes=5, episode_steps=5, shortest=2, longest=4, tolerance=2.0)


def task(interval: int) -> Tensor:
    """Returns one task, `[1, 1]`."""
    return torch.tensor([[interval / FAMILY.longest]])


def played(family: IntervalReproduction, interval: int, actions: list[int]) -> tuple[list[list[float]], list[float]]:
    """Returns what was seen before each action and after the last, and what each was paid."""
    tasks, nothing = task(interval), torch.empty(1, 0)
    world = lifetime.begin(family, tasks, nothing)
    seen, paid = [world.observation[0].tolist()], []
    for t, action in enumerate(actions):
        world, step = lifetime.proceed(family, tasks, world, torch.tensor([action]), nothing)
        if lifetime.starts_episode(family, t + 1):
            world = lifetime.next_episode(family, tasks, world, nothing)
        seen.append(world.observation[0].tolist())
        paid.append(step.reward.item())
    return seen, paid


def test_tape_of_a_trial() -> None:
    """Light for d = 3 steps, dark to the last phase, then the cue; a press after exactly d steps pays and ends it."""
    seen, paid = played(FAMILY, 3, [RIGHT] * 20 + [LEFT, LEFT, LEFT, PRESS, PRESS])
    light = [[1, 0, 0.0], [1, 0, 0.25], [1, 0, 0.5]]
    dark = [[0, 0, 0.75]] * 17  # to the right, too, but in the dark nobody moves
    cue = [[0, 1, 0.75], [0, 1, 0.5], [0, 1, 0.25], [0, 1, 0.0]]
    pressed, waiting = [0, 1, 0.0], [0, 0, 0.0]
    assert seen[:25] == [*light, *dark, *cue, pressed]
    assert paid == [0.0] * 23 + [1.0, 0.0]
    world = lifetime.begin(FAMILY, task(3), torch.empty(1, 0))
    after = world._replace(waiting=torch.tensor([True]))
    world, step = lifetime.proceed(FAMILY, task(3), after, torch.tensor([PRESS]), torch.empty(1, 0))
    assert (step.observation[0].tolist(), step.reward.item()) == (waiting, 0.0)


@pytest.mark.parametrize(
    ("presses", "worth"),
    [([22], 0.5), ([23], 1.0), ([24], 0.5), ([20, 23], 0.0), ([21, 23], 0.0), ([3], 0.0), ([], 0.0)],
)
def test_what_a_press_is_worth(presses: list[int], worth: float) -> None:
    """It falls with the error; the first press after the cue counts, one before it is none, and none earns nothing."""
    actions = [PRESS if t in presses else LEFT for t in range(25)]
    assert sum(played(FAMILY, 3, actions)[1]) == pytest.approx(worth)


def test_a_trial_that_is_over_pays_no_more() -> None:
    """Gymnasium goes on with phases as long as it is asked; the clock is set right after a press, and nothing pays."""
    state, _ = FAMILY.next_episode(task(3), torch.tensor([[0.0, 22.0]]), torch.empty(1, 0))
    assert state.tolist() == [[0.0, 25.0]]
    step = FAMILY.step(task(3), state, torch.tensor([PRESS]), torch.empty(1, 0))
    assert (step.reward.item(), step.terminated.item()) == (0.0, False)


def test_the_switches_take_the_clock_away() -> None:
    """Unseen, or unable to move: the third column stays 0, and nothing is written."""
    unseen = IntervalReproduction(5, 5, 2, 4, 2.0, position_shown=False)
    for family in (unseen, IntervalReproduction(5, 5, 2, 4, 2.0, can_move=False)):
        seen, _ = played(family, 3, [RIGHT] * 25)
        assert {shown[2] for shown in seen} == {0.0}
        assert list(family.written) == []
    assert list(FAMILY.written) == [0]


def test_every_interval_occurs_equally_often() -> None:
    """Of 3000 tasks about a third have each of three intervals."""
    drawn = FAMILY.interval(FAMILY.draw_tasks(torch.Generator().manual_seed(0), 3000))
    assert set(drawn.tolist()) == {2.0, 3.0, 4.0}
    assert abs(float(drawn.mean()) - 3.0) < 0.06


def test_the_floor_is_the_best_press_without_knowing_the_interval() -> None:
    """Intervals 2, 3, 4 and tolerance 2: a press after 3 steps is worth (½ + 1 + ½) / 3, and no other time more."""
    assert best_fixed_time(FAMILY) == 3
    floor = next(reference for reference in references_for(FAMILY).all if reference.name == "best_fixed_time")
    assert floor.expected_return == pytest.approx(2 / 3)
    tasks = torch.tensor([[0.5], [0.75], [1.0]])
    assert floor.curves(tasks, 0).none == pytest.approx([0.0] * 4 + [2 / 3])


def test_clock_and_walker_reproduce_exactly_and_each_by_its_own_carrier() -> None:
    """Both earn all there is; the clock loses it with its memory, the walker with its place on the track."""
    tasks = torch.tensor([[0.5], [1.0]]).repeat(50, 1)  # neighbours are two steps apart: worth 0
    whole, lost = [0.0] * 4 + [1.0], [0.0] * 5
    clock, walker = simulate(FAMILY, ExactClock(), tasks, 0), simulate(FAMILY, Walker(), tasks, 0)
    assert (clock.none, clock.memory_swap, clock.environment_swap) == (whole, lost, whole)
    assert (walker.none, walker.memory_swap, walker.environment_swap) == (whole, whole, lost)


@pytest.mark.parametrize("shown", [True, False])
def test_what_the_store_keeps(shown: bool) -> None:
    """No reactive reference; the environment can be written on where the position is shown, and only then."""
    family = IntervalReproduction(5, 5, 2, 4, 2.0, position_shown=shown)
    tasks = family.draw_tasks(torch.Generator().manual_seed(0), 60)
    kept = evaluate_references(family, tasks, at_points=10, simulated_runs=2)
    assert (kept["floor"], kept["reactive"], kept["yardstick"]) == ("best_fixed_time", None, "exact_clock")
    assert (kept["writable"], kept["held_out"]) == (shown, False)
    assert ("walker" in kept["references"]) is shown
    assert ("environment_swap" in kept["references"]["exact_clock"]["curves"]) is shown


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({"longest": 6}, "t.yaml: tasks.longest: does not fit, got 6; allowed: below episode_steps = 6"),
        ({"shortest": 5}, "t.yaml: tasks.shortest: leaves one interval, got 5; allowed: 1 to below longest = 5"),
    ],
)
def test_an_interval_that_does_not_fit_is_refused(settings: dict[str, int], message: str) -> None:
    """The light has to go out before the cue comes, and there must be something to tell apart."""
    tasks = {"family": "interval-reproduction", "episodes": 5, **settings}
    with pytest.raises(StudyError, match=message.replace(".", r"\.")):
        parse_study({"name": "t", "tasks": tasks, "ingredients": {}}, "t.yaml")
