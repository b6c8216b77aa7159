"""The commands `studies`, `new`, `schema`."""

from __future__ import annotations

import csv
import io
from collections.abc import Sequence
from enum import StrEnum
from pathlib import Path
from typing import Annotated, Any

import typer

from ingredients.commands.formats import Printed, PrintedOption, TableFormat, TableOption, say
from ingredients.console.terminal import as_json, examples, terminal, user_path
from ingredients.errors import UsageError
from ingredients.study.messages import complaint

STUDIES_EXAMPLES = examples("ingredients studies", "ingredients studies --format json")
NEW_EXAMPLES = examples(
    "ingredients new my-study --tasks bernoulli-bandit",
    "ingredients new my-cartpole --tasks CartPole-v1",
    "ingredients new mine --tasks my_env:MyEnv --out studies/mine.yaml",
)
SCHEMA_EXAMPLES = examples(
    "ingredients schema", "ingredients schema > study.schema.json", "ingredients schema report > report.schema.json"
)


class Described(StrEnum):
    """What there is a schema of."""

    study = "study"
    report = "report"


def studies(format_: TableOption = TableFormat.table) -> None:
    """List the shipped studies: the question, what was found, size and cost of each, and the command that runs it."""
    from ingredients.study.shipped import shipped_studies

    rows = [about.row() for about in shipped_studies()]
    if format_ is TableFormat.json:
        typer.echo(as_json(rows))
    elif format_ is TableFormat.csv:
        typer.echo(_in_csv(rows), nl=False)
    else:
        _show(rows)


def _in_csv(rows: Sequence[dict[str, Any]]) -> str:
    text = io.StringIO()
    writer = csv.DictWriter(text, rows[0], lineterminator="\n")
    writer.writeheader()
    writer.writerows(rows)
    return text.getvalue()


def _show(rows: Sequence[dict[str, Any]]) -> None:
    from rich.table import Table

    table = Table(box=None, pad_edge=False, padding=(0, 2))
    titles = (("study", "left"), ("question", "left"), ("runs", "right"), ("steps", "right"), ("core hours", "right"))
    for title, justify in titles:
        table.add_column(title, justify=justify, no_wrap=title != "question")  # type: ignore[arg-type]
    for row in rows:
        steps, hours = f"{row['steps'] / 1e6:,.0f} M", f"{row['core_hours']:.1f}"
        asked = row["question"] if row["found"] is None else f"{row['question']}\n→ {row['found']}"
        table.add_row(row["name"], asked, str(row["runs"]), steps, hours)
    terminal().print(table)
    typer.echo("steps: environment steps of all runs in training; core hours: of an idle core, about")
    typer.echo("→: what its published report begins with")
    typer.echo("on this machine: ingredients plan NAME; run one: ingredients run-grid NAME")


def new(
    name: Annotated[str, typer.Argument(metavar="NAME", help="Name of the study, and of its results folder.")],
    tasks: Annotated[
        str, typer.Option("--tasks", metavar="TASKS", help="A task family, a Gymnasium id, or module:Class.")
    ] = "bernoulli-bandit",
    out: Annotated[
        Path | None,
        typer.Option("--out", metavar="FILE", parser=user_path, help="The file to write [default: NAME.yaml]."),
    ] = None,
    format_: PrintedOption = Printed.table,
) -> None:
    """Write a study with comments, which runs as it is, for you to change."""
    from ingredients.study.template import study_text

    path = out or Path(f"{name}.yaml")
    if path.exists():
        raise UsageError(complaint([str(path)], "is there already", "a new file: --out FILE"))
    text = study_text(name, tasks, str(path))
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text, encoding="utf-8")
    following = [f"ingredients plan {path}", f"ingredients run-grid {path} --smoke"]
    said = f"{path}: written; next: {', then '.join(following)}"
    say(format_, said, {"file": str(path), "next": following})


def schema(
    of: Annotated[Described, typer.Argument(metavar="study|report", help="What the schema is of.")] = Described.study,
) -> None:
    """Print the JSON Schema of a study, for editors, or of report.json, for programs."""
    if of is Described.report:
        from ingredients.report.schema import report_schema as made
    else:
        from ingredients.study.schema import study_schema as made
    typer.echo(as_json(made()))
