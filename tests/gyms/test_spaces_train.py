"""One run for each kind of space, as a worker of `run-grid` does it: from first weights to stored curves."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch

from ingredients.experiment.stack import run_stack
from ingredients.grid import INGREDIENTS, Stack, runs
from ingredients.gyms import warm_up
from ingredients.store import Store
from ingredients.study import parse_study
from ingredients.tasks import make_family
from ingredients.training.draws import evaluation_tasks
from ingredients.training.leakage import MOST_COLUMNS, play_at_random

KINDS: dict[str, dict[str, Any]] = {
    "symbols": {"gymnasium": "minigrid:MiniGrid-Empty-Random-5x5-v0"},
    "arrays in a dict": {"gymnasium": "highway_env:lane-keeping-v0"},
    "image": {"gymnasium": "others_environments:Screen", "vary": {"mirrored": [0, 1]}},
    "everything": {"gymnasium": "others_environments:Everything", "vary": {"mirrored": [0, 1]}},
}


@pytest.mark.parametrize("kind", KINDS)
def test_every_kind_of_space_is_trained_evaluated_and_stored(
    kind: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The smallest study of the cell with all ingredients: curves of its run, and the play that leaks are sought in."""
    if kind == "arrays in a dict":
        pytest.importorskip("highway_env")
    monkeypatch.setattr(warm_up, "WARM_UP_STEPS", 200)
    study = parse_study(
        {
            "name": "t",
            "tasks": {"episodes": 5, "episode_steps": 4, **KINDS[kind]},
            "ingredients": {name: [True] for name in INGREDIENTS},
            "seeds": 1,
            "agent": {"hidden": 16},
            "learner": {"lifetimes": 4, "minibatches": 2, "epochs": 1, "train_steps": 160},
            "evaluation": {"tasks": 4, "points": 2, "tasks_at_points": 2, "reactive_agents": 0},
        },
        "test",
    )
    store = Store(tmp_path / "r").open(study)
    told: list[object] = []
    assert run_stack(study, Stack(0, runs(study)), tmp_path / "r", "cpu", 1e9, told.append) == {}
    assert set(store.states(study).values()) == {"finished"}
    assert np.isfinite(store.curves(study)["return"]).all()
    played, failed = play_at_random(family := make_family(study.tasks), evaluation_tasks(family, 6), torch.arange(6))
    assert played.observation.shape[:2] == (6, family.steps + 1)
    assert 0 < played.observation.shape[-1] <= min(family.observation_size, MOST_COLUMNS)
    assert failed.lifetimes == 0
