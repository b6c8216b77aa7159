"""What `plan` says a grid will take: memory against what is used, time by hand, notices."""

from __future__ import annotations

import re
from collections.abc import Sequence
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest

from ingredients.engine.calls import results_of
from ingredients.engine.local import LocalEngine
from ingredients.engine.protocol import Job
from ingredients.errors import StudyError
from ingredients.experiment import Work
from ingredients.experiment.stack import run_stack
from ingredients.experiment.work import work_of_a_run
from ingredients.grid import Stack, runs, stacks
from ingredients.grid_run import estimate as estimating
from ingredients.grid_run.estimate import estimate
from ingredients.grid_run.jobs import Remaining
from ingredients.store import Store
from ingredients.study import Study, parse_study
from ingredients.tasks import make_family
from ingredients.training import evaluation, inside, rollout
from ingredients.training.contact import slow_notice
from ingredients.training.cost import measure_speed, memory_by_runs, memory_estimate, notices
from ingredients.training.interaction import Lanes, Transition, advance

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


FLAGSHIP: dict[str, object] = {"family": "bernoulli-bandit", "arms": 5, "episodes": 50}
LONG: dict[str, object] = {"family": "bernoulli-bandit", "arms": 10, "episodes": 100}


@pytest.mark.parametrize(
    ("kind", "tasks", "sizes"),
    [
        ("gru", FLAGSHIP, (64, 64)),
        ("gru", LONG, (128, 64)),
        ("lstm", FLAGSHIP, (64, 64)),
        ("fast-weights", FLAGSHIP, (64, 64)),
        ("transitions", FLAGSHIP, (64, 64)),
        ("transformer", FLAGSHIP, (64, 64)),
        ("window", FLAGSHIP, (64, 64)),
    ],
)
def test_the_memory_estimate_is_close(kind: str, tasks: dict[str, object], sizes: tuple[int, int]) -> None:
    """A worker that trains and evaluates a stack of eight peaks within a factor of 1.5 of what was said."""
    hidden, lifetimes = sizes
    agent, learner = {"memory": kind, "hidden": hidden}, {"lifetimes": lifetimes, "epochs": 1}  # more take no more
    study = parse_study({"name": "t", "tasks": tasks, "ingredients": {}, "agent": agent, "learner": learner}, "test")
    stack = stacks(study)[0]
    assert len(stack.runs) == 8
    with LocalEngine(1) as engine:
        (peak,) = results_of(engine, [Job("peak", "engine_jobs:peak_of", (study, stack))])
    assert 1 / 1.5 < memory_estimate(study, stack) / peak < 1.5


def test_memory_by_runs_grows_to_that_of_the_stack() -> None:
    """One number for each size of stack, the last that of the whole."""
    study = study_of([True, False])
    stack = stacks(study)[0]
    by_runs = memory_by_runs(study, stack)
    assert by_runs == sorted(set(by_runs))
    assert (len(by_runs), by_runs[-1]) == (4, memory_estimate(study, stack))


def test_a_larger_state_takes_more_memory() -> None:
    """A transformer's cache counts, and grows with the lifetime; a recurrent state does not."""
    taken = {}
    for kind in ("gru", "transformer"):
        for episodes in (10, 1000):
            tasks = {"family": "bernoulli-bandit", "arms": 2, "episodes": episodes}
            study = study_of([True], agent={"hidden": 64, "memory": kind}, tasks=tasks)
            taken[kind, episodes] = memory_estimate(study, Stack(0, runs(study)))
    assert taken["transformer", 1000] - taken["gru", 1000] > 2 * (taken["transformer", 10] - taken["gru", 10]) > 0


def test_the_work_of_a_run_by_hand() -> None:
    """13 rollouts of 80; 100 tasks plain, greedy, yoked twice, trembling, from half-way four times, twins up to there.

    Besides, 100 tasks of its own, two points, and 100 twice for the decoder on its memory.
    """
    work = work_of_a_run(study_of([True]))
    assert work == (1040, (100 + 100 + 2 * 100 + 100 + 4 * 50 + 50 + 100 + 2 * 2 * 20 + 2 * 100) * 10)


