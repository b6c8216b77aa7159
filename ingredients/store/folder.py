"""`Store`: the results folder of one study.

Results are never deleted: they move to `replaced/` or, with `fresh`, to `<folder>-old-<n>`.
"""

from __future__ import annotations

from collections.abc import Callable, Hashable, Mapping
from contextlib import suppress
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from ingredients.errors import StoreError, StudyError
from ingredients.grid import Fingerprints, Run, differences, fingerprints, memory_kinds, runs, study_fingerprint
from ingredients.store.checksums import require_whole
from ingredients.store.files import explained, first_free, replacing_file, replacing_folder, sweep
from ingredients.store.leases import at_work
from ingredients.store.looks import LOOKS_JSON, read_looks
from ingredients.store.paths import STUDY_YAML, is_result, listed, what_it_is
from ingredients.store.record import (
    BLOCKS,
    DIAGNOSTICS_FILE,
    FINISHED,
    RUN_JSON,
    WEIGHTS,
    RunRecord,
    State,
    json_text,
    read_arrays,
    read_run_json,
    read_runs_curves,
    write_record,
)
from ingredients.store.references import read_references, references_text
from ingredients.store.tables import DIAGNOSTICS, axis_in, curves_over, read_parquet, write_csv, write_parquet
from ingredients.store.versions import other_version
from ingredients.study import Study, load_study
from ingredients.study.axis import axis_of
from ingredients.study.own_source import COPIES, copy_path, digest, is_own, source, source_digest
from ingredients.study.tasks import own_code

REFERENCES_JSON = "references.json"
_MADE_FIRST = {"runs", COPIES}  # before the study's file, by a process that was killed or is not yet further


