"""What `bench` and the benchmarks count and print; what they time is not tested, but for being there."""

from __future__ import annotations

import importlib
import json
import sys
from pathlib import Path
from types import SimpleNamespace
from typing import Any, cast

import gymnasium
import numpy as np
import pandas as pd
import pytest
import torch
from benchmarks import __main__ as everything
from benchmarks import jax_ppo, recurrent_ppo, rerun, to_threshold
from benchmarks.part import Options, Part, against, contest_table, interleaved, parsed
from benchmarks.recurrent_peer import PULLS, Lifetimes
from typer.testing import CliRunner

import ingredients as ing
from cli import app
from ingredients.agent.memory.gru import Gru
from ingredients.grid import INGREDIENTS, Run, cells
from ingredients.grid_run import bench as benching
from ingredients.grid_run.bench import Bench
from ingredients.grid_run.bench_text import bench_text
from ingredients.training import products
from ingredients.training.products import Product, bmm_seconds, flops, needed_flops, recorded_products
from ingredients.training.trainer import Setup, prepare
from ingredients.training.workload import Workload

SMALL = Workload(runs=2, lifetimes=4, hidden=16)


# Counting operations


def test_operations_of_a_product() -> None:
    """By hand: 2 products of [3, 5] and [5, 7] are 2 x 3 x 7 sums of 5 multiplications and 5 additions."""
    assert Product(2, 3, 5, 7).flops == 420
    assert flops({Product(2, 3, 5, 7): 10, Product(1, 1, 1, 1): 3}) == 4206


def test_operations_that_an_update_needs() -> None:
    """By hand, 12 inputs, 16 units, 8 logits; critic 24 inputs, 16 units, 4 columns; 2 epochs of 400 steps of 3 runs.

    Weights: input 576, recurrent 768, head 128; critic 384 and 64. Multiplications a step: rollout 1472, values 448,
    and an epoch 2 x 576 + 3 x 768 + 3 x 128 + 2 x 384 + 3 x 64 = 4800, since no gradient flows into data.
    """
    setup = SimpleNamespace(
        agent=SimpleNamespace(
            layout=SimpleNamespace(size=12),
            hidden=16,
            head_hidden=0,
            memory=Gru(12, 16, 10),
            shapes=lambda: {"head.weight": (16, 8), "gru.input": (3, 12, 16)},
        ),
        critic=SimpleNamespace(inputs=24, hidden=16, shapes=lambda: {"critic.last": (16, 4)}),
        tuned=SimpleNamespace(epochs=2),
        runs=("a", "b", "c"),
        steps_per_update=400,
    )
    assert needed_flops(cast(Setup, setup)) == 2 * 3 * 400 * (1472 + 448 + 2 * 4800)


def test_recorder_sees_every_form_of_a_product() -> None:
    """Plain, into storage, in place, added to something, and the two of a way back: each by its own shape."""
    left, right = torch.ones(2, 3, 5, requires_grad=True), torch.ones(2, 5, 7, requires_grad=True)
    out, wide = torch.empty(2, 3, 7), torch.ones(3, 5)
    recorder = products._Recorder()
    with recorder:
        torch.bmm(left, right).sum().backward()  # type: ignore[no-untyped-call]
        with torch.no_grad():
            torch.bmm(left, right, out=out)
            out.baddbmm_(left, right)
            torch.baddbmm(out, left, right, out=out)
            torch.addmm(torch.ones(7), wide, right[0])
            wide @ right[0] + out[0] * 2
    assert recorder.products == {
        Product(2, 3, 5, 7): 4,
        Product(2, 5, 3, 7): 1,
        Product(2, 3, 7, 5): 1,
        Product(1, 3, 5, 7): 2,
    }


def test_an_update_makes_what_it_needs() -> None:
    """The operations of a real update are those derived from the algorithm, and at most two percent more."""
    setup = prepare(SMALL.study(), SMALL.stack())
    made = recorded_products(setup)
    assert 1.0 <= flops(made) / needed_flops(setup) <= 1.02
    assert {product.batch for product in made} == {SMALL.runs}


def test_the_limit_counts_each_product_as_often_as_it_is_made(monkeypatch: pytest.MonkeyPatch) -> None:
    """With one second a product, the time of all is their number."""
    monkeypatch.setattr(products, "_seconds", lambda product: 1.0)
    assert bmm_seconds({Product(1, 2, 3, 4): 5, Product(1, 1, 1, 1): 2}) == 7.0


# The workload


def test_the_fixed_workload_is_that_of_the_design() -> None:
    """5 arms x 100 pulls, GRU 64, 16 runs x 32 lifetimes, 4 epochs x 4 minibatches."""
    study = Workload().study()
    assert (study.tasks.model_dump()["arms"], study.tasks.episodes) == (5, 100)
    assert (study.agent.memory, study.agent.hidden, study.learner.lifetimes) == ("gru", 64, 32)
    assert (study.learner.epochs, study.learner.minibatches, len(Workload().stack())) == (4, 4, 16)


