"""What a smoke asks of an environment that somebody else wrote, in steps: it has to end within minutes."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest

from ingredients.experiment.stack import run_references
from ingredients.experiment.work import work_of_a_run
from ingredients.grid import runs
from ingredients.gyms.pool import Pool
from ingredients.store import Store
from ingredients.study import Study, load_study, smoke_sized

ABLATIONS = Path(__file__).parents[2] / "ablations"
# Of all runs together: at 20 to 60 µs of a core for each, as Gymnasium's own environments take, with all that is around
# it, two to six minutes of one core where no episode ends early, on which lifetimes and gradients come to one more.
MOST_STEPS_OF_RUNS, MOST_STEPS_OF_REFERENCES = 6_300_000, 300_000


def smoke(tasks: str) -> Study:
    """Returns the smoke study with its tasks swapped, and nothing else."""
    return load_study(ABLATIONS / "smoke.yaml", (f"tasks={tasks}",))


@pytest.mark.parametrize("name", ["CartPole-v1", "FrozenLake-v1", "MountainCar-v0", "Pendulum-v1", "Taxi-v4"])
def test_a_smoke_asks_for_few_steps_of_an_environment(name: str) -> None:
    """The id alone is enough of a section, and training and evaluating all cells and seeds ends in time."""
    study = smoke(f"{{gymnasium: {name}}}")
    assert sum(work_of_a_run(study)) * len(runs(study)) <= MOST_STEPS_OF_RUNS


@pytest.mark.slow
def test_so_do_its_references(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Random policy, informed agents and the measure of leaks, in the longest lifetimes that there are by default."""
    taken, step = 0, Pool.step

    def counted(pool: Pool, actions: np.ndarray) -> Any:  # noqa: ANN401 - as the pool's own
        nonlocal taken
        taken += len(actions)
        return step(pool, actions)

    monkeypatch.setattr(Pool, "step", counted)
    study = smoke("{gymnasium: others_environments:Corridor, episode_steps: 200}")
    Store(tmp_path / "r").open(study)
    run_references(study, tmp_path / "r", "cpu", lambda _: None)
    assert study.learner.train_steps < taken <= MOST_STEPS_OF_REFERENCES


def test_the_option_makes_a_study_no_larger_than_the_file() -> None:
    """`--smoke` asks a foreign environment for as many evaluation tasks, points and steps as smoke.yaml does."""
    study = smoke("{gymnasium: CartPole-v1}")
    large = study.model_validate({"name": "large", "tasks": {"gymnasium": "CartPole-v1"}, "ingredients": {}})
    made = smoke_sized(large)
    assert made.evaluation == study.evaluation
    assert (made.seeds, made.learner.train_steps) == (study.seeds, study.learner.train_steps)
    assert made.learner.lifetimes == study.learner.lifetimes
