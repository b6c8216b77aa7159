"""Generated environments through `plan` and `run-grid`, as they are typed: a result, or one line; never a traceback.

At the smallest size, with the jobs in this process. Spaces, types, bounds, ends and faults are drawn; that no number
comes from a reference to somebody's array is seen by one that shows the same buffers again and again.
"""

from __future__ import annotations

import os
import re
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
import torch
import yaml
from generated_environments import FAULTS, described
from in_process import run_here, typed

from ingredients.boundary.guard import same_luck, shared_luck
from ingredients.grid import INGREDIENTS
from ingredients.gyms import warm_up

VARIES: tuple[dict[str, Any], ...] = (
    {},
    {"shift": {"choices": [0.0, 1.0]}},
    {"scale": [0.5, 2.0]},
    {"options.x": [0, 1]},
)
HARMLESS = ("goes away", "sets types", "space luck", "shared luck", "takes its keywords", "fails when closed")
TRAINED = ("nan reward", "raises in step", "space luck")  # the grid is run, too
SMALLEST = {
    "ingredients": {name: [True] for name in INGREDIENTS},
    "seeds": 1,
    "agent": {"hidden": 16},
    "learner": {"lifetimes": 2, "minibatches": 1, "epochs": 1, "train_steps": 60},
    "evaluation": {"tasks": 2, "points": 2, "tasks_at_points": 2, "reactive_agents": 0},
}


@pytest.fixture(autouse=True)
def small(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """In a folder of its own, with a fifth of the random play: environments here are as small."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(warm_up, "WARM_UP_STEPS", 200)
    run_here(monkeypatch)


def write(name: str, told: dict[str, Any], vary: dict[str, Any]) -> str:
    """Writes the smallest study of a described environment; returns its file's name."""
    tasks = {"gymnasium": "generated_environments:Generated", "keywords": {"told": told}, "vary": vary}
    study = {"name": name, "tasks": {**tasks, "episodes": 5, "episode_steps": 3}, **SMALLEST}
    Path(f"{name}.yaml").write_text(yaml.safe_dump(study))
    return f"{name}.yaml"


def ours() -> tuple[object, ...]:
    """Returns what belongs to this process."""
    return os.getcwd(), torch.get_default_dtype(), torch.is_grad_enabled(), torch.get_num_threads(), np.geterr()


def ended(command: str, study: str) -> list[str]:
    """Returns the errors of a command; it ends as commands end, says them in one line each, and nothing is changed."""
    before, luck, said = ours(), shared_luck(), Path(study).read_text()
    result = typed(*command.split(), study)
    assert (ours(), Path(study).read_text()) == (before, said)
    assert same_luck(luck, shared_luck())
    assert result.exception is None or isinstance(result.exception, SystemExit), (study, result.exception)
    lines = result.stderr.splitlines()
    errors = [line for line in lines if line.startswith("error: ")]
    assert result.exit_code == (0 if not errors else 2 if command.startswith("plan") else result.exit_code)
    assert bool(errors) == bool(result.exit_code)
    assert all(line.isprintable() for line in errors)
    return errors


def curves(name: str) -> pd.DataFrame:
    """Returns the curves that a study has stored, all of them finite."""
    frame = pd.read_parquet(Path("results", name, "curves.parquet")).drop(columns="study")
    assert len(frame)
    assert np.isfinite(frame["return"]).all()
    return frame


@pytest.mark.parametrize("seed", range(2))
def test_a_faultless_environment_gives_a_result(seed: int) -> None:
    """Whatever its spaces, types, bounds and ends; and the same to the byte where it shows one buffer again."""
    draw = np.random.default_rng(seed)
    told = described(draw, None)
    for name, reused in (("copied", False), ("reused", True)):
        study = write(name, {**told, "reused": reused}, VARIES[seed])
        assert ended("run-grid --quiet", study) == [], told
    pd.testing.assert_frame_equal(curves("copied"), curves("reused"), check_exact=True)


@pytest.mark.parametrize("seed", range(2, 9))
def test_a_plan_is_made_of_any(seed: int) -> None:
    """Of every kind of space, type, bound and end, with what varies of every kind."""
    told = described(np.random.default_rng(seed), None)
    assert ended("plan --quick", write("any", told, VARIES[seed % len(VARIES)])) == [], told


@pytest.mark.parametrize("fault", FAULTS)
def test_a_fault_is_one_line_or_none(fault: str) -> None:
    """Each ends in lines that say what and where, or, where it harms nobody, in a plan; the grid ends as the plan says.

    What fails now and then may fail in training alone.
    """
    told = described(np.random.default_rng([*fault.encode()]), fault)
    study = write("odd", told, VARIES[len(fault) % len(VARIES)])
    planned = ended("plan --quick", study)
    assert planned == [] or fault not in HARMLESS, told
    for line in planned:
        assert line.startswith("error: tasks generated_environments:Generated: random play failed on all 10 tasks: ")
        assert re.search(r"(reset|step) (raised|gave) .*\(task .*; episode \d, step \d\)$", line)
    if fault in TRAINED and not planned:
        errors = ended("run-grid --quiet", study)
        assert errors == [] or fault not in HARMLESS
        assert all(re.search("(reset|step) (raised|gave) ", line) for line in errors), errors
        if not errors:
            curves("odd")