@pytest.mark.parametrize("count", [1, 8, 16, 17, 32])
def test_a_workload_has_as_many_runs_as_it_says(count: int) -> None:
    """Other than sixteen runs are a part of a seed's cells, or several seeds; none comes twice."""
    assert len(set(Workload(runs=count).stack())) == count


# `ingredients bench`


def test_bench_as_json(monkeypatch: pytest.MonkeyPatch) -> None:
    """One object; the speed of the whole machine comes first and is the sum over workers."""
    monkeypatch.setattr(benching, "BENCH_SECONDS", 0.1)
    monkeypatch.setattr(benching, "BENCH_REPETITIONS", 1)
    monkeypatch.setattr(benching, "SCALING", (SMALL,))
    result = CliRunner().invoke(app, ["bench", "--format", "json", "--workers", "1"])
    assert (result.exit_code, result.stderr) == (0, "")
    content = json.loads(result.stdout)
    assert list(content) == [
        *("env_steps_per_second", "per_worker", "workers", "cores", "repetitions", "seconds", "peak_memory_bytes"),
        *("gigaflops", "scaling", "torch", "workload"),
    ]
    assert content["repetitions"] == [content["env_steps_per_second"]] == [content["per_worker"]]
    assert content["env_steps_per_second"] > 1000
    assert 100e6 < content["peak_memory_bytes"] < 4e9
    assert list(content["gigaflops"]) == ["training", "bmm", "share", "made"]
    assert content["gigaflops"]["share"] == pytest.approx(
        content["gigaflops"]["training"] / content["gigaflops"]["bmm"], rel=0.01
    )
    (size,) = content["scaling"]
    assert list(size.items())[:3] == [("runs", 2), ("lifetimes", 4), ("hidden", 16)]
    assert size["env_steps_per_second"] > 0
    assert content["workload"]["tasks"] == {"family": "bernoulli-bandit", "arms": 5, "episodes": 100}
    assert content["workload"]["learner"]["lifetimes"] == 32


def test_bench_for_people() -> None:
    """The speed in the first line, then the limit, then the other sizes in order."""
    bench = Bench(
        env_steps_per_second=180_000.4,
        per_worker=90_000.2,
        workers=2,
        cores=2,
        repetitions=[180_000.4],
        seconds=4.1,
        peak_memory_bytes=1_260_000_000,
        gigaflops={"training": 83.52, "bmm": 150.14, "share": 0.5563, "made": 1.002},
        scaling=[
            {"runs": 16, "lifetimes": 32, "hidden": 128, "env_steps_per_second": 55_000.0},
            {"runs": 4, "lifetimes": 32, "hidden": 64, "env_steps_per_second": 110_000.0},
        ],
        torch="2.13.0",
        workload={},
    )
    assert bench_text(bench).splitlines() == [
        "180,000 env steps/s: 2 workers on 2 cores, 90,000 each; torch 2.13.0; peak memory 1.3 GB",
        "83.5 GFLOP/s in matrix products: 56% of the 150.1 that torch.bmm reaches on the same shapes",
        "",
        "runs  lifetimes  hidden  env steps/s",
        "   4         32      64      110,000",
        "  16         32     128       55,000",
    ]


# The parts of `make bench`


def test_every_part_can_be_run() -> None:
    """What `make bench` runs are modules of the package, each with a part."""
    for name in everything.SECONDS:
        assert isinstance(importlib.import_module(f"benchmarks.{name}").PART, Part)


def test_a_part_that_fails_or_hangs_costs_only_itself() -> None:
    """In place of measurements there is the reason."""
    assert everything._measured([sys.executable, "-c", "raise SystemExit(3)"], 60) == {"failed": "ended with code 3"}
    assert everything._measured([sys.executable, "-c", "import time; time.sleep(60)"], 1) == {
        "failed": "took more than 1 s"
    }
    assert everything._measured([sys.executable, "-c", "print('{\"speed\": 2}')"], 60) == {"speed": 2}


def test_options_come_from_the_command_line() -> None:
    """Every option has a default, and a name of its own."""
    assert parsed("title", ["--workers", "3", "--jax-python", "py"]) == (Options(workers=3, jax_python="py"), False)
    assert parsed("title", ["--workers", "3", "--jax-python", "py", "--seconds", "0.5", "--json"]) == (
        Options(workers=3, seconds=0.5, jax_python="py"),
        True,
    )


def test_repetitions_are_interleaved() -> None:
    """Each contender once, then each again."""
    tape: list[str] = []

    def timing(name: str) -> float:
        tape.append(name)
        return float(len(tape))

    speeds = interleaved({"a": lambda: timing("a"), "b": lambda: timing("b")}, 2)
    assert tape == ["a", "b", "a", "b"]
    assert speeds == {"a": [1.0, 3.0], "b": [2.0, 4.0]}


