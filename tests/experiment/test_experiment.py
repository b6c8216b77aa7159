"""A stack from start to stored result: what is stored, what is skipped, what is only evaluated again."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import torch
from torch import Tensor

from ingredients.agent.network import Agent
from ingredients.experiment import Progress
from ingredients.experiment.stack import evaluation_points, run_references, run_stack
from ingredients.grid import Run, Stack, fingerprints, runs, stacks
from ingredients.store import CURVES, Store
from ingredients.study import Study, parse_study

pytestmark = pytest.mark.usefixtures("small_measures")


def _study(**sections: object) -> Study:
    small: dict[str, object] = {
        "name": "t",
        "tasks": {"family": "bernoulli-bandit", "arms": 2, "episodes": 6},
        "ingredients": {"action_observation": [True], "task_distribution": [False, True]},
        "seeds": 1,
        "agent": {"hidden": 16},
        "learner": {"lifetimes": 8, "minibatches": 2, "train_steps": 400},
        "evaluation": {"tasks": 30, "points": 4, "tasks_at_points": 10},
    }
    return parse_study({**small, **sections}, "test")


def _silent(progress: Progress) -> None:
    del progress


def _run_all(study: Study, directory: Path, stack_runs: int = 8) -> Store:
    store = Store(directory).open(study)
    everything = runs(study)
    for start in range(0, len(everything), stack_runs):
        run_stack(study, Stack(0, everything[start : start + stack_runs]), directory, "cpu", 30.0, _silent)
    store.write_table(store.curves(study))
    return store


def test_everything_about_a_run_is_stored(tmp_path: Path) -> None:
    """Curves at every point and under every probe, diagnostics of every update, weights of every point."""
    study = _study()
    store = _run_all(study, tmp_path / "r")
    assert set(store.states(study).values()) == {"finished"}
    curves = store.curves(study)
    assert list(curves.columns) == CURVES.names
    one = curves[
        (curves["memory"] == "on") & (curves["reward_observation"] == "on") & (curves["task_distribution"] == "on")
    ]
    kinds = one.groupby(["train_step", "probe", "tasks"], observed=True).size()
    swaps = ("memory_swap", "memory_swap_same", "memory_wipe", "task_switch")
    probes = ("greedy", *swaps, "reward_yoke", "action_yoke", "action_tremble")
    final = [(432, probe, "held_out") for probe in probes]
    both = [(step, "none", tasks) for step in (0, 48, 144, 432) for tasks in ("held_out", "training")]
    assert sorted(kinds.index) == sorted(final + both)
    assert set(kinds) == {6}
    blocks = (store.read_run_json(runs(study)[0]) or {})["returns_by_block"]
    levels = curves[list(runs(study)[0].cell.texts())] == list(runs(study)[0].cell.texts().values())
    plain = (curves[["train_step", "probe", "tasks"]] == [432, "none", "held_out"]).all(axis=1)
    assert len(blocks) == 20  # thirty tasks: ten blocks of two, ten of one
    whole = curves["return"][levels.all(axis=1) & plain].sum()
    assert np.average(blocks, weights=[2] * 10 + [1] * 10) == pytest.approx(whole, rel=1e-9)
    by_block = store.read_blocks(runs(study)[0])
    assert {probe: each.shape for probe, each in by_block.items()} == dict.fromkeys(("none", *probes), (20, 6))
    assert by_block["none"].sum(1).tolist() == pytest.approx(blocks, rel=1e-9)
    diagnostics = store.diagnostics(runs(study)[0])
    assert len(diagnostics) == 9
    assert np.isfinite(diagnostics.to_numpy()).all()
    weights = store.read_weights(runs(study)[0])
    assert weights["train_step"].tolist() == [0, 48, 144, 432]
    assert weights["head.weight"].shape == (4, 16, 4)  # two arms, padded to four columns


def test_the_same_study_twice_gives_the_same_bytes(tmp_path: Path) -> None:
    """curves.parquet and curves.csv are byte-identical, however the runs were stacked."""
    study = _study(seeds=2)
    for name, size in (("a", 8), ("b", 8), ("c", 3), ("d", 1)):
        _run_all(study, tmp_path / name, size)
    for file in ("curves.parquet", "curves.csv"):
        assert len({(tmp_path / name / file).read_bytes() for name in "abcd"}) == 1
    assert (
        _run_all(_study(seeds=1), tmp_path / "e").directory.joinpath("curves.csv").read_bytes()
        != (tmp_path / "a" / "curves.csv").read_bytes()
    )


def test_new_evaluation_keeps_the_weights(tmp_path: Path) -> None:
    """More evaluation tasks re-evaluate stored weights, and give the curves of a run evaluated so from the start."""
    wider = {"tasks": 50, "points": 4, "tasks_at_points": 20}
    old, new = _study(), _study(evaluation=wider)
    store = _run_all(old, tmp_path / "r")
    first = runs(old)[0]
    trained = store.run_path(first).joinpath("weights.safetensors").read_bytes()
    store.open(new)
    assert set(store.states(new).values()) == {"trained"}
    told: list[Progress] = []
    run_stack(new, stacks(new)[0], tmp_path / "r", "cpu", 30.0, told.append)
    assert {progress.phase for progress in told} == {"evaluating"}
    assert set(store.states(new).values()) == {"finished"}
    assert store.run_path(first).joinpath("weights.safetensors").read_bytes() == trained
    pd.testing.assert_frame_equal(store.curves(new), _run_all(new, tmp_path / "fresh").curves(new))


def test_a_run_that_diverges_is_stored_as_failed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """NaN in one run's weights fails that run, with its train step as the reason; its stack is stored unharmed."""
    study = _study(seeds=2)
    healthy = _run_all(study, tmp_path / "healthy")
    real = Agent.initial_weights

    def broken(self: Agent, seed: int) -> dict[str, Tensor]:
        weights = real(self, seed)
        return {name: torch.full_like(w, torch.nan) if seed == 1 else w for name, w in weights.items()}

    monkeypatch.setattr(Agent, "initial_weights", broken)
    store = Store(tmp_path / "r").open(study)
    failed = run_stack(study, Stack(0, runs(study)), tmp_path / "r", "cpu", 30.0, _silent)
    reason = "diverged: the gradient was no longer finite at train step 48"
    assert failed == {run.id: reason for run in runs(study)[8:]}
    assert list(store.states(study).values()) == ["finished"] * 8 + ["failed"] * 8
    for run in runs(study)[:8]:
        ours, theirs = store.run_path(run) / "curves.parquet", healthy.run_path(run) / "curves.parquet"
        assert ours.read_bytes() == theirs.read_bytes()


