"""How commands print what they found: for people, or as JSON for programs.

Comes in: a text for people and plain data for programs. Goes out: one of them on stdout.
"""

from __future__ import annotations

import json
import sys
from enum import StrEnum
from typing import Annotated, Any

import typer


class Printed(StrEnum):
    """How something is printed."""

    table = "table"
    json = "json"


class ProgressFormat(StrEnum):
    """How progress is shown."""

    text = "text"
    json = "json"


class TableFormat(StrEnum):
    """How a table is printed."""

    table = "table"
    csv = "csv"
    json = "json"


PrintedOption = Annotated[Printed, typer.Option("--format", help="How to print it.")]
ProgressOption = Annotated[
    ProgressFormat, typer.Option("--progress", help="How to show progress; json: an object a line.")
]
TableOption = Annotated[TableFormat, typer.Option("--format", help="How to print the table.")]


def say(format_: Printed | TableFormat, text: str, content: Any) -> None:  # noqa: ANN401 - plain data
    """Prints a text, or what a program reads in its place."""
    typer.echo(as_json(content) if format_.value == "json" else text)


def as_json(content: Any) -> str:  # noqa: ANN401 - plain data
    """Returns plain data as indented JSON that stdout's encoding can carry."""
    encoding = (getattr(sys.stdout, "encoding", None) or "utf-8").lower().replace("-", "")
    return json.dumps(content, indent=2, ensure_ascii=encoding != "utf8")