class Store:
    """The results of one study in one folder."""

    def __init__(self, directory: Path) -> None:
        """Touches nothing; `open` makes the folder, `load_result` checks it."""
        self.directory = directory

    # The folder and its study

    def open(self, study: Study, fresh: bool = False) -> Store:
        """Makes or continues the folder for the study's runs; returns this store.

        Args:
            study: replaces the stored study. Seeds, levels, evaluation and criterion may differ; runs that it does not
                name stay. What trains a run may not, nor what evaluates it while another process works here.
            fresh: move an older results folder to `<folder>-old-<n>` first.

        Raises:
            StoreError: the folder cannot be written, is no results folder, is in use, or holds runs trained otherwise.
            UsageError: a user's file is missing.
        """
        with explained(self.directory, "written"):
            self._require_results_or_nothing()
            if fresh:
                self._move_aside()
            elif is_result(self.directory):
                self._go_on_with(study)
            self.runs_path.mkdir(parents=True, exist_ok=True)
            for kind in (*filter(is_own, memory_kinds(study)), *own_code(study.tasks)):
                self._source(kind).parent.mkdir(exist_ok=True)
                self.write_bytes(str(self._source(kind).relative_to(self.directory)), source(kind))
        with replacing_file(self.directory / STUDY_YAML) as path:
            path.write_text(study.to_yaml(), encoding="utf-8")
        sweep(self.directory, by=self.directory / STUDY_YAML)
        return self

    def study(self) -> Study:
        """Returns the stored study.

        Raises:
            StoreError: it is missing or damaged.
        """
        path = self.directory / STUDY_YAML
        try:
            return load_study(path)
        except StudyError as error:
            raise StoreError(
                f"{error}; this file is the store's own: put it back, or give --fresh, which moves the folder aside"
            ) from error

    def trained_otherwise(self, study: Study) -> str | None:
        """Returns in words how the folder's runs were trained otherwise, or None.

        Raises:
            StoreError: the stored study or a run is damaged.
        """
        stored = self.study()
        if study_fingerprint(stored).trains != study_fingerprint(study).trains:
            return "; ".join(differences(stored, study))
        about = ((run, read_run_json(self.run_path(run) / RUN_JSON)) for run in runs(study))
        return next((how for run, content in about if content and (how := other_version(study, run, content))), None)

    # Runs

    @property
    def runs_path(self) -> Path:
        """The folder of all runs."""
        return self.directory / "runs"

    def run_path(self, run: Run) -> Path:
        """Returns a run's folder."""
        return self.runs_path / run.id

    def state(self, run: Run, prints: Fingerprints) -> State:
        """Returns the state of a run, given its wanted fingerprints.

        "trained": only another evaluation is wanted. "missing": also a run trained otherwise.

        Raises:
            StoreError: its `run.json` is damaged.
        """
        content = read_run_json(self.run_path(run) / RUN_JSON)
        if content is None or content["fingerprints"].get("trains") != prints.trains:
            return "missing"
        if content["status"] == "failed":
            return "failed"
        evaluated = content["fingerprints"].get("evaluates") == prints.evaluates
        return "finished" if evaluated and (self.run_path(run) / FINISHED).exists() else "trained"

    def states(self, study: Study, sources: Callable[[str], str] | None = None) -> dict[Run, State]:
        """Returns every run's state, in order; `sources` as in `fingerprints`.

        Raises:
            StoreError: a run's file is damaged.
        """
        states = {run: self.state(run, fingerprints(study, run, sources)) for run in runs(study)}
        for run, state in states.items():
            if state != "missing":
                require_whole(self.run_path(run))
        return states

    def source_digest(self, kind: str) -> str:
        """Returns the digest of a user's file as last trained.

        Raises:
            UsageError: neither copy nor file exists.
        """
        copy = self._source(kind)
        return digest(copy.read_bytes()) if copy.is_file() else source_digest(kind)

    def left_out(self, study: Study) -> int:
        """Returns how many finished runs the study does not name."""
        planned = {run.id for run in runs(study)}
        if not self.runs_path.exists():
            return 0
        with explained(self.runs_path, "read"):
            stored = [path for path in self.runs_path.iterdir() if not path.name.startswith(".")]
            return sum(path.name not in planned and (path / FINISHED).exists() for path in stored)

    def write_run(self, record: RunRecord) -> None:
        """Stores a run atomically; an older version moves to `replaced/`.

        Raises:
            StoreError: it cannot be written.
        """
        with replacing_folder(self.run_path(record.run), self._attic) as folder:
            write_record(record, folder)

    def record_mark(self, run: Run) -> Hashable:
        """Returns a value that differs between a run's versions, or None."""
        try:
            status = (self.run_path(run) / RUN_JSON).stat()
        except OSError:
            return None
        return status.st_ino, status.st_mtime_ns

    def read_run_json(self, run: Run) -> dict[str, Any]:
        """Returns `run.json`: status, reason, fingerprints, versions, seconds, resolved study."""
        path = self.run_path(run) / RUN_JSON
        content = read_run_json(path)
        if content is None:
            raise StoreError(f"{path}: there is no such run: `ingredients run-grid` makes it")
        return content

    def read_weights(self, run: Run) -> dict[str, np.ndarray]:
        """Returns the run's weights by parameter name."""
        return read_arrays(self.run_path(run) / WEIGHTS)

    def read_blocks(self, run: Run) -> dict[str, np.ndarray]:
        """Returns the final curves on blocks of held-out tasks, `[G, K]` by probe."""
        return read_arrays(self.run_path(run) / BLOCKS)

    def diagnostics(self, run: Run) -> pd.DataFrame:
        """Returns the run's training diagnostics, a row per logged update."""
        frame: pd.DataFrame = read_parquet(self.run_path(run) / DIAGNOSTICS_FILE, DIAGNOSTICS).to_pandas()
        return frame

    # Tables and texts of the whole study

    def curves(self, study: Study, states: Mapping[Run, State] | None = None) -> pd.DataFrame:
        """Returns the curves of the study's finished runs, sorted; text columns are categories.

        `study` is the study's present name; `states` is `states(study)`, if at hand.

        Raises:
            StoreError: a run's file is damaged, incomplete, or another's.
        """
        states = self.states(study) if states is None else states
        finished = sorted((run for run, state in states.items() if state == "finished"), key=_table_order)
        table = read_runs_curves({self.run_path(run): run for run in finished}, axis_of(study.tasks).name)
        frame: pd.DataFrame = table.to_pandas()
        frame["study"] = pd.Categorical([study.name]).repeat(len(frame))
        return frame

    def write_table(self, curves: pd.DataFrame) -> None:
        """Writes `curves.parquet` and `curves.csv`."""
        for name, write in (("curves.parquet", write_parquet), ("curves.csv", write_csv)):
            with replacing_file(self.directory / name) as path:
                write(curves, curves_over(axis_in(curves)), path)

    def write_references(self, references: Mapping[str, Any]) -> None:
        """Writes the result of `evaluate_references`."""
        self.write_text(REFERENCES_JSON, references_text(references))

    def read_references(self) -> dict[str, Any] | None:
        """Returns the stored references, or None.

        Raises:
            StoreError: the file is damaged.
        """
        return read_references(self.directory / REFERENCES_JSON)

    def read_looks(self) -> dict[str, list[int]]:
        """Returns at how many runs each cell was judged (`looks.read_looks`)."""
        return read_looks(self.directory / LOOKS_JSON)

    def write_looks(self, looks: Mapping[str, list[int]]) -> None:
        """Writes at how many runs each cell was judged."""
        if looks != self.read_looks():
            self.write_text(LOOKS_JSON, json_text(looks))

    def write_text(self, name: str, text: str) -> None:
        """Writes a text file of the report."""
        self.write_bytes(name, text.encode("utf-8"))

    def write_bytes(self, name: str, content: bytes) -> None:
        """Writes a file of the report; makes its folder."""
        path = self.directory / name
        with explained(path, "written"):
            path.parent.mkdir(exist_ok=True)
        with replacing_file(path) as temporary:
            temporary.write_bytes(content)

    # Private

    def _source(self, kind: str) -> Path:
        return copy_path(self.directory / COPIES, kind)

    @property
    def _attic(self) -> Path:
        return self.directory / "replaced"

    def _require_results_or_nothing(self) -> None:
        """Refuses a folder that holds other files."""
        if self.directory.is_dir() and not (self.directory / STUDY_YAML).exists():
            others = sorted(path.name for path in self.directory.iterdir() if not path.name.startswith("."))
            if not set(others) <= _MADE_FIRST:
                raise StoreError(
                    f"{self.directory}: holds other files ({listed(others)}) and no {STUDY_YAML}, so it is not a "
                    "results folder; give --out a new folder"
                )

    def _go_on_with(self, study: Study) -> None:
        """Refuses a study that trains otherwise; moves outdated references."""
        if how := self.trained_otherwise(study):
            raise StoreError(
                f"{self.directory}: holds runs trained otherwise ({how}); give another folder with --out, or --fresh, "
                "which moves this one aside and deletes nothing"
            )
        if study_fingerprint(self.study()).evaluates == study_fingerprint(study).evaluates:
            return
        self._require_nobody(" under another evaluation than this study's")
        references = self.directory / REFERENCES_JSON
        if references.exists():
            self._attic.mkdir(exist_ok=True)
            with suppress(FileNotFoundError):  # another process that starts now is faster
                references.rename(first_free(self._attic / REFERENCES_JSON))

    def _require_nobody(self, so: str) -> None:
        """Refuses to change the folder while another process works there."""
        if process := at_work(self.directory):
            raise StoreError(
                f"{self.directory}: {process} is at work in it{so}; wait until it has ended, end it, or give another "
                "folder with --out"
            )

    def _move_aside(self) -> None:
        """Moves the folder aside; refuses a link, and a folder that one is in."""
        directory = self.directory.resolve()
        if not (directory / STUDY_YAML).exists():
            return
        if self.directory.is_symlink():
            way_out = f"it is a link; give --out {directory}, the folder itself"
        elif self.directory.name == ".." or Path.cwd().is_relative_to(directory):
            way_out = f"it is the folder that you are in or lies above it; leave it and give --out {directory}"
        else:
            self._require_nobody(", so --fresh does not move it aside")
            directory.rename(first_free(directory.with_name(f"{directory.name}-old")))
            return
        raise StoreError(f"{self.directory}: --fresh cannot move this folder aside: {way_out}")


def load_result(directory: Path) -> tuple[Store, Study]:
    """Returns a results folder's store and study.

    Raises:
        StoreError: there is no such folder.
    """
    with explained(directory, "read"):
        if not is_result(directory):
            raise StoreError(f"{directory}: {what_it_is(directory)}")
    store = Store(directory)
    return store, store.study()


def _table_order(run: Run) -> tuple[tuple[str, ...], int]:
    """Returns the sort key of a run in the table."""
    return tuple(run.cell.texts().values()), run.seed
