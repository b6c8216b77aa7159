"""The store: what is written comes back, whole or not at all, and every refusal is one line that says what to do."""

from __future__ import annotations

import dataclasses
import os
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from stores import contents, one_line, small_study
from synthetic import record, seal, synthetic_references, write_results

from ingredients.grid import Run, fingerprints, runs
from ingredients.store import CURVE_KEYS, CURVES, RunRecord, Store, load_result
from ingredients.study import Study


@pytest.fixture
def study() -> Study:
    """Two cells, two seeds, short lifetimes."""
    return small_study()


@pytest.fixture
def unprivileged() -> Iterator[Path]:
    """A folder that this process may read but not write, also where the tests run as root."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        folder.chmod(0o555)
        root = os.geteuid() == 0
        if root:
            os.seteuid(65534)
        try:
            yield folder
        finally:
            if root:
                os.seteuid(0)
            folder.chmod(0o755)


def test_a_run_comes_back_as_it_was_written(tmp_path: Path, study: Study) -> None:
    """Weights, curves, diagnostics and run.json read back equal what was stored."""
    run = runs(study)[0]
    given = record(study, run)
    store = Store(tmp_path / "bandit").open(study)
    store.write_run(given)
    assert store.read_weights(run)["gru.input"].tobytes() == given.weights["gru.input"].tobytes()
    pd.testing.assert_frame_equal(store.diagnostics(run), given.diagnostics)
    stored = store.curves(study).astype({"study": object}).sort_values(list(CURVE_KEYS))
    assert np.array_equal(np.sort(stored["return"]), np.sort(given.curves["return"]))
    about = store.read_run_json(run)
    assert about["fingerprints"] == dataclasses.asdict(given.fingerprints)
    assert about["study"] == study.resolved()
    assert (about["run"], about["seed"], about["versions"]["torch"]) == (run.id, 0, "2.13.0")


def test_a_run_lies_where_the_contract_says(tmp_path: Path, study: Study) -> None:
    """A finished run's folder holds exactly the seven files, the mark among them, and nothing half-written."""
    store = write_results(tmp_path / "bandit", study)
    run = runs(study)[1]
    assert sorted(path.name for path in store.run_path(run).iterdir()) == [
        "blocks.safetensors",
        "checksums.sha256",
        "curves.parquet",
        "diagnostics.parquet",
        "finished",
        "run.json",
        "weights.safetensors",
    ]
    assert sorted(path.name for path in (tmp_path / "bandit" / "runs").iterdir()) == sorted(r.id for r in runs(study))


def test_equal_content_gives_equal_bytes(tmp_path: Path, study: Study) -> None:
    """Two folders written from the same content, its rows in another order, hold the same bytes in every file."""
    for name in ("one", "two"):
        store = write_results(tmp_path / name, study)
        if name == "two":
            for run in runs(study):
                given = record(study, run)
                shuffled = given.curves.sample(frac=1, random_state=3).assign(extra=1)
                store.run_path(run).rename(tmp_path / run.id)
                store.write_run(dataclasses.replace(given, curves=shuffled))
        store.write_table(store.curves(study))
    assert contents(tmp_path / "one") == contents(tmp_path / "two")


def test_other_content_gives_other_bytes(tmp_path: Path, study: Study) -> None:
    """One return that differs in its last bit shows in the stored bytes."""
    run = runs(study)[0]
    given = record(study, run)
    store = Store(tmp_path / "bandit").open(study)
    store.write_run(given)
    before = contents(store.run_path(run))["curves.parquet"]
    nudged = np.nextafter(given.curves["return"], given.curves["episode"] == 0)
    nudged = given.curves["return"].where(given.curves.index > 0, nudged)
    store.write_run(dataclasses.replace(given, curves=given.curves.assign(**{"return": nudged})))
    assert contents(store.run_path(run))["curves.parquet"] != before


