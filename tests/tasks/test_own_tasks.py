"""Tasks of a user's own: the contract, and the installed command in a folder with a study and a file."""

from __future__ import annotations

import re
import sys
from pathlib import Path

import own_tasks
import pytest
import torch
from command import program_forked
from in_process import program_here
from synthetic import write_results

from ingredients.errors import StudyError
from ingredients.grid import fingerprints, runs
from ingredients.study import Study, parse_study
from ingredients.tasks import lifetime, make_family
from ingredients.tasks.foreign import shown_again, take_failures
from ingredients.training.draws import evaluation_tasks
from ingredients.training.evaluation import evaluate
from ingredients.training.trainer import begin_training, prepare, train

STUDY = """
name: guess
tasks: {own: "guesses:Guess", episodes: 6, numbers: 3}
ingredients:
  reward_observation: [on]
  action_observation: [on]
  memory: [on]
  task_distribution: [on]
seeds: 1
agent: {hidden: 16}
learner: {train_steps: 300, lifetimes: 8}
evaluation: {tasks: 16, points: 2}
"""


def study_of(own: str, **keys: object) -> Study:
    """Returns a study of own tasks."""
    return parse_study({"name": "t", "tasks": {"own": own, "episodes": 6, **keys}, "ingredients": {}}, "test")


def test_an_own_family_is_a_family() -> None:
    """What the class does not say has a default; a lifetime is played, and its keys are the constructor's."""
    family = make_family(study_of("own_tasks:Guess", numbers=3).tasks)
    assert (family.actions, family.steps, family.ends_early, family.written) == (3, 6, False, range(0))
    tasks = torch.tensor([[0.0], [0.99]])
    world = lifetime.begin(family, tasks, torch.zeros(2, 0))
    _, step = lifetime.proceed(family, tasks, world, torch.tensor([0, 0]), torch.zeros(2, 0))
    assert step.reward.tolist() == pytest.approx([1, 1 / 3])
    assert family.best_episode_return(tasks) is None


def test_what_a_swap_has_changed_is_shown_as_the_class_says() -> None:
    """After a swap each lane sees its neighbour's guess; a class that does not say leaves what was shown before."""
    family = make_family(study_of("own_tasks:Seen").tasks)
    tasks = torch.tensor([[0.0], [0.99]])
    world = lifetime.begin(family, tasks, torch.zeros(2, 0))
    world, _ = lifetime.proceed(family, tasks, world, torch.tensor([2, 0]), torch.zeros(2, 0))
    assert lifetime.swap_written(family, tasks, world).observation.tolist() == [[0.0], [2.0]]
    silent = make_family(study_of("own_tasks:Guess").tasks)
    before = torch.full((2, 1), 7.0)
    assert torch.equal(shown_again(silent, tasks, tasks[:, :0], before), before)


def small(own: str, **keys: object) -> Study:
    """Returns a study of own tasks that trains in a moment."""
    learner = {"lifetimes": 4, "minibatches": 2, "epochs": 1, "train_steps": 48}
    tasks = {"own": own, "episodes": 6, **keys}
    return parse_study(
        {"name": "t", "tasks": tasks, "ingredients": {}, "seeds": 2, "agent": {"hidden": 16}, "learner": learner}, "t"
    )


@pytest.mark.parametrize(
    ("own", "line"),
    [
        ("own_tasks:Lucky", "draws random numbers of its own: use `noise` and `start` alone"),
        ("own_tasks:Mixing", "mixes lifetimes: each lane must be computed by itself"),
        ("own_tasks:Narrow", r"the observation of first must be \[2, 5, 1\] of torch.float32, got \[2, 5, 0\] of .*"),
        ("own_tasks:Blurred", r"what shown returns must be \[2, 5, 1\] of torch.float32, got \[2, 5, 0\] of .*"),
        ("own_tasks:Restless", "draw_tasks gives other tasks for an equal generator: draw from it alone"),
        ("own_tasks:Tupled", r"step must return an ingredients.tasks.Step, got \(.*\)"),
        ("own_tasks:Hiding", r"the reward_observed of step must be \[2, 5\] of torch.float32, got \[\] of .*"),
        ("own_tasks:Raises", "step raised ZeroDivisionError: nothing"),
        ("own_tasks:Lacking", "lacks observation_size, task_size, draw_tasks, first, step"),
        (
            "os:path",
            "path is a module; wanted: a class with actions, observation_size, task_size, draw_tasks, first, step",
        ),
        ("own_tasks:Gues", r"own_tasks has no Gues. Did you mean 'Guess'\?"),
    ],
)
def test_a_broken_contract_is_one_line(own: str, line: str) -> None:
    """Each way of breaking it is named before anything is trained."""
    with pytest.raises(StudyError) as found:
        make_family(study_of(own).tasks)
    assert re.fullmatch(f"tasks {own}: {line}", str(found.value))