def test_a_swap_costs_a_cell_without_memory_nothing(tmp_path: Path) -> None:
    """Without memory there is no state to swap: the curve under the swap is the plain curve, bit by bit."""
    study = _study(ingredients={"memory": [False], "task_distribution": [True]})
    curves = _run_all(study, tmp_path / "r").curves(study)
    final = curves[(curves["train_step"] == 432) & (curves["tasks"] == "held_out")]
    plain, swapped = (final[final["probe"] == probe].reset_index() for probe in ("none", "memory_swap"))
    assert len(plain) == 4 * 6
    assert (plain["return"] == swapped["return"]).all()


def test_references_are_stored_for_the_studys_tasks(tmp_path: Path) -> None:
    """The references' curves span the lifetime, and the floor of a fair bandit is one half."""
    study = _study(evaluation={"tasks": 4000, "tasks_at_points": 10})
    store = Store(tmp_path / "r").open(study)
    run_references(study, tmp_path / "r", "cpu", _silent)
    stored = store.read_references()
    assert stored is not None
    curves = stored["references"][stored["floor"]]["curves"]["none"]
    assert all(len(curve) == 6 for curve in curves)
    assert np.allclose(curves, 0.5, atol=0.02)
    assert (stored["held_out"], stored["episode_steps"]) == (True, 1)
    assert {name: leak["leaks"] for name, leak in stored["leakage"].items()} == {"reward": False, "action": False}


@pytest.mark.parametrize(
    ("updates", "points", "expected"),
    [(187, 4, [0, 1, 14, 187]), (1, 12, [0, 1]), (3, 12, [0, 1, 2, 3]), (100, 2, [0, 100])],
)
def test_evaluation_points_are_log_spaced(updates: int, points: int, expected: list[int]) -> None:
    """Points start before training, end with it, and are denser early; few updates give few points."""
    assert evaluation_points(updates, points) == expected


def test_fingerprints_are_stored(tmp_path: Path) -> None:
    """What trained, what evaluated and what judges a run can be read off its folder."""
    study = _study()
    store = _run_all(study, tmp_path / "r")
    run: Run = runs(study)[0]
    stored = store.read_run_json(run)
    assert stored["fingerprints"] == vars(fingerprints(study, run))
    assert {"torch", "numpy", "python"} <= set(stored["versions"])
