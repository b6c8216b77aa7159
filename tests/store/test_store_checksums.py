"""Checksums of a run: no byte of it changes unnoticed, reading executes nothing, and older folders are still read."""

from __future__ import annotations

import hashlib
import json
import os
import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest
from stores import contents, one_line, small_study
from synthetic import write_results

from ingredients.grid import Run, cells, runs
from ingredients.grid_run.jobs import remaining
from ingredients.report.build import read_report
from ingredients.store import Store
from ingredients.study import Study

CHECKSUMS = "checksums.sha256"
FILES = ("blocks.safetensors", "curves.parquet", "diagnostics.parquet", "run.json", "weights.safetensors")


def reading(store: Store, study: Study, run: Run) -> dict[str, Callable[[], object]]:
    """Returns what reads each file of a run."""
    return {
        "blocks.safetensors": lambda: store.states(study),
        "curves.parquet": lambda: store.curves(study),
        "diagnostics.parquet": lambda: store.diagnostics(run),
        "run.json": lambda: store.states(study),
        "weights.safetensors": lambda: store.read_weights(run),
    }


@pytest.mark.parametrize("failed", [False, True])
def test_every_file_of_a_run_has_its_sha_256(tmp_path: Path, failed: bool) -> None:
    """The list names every file but itself and the mark, a failed run's too, in the form of `sha256sum`."""
    study = small_study()
    run = runs(study)[0]
    store = write_results(tmp_path / "bandit", study, failed=[run.id] if failed else [])
    lines = (store.run_path(run) / CHECKSUMS).read_text().splitlines()
    assert lines == [
        f"{hashlib.sha256((store.run_path(run) / name).read_bytes()).hexdigest()}  {name}" for name in FILES
    ]
    if shutil.which("sha256sum"):
        subprocess.run(["sha256sum", "--check", "--quiet", CHECKSUMS], cwd=store.run_path(run), check=True)


