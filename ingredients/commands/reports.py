"""The command `report`."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from ingredients.console.options import ExpectOption, IndexOption
from ingredients.console.terminal import EXIT_UNEXPECTED, as_json, examples, fail, interrupted_later, user_path
from ingredients.report.shown import Format, default_folder, expected_of, refuse_several, show, unexpected

REPORT_EXAMPLES = examples(
    "ingredients report",
    "ingredients report results/bandit --format json",
    "ingredients report results/bandit results/ten-arms        side by side",
    "ingredients report results/bandit results/ten-arms --format html > both.html   with pictures",
    "ingredients report results/bandit --expect expected.yaml   exit code 3 if a verdict differs",
    "ingredients report results --index                         a page that opens all reports in results/",
    "",
    "expected.yaml, a key as for --cells, or a cell in the report's words, or all; a verdict or a list of them:",
    "  reward_observation=on,action_observation=on,memory=on,task_distribution=on: in-context",
    "  all but memory: reactive",
    "  reward_observation=off: [none, undecided]",
)


def report(
    directories: Annotated[
        list[Path] | None,
        typer.Argument(metavar="RESULT_DIR", parser=user_path, help="Results folders [default: results/bandit]."),
    ] = None,
    format_: Annotated[Format, typer.Option("--format", help="How to print it.")] = Format.table,
    expect: ExpectOption = None,
    index: IndexOption = False,
) -> None:
    """Judge stored runs again, and show the report.

    Rewrites the report's files in the folder. With several folders, compares their studies side by side.
    """
    with interrupted_later():
        from ingredients.report.build import build_report
        from ingredients.report.index import write_index
        from ingredients.report.side import published

    folders = directories or [default_folder()]
    refuse_several(folders, expect, index)
    if index:
        page = str(write_index(folders[0]))
        typer.echo(as_json({"index": page}) if format_ is Format.json else page)
        return
    expected = None if expect is None else expected_of(folders[0], expect)
    reports = [published(directory) or build_report(directory) for directory in folders]
    for unwritten in (report.unwritten for report in reports if report.unwritten):
        typer.echo(f"warning: {unwritten}", err=True)
    differing = None if expected is None else unexpected(reports[0], expected)
    show(reports, format_)
    for line in differing or ():
        fail(line)
    if differing == []:
        typer.echo(f"as expected: every verdict that {expect} names", err=True)
    raise typer.Exit(EXIT_UNEXPECTED if differing else 0)