def test_the_table_is_tidy_and_sorted(tmp_path: Path, study: Study) -> None:
    """curves.parquet and curves.csv have the contract's columns in order, levels as text, rows sorted by their keys."""
    store = write_results(tmp_path / "bandit", study)
    store.write_table(store.curves(study))
    from_parquet = pd.read_parquet(tmp_path / "bandit" / "curves.parquet")
    from_csv = pd.read_csv(tmp_path / "bandit" / "curves.csv")
    assert list(from_parquet) == list(from_csv) == CURVES.names
    assert set(from_csv["memory"]) == {"off", "on"}
    assert {"none", "greedy", "memory_swap", "reward_yoke"} <= set(from_csv["probe"])
    assert from_parquet[list(CURVE_KEYS)].equals(from_parquet[list(CURVE_KEYS)].sort_values(list(CURVE_KEYS)))
    assert np.array_equal(from_csv["return"], from_parquet["return"])
    assert (tmp_path / "bandit" / "curves.csv").read_text().splitlines()[1].startswith("bandit,on,on,off,on,0,0,none,")


def test_unknown_regret_is_empty(tmp_path: Path, study: Study) -> None:
    """A family that knows no regret leaves the column empty, not zero and not the text nan."""
    given = record(study, runs(study)[0])
    store = Store(tmp_path / "bandit").open(study)
    store.write_run(dataclasses.replace(given, curves=given.curves.assign(regret=float("nan"))))
    store.write_table(store.curves(study))
    assert (tmp_path / "bandit" / "curves.csv").read_text().splitlines()[1].endswith(",")
    assert pd.read_parquet(tmp_path / "bandit" / "curves.parquet")["regret"].isna().all()


def test_the_states_of_a_run(tmp_path: Path, study: Study) -> None:
    """Missing, finished, failed; trained where only the evaluation changed; missing where the training changed."""
    first, second, third, _ = runs(study)
    store = write_results(tmp_path / "bandit", study, failed=[second.id], missing=[third.id])
    prints = fingerprints(study, first)
    assert store.state(first, prints) == "finished"
    assert store.state(second, fingerprints(study, second)) == "failed"
    assert store.state(third, fingerprints(study, third)) == "missing"
    assert store.state(first, dataclasses.replace(prints, judges="other")) == "finished"
    assert store.state(first, dataclasses.replace(prints, evaluates="other")) == "trained"
    assert store.state(first, dataclasses.replace(prints, trains="other")) == "missing"


def test_a_run_without_its_mark_is_not_finished(tmp_path: Path, study: Study) -> None:
    """The mark is what finishes a run; its weights count as trained."""
    store = write_results(tmp_path / "bandit", study)
    run = runs(study)[0]
    (store.run_path(run) / "finished").unlink()
    assert store.state(run, fingerprints(study, run)) == "trained"
    assert len(store.curves(study)["seed"].unique()) == 2
    assert "off" not in set(store.curves(study).query("seed == 0")["memory"])


def test_a_replaced_run_is_kept(tmp_path: Path, study: Study) -> None:
    """A run that is written again takes the place of the older one, which is moved aside and not deleted."""
    run = runs(study)[0]
    store = write_results(tmp_path / "bandit", study, failed=[run.id])
    before = contents(store.run_path(run))
    store.write_run(record(study, run))
    store.write_run(record(study, run))
    assert store.state(run, fingerprints(study, run)) == "finished"
    assert contents(tmp_path / "bandit" / "replaced" / f"{run.id}-1") == before
    assert (tmp_path / "bandit" / "replaced" / f"{run.id}-2" / "finished").exists()


def test_an_interrupted_write_leaves_the_old_run(tmp_path: Path, study: Study) -> None:
    """A write that breaks off half-way leaves the stored run untouched and nothing hidden behind."""
    run = runs(study)[0]
    store = write_results(tmp_path / "bandit", study)
    before = contents(tmp_path / "bandit")
    broken = dataclasses.replace(record(study, run), curves=pd.DataFrame({"study": ["bandit"]}))
    with pytest.raises(ValueError, match="lacks the columns reward_observation"):
        store.write_run(broken)
    with pytest.raises(UnicodeEncodeError):
        store.write_text("report.md", "\ud800")
    assert contents(tmp_path / "bandit") == before