@pytest.mark.parametrize("name", FILES)
def test_a_flipped_byte_is_found(tmp_path: Path, name: str) -> None:
    """Anywhere in a file, one bit is enough: the line names the file and what to do."""
    study = small_study()
    store = write_results(tmp_path / "bandit", study)
    run = runs(study)[0]
    path = store.run_path(run) / name
    good = path.read_bytes()
    for place in (0, 1, len(good) // 3, len(good) // 2, len(good) - 9, len(good) - 1):
        path.write_bytes(good[:place] + bytes([good[place] ^ 1]) + good[place + 1 :])
        text = one_line(reading(store, study, run)[name])
        assert text.startswith(f"{path}: missing, truncated, altered or written by another version; ")
        assert f"move the folder {path.parent} away and run the study again: only this run is repeated" in text
    path.write_bytes(good)
    reading(store, study, run)[name]()


@pytest.mark.parametrize("name", [*FILES, CHECKSUMS])
@pytest.mark.parametrize("how", ["truncated", "emptied", "flipped", "gone"])
def test_report_and_run_grid_find_damage_in_any_file(tmp_path: Path, name: str, how: str) -> None:
    """Also in the weights, which a report does not read and a grid that is finished does not either."""
    study = small_study()
    store = write_results(tmp_path / "bandit", study)
    path = store.run_path(runs(study)[1]) / name
    good = path.read_bytes()
    half = len(good) // 2
    flipped = good[:half] + bytes([good[half] ^ 4]) + good[half + 1 :]
    path.write_bytes({"truncated": good[:half], "flipped": flipped}.get(how, b""))
    if how == "gone":
        path.unlink()
        if name in (CHECKSUMS, "run.json"):  # a folder from before there were lists; a run that is not there
            return
    for looking in (lambda: read_report(store.directory), lambda: remaining(study, store, cells(study))):
        assert str(path.parent) in one_line(looking)
        assert name == CHECKSUMS or str(path) in one_line(looking)


@pytest.mark.parametrize("content", [b"", b"\xff\xfe", b"no list\n"])
def test_a_damaged_list_is_damage_too(tmp_path: Path, content: bytes) -> None:
    """What cannot be compared is not taken for good."""
    study = small_study()
    store = write_results(tmp_path / "bandit", study)
    run = runs(study)[0]
    (store.run_path(run) / CHECKSUMS).write_bytes(content)
    for read in reading(store, study, run).values():
        assert str(store.run_path(run)) in one_line(read)


def test_a_folder_from_before_checksums_is_read(tmp_path: Path) -> None:
    """Without the lists everything reads back as it does with them."""
    study = small_study()
    store = write_results(tmp_path / "bandit", study)
    curves = store.curves(study)
    for path in store.runs_path.glob(f"*/{CHECKSUMS}"):
        path.unlink()
    assert store.curves(study).equals(curves)
    assert set(store.states(study).values()) == {"finished"}


def test_an_altered_reference_is_found(tmp_path: Path) -> None:
    """A digit of a curve that is another one is damage, though the file is JSON still; without a checksum it is not."""
    store = write_results(tmp_path / "bandit", small_study())
    path = store.directory / "references.json"
    text, good = path.read_text(), store.read_references()
    assert good is not None
    value = json.dumps(good["references"]["gittins"]["curves"]["none"][0][3])
    path.write_text(text.replace(value, value[:-1] + ("1" if value[-1] != "1" else "2")))
    assert one_line(store.read_references).startswith(f"{path}: damaged or altered; move it away")
    path.write_text(json.dumps(good))
    assert store.read_references() == good


def test_a_damaged_run_is_repeated_only_when_asked(tmp_path: Path) -> None:
    """Opening and reporting change nothing; with the folder moved away, as the line says, that run alone is missing."""
    study = small_study()
    store = write_results(tmp_path / "bandit", study)
    run = runs(study)[0]
    path = store.run_path(run) / "curves.parquet"
    path.write_bytes(path.read_bytes()[:-100])
    before = contents(store.runs_path)
    store.open(study)
    assert str(path) in one_line(lambda: read_report(store.directory))
    assert contents(store.runs_path) == before
    store.run_path(run).rename(tmp_path / "away")
    assert [run for run, state in store.states(study).items() if state != "finished"] == [run]
    assert len(read_report(store.directory).evidence.missing) == 1


def test_reading_a_folder_executes_nothing(tmp_path: Path) -> None:
    """A report and all weights are read under a hook that Python calls before it unpickles or starts anything."""
    study = small_study()
    write_results(tmp_path / "bandit", study)
    program = (
        "import sys\n"
        "from pathlib import Path\n"
        "from ingredients.report.build import read_report\n"
        "from ingredients.store import load_result\n"
        "from ingredients.grid import runs\n"
        "import pandas, pyarrow.parquet, scipy.stats\n"
        "FORBIDDEN = 'pickle.find_class os.system os.exec os.posix_spawn subprocess.Popen ctypes.dlopen'.split()\n"
        "caught = []\n"
        "def hook(event, arguments):\n"
        "    if event in FORBIDDEN: caught.append(event)\n"
        "sys.addaudithook(hook)\n"
        "def read(folder):\n"
        "    store, study = load_result(folder)\n"
        "    [(store.read_weights(run), store.diagnostics(run)) for run in runs(study)]\n"
        "    return read_report(folder)\n"
        "assert read(Path(sys.argv[1])).evidence.finished == 4\n"
        "assert not caught, caught\n"
        "import pickle; pickle.loads(pickle.dumps(Path()))\n"
        "assert caught == ['pickle.find_class'], 'the hook hears nothing'\n"
    )
    here = {**os.environ, "PYTHONPATH": os.pathsep.join(filter(None, sys.path))}
    done = subprocess.run(
        [sys.executable, "-c", program, str(tmp_path / "bandit")], env=here, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
