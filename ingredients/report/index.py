"""`index.html`: the findings of a folder's reports, from `report.json`."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from ingredients.errors import StoreError
from ingredients.judgement.claims import ENOUGH, REQUIRED, STORED
from ingredients.report import wording
from ingredients.report.gallery import HIGH, WIDE, SmallFigure, height, small_figure
from ingredients.report.side import REPORT_JSON, Published, is_older, report_content
from ingredients.report.templating import filled_in
from ingredients.store import Store
from ingredients.store.paths import is_result
from ingredients.study.messages import several

INDEX = "index.html"
_CLAIMS = {"1": "claim", "2": "leak_claim", "3": "storage_claim"}
_NAMES = {name[len("Claim ")]: name.partition("(")[2][:-1].capitalize() for name in (REQUIRED, ENOUGH, STORED)}


@dataclass(frozen=True)
class Entry:
    """One report on the page.

    `claims` are number and status of each tested claim. `older`: an older rule judged it, without classes of runs.
    """

    folder: str
    study: str
    title: str
    size: str
    found: str
    claims: tuple[tuple[str, str], ...]
    older: bool
    figure: SmallFigure | None


def write_index(directory: Path) -> Path:
    """Writes a folder's page of all reports, by name; returns its path.

    Raises:
        StoreError: there is none, one is damaged, or the page cannot be written.
    """
    reports = sorted(directory.glob(f"*/{REPORT_JSON}")) if directory.is_dir() else []
    if not reports:
        raise StoreError(f"{directory}: no folder in it has a {REPORT_JSON}; expected one such as results/published")
    title = "Published reports" if directory.name == "published" else f"Reports in {directory.name}"
    entries = [_entry(path) for path in reports]
    marks = ", ".join(wording.marked(verdict) for verdict in wording.VERDICT_MEANINGS)
    size = {"wide": WIDE, "high": HIGH, "floor": height(0.0), "top": height(1.0)}
    page = filled_in("index.html", title=title, entries=entries, names=_NAMES, size=size, marks=marks)
    Store(directory).write_text(INDEX, page)
    return directory / INDEX


def _entry(path: Path) -> Entry:
    content = report_content(path)
    try:
        runs = content["runs"]
        return Entry(
            folder=path.parent.name,
            study=content["study"],
            title=content["question"] or content["study"],
            size=f"{several(len(content['cells']), 'cell')} · {_finished(runs)}",
            found=content["sentence"],
            claims=_claims(content),
            older=is_older(content),
            figure=small_figure(Published(path.parent, content)) if is_result(path.parent) else None,
        )
    except (KeyError, TypeError) as error:
        raise StoreError(f"{path}: damaged: it lacks {error}") from error


def _claims(content: dict[str, Any]) -> tuple[tuple[str, str], ...]:
    """Returns the tested claims; none of an older rule, whose statuses differ."""
    if is_older(content):
        return ()
    found = ((number, content[key]["status"]) for number, key in _CLAIMS.items() if content.get(key))
    return tuple((number, status) for number, status in found if status != "not applicable")


def _finished(runs: Mapping[str, int]) -> str:
    return f"{runs['done']} of {several(runs['planned'], 'run')} finished"
