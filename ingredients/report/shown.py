"""How `ingredients report` shows reports.

Heavy imports wait: `--help` answers at once.
"""

from __future__ import annotations

import threading
from collections.abc import Sequence
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING

from ingredients.console.terminal import as_json, in_ascii, terminal
from ingredients.errors import UsageError

if TYPE_CHECKING:
    from ingredients.report.build import Report
    from ingredients.report.expect import Expectation
    from ingredients.report.side import Published

DEFAULT_FOLDER = Path("results/bandit")


class Format(StrEnum):
    """How a report is printed."""

    table = "table"
    json = "json"
    markdown = "markdown"
    html = "html"


def default_folder() -> Path:
    """Returns the folder to show by default.

    Raises:
        UsageError: it does not exist.
    """
    if DEFAULT_FOLDER.is_dir():
        return DEFAULT_FOLDER
    raise UsageError(f"{DEFAULT_FOLDER}: no such folder; name a results folder, or make this one: ingredients run-grid")


def refuse_several(folders: Sequence[Path], expect: Path | None, index: bool = False) -> None:
    """Refuses several folders where only one makes sense.

    Raises:
        UsageError: several with `--expect` or `--index`.
    """
    if index and (len(folders) > 1 or expect is not None):
        raise UsageError("--index: writes one page into one folder of reports; allowed: one folder, without --expect")
    if len(folders) > 1 and expect is not None:
        raise UsageError(f"--expect {expect}: checks one study, got {len(folders)} folders; allowed: one folder")


def expected_of(directory: Path, expect: Path) -> tuple[Expectation, ...]:
    """Returns what a file expects of a folder's study, before judging.

    Raises:
        UsageError: the file is wrong, or runs are missing.
        StoreError: it is no results folder.
    """
    from ingredients.report.expect import read_expectations
    from ingredients.report.side import published
    from ingredients.store import load_result

    if published(directory):
        raise UsageError(f"--expect {expect}: {directory} has no runs, so its verdicts cannot be judged again")
    _, study = load_result(directory)
    return read_expectations(expect, study)


def unexpected(found: Report | Published, expected: Sequence[Expectation]) -> list[str]:
    """Returns a line for each unexpected verdict."""
    from ingredients.report.expect import differences
    from ingredients.report.side import Published

    assert not isinstance(found, Published), "expected_of refuses it"
    return differences(expected, found.judgement)


def show(reports: Sequence[Report | Published], format_: Format) -> None:
    """Prints one report, or several side by side."""
    from ingredients.report.compare import Comparison
    from ingredients.report.side import Published

    if format_ is Format.json:
        contents = [report.json for report in reports]
        print(as_json(contents if len(contents) > 1 else contents[0]))
    first = reports[0]
    one = Comparison(reports) if len(reports) > 1 or _lacks(first, format_) else first
    if format_ is Format.table:
        assert not isinstance(one, Published), "it lacks this format"
        terminal().print(one.terminal())
    elif format_ is Format.markdown:
        print(one.markdown)
    elif format_ is Format.html:
        print(in_ascii(one.html))


def _lacks(report: Report | Published, format_: Format) -> bool:
    """Returns whether a published folder lacks its report in a format."""
    from ingredients.report.side import Published

    file = {Format.markdown: "report.md", Format.html: "report.html"}.get(format_)
    return isinstance(report, Published) and (file is None or not report.has(file))


def load_report_ahead(device: str) -> None:
    """Loads the report's libraries in a thread while GPUs train."""
    if device == "cpu":
        return

    def load() -> None:
        from ingredients.report.build import load_all

        load_all()

    threading.Thread(target=load, name="report", daemon=True).start()