@pytest.mark.parametrize("episodes", [7, 10])
@pytest.mark.parametrize("train_steps", [100, 1000])
def test_the_work_of_a_run_is_what_it_does(
    episodes: int, train_steps: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Every step of a stack from first weights to stored runs is counted, and so many were predicted.

    Odd lifetimes have no middle, and a short training has fewer evaluation points than were asked for.
    """
    tasks: dict[str, object] = {"family": "bernoulli-bandit", "arms": 2, "episodes": episodes}
    study = study_of([True, False], tasks=tasks, learner={"train_steps": train_steps, "lifetimes": 8})
    steps = {rollout: 0, evaluation: 0, inside: 0}
    for module in steps:

        def counted(*arguments: Any, module: ModuleType = module) -> tuple[Lanes, Transition]:  # noqa: ANN401
            lanes, moment = advance(*arguments)
            steps[module] += moment.action.numel()
            return lanes, moment

        monkeypatch.setattr(module, "advance", counted)
    (stack,) = stacks(study)
    assert run_stack(study, stack, Store(tmp_path / "result").open(study).directory, "cpu", 30.0, lambda _: None) == {}
    assert work_of_a_run(study) == (steps[rollout] // 4, (steps[evaluation] + steps[inside]) // 4)


def test_speed_is_of_both_what_is_trained_and_what_is_played() -> None:
    """A step that is only played costs less than one that is also trained on."""
    study = study_of([True], tasks={"family": "bernoulli-bandit", "arms": 2, "episodes": 20})
    trained, played = measure_speed(study, stacks(study)[0], 0.2)
    assert 0 < trained < played


def test_the_time_adds_up_over_kinds_of_memory(monkeypatch: pytest.MonkeyPatch) -> None:
    """By hand, of stand-in speeds: each kind is timed once, with its own speed, and stacks are shared out."""
    study = study_of([True, "lstm"])
    speeds = {"gru": [(1000.0, 9600.0), (500.0, 4800.0)], "lstm": [(250.0, 2400.0), (500.0, 4800.0)]}
    timed = []

    def answer(engine: object, workers: int, function: str, *arguments: Stack) -> Sequence[object]:
        if function.endswith(":work_of_a_run"):
            return [Work(1000, 4800)] * workers
        if function.endswith(":leakage"):
            return [{"reward": "none"}] * workers
        if function.endswith(":settings"):
            return [{"epochs": 4}] * workers
        timed.append(kind := "lstm" if arguments[1].runs[0].cell.texts()["memory"] == "lstm" else "gru")
        return speeds[kind]

    monkeypatch.setattr(estimating, "call_with_study", answer)
    monkeypatch.setattr(estimating, "memory_by_runs", lambda *_: {"gru": [2, 3], "lstm": [4, 5]})
    cost = estimate(rest_of(study), workers=2)
    assert timed == ["gru", "lstm"]
    assert (cost.workers, cost.memory_bytes, cost.notices) == (2, 5, ())
    assert (cost.leakage, cost.settings) == ({"reward": "none"}, {"epochs": 4})
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


@pytest.mark.parametrize(
    ("tasks", "words"),
    [
        ({"family": "informative-bandit"}, "with action_noise 0 memory is worth 0 of the score"),
        ({"family": "informative-bandit", "action_noise": 0.1}, "criterion.gain_above asks for more than 0.1"),
        ({"family": "two-step", "rewarded": 0.5}, "with rewarded 0.5 nothing that an episode tells"),
        ({"family": "two-step", "common": 0.5}, "with common 0.5 nothing that an episode tells"),
        ({"family": "two-step", "reversal": 0.5}, "with reversal 0.5 nothing that an episode tells"),
    ],
)
def test_what_cannot_be_applicable_is_said_beforehand(tasks: dict[str, object], words: str) -> None:
    """The settings alone tell that the gate will fail: a sentence in `plan` and before training, and no refusal."""
    (said,) = estimating.notices(study_of([True], tasks={**tasks, "episodes": 10}))
    assert said.startswith(f"tasks {tasks['family']}: not applicable, so no cell will get a verdict: ")
    assert words in said


@pytest.mark.parametrize("tasks", [{"family": "informative-bandit", "action_noise": 0.2}, {"family": "two-step"}])
def test_what_may_be_applicable_is_not_doubted(tasks: dict[str, object]) -> None:
    """Where memory is worth more than δ nothing is said, and no worker is asked."""
    assert estimating.notices(study_of([True], tasks={**tasks, "episodes": 10})) == ()


@pytest.mark.parametrize("name", ["Slow", "Busy"])
def test_slow_steps_ask_for_processes(name: str) -> None:
    """A step of two milliseconds, waited or computed, is said with what helps; nothing where that is done."""
    slow = {"gymnasium": f"unruly_environments:{name}", "episodes": 5}
    (said,) = (text for text in notices(study_of([True], tasks=slow)) if "a step takes" in text)
    assert re.match(
        rf"tasks unruly_environments:{name}: a step takes \d+(\.\d)? ms; where the grid has fewer stacks", said
    )
    assert "tasks.vectorization=async" in said
    study = study_of([True], tasks={**slow, "vectorization": "async"})
    assert slow_notice(study, make_family(study.tasks)) is None


@pytest.mark.parametrize("name", ["Tame", "Interrupted"])
def test_fast_steps_ask_for_nothing(name: str) -> None:
    """What other programs take of the clock, at most steps even, is none of the step's."""
    study = study_of([True], tasks={"gymnasium": f"unruly_environments:{name}", "episodes": 5})
    assert slow_notice(study, make_family(study.tasks)) is None


def test_a_level_that_changes_nothing_is_noticed() -> None:
    """A bandit has no starts that could be random; a study without that level costs no worker for the question."""
    study = study_of([True], ingredients={**ON, "task_distribution": [False, "random_start", True]})
    (said,) = estimating.notices(study)
    assert said.startswith("tasks bernoulli-bandit: all episodes of a task start alike, so task_distribution random_st")
    room = {"family": "dark-room", "episodes": 5, "random_start": True}
    assert notices(study.model_copy(update={"tasks": study_of([True], tasks=room).tasks})) == []
