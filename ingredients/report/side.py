"""One study of a comparison, judged now, or published."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any, NamedTuple

from ingredients.errors import StoreError
from ingredients.grid import Cell, cells
from ingredients.judgement import Interval, Judgement
from ingredients.judgement_input.gather import CURVES_PARQUET, Evidence
from ingredients.report import wording
from ingredients.report.side_curves import SideCurves, stored_curves
from ingredients.store import load_result
from ingredients.study import Study
from ingredients.study.messages import several

REPORT_JSON = "report.json"
_NO_SCALE = "none yet"
_BOUNDS = ("mean", "low", "high")


class ShownCell(NamedTuple):
    """What a comparison shows of a cell.

    `seeds`, `failed` and `learned` count runs; `late` and `gain` are normalised, `return_` is raw, of a lifetime.
    `judged`: there were references.
    """

    seeds: int
    failed: int
    learned: int
    late: Interval
    gain: Interval
    return_: Interval
    verdict: str | None
    judged: bool = True


@dataclass(frozen=True)
class Side:
    """A study in a comparison.

    `state` is its progress, empty if complete; `scale` the meaning of 0 and 1. `older` is as of `Entry`.
    """

    directory: Path
    study: Study
    sentence: str
    cells: Mapping[Cell, ShownCell]
    state: str
    scale: str
    older: bool = False


def side_of(directory: Path, evidence: Evidence, judgement: Judgement) -> Side:
    """Returns a judged study for a comparison."""
    whole = evidence.complete and not evidence.failures
    yardstick = judgement.yardstick
    scale = _NO_SCALE
    if yardstick is not None:
        scale = _scale(str(evidence.reference("floor")), judgement.floor, yardstick.name, yardstick.late)
    known = bool(judgement.references)
    shown = {each.cell: _shown(each.json(), known) for each in judgement.cells}
    state = "" if whole else f" ({wording.progress(evidence)})"
    return Side(directory, evidence.study, judgement.sentence, shown, state, scale)


def _scale(floor: str, low: float | None, yardstick: str, high: float) -> str:
    return f"{floor} {wording.number(low)} to {yardstick} {wording.number(high)}"


@dataclass(frozen=True, eq=False)
class Published:
    """A study without runs, from its files; nothing is rejudged."""

    directory: Path
    json: dict[str, Any]
    unwritten: str | None = None

    @property
    def markdown(self) -> str:
        """Content of `report.md`."""
        return self._text("report.md")

    @property
    def html(self) -> str:
        """Content of `report.html`."""
        return self._text("report.html")

    @cached_property
    def side(self) -> Side:
        """The study for a comparison.

        Raises:
            StoreError: `report.json` is not a report's.
        """
        store, study = load_result(self.directory)
        references = store.read_references() or {}
        try:
            runs, yardstick = self.json["runs"], self.json["yardstick"]
            low = references.get("floor", "floor"), self.json["floor"]
            sentence = str(self.json["sentence"])
            scale = _scale(*low, yardstick["name"], yardstick["late"]) if yardstick else _NO_SCALE
            state = "" if self.json["complete"] else f" ({runs['done']} of {several(runs['planned'], 'run')} finished)"
        except (KeyError, TypeError) as error:
            raise _damaged(self.directory, error) from error
        return Side(self.directory, study, sentence, self.cells, state, scale, is_older(self.json))

    @cached_property
    def cells(self) -> Mapping[Cell, ShownCell]:
        """What is shown of each cell.

        Raises:
            StoreError: `report.json` is not a report's.
        """
        _, study = load_result(self.directory)
        try:
            by_levels = {_key(each["cell"]): each for each in self.json["cells"]}
            return {cell: _shown(by_levels[_key(cell.json())]) for cell in cells(study)}
        except (KeyError, TypeError) as error:
            raise _damaged(self.directory, error) from error

    @cached_property
    def curves(self) -> SideCurves:
        """Its curves for a comparison; none without their table.

        Raises:
            StoreError: it is damaged.
        """
        return stored_curves(self.directory, self.json, list(self.cells))

    def has(self, name: str) -> bool:
        """Returns whether the folder holds a file."""
        return (self.directory / name).is_file()

    def _text(self, name: str) -> str:
        try:
            return (self.directory / name).read_text(encoding="utf-8")
        except (OSError, UnicodeDecodeError) as error:
            raise StoreError(f"{self.directory / name}: cannot be read: {error}") from error


def published(directory: Path) -> Published | None:
    """Returns a folder's study without runs; None if it has runs, or no report.

    Raises:
        StoreError: it is no results folder, or `report.json` no JSON object.
    """
    store, _ = load_result(directory)
    path = directory / REPORT_JSON
    if store.runs_path.is_dir() or not path.is_file():
        return None
    content = report_content(path)
    judged_once = (directory / CURVES_PARQUET).exists() or (content.get("runs") or {}).get("done")
    return Published(directory, content) if judged_once else None


def report_content(path: Path) -> dict[str, Any]:
    """Returns a `report.json`.

    Raises:
        StoreError: it cannot be read, or holds no JSON object.
    """
    try:
        content = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError, RecursionError) as error:
        raise StoreError(f"{path}: cannot be read: {error}") from error
    if not isinstance(content, dict):
        raise StoreError(f"{path}: damaged: it holds no object")
    return content


def _damaged(directory: Path, error: Exception) -> StoreError:
    return StoreError(f"{directory / REPORT_JSON}: damaged: it lacks {error}")


def is_older(content: Mapping[str, Any]) -> bool:
    """Returns whether an older rule judged, without classes of runs."""
    return any("share" not in cell for cell in content["cells"])


def _key(levels: Mapping[str, Any]) -> str:
    return json.dumps(levels, sort_keys=True)


def _shown(cell: Mapping[str, Any], judged: bool = True) -> ShownCell:
    """Returns what is shown of a cell of `report.json`."""
    late, gain, return_ = (Interval(**{key: cell[name][key] for key in _BOUNDS}) for name in ("late", "gain", "return"))
    counts = cell["seeds"], cell["failed"], cell["learned"]
    return ShownCell(*counts, late, gain, return_, cell["verdict"], judged)
