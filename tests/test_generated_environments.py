"""Generated environments through what `plan` and `run-grid` do: a result, or one line; never a number of their arrays.

They run in this process, at the smallest size: the notices of `plan`, a stack from first weights to stored curves, and
for a few the references with their leaks.
"""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
import torch
from generated_environments import FAULTS, described

from ingredients.boundary.guard import same_luck, shared_luck
from ingredients.errors import IngredientsError
from ingredients.experiment.stack import run_references, run_stack
from ingredients.grid import INGREDIENTS, Stack, runs
from ingredients.gyms import warm_up
from ingredients.store import Store
from ingredients.study import Study, parse_study
from ingredients.training.cost import notices

VARIES: tuple[dict[str, Any], ...] = (
    {},
    {"shift": {"choices": [0.0, 1.0]}},
    {"scale": [0.5, 2.0]},
    {"options.x": [0, 1]},
)
HARMLESS = ("goes away", "sets types", "space luck", "shared luck", "takes its keywords", "fails when closed")


@pytest.fixture(autouse=True)
def short_warm_up(monkeypatch: pytest.MonkeyPatch) -> None:
    """A fifth of the random play: environments here are as small."""
    monkeypatch.setattr(warm_up, "WARM_UP_STEPS", 200)


def study_of(told: dict[str, Any], vary: dict[str, Any], folder: str) -> Study:
    """Returns the smallest study of a described environment."""
    tasks = {"gymnasium": "generated_environments:Generated", "keywords": {"told": told}, "vary": vary}
    return parse_study(
        {
            "name": folder,
            "tasks": {**tasks, "episodes": 5, "episode_steps": 3},
            "ingredients": {name: [True] for name in INGREDIENTS},
            "seeds": 1,
            "agent": {"hidden": 16},
            "learner": {"lifetimes": 2, "minibatches": 1, "epochs": 1, "train_steps": 60},
            "evaluation": {"tasks": 2, "points": 2, "tasks_at_points": 2},
        },
        "test",
    )


def ours() -> tuple[object, ...]:
    """Returns what belongs to this process."""
    return os.getcwd(), torch.get_default_dtype(), torch.is_grad_enabled(), torch.get_num_threads(), np.geterr()


def outcome(study: Study, folder: Path) -> tuple[str, list[pd.DataFrame]]:
    """Returns what a study ends in: one line, or nothing and the curves of its runs."""
    told: list[object] = []
    before, luck, said = ours(), shared_luck(), study.to_yaml()
    try:
        notices(study)
        store = Store(folder / study.name).open(study)
        failed = run_stack(study, Stack(0, runs(study)), folder / study.name, "cpu", 1e9, told.append)
        line = "; ".join(failed.values())
    except IngredientsError as error:
        line = str(error)
        store = None
    assert (ours(), study.to_yaml()) == (before, said)
    assert same_luck(luck, shared_luck())
    assert line.isprintable()
    return line, [] if line or store is None else [store.curves(study)]


@pytest.mark.parametrize("seed", range(10))
def test_a_faultless_environment_gives_a_result(seed: int, tmp_path: Path) -> None:
    """Whatever its spaces, types, bounds and ends; and the same to the byte where it shows one buffer again."""
    draw = np.random.default_rng(seed)
    told, vary = described(draw, None), VARIES[seed % len(VARIES)]
    found = [outcome(study_of({**told, "reused": reused}, vary, f"r{reused:d}"), tmp_path) for reused in (False, True)]
    for line, curves in found:
        assert line == "", told
        assert all(np.isfinite(table["return"]).all() and len(table) for table in curves)
    for copied, reused in zip(found[0][1], found[1][1], strict=True):
        pd.testing.assert_frame_equal(copied.drop(columns="study"), reused.drop(columns="study"), check_exact=True)


@pytest.mark.parametrize("fault", FAULTS)
def test_a_fault_is_one_line_or_none(fault: str, tmp_path: Path) -> None:
    """Each fault ends in a line that says what and where, or, where it harms nobody, in a finite result."""
    told = described(np.random.default_rng([*fault.encode()]), fault)
    line, curves = outcome(study_of(told, VARIES[len(fault) % len(VARIES)], "r"), tmp_path)
    if fault in HARMLESS:
        assert line == "", told
    assert all(np.isfinite(table["return"]).all() for table in curves)
    if line:
        assert any(word in line for word in ("reset", "step")), line


@pytest.mark.parametrize("fault", [None, "nan reward"])
def test_the_references_of_one_are_made_or_refused(fault: str | None, tmp_path: Path) -> None:
    """The floor, the informed agent and the leaks: stored, or one line that says how often random play failed."""
    told = {**described(np.random.default_rng(3), fault), "always": False}
    study = study_of(told, {}, "r")
    store = Store(tmp_path / "r").open(study)
    if fault is None:
        run_references(study, tmp_path / "r", "cpu", _silent)
        assert store.read_references() is not None
        return
    with pytest.raises(IngredientsError, match=r"failed.*: step gave the reward nan; expected: a finite number"):
        run_references(study, tmp_path / "r", "cpu", _silent)


def _silent(progress: object) -> None:
    del progress