def test_ratios_are_of_medians() -> None:
    """By hand: medians 30 and 4, so ours is 7.5 times as fast as two processes together, and 15 times as one."""
    contenders = against("ours", {"ours": [10.0, 30.0, 90.0], "theirs": [4.0, 1.0, 5.0]}, 2)
    assert contenders["ours"]["ours_is_times_as_fast"] == 1.0
    assert contenders["theirs"] == {
        "env_steps_per_second": 4.0,
        "repetitions": [4.0, 1.0, 5.0],
        "ours_is_times_as_fast": 7.5,
        "ours_is_times_one_process": 15.0,
    }
    assert contest_table({"what": {"ours": "one", "theirs": "other"}, "contenders": contenders}).row_count == 2


def test_a_threshold_is_reached_where_a_score_comes_to_stay() -> None:
    """A score that falls below again has not stayed; one that is below at the end has never been reached."""
    scores = [(0.96, 0.1), (0.9, 0.96), (0.95, 0.97), (0.99, 0.94)]
    points: list[dict[str, Any]] = [
        {"env_steps": 100 * number, "seconds": float(number), "scores": pair} for number, pair in enumerate(scores)
    ]
    assert to_threshold.stays(points, 0) == {"seed": 0, "env_steps": 200, "seconds": 2.0, "best": 0.99, "last": 0.99}
    assert to_threshold.stays(points, 1) == {"seed": 1, "env_steps": None, "seconds": None, "best": 0.97, "last": 0.94}


def test_learning_to_a_threshold_scores_every_seed() -> None:
    """On a small bandit: points up to the budget, a score for each seed at each, against the optimum."""
    bandit = to_threshold.learn(2, 5, 2, 3000)
    assert (bandit["yardstick"], bandit["stack"], len(bandit["runs"])) == ("bayes_optimal", 2, 2)
    assert bandit["points"][-1]["env_steps"] >= 3000
    assert all(len(point["scores"]) == 2 and max(map(abs, point["scores"])) < 2 for point in bandit["points"])


def test_the_peer_lives_whole_lifetimes() -> None:
    """Its environment shows r_{t-1} and a_{t-1}, ends with the last pull, and then has another task."""
    env = Lifetimes(gymnasium.make("ingredients/BernoulliBandit-v0", arms=5).unwrapped)
    first, _ = env.reset(seed=0)
    task = cast(Any, env.unwrapped)._task
    assert first.tolist() == [1, 1, 0, 0, 0, 0, 0, 0, 0, 0]
    for pull in range(PULLS):
        seen, reward, terminated, truncated, _ = env.step(np.int64(2))
        assert seen.tolist() == [0, 1, reward, 1, 0, 0, 1, 0, 0, 1]
        assert (terminated, truncated) == (pull == PULLS - 1, False)
    assert cast(Any, env.unwrapped)._task is task
    env.reset()
    assert not torch.equal(cast(Any, env.unwrapped)._task, task)


def test_a_peer_that_is_not_installed_is_skipped_with_the_way_out(monkeypatch: pytest.MonkeyPatch) -> None:
    """The benchmark says what to install, and measures nothing."""
    monkeypatch.setattr("importlib.util.find_spec", lambda name: None)
    assert "pip install '.[bench]'" in recurrent_ppo.measure(Options())["skipped"]
    without = "false"  # a program that is no Python and has no jax
    assert "pip install '.[peers]'" in jax_ppo.measure(Options(jax_python=without))["skipped"]


# Published runs, trained anew


def test_a_run_trained_anew_differs_by_nothing_from_its_grid(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Its curves are those of the run beside others in a grid. A return that was changed, or lacks, is found."""
    study = {
        "name": "tiny",
        "tasks": {"family": "bernoulli-bandit", "arms": 2, "episodes": 10},
        "ingredients": {ingredient: [True] for ingredient in INGREDIENTS} | {"memory": [True, False]},
        "seeds": {"first": 7, "count": 2},
        "agent": {"hidden": 16},
        "learner": {"train_steps": 400, "lifetimes": 4, "minibatches": 2},
        "evaluation": {"tasks": 16, "points": 2, "tasks_at_points": 8, "reactive_agents": 0},
    }
    ing.run_grid(ing.Study.load(study), tmp_path / "tiny", progress=False)
    monkeypatch.setattr(rerun, "PUBLISHED", tmp_path)
    told = rerun.compared("tiny", None, "cpu")
    assert told["run"] == "reward-on_action-on_memory-on_tasks-on_seed-7"
    assert told["returns"] > 10
    assert told["largest_difference"] == 0.0
    curves = pd.read_parquet(tmp_path / "tiny" / "curves.parquet")
    of_it = rerun.of_run(curves, Run(cells(ing.Study.load(study))[0], 7))
    assert len(of_it) == told["returns"]
    assert rerun.differs(of_it, of_it.assign(**{"return": of_it["return"] + 0.25})) == pytest.approx(0.25)
    assert rerun.differs(of_it, of_it[1:]) == float("inf")
    over_steps = of_it.rename(columns={"episode": "step"})
    assert rerun.differs(over_steps, over_steps) == 0.0
