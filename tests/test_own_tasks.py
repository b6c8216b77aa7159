"""Tasks of a user's own: the contract, and the installed command in a folder with a study and a file."""

from __future__ import annotations

import re
import sys
from pathlib import Path

import own_tasks
import pytest
import torch
from synthetic import write_results
from test_own_memory_command import COMMAND, ingredients

from ingredients.errors import StudyError
from ingredients.grid import fingerprints, runs
from ingredients.study import Study, parse_study
from ingredients.tasks import lifetime, make_family
from ingredients.tasks.foreign import shown_again

STUDY = """
name: guess
tasks: {own: "my_tasks:Guess", episodes: 6, numbers: 3}
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


@pytest.mark.parametrize(
    ("own", "line"),
    [
        ("own_tasks:Lucky", "draws random numbers of its own: all luck is in `noise` and `start`"),
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


@pytest.mark.skipif(not COMMAND.exists(), reason=f"the command is not installed as {COMMAND}")
def test_a_study_of_own_tasks_runs_to_its_end(tmp_path: Path) -> None:
    """The file lies beside the study, the command is typed elsewhere; a missing one is one line."""
    folder = tmp_path / "studies"
    folder.mkdir()
    (folder / "my_tasks.py").write_text(Path(own_tasks.__file__).read_text())
    (folder / "guess.yaml").write_text(STUDY)
    done = ingredients(tmp_path, "run-grid", "studies/guess.yaml", "--out", "result")
    assert (done.returncode, done.stderr) == (0, "")
    assert "1 of 1 runs finished" in done.stdout
    (folder / "my_tasks.py").unlink()
    reported = ingredients(folder, "report", "../result")
    assert (reported.returncode, reported.stderr) == (0, "")
    missing = ingredients(tmp_path, "run-grid", "studies/guess.yaml", "--out", "other")
    assert missing.returncode == 2
    assert missing.stderr.startswith("error: tasks my_tasks:Guess: there is no file of a module my_tasks (looked for")