def test_a_killed_write_is_swept_later(tmp_path: Path, study: Study) -> None:
    """What a killed process left half-written is hidden, never read, and removed an hour later, not before."""
    run = runs(study)[0]
    store = Store(tmp_path / "bandit").open(study)
    left = [store.run_path(run).with_name(f".{run.id}.{number}.partial") for number in ("1a", "2b")]
    for folder in left:
        folder.mkdir()
        (folder / "junk").write_text("half")
    (tmp_path / "bandit" / ".curves.csv.3c.partial").write_text("half")
    hour_ago = (tmp_path / "bandit" / "study.yaml").stat().st_mtime - 3601
    for path in (left[0], tmp_path / "bandit" / ".curves.csv.3c.partial"):
        os.utime(path, (hour_ago, hour_ago))
    assert store.state(run, fingerprints(study, run)) == "missing"
    store.write_run(record(study, run))
    assert not (store.run_path(run) / "junk").exists()
    store.open(study)
    assert sorted((tmp_path / "bandit").rglob(".*.partial")) == [left[1]]


def test_opening_again_goes_on(tmp_path: Path, study: Study) -> None:
    """More seeds, another criterion and another name keep every finished run."""
    store = write_results(tmp_path / "bandit", study)
    grown = small_study(seeds=3, criterion={"gain_above": 0.2}, name="renamed")
    Store(tmp_path / "bandit").open(grown)
    states = list(store.states(grown).values())
    assert (states.count("finished"), states.count("missing")) == (4, 2)
    assert set(store.curves(grown)["study"]) == {"renamed"}
    assert load_result(tmp_path / "bandit")[1] == grown


def test_a_changed_evaluation_leaves_the_weights(tmp_path: Path, study: Study) -> None:
    """Another number of evaluation tasks makes finished runs trained ones; curves and references are stale."""
    store = write_results(tmp_path / "bandit", study)
    changed = small_study(evaluation={"points": 3, "tasks": 500})
    Store(tmp_path / "bandit").open(changed)
    assert set(store.states(changed).values()) == {"trained"}
    assert store.curves(changed).empty
    assert store.read_references() is None
    assert (tmp_path / "bandit" / "replaced" / "references.json-1").exists()


def test_a_study_that_trains_otherwise_is_refused(tmp_path: Path, study: Study) -> None:
    """The line names the folder, what differs, and --fresh; nothing in the folder changes."""
    write_results(tmp_path / "bandit", study)
    before = contents(tmp_path / "bandit")
    other = small_study(learner={"train_steps": 20_000})
    text = one_line(lambda: Store(tmp_path / "bandit").open(other))
    assert str(tmp_path / "bandit") in text
    assert "learner.train_steps: 600000 -> 20000" in text
    assert "--fresh" in text
    assert contents(tmp_path / "bandit") == before


def test_fresh_moves_the_old_folder_aside(tmp_path: Path, study: Study) -> None:
    """Each fresh start moves what was there to -old-1, -old-2, with every byte kept."""
    write_results(tmp_path / "bandit", study)
    before = contents(tmp_path / "bandit")
    other = small_study(learner={"train_steps": 20_000})
    Store(tmp_path / "bandit").open(other, fresh=True)
    Store(tmp_path / "bandit").open(study, fresh=True)
    assert contents(tmp_path / "bandit-old-1") == before
    assert load_result(tmp_path / "bandit-old-2")[1] == other
    assert list((tmp_path / "bandit" / "runs").iterdir()) == []


