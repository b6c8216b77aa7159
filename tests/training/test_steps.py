"""The axis of steps: no lane waits, half-way a new episode begins, and curves are bins of steps (`study.axis`)."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from foreign_lives import family_of, tasks_of

from ingredients.api.result import load
from ingredients.errors import StudyError
from ingredients.experiment import Progress
from ingredients.experiment.stack import made_references, run_stack
from ingredients.grid import Stack, fingerprints, runs, study_fingerprint
from ingredients.report.build import build_report
from ingredients.store import Store
from ingredients.study import Study, parse_study
from ingredients.study.axis import axis_of
from ingredients.tasks import lifetime
from ingredients.training.contact import contact
from ingredients.training.draws import evaluation_tasks
from ingredients.training.evaluation import evaluate
from ingredients.training.ongoing import Ongoing
from ingredients.training.trainer import begin_training, prepare, train

CORRIDOR = "others_environments:Corridor"
STEPS: dict[str, Any] = {"axis": "steps", "episodes": 2, "episode_steps": 12, "vary": {"options.goal": [2, 6]}}
RIGHT = 1


def study_of(tasks: dict[str, Any] | None = None, **sections: object) -> Study:
    """Returns a study of two cells in a corridor, whose lifetimes are one or two episodes of twelve steps."""
    small: dict[str, object] = {
        "name": "t",
        "tasks": {"gymnasium": CORRIDOR, **(STEPS if tasks is None else tasks)},
        "ingredients": {"reward_observation": [True], "action_observation": [True], "task_distribution": [True]},
        "seeds": 1,
        "agent": {"hidden": 16},
        "learner": {"segment": 16, "lifetimes": 4, "minibatches": 2, "epochs": 1, "train_steps": 192},
        "evaluation": {"tasks": 6, "points": 2, "tasks_at_points": 4, "reactive_agents": 0},
    }
    return parse_study({**small, **sections}, "test")


def test_an_end_begins_the_next_episode_and_so_does_the_half() -> None:
    """Who walks right meets the goal again and again, is paid at every step, and starts over with step 12."""
    family, lanes = family_of(CORRIDOR, **STEPS), 5
    tasks, draw = tasks_of(family, lanes), torch.Generator().manual_seed(1)
    world = lifetime.begin(family, tasks, torch.rand(lanes, 1, generator=draw))
    paid, ended, shown = [], [], [world.observation]
    for t in range(family.steps):
        world, step = lifetime.proceed(family, tasks, world, torch.full((lanes,), RIGHT), torch.zeros(lanes, 0))
        if lifetime.starts_episode(family, t + 1):
            world = lifetime.next_episode(family, tasks, world, torch.rand(lanes, 1, generator=draw))
        paid.append(step.reward)
        ended.append(step.terminated)
        shown.append(world.observation)
    start = 2 * 1 / 10 - 1  # the observation of square 1: one begins there or at 0
    assert (torch.stack(paid) == -1).all()
    assert torch.stack(ended).sum(0).min() >= 24 // 6
    for before, over in zip(shown[1:], ended, strict=True):
        assert (before[over] <= start + 1e-6).all()
    assert (shown[12] <= start + 1e-6).all()
    assert world.waiting is None


def test_an_episode_that_takes_all_its_time_is_cut() -> None:
    """Who walks left never arrives: the twelfth step of each half cuts the episode, and no other does."""
    family = family_of(CORRIDOR, **{**STEPS, "episodes": 3, "episode_steps": 8})
    tasks = tasks_of(family, 2)
    world = lifetime.begin(family, tasks, torch.zeros(2, 1))
    cut = []
    for t in range(family.steps):
        world, step = lifetime.proceed(family, tasks, world, torch.zeros(2).long(), torch.zeros(2, 0))
        if lifetime.starts_episode(family, t + 1):
            world = lifetime.next_episode(family, tasks, world, torch.zeros(2, 1))
        cut += [t] if step.truncated.all() else []
    assert (family.longest_episode, cut) == (8, [7, 19])


def test_starts_differ_from_episode_to_episode() -> None:
    """Each restart takes another seed, and the same lifetime takes the same ones again."""
    family = family_of(CORRIDOR, **STEPS)
    seen = []
    for _ in range(2):
        state, _ = family.first(tasks_of(family, 1), torch.tensor([[0.25]]))
        starts = []
        for _ in range(12):
            state = family.step(tasks_of(family, 1), state, torch.tensor([RIGHT]), torch.zeros(1, 0)).state
            starts.append(float(state[0, 0]))
        seen.append(starts)
    assert seen[0] == seen[1]
    assert len(set(seen[0])) >= 3


def test_training_lives_as_the_evaluation_does() -> None:
    """After the first lifetime each takes 24 steps; with step 12 a new episode begins; early ends change neither."""
    study = study_of()
    setup = prepare(study, runs(study)[:1])
    lanes = Ongoing(setup.runs, setup.family, 4)
    ages, ended, born = [], [], []
    for _ in range(80):
        ages.append(lanes.places.age.copy())
        came = lanes.step(np.full((1, 4, 1), RIGHT, np.float32))
        ended.append(came.ended)
        born.append(came.born)
    age, end, birth = np.stack(ages), np.stack(ended), np.stack(born)
    later = birth.cumsum(0) - birth > 0
    assert (age[birth & later] == 23).all()
    assert end[age == 11].all()
    assert end[later & ~birth & (age != 11)].any()
    assert len(set(np.argmax(birth[:, 0], axis=0).tolist())) == 4  # lanes part: no two first lifetimes are as long
    lanes.pace.close()


def test_lanes_and_runs_come_back_to_the_same_bytes() -> None:
    """A run trained alone has the weights that it has beside another."""
    study = study_of()
    weights = []
    for some in (runs(study), runs(study)[1:]):
        setup = prepare(study, some)
        training = begin_training(setup)
        list(train(setup, training))
        weights.append(training.policy[-1])
    assert torch.equal(*weights)


def test_curves_are_of_bins_and_probes_branch_off_half_way() -> None:
    """A curve sums up to the lifetime's return; before half-way a swap's curve is the plain one."""
    study = study_of({**STEPS, "bin_steps": 3})
    setup = prepare(study, runs(study)[1:])
    policy = begin_training(setup).policy
    tasks = evaluation_tasks(setup.family, 6).unsqueeze(0)
    found = evaluate(setup, policy, tasks, ("memory_swap", "memory_swap_same", "task_switch", "greedy"))
    assert {tuple(curve.shape) for curve in found.curves.values()} == {(1, 8)}
    assert {tuple(rows.shape) for rows in found.blocks.values()} == {(1, 6, 8)}
    assert torch.allclose(found.curves["none"].sum(-1), found.returns.mean(-1))
    assert torch.equal(found.curves["none"], torch.full((1, 8), -3.0).double())  # a step costs 1, and nobody waits
    still = torch.zeros_like(policy)  # it draws its actions evenly, whatever it remembers
    plain = evaluate(setup, still, tasks, ("memory_swap", "memory_wipe")).curves
    assert torch.equal(plain["memory_swap"], plain["none"])
    assert torch.equal(plain["memory_wipe"], plain["none"])


@pytest.mark.parametrize(
    ("tasks", "line"),
    [
        (
            {"episodes": 3},
            "tasks.episodes: out of range, got 3; allowed: 5 to 10000 (the verdict compares",
        ),
        ({"bin_steps": 5}, "tasks.bin_steps: needs axis: steps, got 5; allowed: auto"),
        ({"axis": "steps"}, "tasks.episode_steps: axis: steps needs to know how long an episode is at most"),
        ({"axis": "steps", "episode_steps": 7, "episodes": 1}, "no bin divides half of a lifetime of 7 steps"),
        (
            {**STEPS, "bin_steps": 5},
            "half of a lifetime of 24 steps is not 3 or more whole bins of it, got 5",
        ),
    ],
)
def test_what_no_curve_can_be_made_of_is_one_line(tasks: dict[str, Any], line: str) -> None:
    """Too few episodes, bins without the axis, no length, and lengths that no bin divides."""
    with pytest.raises(StudyError) as raised:
        study_of(tasks)
    assert line in str(raised.value)


def test_memories_that_cannot_be_cut_are_refused() -> None:
    """Lifetimes are trained on in segments there, which a window of inputs cannot be."""
    with pytest.raises(StudyError, match="axis: steps is trained on in segments of lifetimes, which these memories"):
        study_of(agent={"memory": "window"})
    with pytest.raises(StudyError, match="axis: steps is trained on in segments of lifetimes, got 'off'"):
        study_of(learner={"segment": False})


@pytest.mark.parametrize(("episodes", "steps", "bin_steps"), [(1, 200, 10), (2, 500, 50), (1, 24, 2), (40, 30, 60)])
def test_zero_few_and_many_shots_are_one_setting(episodes: int, steps: int, bin_steps: int) -> None:
    """Beck et al. 2023: one episode, a few, or many; `auto` makes twenty bins or the next fewer that divide a half."""
    axis = axis_of(study_of({**STEPS, "episodes": episodes, "episode_steps": steps}).tasks)
    assert (axis.bin_steps, axis.points) == (bin_steps, episodes * steps // bin_steps)
    assert axis.points <= 20


def test_points_are_named_and_placed() -> None:
    """A bin is drawn over its steps and named by them, an episode at its number."""
    steps, episodes = axis_of(study_of().tasks), axis_of(study_of({"gymnasium": CORRIDOR, "episodes": 5}).tasks)
    assert (steps.middles[:2], steps.edge(12), steps.place(1)) == ([1, 3], 24, "steps 3 to 4")
    assert (episodes.middles, episodes.edge(5), episodes.place(1)) == ([1, 2, 3, 4, 5], 5.5, "episode 2")
    assert (steps.returned, episodes.returned) == ("mean return of 2 steps", "mean return of the episode")


def test_studies_over_episodes_are_what_they_were() -> None:
    """Their fingerprints are known, with the axis spelt or not; of steps, bins change the evaluation alone."""
    usual = {"gymnasium": CORRIDOR, "episodes": 5, "episode_steps": 8}
    spelt = {**usual, "axis": "episodes", "bin_steps": "auto"}
    run = runs(study_of(usual))[0]
    assert fingerprints(study_of(spelt), run) == fingerprints(study_of(usual), run)
    known = study_fingerprint(parse_study({"name": "x", "tasks": {"gymnasium": "CartPole-v1"}, "ingredients": {}}, "t"))
    assert known.trains == "4c12fb5b210c7ca812315b9217c59e056b18387de78ee8ad7373ed8e02d393d7"
    assert known.evaluates == "abdac2516ad0ba7933071c504ff30a13cb39ef69b0def4114012eb8c66a51625"
    steps = {**usual, "axis": "steps", "episodes": 6}
    fine, coarse = (study_fingerprint(study_of({**steps, "bin_steps": size})) for size in (2, 4))
    assert fine.trains == coarse.trains != study_fingerprint(study_of({**usual, "episodes": 6})).trains
    assert fine.evaluates != coarse.evaluates


def test_check_says_where_steps_show_more_and_where_they_show_nothing() -> None:
    """Few long episodes are proposed another axis; a pay of 1 a step, on it, tells no policy from another."""
    rows = dict(contact(study_of({"gymnasium": "CartPole-v1", "vary": {"length": [0.3, 1.0]}}))["rows"])
    assert "tasks.axis=steps, tasks.episode_steps=500, tasks.episodes=1 or more" in rows["axis"]
    cart = {"gymnasium": "CartPole-v1", "vary": {"length": [0.3, 1.0]}, "axis": "steps", "episodes": 1}
    rows = dict(contact(study_of({**cart, "episode_steps": 60}))["rows"])
    assert "axis" not in rows
    assert "a lifetime is 60 steps, and a curve has 20 bins of 3 steps" in rows["spaces"]
    assert "every policy earns the same" in rows["verdicts"]


def _silent(progress: Progress) -> None:
    """Hears of progress."""


def test_a_study_over_steps_is_stored_judged_and_reported(tmp_path: Path) -> None:
    """Its table has `step` in the place of `episode`, its report speaks of steps, and an agent of it can be played."""
    study, folder = study_of({**STEPS, "bin_steps": 3}), tmp_path / "r"
    store = Store(folder).open(study)
    store.write_references(made_references(study, "cpu", _silent, leaks=False))
    assert run_stack(study, Stack(0, runs(study)), folder, "cpu", 30.0, _silent) == {}
    frame = store.curves(study)
    assert "episode" not in frame
    assert frame["step"].unique().tolist() == [0, 3, 6, 9, 12, 15, 18, 21]
    report = build_report(folder)
    assert report.json["tasks"]["bin_steps"] == 3
    assert "a lifetime has 24 steps, all on one task; an episode of at most 12 that ends" in report.json["facts"][0]
    assert len(report.json["references"]["random"]["curve"]) == 8
    result = load(folder)
    assert result.curves().groupby("probe")["step"].nunique().unique().tolist() == [8]
    played = result.agent().play(lifetimes=3)
    assert played.groupby("lifetime").size().tolist() == [24, 24, 24]
    halves = played[played["step"].isin([11, 12])].pivot_table(index="lifetime", columns="step", values="episode")
    assert (halves[12] == halves[11] + 1).all()
