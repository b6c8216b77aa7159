"""A made-up results folder of realistic shape, written through the real store: for tests and for looking at reports.

Comes in: a study. Goes out: a results folder whose curves look as a bandit study's do: the full cell rises to the
yardstick, without its own actions more slowly, without memory it is reactive, the others stay at the floor.
"""

from __future__ import annotations

import zlib
from collections.abc import Collection, Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from ingredients import grid
from ingredients.grid import Cell, Run, fingerprints, memory_kinds, own_tasks, runs
from ingredients.store import DIAGNOSTICS, RunRecord, Store
from ingredients.store.checksums import CHECKSUMS, write_checksums
from ingredients.study import Study, parse_study
from ingredients.study.own_source import is_own

MOST_KEPT = 16
_FILES: dict[tuple[object, ...], dict[str, bytes]] = {}  # of runs, by study, version of the code and what is lacking

ORACLE, YARDSTICK, REACTIVE, FLOOR = 0.833, 0.79, 0.69, 0.5


def bandit_study(**changes: Any) -> Study:  # noqa: ANN401 - whatever a study's YAML may hold
    """Returns the flagship's study; keyword arguments replace whole sections."""
    data: dict[str, Any] = {
        "name": "bandit",
        "question": "Which of the four ingredients does in-context learning need on a five-armed bandit?",
        "tasks": {"family": "bernoulli-bandit", "arms": 5, "episodes": 50},
        "ingredients": {},
    }
    return parse_study({**data, **changes}, "synthetic")


def write_results(
    directory: Path, study: Study, failed: Collection[str] = (), missing: Collection[str] = (), references: bool = True
) -> Store:
    """Writes a results folder; `failed` and `missing` name runs by id.

    What a study's runs gave is made once: a folder that had no run is given the files of the one before it.
    """
    store = Store(directory).open(study)
    if references:
        store.write_references(synthetic_references(study.tasks.episodes))
    own = own_tasks(study) or any(map(is_own, memory_kinds(study)))
    if own or any(store.runs_path.iterdir()):
        _write_runs(store, study, failed, missing)
        return store
    key = study.to_yaml(), frozenset(grid.CODE.items()), frozenset(failed), frozenset(missing)
    if key in _FILES:
        for name, content in _FILES[key].items():
            (store.runs_path / name).parent.mkdir(exist_ok=True)
            (store.runs_path / name).write_bytes(content)
        return store
    _write_runs(store, study, failed, missing)
    files = [path for path in store.runs_path.rglob("*") if path.is_file()]
    _FILES[key] = {str(path.relative_to(store.runs_path)): path.read_bytes() for path in files}
    if len(_FILES) > MOST_KEPT:
        del _FILES[next(iter(_FILES))]
    return store


def _write_runs(store: Store, study: Study, failed: Collection[str], missing: Collection[str]) -> None:
    for run in runs(study):
        if run.id not in missing:
            store.write_run(record(study, run, failed=run.id in failed))


def seal(folder: Path) -> None:
    """Makes a run's checksums again after a file was exchanged: what is wrong with it shows in its content alone."""
    (folder / CHECKSUMS).unlink()
    write_checksums(folder)


def record(study: Study, run: Run, failed: bool = False) -> RunRecord:
    """Returns what a run could have given; the numbers depend on the run alone."""
    rows = curve_rows(study, run)
    return RunRecord(
        run=run,
        fingerprints=fingerprints(study, run),
        status="failed" if failed else "finished",
        reason="the loss was not finite at update 17" if failed else None,
        weights={"gru.input": _noise(run).normal(size=(4, 3)).astype(np.float32)},
        curves=rows.iloc[: 0 if failed else None],
        returns_by_block=[] if failed else _noise(run).normal(loc=30, size=20).tolist(),
        diagnostics=_diagnostics(study),
        resolved=study.resolved(),
        versions={"torch": "2.13.0", "ingredients": "0.1.0"},
        seconds=12.5,
        train_steps=study.learner.train_steps,
        blocks={} if failed else _blocks(rows),
    )


def _blocks(rows: pd.DataFrame) -> dict[str, np.ndarray]:
    """Returns the final curves on twenty blocks of tasks, some harder and some easier."""
    end = rows[(rows["train_step"] == rows["train_step"].max()) & (rows["tasks"] == "held_out")]
    probes, returns = end["probe"].to_numpy(), end["return"].to_numpy()
    harder = 0.02 * np.linspace(-1, 1, 20)[:, None]
    return {probe: returns[probes == probe] + harder for probe in sorted(set(probes))}


def synthetic_references(episodes: int, simulated_runs: int = 5) -> dict[str, Any]:
    """Returns references of the shape that the store keeps, as a bandit's look."""
    shapes = {
        "random": (FLOOR, 1.0),
        "best_fixed": (FLOOR, 1.0),
        "reactive": (REACTIVE, 2.0),
        "reactive_reward_only": (0.54, 2.0),
        "greedy": (0.765, 5.0),
        "thompson": (0.745, 13.0),
        "ucb1": (0.775, 10.0),
        "gittins": (YARDSTICK, 7.0),
    }
    remembers = {"greedy", "thompson", "ucb1", "gittins"}
    named = {
        name: _reference(name, rising(episodes, late, speed), name in remembers, simulated_runs)
        for name, (late, speed) in shapes.items()
    }
    named["oracle"] = _reference("oracle", np.full(episodes, ORACLE), False, simulated_runs)
    for name in ("random", "best_fixed"):
        named[name] |= {"exact": True, "expected_return": FLOOR * episodes}
    named["oracle"] |= {"exact": True, "expected_return": ORACLE * episodes}
    return {
        "floor": "best_fixed",
        "reactive": "reactive",
        "yardstick": "gittins",
        "writable": False,
        "at_points": {name: entry["curves"]["none"][0] for name, entry in named.items()},
        "references": named,
    }


