"""Snapshots on the disk: read back to the bit, of some of their runs, ignored with a notice where they are no good."""

from __future__ import annotations

import shutil
from pathlib import Path

import numpy as np
import pytest

from ingredients.errors import StoreError
from ingredients.store import Snapshot, Snapshots

RUNS = {"a": "print-a", "b": "print-b", "c": "print-c"}
HERE = {"device": "cpu", "torch": "2.13.0"}


def snapshot(runs: dict[str, str] = RUNS, update: int = 7) -> Snapshot:
    """Returns a snapshot whose arrays have the kinds and shapes that training has; row n belongs to run n."""
    count = len(runs)
    by_run = {
        "policy": np.linspace(-1, 1, count * 5, dtype=np.float32).reshape(count, 5),
        "alive": np.arange(count) != 1,
        "policies": np.arange(count * 6, dtype=np.float32).reshape(count, 2, 3),
    }
    return Snapshot(runs, HERE, by_run, {"counters": np.array([update, 9]), "seconds": np.array([0.5])})


def written(directory: Path, of: Snapshot) -> Path:
    """Writes a snapshot and returns its file."""
    before = set(directory.glob("snapshots/*"))
    Snapshots(directory).write(of)
    (path,) = set(directory.glob("snapshots/*")) - before
    return path


def same(left: dict[str, np.ndarray], right: dict[str, np.ndarray]) -> bool:
    """Returns whether two sets of arrays are equal to the bit, kinds and shapes included."""
    return left.keys() == right.keys() and all(
        (left[name].dtype, left[name].shape, left[name].tobytes())
        == (right[name].dtype, right[name].shape, right[name].tobytes())
        for name in left
    )


def test_a_snapshot_comes_back_to_the_bit(tmp_path: Path) -> None:
    """What was written last is found, and the file has no other content than safetensors: no pickle."""
    Snapshots(tmp_path).write(snapshot(update=3))
    Snapshots(tmp_path).write(snapshot())
    found, notice = Snapshots(tmp_path).find(RUNS, HERE)
    assert found is not None
    assert notice is None
    assert same(dict(found.by_run), dict(snapshot().by_run))
    assert same(dict(found.shared), dict(snapshot().shared))
    assert len(list(tmp_path.glob("snapshots/*"))) == 1


def test_where_nothing_was_written_nothing_is_found(tmp_path: Path) -> None:
    """A stack that has no snapshot begins without a word."""
    assert Snapshots(tmp_path).find(RUNS, HERE) == (None, None)


def test_some_runs_of_a_stack_go_on_from_its_snapshot(tmp_path: Path) -> None:
    """Each gets its own rows, in the order asked for; runs that the snapshot lacks get nothing."""
    Snapshots(tmp_path).write(snapshot())
    found, notice = Snapshots(tmp_path).find({"c": "print-c", "a": "print-a"}, HERE)
    assert found is not None
    assert notice is None
    assert found.by_run["policy"].tolist() == snapshot().by_run["policy"][[2, 0]].tolist()
    assert found.shared["counters"].tolist() == [7, 9]
    assert Snapshots(tmp_path).find({**RUNS, "d": "print-d"}, HERE) == (None, None)
    assert Snapshots(tmp_path).find({"a": "another print"}, HERE) == (None, None)


def test_every_flipped_byte_and_every_cut_is_found(tmp_path: Path) -> None:
    """Wherever the damage is, in the header or in the arrays, the snapshot is ignored and named."""
    path = written(tmp_path, snapshot())
    whole = path.read_bytes()
    expected = (None, f"{path}: a snapshot that is damaged; it is ignored, and the stack starts anew")
    for place in range(len(whole)):
        path.write_bytes(whole[:place] + bytes([whole[place] ^ 1]) + whole[place + 1 :])
        found, notice = Snapshots(tmp_path).find(RUNS, HERE)
        assert found is None, place
        assert notice is not None, place
    for length in (0, 1, 8, len(whole) // 2, len(whole) - 1):
        path.write_bytes(whole[:length])
        assert Snapshots(tmp_path).find(RUNS, HERE) == expected, length
    path.write_bytes(whole)
    assert Snapshots(tmp_path).find(RUNS, HERE).snapshot is not None


@pytest.mark.parametrize(
    ("runs", "made_with", "why"),
    [
        ({"x": "print-x"}, HERE, "of other runs"),
        ({**RUNS, "b": "trained otherwise"}, HERE, "of other runs"),
        (RUNS, HERE | {"torch": "2.12.0"}, "made with another torch (2.12.0, now 2.13.0)"),
        (RUNS, {"device": "cuda", "torch": "2.13.0"}, "made with another device (cuda, now cpu)"),
    ],
)
def test_a_snapshot_of_something_else_is_named_and_ignored(
    tmp_path: Path, runs: dict[str, str], made_with: dict[str, str], why: str
) -> None:
    """Other runs, another study, another torch or device: each would end in other bits."""
    for name in ("ours", "theirs"):
        (tmp_path / name).mkdir()
    path, theirs = written(tmp_path / "ours", snapshot()), snapshot(runs)
    other = written(tmp_path / "theirs", Snapshot(theirs.runs, made_with, theirs.by_run, theirs.shared))
    shutil.copy(other, path)
    found, notice = Snapshots(tmp_path / "ours").find(RUNS, HERE)
    assert (found, notice) == (None, f"{path}: a snapshot {why}; it is ignored, and the stack starts anew")


def test_what_is_stored_needs_no_snapshot(tmp_path: Path) -> None:
    """A stack's own snapshot goes, one whose runs are all stored goes, any other stays."""
    snapshots = Snapshots(tmp_path)
    snapshots.write(snapshot())
    (unfinished,) = tmp_path.glob("snapshots/*")
    snapshots.write(snapshot({"a": "print-a"}))
    snapshots.write(snapshot({"b": "print-b"}))
    (tmp_path / "runs" / "a").mkdir(parents=True)
    (tmp_path / "runs" / "a" / "run.json").write_text("{}")
    snapshots.forget({"b": "print-b"})
    assert list(tmp_path.glob("snapshots/*")) == [unfinished]
    snapshots.forget(RUNS)
    assert not (tmp_path / "snapshots").exists()


def test_a_snapshot_that_cannot_be_written_names_its_path(tmp_path: Path) -> None:
    """A file where the folder should be: one line, and the file is left alone."""
    (tmp_path / "snapshots").write_text("mine")
    with pytest.raises(StoreError, match=r"snapshots/\w+\.safetensors: cannot be written: not a directory; "):
        Snapshots(tmp_path).write(snapshot())
    assert (tmp_path / "snapshots").read_text() == "mine"
