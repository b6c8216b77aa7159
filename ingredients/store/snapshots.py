"""Snapshots: from which a stack in training resumes, one file per set of runs trained together."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import NamedTuple

import numpy as np
import safetensors
import safetensors.numpy

from ingredients.store.files import discard, replacing_file
from ingredients.store.record import RUN_JSON


@dataclass(frozen=True)
class Snapshot:
    """The state of a stack in training: arrays by run, `[S, ...]`, and shared ones (counters, times).

    `runs` has training fingerprints by run id, in row order; `made_with` what else determines the bits (device,
    versions).
    """

    runs: Mapping[str, str]
    made_with: Mapping[str, str]
    by_run: Mapping[str, np.ndarray]
    shared: Mapping[str, np.ndarray]

    def of(self, runs: Sequence[str]) -> Snapshot:
        """Returns the snapshot of some runs, in the given order."""
        rows = [list(self.runs).index(run) for run in runs]
        by_run = {name: array[rows] for name, array in self.by_run.items()}
        return Snapshot({run: self.runs[run] for run in runs}, self.made_with, by_run, self.shared)


class Found(NamedTuple):
    """The snapshot to resume from, and why another was ignored."""

    snapshot: Snapshot | None
    notice: str | None


class Snapshots:
    """The snapshots of one results folder, in `snapshots/`."""

    def __init__(self, directory: Path) -> None:
        """Names the results folder and touches nothing."""
        self._folder = directory / "snapshots"
        self._runs = directory / "runs"

    def write(self, snapshot: Snapshot) -> None:
        """Replaces the same runs' snapshot, atomically.

        Raises:
            StoreError: it cannot be written.
        """
        path = self._path(snapshot.runs)
        with suppress(OSError):  # what is wrong with the folder, `replacing_file` says better
            path.parent.mkdir(exist_ok=True)
        with replacing_file(path) as partial:
            partial.write_bytes(_encoded(snapshot))

    def find(self, runs: Mapping[str, str], made_with: Mapping[str, str]) -> Found:
        """Returns the snapshot from which runs, with their training fingerprints, can resume, or why none can."""
        path = self._path(runs)
        if path.exists():
            snapshot = _read(path)
            fault = _fault(snapshot, runs, made_with)
            if fault is None and snapshot is not None:
                return Found(snapshot.of(list(runs)), None)
            return Found(None, f"{path}: {fault}; it is ignored, and the stack starts anew")
        wider = (_read(other) for other in self._files() if runs.items() <= _runs_of(other).items())
        fit = (snapshot for snapshot in wider if snapshot and _fault(snapshot, runs, made_with) is None)
        return Found(next((snapshot.of(list(runs)) for snapshot in fit), None), None)

    def forget(self, runs: Mapping[str, str]) -> None:
        """Deletes the snapshots of these and of stored runs."""
        discard(self._path(runs))
        for path in self._files():
            named = _runs_of(path)
            if named and all((self._runs / run / RUN_JSON).exists() for run in named):
                discard(path)
        with suppress(OSError):  # there are others
            self._folder.rmdir()

    def _path(self, runs: Mapping[str, str]) -> Path:
        return self._folder / f"{_digest(sorted(runs))[:16]}.safetensors"

    def _files(self) -> list[Path]:
        return sorted(self._folder.glob("*.safetensors"))


def _fault(snapshot: Snapshot | None, runs: Mapping[str, str], made_with: Mapping[str, str]) -> str | None:
    """Returns why runs cannot resume from a snapshot (None: unreadable), or None."""
    if snapshot is None:
        return "a snapshot that is damaged"
    if not runs.items() <= snapshot.runs.items():
        return "a snapshot of other runs"
    if snapshot.made_with != made_with:
        keys = {**snapshot.made_with, **made_with}
        changed = (key for key in keys if snapshot.made_with.get(key) != made_with.get(key))
        return "a snapshot made with another " + ", ".join(
            f"{key} ({snapshot.made_with.get(key)}, now {made_with.get(key)})" for key in changed
        )
    return None


def _encoded(snapshot: Snapshot) -> bytes:
    arrays = {f"run.{name}": np.ascontiguousarray(array) for name, array in snapshot.by_run.items()}
    arrays |= {f"all.{name}": np.ascontiguousarray(array) for name, array in snapshot.shared.items()}
    about = json.dumps({"runs": dict(snapshot.runs), "made_with": dict(snapshot.made_with)})
    written: bytes = safetensors.numpy.save(arrays, metadata={"about": about, "sha256": _checksum(about, arrays)})
    return written


def _read(path: Path) -> Snapshot | None:
    """Returns a file's snapshot; None if it is damaged."""
    try:
        with safetensors.safe_open(path, framework="numpy") as file:
            about, checksum = file.metadata()["about"], file.metadata()["sha256"]
            arrays = {name: file.get_tensor(name) for name in file.keys()}  # noqa: SIM118 - it is no dict
        if _checksum(about, arrays) != checksum:
            return None
        content = json.loads(about)
        parts = (dict(_named(arrays, prefix)) for prefix in ("run.", "all."))
        return Snapshot(content["runs"], content["made_with"], *parts)
    except (OSError, KeyError, TypeError, ValueError, safetensors.SafetensorError):
        return None


def _named(arrays: Mapping[str, np.ndarray], prefix: str) -> Iterator[tuple[str, np.ndarray]]:
    return ((name.removeprefix(prefix), array) for name, array in arrays.items() if name.startswith(prefix))


def _runs_of(path: Path) -> dict[str, str]:
    """Returns the runs in a file's header; reads no arrays."""
    try:
        with safetensors.safe_open(path, framework="numpy") as file:
            runs: dict[str, str] = json.loads(file.metadata()["about"])["runs"]
        return dict(runs)
    except (OSError, KeyError, TypeError, ValueError, safetensors.SafetensorError):
        return {}


def _checksum(about: str, arrays: Mapping[str, np.ndarray]) -> str:
    parts = (
        (name.encode(), str(array.dtype).encode(), str(array.shape).encode(), array.data)
        for name, array in sorted(arrays.items())
    )
    return _digest([about.encode(), *(piece for part in parts for piece in part)])


def _digest(pieces: Sequence[str | bytes | memoryview]) -> str:
    """Returns the SHA-256 of the pieces with their lengths."""
    digest = hashlib.sha256()
    for piece in pieces:
        content = piece.encode() if isinstance(piece, str) else piece
        digest.update(str(memoryview(content).nbytes).encode() + b":")
        digest.update(content)
    return digest.hexdigest()