def curve_rows(study: Study, run: Run) -> pd.DataFrame:
    """Returns the tidy curves of one run: evaluation points, then the end with its probes."""
    episodes = study.tasks.episodes
    end = plain_curve(run.cell, episodes, run.seed)
    steps = np.linspace(0, study.learner.train_steps, study.evaluation.points).astype(int)
    trained = 1 / (1 + np.exp(-12 * (np.arange(len(steps)) / (len(steps) - 1) - 0.4)))
    on_training = np.full(episodes, 0.8) if run.cell.task_distribution is False else end
    parts = [
        _drawn(run, int(step), "none", tasks, FLOOR + share * (last - FLOOR), noise=0.008)
        for step, share in zip(steps[:-1], trained[:-1], strict=True)
        for tasks, last in (("held_out", end), ("training", on_training))
    ]
    learns = run.cell.wipe_every != 1 and end[-1] > FLOOR + 0.05
    parts += [
        _drawn(run, int(steps[-1]), probe, tasks, curve)
        for probe, tasks, curve in (
            ("none", "held_out", end),
            ("none", "training", on_training),
            ("greedy", "held_out", end + 0.01 * (end > 0.6)),
            ("memory_swap", "held_out", swap(end, learns)),
            ("memory_swap_same", "held_out", end),
            ("memory_wipe", "held_out", wipe(end, learns)),
            ("task_switch", "held_out", swap(end, learns)),
            ("reward_yoke", "held_out", np.full(episodes, FLOOR)),
            ("action_yoke", "held_out", FLOOR + 0.2 * (end - FLOOR)),
        )
    ]
    return _table(study, run, parts)


def plain_curve(cell: Cell, episodes: int, seed: int = 0) -> np.ndarray:
    """Returns the adaptation curve `[K]` that a cell ends with; seeds differ a little."""
    reward, action = cell.reward_shown, cell.action_shown
    if cell.training_tasks == 1 or reward == 0:
        late, speed = FLOOR, 1.0
    elif cell.wipe_every == 1:
        late, speed = (0.675, 2.0) if action else (0.535, 2.0)
    else:
        late, speed = FLOOR + (0.28 if action else 0.25) * reward, 8.0 if action else 11.0
        late -= 0.1 / (cell.wipe_every or np.inf)
    wobble = 0.006 * (((seed * 7) % 5) - 2)
    return rising(episodes, late + (wobble if late > FLOOR else wobble / 9), speed)


def rising(episodes: int, late: float, speed: float) -> np.ndarray:
    """Returns a curve `[K]` from the floor to `late`; a larger speed number takes more episodes (of 50)."""
    return FLOOR + (late - FLOOR) * (1 - np.exp(-np.arange(episodes) * 50 / episodes / speed))


def swap(curve: np.ndarray, remembers: bool) -> np.ndarray:
    """Returns the curve with the memory swapped half-way: it falls below the start and recovers a little."""
    half = len(curve) // 2
    swapped = curve.copy()
    if remembers:
        swapped[half:] = 0.47 + 0.5 * (curve[: len(curve) - half] - FLOOR)
    return swapped


def wipe(curve: np.ndarray, remembers: bool) -> np.ndarray:
    """Returns the curve with a new start half-way: it begins where a lifetime begins and climbs as it did."""
    half = len(curve) // 2
    return np.concatenate([curve[:half], curve[: len(curve) - half]]) if remembers else curve.copy()


def _drawn(
    run: Run, train_step: int, probe: str, tasks: str, curve: np.ndarray, noise: float = 0.0015
) -> tuple[int, str, str, np.ndarray]:
    """Returns where a curve stands, and the curve as a run could have played it."""
    drawn: np.ndarray = curve + noise * _noise(run, train_step, probe, tasks).normal(size=len(curve))
    return train_step, probe, tasks, drawn


def _table(study: Study, run: Run, curves: Sequence[tuple[int, str, str, np.ndarray]]) -> pd.DataFrame:
    train_steps, probes, tasks, drawn = zip(*curves, strict=True)
    returns, episodes = np.concatenate(drawn), study.tasks.episodes
    columns: Mapping[str, object] = {
        "study": study.name,
        **run.cell.texts(),
        "seed": run.seed,
        "train_step": np.repeat(train_steps, episodes),
        "probe": np.repeat(np.array(probes, dtype=object), episodes),
        "tasks": np.repeat(np.array(tasks, dtype=object), episodes),
        "episode": np.tile(np.arange(episodes), len(curves)),
        "return": returns,
        "regret": ORACLE - returns,
    }
    return pd.DataFrame(columns)


def _reference(name: str, curve: np.ndarray, remembers: bool, simulated_runs: int) -> dict[str, Any]:
    noise = np.random.default_rng(zlib.crc32(name.encode()))
    drawn = [curve + 0.001 * noise.normal(size=len(curve)) for _ in range(simulated_runs)]
    return {
        "exact": False,
        "expected_return": None,
        "curves": {
            "none": [list(map(float, run)) for run in drawn],
            "memory_swap": [list(map(float, swap(run, remembers))) for run in drawn],
        },
    }


def _diagnostics(study: Study) -> pd.DataFrame:
    updates: Iterable[int] = range(4)
    rows = {"update": list(updates), "train_step": [study.learner.train_steps * update // 3 for update in updates]}
    return pd.DataFrame({**rows, **{name: 0.5 for name in DIAGNOSTICS.names if name not in rows}})


def _noise(run: Run, *parts: object) -> np.random.Generator:
    return np.random.default_rng(zlib.crc32(repr((run.id, *parts)).encode()))
