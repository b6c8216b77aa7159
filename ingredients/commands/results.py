"""The commands `trace` and `export`."""

from __future__ import annotations

from enum import StrEnum
from pathlib import Path
from typing import Annotated, Any

import typer

from ingredients.commands.formats import Printed, PrintedOption, TableFormat, TableOption, say
from ingredients.console.completion import complete_cell
from ingredients.console.terminal import examples, interrupted_later, user_path
from ingredients.errors import UsageError
from ingredients.study.messages import complaint

TRACE_EXAMPLES = examples(
    "ingredients trace results/bandit",
    "ingredients trace results/bandit --cell 'all but memory' --seed 3 --lifetimes 2",
    "ingredients trace results/bandit --format csv > lifetimes.csv",
)
EXPORT_EXAMPLES = examples(
    "ingredients export results/bandit --to csv --out bandit-csv",
    "ingredients export results/bandit --to huggingface --out bandit-card",
    "ingredients export results/bandit --to tensorboard --out bandit-events",
)
ResultArgument = Annotated[Path, typer.Argument(metavar="RESULT_DIR", parser=user_path, help="A results folder.")]


class Target(StrEnum):
    """What results can be exported to."""

    csv = "csv"
    tensorboard = "tensorboard"
    trackio = "trackio"
    mlflow = "mlflow"
    huggingface = "huggingface"


def trace(
    directory: ResultArgument,
    cell: Annotated[
        str,
        typer.Option(
            "--cell",
            metavar="CELL",
            help="A cell, in the report's words or as levels separated by commas.",
            autocompletion=complete_cell,
        ),
    ] = "all four ingredients",
    seed: Annotated[
        int | None, typer.Option("--seed", metavar="N", help="The run's seed [default: the first].")
    ] = None,
    at: Annotated[
        int | None, typer.Option("--at", metavar="STEP", help="Training step of the weights [default: the last].")
    ] = None,
    lifetimes: Annotated[
        int,
        typer.Option("--lifetimes", "--tasks", metavar="N", min=1, help="Number of lifetimes, each on a fresh task."),
    ] = 5,
    luck: Annotated[
        int, typer.Option("--luck", metavar="N", min=0, help="Seed of the tasks and of all random draws.")
    ] = 0,
    greedy: Annotated[bool, typer.Option("--greedy", help="Take the likeliest action instead of sampling.")] = False,
    format_: TableOption = TableFormat.table,
) -> None:
    """Show what one trained agent does in some lifetimes, step by step.

    Each row is a step: observation, policy, action, reward, the exact belief where the tasks have one, and the
    principal components of the memory's output. Writes the table and a picture below RESULT_DIR/traces.
    """
    with interrupted_later():
        from ingredients.api.result import load
        from ingredients.api.trace import trace as traced

    made = traced(load(directory), cell, seed, at=at, lifetimes=lifetimes, luck=luck, greedy=greedy)
    paths = made.write(directory)
    if format_ is TableFormat.table:
        typer.echo(made.title)
        typer.echo(made.text())
        typer.echo(f"In {paths[0].parent}: {', '.join(path.name for path in paths)}")
        return
    typer.echo(_spelled(made.table, format_), nl=False)


def _spelled(table: Any, format_: TableFormat) -> str:  # noqa: ANN401 - pandas is imported late
    """Returns a frame as CSV or as a list of objects."""
    if format_ is TableFormat.csv:
        return str(table.to_csv(index=False))
    return str(table.to_json(orient="records", indent=2)) + "\n"


def export(
    directory: ResultArgument,
    to: Annotated[Target, typer.Option("--to", help="The tool to write for.")],
    out: Annotated[Path, typer.Option("--out", metavar="DIR", parser=user_path, help="A new folder.")],
    format_: PrintedOption = Printed.table,
) -> None:
    """Write stored results in the format of another tool, offline.

    csv: tables of cells, runs and curves. tensorboard: event files of curves and losses. trackio: its database. mlflow:
    a file store with one MLflow run for each run. huggingface: a folder with a model card and weights, ready to upload.
    """
    with interrupted_later():
        from ingredients.api.export import export as exported
        from ingredients.api.result import load

    if out.exists() and any(out.iterdir()):
        raise UsageError(complaint([f"--out {out}"], "is not empty", "a new folder"))
    wrote = exported(load(directory), to.value, out)
    say(format_, f"{out}: {wrote}", {"folder": str(out), "to": to.value, "wrote": wrote})