@pytest.mark.parametrize("fresh", [False, True])
def test_a_folder_with_other_files_is_refused(tmp_path: Path, study: Study, fresh: bool) -> None:
    """A folder that is not ours is neither filled nor moved, with --fresh or without."""
    (tmp_path / "thesis.tex").write_text("years of work")
    text = one_line(lambda: Store(tmp_path).open(study, fresh=fresh))
    assert str(tmp_path) in text
    assert "thesis.tex" in text
    assert "--out" in text
    assert contents(tmp_path) == {"thesis.tex": b"years of work"}


def test_a_file_where_the_folder_should_be(tmp_path: Path, study: Study) -> None:
    """The line names the path and says that a file lies there, on the folder itself and on a folder above it."""
    (tmp_path / "bandit").write_text("")
    for path in (tmp_path / "bandit", tmp_path / "bandit" / "below"):
        text = one_line(partial(Store(path).open, study))
        assert text.startswith(f"{path}: cannot be written")
        assert "a file lies where a folder should be" in text


def test_a_folder_that_may_not_be_written(unprivileged: Path, study: Study) -> None:
    """A read-only folder gives one line with its path and the advice to choose another."""
    text = one_line(lambda: Store(unprivileged / "bandit").open(study))
    assert text.startswith(f"{unprivileged / 'bandit'}: cannot be written: permission denied; choose a folder")


@pytest.mark.parametrize(
    ("made", "expected"),
    [
        ("nothing", "there is no such folder"),
        ("empty", "not a results folder (it has no study.yaml)"),
        ("file", "a file, not a folder"),
    ],
)
def test_what_is_not_a_results_folder(tmp_path: Path, made: str, expected: str) -> None:
    """Each kind of wrong path is told apart, and the line says what was expected."""
    path = tmp_path / "bandit"
    if made == "empty":
        path.mkdir()
    if made == "file":
        path.write_text("")
    text = one_line(lambda: load_result(path))
    assert text.startswith(f"{path}: {expected}")
    assert "expected a folder that `ingredients run-grid` wrote" in text


def test_a_wrong_path_near_a_right_one(tmp_path: Path, study: Study) -> None:
    """A misspelt folder, the folder above, and a file inside each get the path that was meant."""
    right = tmp_path / "bandit"
    write_results(right, study, references=False)
    assert f"Did you mean '{right}'?" in one_line(lambda: load_result(tmp_path / "bandti"))
    assert f"Results are in: {right}" in one_line(lambda: load_result(tmp_path))
    assert f"Did you mean '{right}'?" in one_line(lambda: load_result(right / "study.yaml"))


@pytest.mark.parametrize("name", ["curves.parquet", "diagnostics.parquet", "run.json", "weights.safetensors"])
def test_a_truncated_file_of_a_run(tmp_path: Path, study: Study, name: str) -> None:
    """The line names the file and the folder to move away; the other runs lose nothing by it."""
    store = write_results(tmp_path / "bandit", study)
    run = runs(study)[0]
    path = store.run_path(run) / name
    path.write_bytes(path.read_bytes()[:-7])
    before = contents(tmp_path / "bandit")
    read: dict[str, Callable[[], object]] = {
        "curves.parquet": lambda: store.curves(study),
        "diagnostics.parquet": lambda: store.diagnostics(run),
        "run.json": lambda: store.states(study),
        "weights.safetensors": lambda: store.read_weights(run),
    }
    text = one_line(read[name])
    assert text.startswith(f"{path}: ")
    assert f"move the folder {path.parent} away" in text
    assert contents(tmp_path / "bandit") == before


def test_a_run_json_of_another_shape_is_damaged(tmp_path: Path, study: Study) -> None:
    """Valid JSON that is not a run's is refused like a truncated file, and so are columns of another version."""
    store = write_results(tmp_path / "bandit", study)
    path = store.run_path(runs(study)[0]) / "run.json"
    for text in ("[]", "{}", '{"run": 3}', '{"run":1,"status":1,"reason":1,"fingerprints":[],"seed":1,"cell":1}'):
        path.write_text(text)
        seal(path.parent)
        assert str(path) in one_line(lambda: store.states(study))
    other = store.run_path(runs(study)[1]) / "curves.parquet"
    pd.DataFrame({"step": [1]}).to_parquet(other)
    seal(other.parent)
    path.unlink()
    assert str(other) in one_line(lambda: store.curves(study))