def test_tensors_that_are_used_again_are_copied() -> None:
    """A class that shows one tensor again and again, and writes on what it is given, trains as one that copies."""
    trained = []
    for name in ("Reusing", "Copying"):
        study = small(f"own_tasks:{name}")
        setup = prepare(study, runs(study)[-2:])
        training = begin_training(setup)
        assert len(list(train(setup, training))) == 2
        curves = evaluate(setup, training.policy, evaluation_tasks(setup.family, 6).expand(2, -1, -1), ("memory_swap",))
        trained.append((training.policy, *curves.curves.values()))
        assert take_failures(setup.family) == {}
    for reused, copied in zip(*trained, strict=True):
        assert torch.equal(reused, copied)


def test_numbers_that_are_none_fail_their_run_alone() -> None:
    """A class that keeps the contract while it is tried and not later: the run is named, the other goes on."""
    study = small("own_tasks:LaterOdd")
    setup = prepare(study, runs(study)[-2:])
    training = begin_training(setup)
    list(train(setup, training))
    assert training.alive.tolist() == [False, True]
    assert training.failed == {
        0: "its environment failed: the reward of step holds a number that is not finite (train step 24)"
    }


@pytest.mark.parametrize(
    ("odd", "line"),
    [
        ("raises", "tasks own_tasks:LaterOdd: step raised RuntimeError: the fifth"),
        ("shape", "tasks own_tasks:LaterOdd: the reward of step must be [2, 4] of torch.float32, got [2, 4, 1] of .*"),
    ],
)
def test_what_comes_later_is_one_line_with_its_cause(odd: str, line: str) -> None:
    """An exception, or another shape, in training; the log will have the traceback."""
    study = small("own_tasks:LaterOdd", odd=odd)
    setup = prepare(study, runs(study)[-2:])
    with pytest.raises(StudyError) as found:
        list(train(setup, begin_training(setup)))
    assert re.fullmatch(line.replace("[", r"\["), str(found.value))
    assert isinstance(found.value.__cause__, RuntimeError) == (odd == "raises")


def test_a_key_that_the_class_does_not_know_is_said() -> None:
    """The keys of the section are keywords of the constructor."""
    with pytest.raises(StudyError, match=r"cannot be made with .*unexpected keyword argument 'arms'"):
        make_family(study_of("own_tasks:Guess", arms=3).tasks)


def test_the_file_is_in_fingerprint_and_results(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Edited, it makes other runs, in the same folder; a copy is kept, by which a report knows the stored ones."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(sys, "path", [*sys.path])
    file = tmp_path / "my_first_tasks.py"
    file.write_text("first")
    study = study_of("my_first_tasks:Mine")
    run = runs(study)[0]
    before = fingerprints(study, run)
    store = write_results(tmp_path / "r", study)
    file.write_text("second")
    assert fingerprints(study, run).trains != before.trains
    assert fingerprints(study, run, store.source_digest) == before
    assert set(store.open(study).states(study).values()) == {"missing"}


@pytest.mark.usefixtures("small_measures")
def test_a_study_of_own_tasks_runs_to_its_end(tmp_path: Path) -> None:
    """The file lies beside the study, the command is typed elsewhere; a missing one is one line."""
    folder = tmp_path / "studies"
    folder.mkdir()
    (folder / "guesses.py").write_text(Path(own_tasks.__file__).read_text())
    (folder / "guess.yaml").write_text(STUDY)
    done = program_forked("run-grid", "studies/guess.yaml", "--out", "result", cwd=tmp_path)
    assert (done.returncode, done.stderr) == (0, "")
    assert "1 of 1 run finished" in done.stdout
    (folder / "guesses.py").unlink()
    reported = program_here("report", "../result", cwd=folder)
    assert (reported.returncode, reported.stderr) == (0, "")
    missing = program_here("run-grid", "studies/guess.yaml", "--out", "other", cwd=tmp_path)
    assert missing.returncode == 2
    assert missing.stderr.startswith("error: tasks guesses:Guess: there is no file of a module guesses (looked for")
