"""What `plan` says a grid will take: memory against what is used, time by hand, notices."""

from __future__ import annotations

from collections.abc import Sequence

import pytest

from ingredients.engine import estimate as estimating
from ingredients.engine.ask import results_of
from ingredients.engine.estimate import estimate
from ingredients.engine.grid_jobs import Remaining
from ingredients.engine.local import LocalEngine
from ingredients.engine.protocol import Job
from ingredients.errors import StudyError
from ingredients.grid import Stack, runs, stacks
from ingredients.study import Study, parse_study
from ingredients.training.cost import evaluation_steps, measure_speed, memory_estimate, notices

ON = {name: [True] for name in ("reward_observation", "action_observation", "task_distribution")}


def study_of(memory: list[object], **sections: object) -> Study:
    """Returns a small study whose cells differ in memory."""
    small: dict[str, object] = {
        "name": "t",
        "tasks": {"family": "bernoulli-bandit", "arms": 2, "episodes": 10},
        "seeds": 2,
        "agent": {"hidden": 16},
        "learner": {"train_steps": 1000, "lifetimes": 8},
        "evaluation": {"tasks": 100, "points": 3, "tasks_at_points": 20},
    }
    return parse_study({**small, "ingredients": {**ON, "memory": memory}, **sections}, "test")


def rest_of(study: Study, trained: int = 0) -> Remaining:
    """Returns what a study needs of whose runs none is finished and the first so many have good weights."""
    every = runs(study)
    return Remaining(study, every, stacks(study), frozenset(every[:trained]), references=True)


@pytest.mark.parametrize("kind", ["gru", "transformer"])
def test_the_memory_estimate_is_close(kind: str) -> None:
    """At the flagship's size a worker peaks within a factor of 1.5 of what was said."""
    study = parse_study(
        {
            "name": "t",
            "tasks": {"family": "bernoulli-bandit", "arms": 5, "episodes": 50},
            "ingredients": {},
            "agent": {"memory": kind},
            "learner": {"lifetimes": 64},
        },
        "test",
    )
    stack = stacks(study)[0]
    assert len(stack.runs) == 8
    with LocalEngine(1) as engine:
        (peak,) = results_of(engine, [Job("peak", "engine_jobs:peak_of", (study, stack))])
    assert 1 / 1.5 < memory_estimate(study, stack) / peak < 1.5


def test_a_larger_state_takes_more_memory() -> None:
    """A transformer's cache counts, and grows with the lifetime; a recurrent state does not."""
    taken = {}
    for kind in ("gru", "transformer"):
        for episodes in (10, 1000):
            tasks = {"family": "bernoulli-bandit", "arms": 2, "episodes": episodes}
            study = study_of([True], agent={"hidden": 64, "memory": kind}, tasks=tasks)
            taken[kind, episodes] = memory_estimate(study, Stack(0, runs(study)))
    assert taken["transformer", 1000] - taken["gru", 1000] > 2 * (taken["transformer", 10] - taken["gru", 10]) > 0


def test_steps_of_the_evaluations_by_hand() -> None:
    """100 tasks plain, greedy, yoked twice, from half-way thrice; 100 training tasks; two points with 20 of both."""
    assert evaluation_steps(study_of([True])) == (100 + 100 + 2 * 100 + 3 * 50 + 100 + 2 * 2 * 20) * 10


def test_speed_is_of_both_what_is_trained_and_what_is_played() -> None:
    """A step that is only played costs less than one that is also trained on."""
    study = study_of([True], tasks={"family": "bernoulli-bandit", "arms": 2, "episodes": 20})
    trained, played = measure_speed(study, stacks(study)[0], 0.2)
    assert 0 < trained < played


def test_the_time_adds_up_over_kinds_of_memory(monkeypatch: pytest.MonkeyPatch) -> None:
    """By hand, of stand-in speeds: each kind is timed once, with its own speed, and stacks are shared out."""
    study = study_of([True, "lstm"])
    told = {"memory_estimate": [3, 5], "evaluation_steps": [4800]}
    speeds = {"gru": [(1000.0, 9600.0), (500.0, 4800.0)], "lstm": [(250.0, 2400.0), (500.0, 4800.0)]}
    timed = []

    def answer(engine: object, workers: int, function: str, *arguments: Stack) -> Sequence[object]:
        if function != "measure_speed":
            return told[function][:workers]
        timed.append(kind := "lstm" if arguments[1].runs[0].cell.texts()["memory"] == "lstm" else "gru")
        return speeds[kind]

    monkeypatch.setattr(estimating, "_everywhere", answer)
    cost = estimate(rest_of(study), workers=2)
    assert timed == ["gru", "lstm"]
    assert (cost.workers, cost.memory_bytes, cost.notices) == (2, 5, ())
    # gru: 2 runs of 1000 steps at 500 and 4800 played at 4800: 4 + 2 s; lstm half as fast: 8 + 4 s, beside it
    assert cost.seconds == pytest.approx(12.0)
    assert cost.env_steps_per_second == pytest.approx(4000 / 12)
    # four runs in all, of which one of each kind is only evaluated again: 2 + 2 s and 4 + 4 s; one after the other
    again = estimate(rest_of(study, trained=2), workers=1)
    assert again.seconds == pytest.approx((2 + 2) + (4 + 4))


def test_nothing_left_takes_no_time() -> None:
    """A finished grid has an estimate too: that of a worker on its first stack, and no seconds."""
    study = study_of([True])
    cost = estimate(Remaining(study, runs(study), (), frozenset(), references=False), workers=3)
    assert (cost.workers, cost.seconds) == (1, 0.0)
    assert cost.env_steps_per_second > 0


def test_notices_are_of_own_memories_run_one_by_one() -> None:
    """One sentence for each such kind of the study, whether it is the agent's or a level; none for others."""
    study = study_of([True, "own_memories:TorchGru", "own_memories:Gated"])
    (notice,) = notices(study)
    assert notice.startswith("memory own_memories:TorchGru: its runs are computed one by one")
    assert len(notices(study_of([True], agent={"memory": "own_memories:Branching"}))) == 1
    assert estimating.notices(study_of([True, "lstm"])) == ()
    with pytest.raises(StudyError, match=r"^memory own_memories:Narrow: the output must be "):
        estimating.notices(study_of([True, "own_memories:Narrow"]))