def test_a_damaged_study_or_references_file(tmp_path: Path, study: Study) -> None:
    """Both lines name their own file and a way out; a fresh start still works."""
    store = write_results(tmp_path / "bandit", study)
    for content in ('{"floor": ', "{}", "[]"):
        (tmp_path / "bandit" / "references.json").write_text(content)
        text = one_line(store.read_references)
        assert text.startswith(f"{tmp_path / 'bandit' / 'references.json'}: damaged")
    (tmp_path / "bandit" / "study.yaml").write_text("name: [")
    text = one_line(lambda: load_result(tmp_path / "bandit"))
    assert str(tmp_path / "bandit" / "study.yaml") in text
    assert "--fresh" in text
    store.open(study, fresh=True)
    assert (tmp_path / "bandit-old-1" / "study.yaml").read_text() == "name: ["


def test_references_come_back(tmp_path: Path, study: Study) -> None:
    """References read back equal to what was written; before that there are none."""
    store = Store(tmp_path / "bandit").open(study)
    assert store.read_references() is None
    given = synthetic_references(10)
    store.write_references(given)
    assert store.read_references() == given


def test_not_a_number_is_never_stored_as_json(tmp_path: Path, study: Study) -> None:
    """NaN is not JSON: writing it is refused and the file before it stays."""
    store = Store(tmp_path / "bandit").open(study)
    given = synthetic_references(10)
    store.write_references(given)
    with pytest.raises(ValueError, match="JSON"):
        store.write_references({**given, "late": float("nan")})
    assert store.read_references() == given


def test_two_processes_share_a_folder(tmp_path: Path, study: Study) -> None:
    """Workers write different runs into one folder without touching each other's."""
    Store(tmp_path / "bandit").open(study)
    script = (
        "import sys; from pathlib import Path; from synthetic import record; from ingredients.grid import runs; "
        "from ingredients.store import load_result; store, study = load_result(Path(sys.argv[1])); "
        "[store.write_run(record(study, run)) for run in runs(study) if run.seed == int(sys.argv[2])]"
    )
    here = {**os.environ, "PYTHONPATH": os.pathsep.join(filter(None, sys.path))}
    workers = [
        subprocess.Popen([sys.executable, "-c", script, str(tmp_path / "bandit"), str(seed)], env=here)
        for seed in (0, 1)
    ]
    assert [worker.wait(60) for worker in workers] == [0, 0]
    assert set(Store(tmp_path / "bandit").states(study).values()) == {"finished"}


def test_the_store_imports_no_torch() -> None:
    """Reading results must not cost the second that importing torch takes."""
    script = "import sys, ingredients.store; sys.exit('torch' in sys.modules)"
    here = {**os.environ, "PYTHONPATH": os.pathsep.join(filter(None, sys.path))}
    assert subprocess.run([sys.executable, "-c", script], env=here, check=False).returncode == 0


def test_a_failed_run_keeps_what_it_has(tmp_path: Path, study: Study) -> None:
    """A failed run has its reason, weights and diagnostics, no mark, and no part in the curves."""
    run: Run = runs(study)[0]
    store = Store(tmp_path / "bandit").open(study)
    failed: RunRecord = record(study, run, failed=True)
    store.write_run(failed)
    assert store.read_run_json(run)["reason"] == "the loss was not finite at update 17"
    assert set(store.read_weights(run)) == {"gru.input"}
    assert not (store.run_path(run) / "finished").exists()
    assert store.curves(study).empty
    assert list(store.curves(study)) == CURVES.names
