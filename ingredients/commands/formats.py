"""Printing for people, or as JSON for programs."""

from __future__ import annotations

from enum import StrEnum
from typing import Annotated, Any

import typer

from ingredients.console.terminal import as_json


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


PrintedOption = Annotated[Printed, typer.Option("--format", help="Output format.")]
ProgressOption = Annotated[
    ProgressFormat, typer.Option("--progress", help="Format of progress; json has one object per line.")
]
TableOption = Annotated[TableFormat, typer.Option("--format", help="Output format.")]


def say(format_: Printed | TableFormat, text: str, content: Any) -> None:  # noqa: ANN401 - plain data
    """Prints the text, or the data as JSON."""
    typer.echo(as_json(content) if format_.value == "json" else text)
