"""The commands that put results and studies into people's hands: `trace`, `studies`, `new`, `schema`, `export`.

Comes in: words and options. Goes out: what is printed, and files.
"""

from __future__ import annotations

import json
from enum import StrEnum
from pathlib import Path
from typing import Annotated, Any

import typer

from ingredients.console.terminal import examples, interrupted_later, terminal, user_path
from ingredients.errors import UsageError
from ingredients.study.messages import complaint

TRACE_EXAMPLES = examples(
    "ingredients trace results/bandit",
    "ingredients trace results/bandit --cell 'all but memory' --seed 3 --lifetimes 2",
    "ingredients trace results/bandit --format csv > lifetimes.csv",
)
STUDIES_EXAMPLES = examples("ingredients studies", "ingredients studies --format json")
NEW_EXAMPLES = examples(
    "ingredients new my-study --tasks bernoulli-bandit",
    "ingredients new my-cartpole --tasks CartPole-v1",
    "ingredients new mine --tasks my_env:MyEnv --out studies/mine.yaml",
)
SCHEMA_EXAMPLES = examples("ingredients schema", "ingredients schema > study.schema.json")
EXPORT_EXAMPLES = examples(
    "ingredients export results/bandit --to csv --out bandit-csv",
    "ingredients export results/bandit --to huggingface --out bandit-card",
    "ingredients export results/bandit --to tensorboard --out bandit-events",
)
ResultArgument = Annotated[Path, typer.Argument(metavar="RESULT_DIR", parser=user_path, help="A results folder.")]


class TableFormat(StrEnum):
    """How a table is printed."""

    table = "table"
    csv = "csv"
    json = "json"


class Target(StrEnum):
    """What results can be exported to."""

    csv = "csv"
    tensorboard = "tensorboard"
    mlflow = "mlflow"
    huggingface = "huggingface"


def trace(
    directory: ResultArgument,
    cell: Annotated[
        str, typer.Option("--cell", metavar="CELL", help="In the report's words, or levels parted by commas.")
    ] = "all four ingredients",
    seed: Annotated[
        int | None, typer.Option("--seed", metavar="N", help="The run's seed [default: the first].")
    ] = None,
    at: Annotated[
        int | None, typer.Option("--at", metavar="STEP", help="Train step of the weights [default: the last].")
    ] = None,
    lifetimes: Annotated[int, typer.Option("--lifetimes", "--tasks", metavar="N", min=1, help="Fresh tasks.")] = 5,
    luck: Annotated[int, typer.Option("--luck", metavar="N", min=0, help="Seed of the tasks and of all luck.")] = 0,
    greedy: Annotated[bool, typer.Option("--greedy", help="Take the likeliest actions.")] = False,
    format_: Annotated[TableFormat, typer.Option("--format", help="How to print the table.")] = TableFormat.table,
) -> None:
    """Show what one agent does in some lifetimes, step by step.

    A row a step: what was shown, the policy, the action, the pay, the exact belief where the tasks have one, the main
    components of the memory's output. Writes the table and a picture below RESULT_DIR/traces.
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


def studies(
    format_: Annotated[TableFormat, typer.Option("--format", help="How to print it.")] = TableFormat.table,
) -> None:
    """List the studies that are shipped: what each asks, how large it is, how to run it."""
    from ingredients.study.shipped import shipped_studies

    rows = [about.row() for about in shipped_studies()]
    if format_ is TableFormat.json:
        typer.echo(json.dumps(rows, indent=2, ensure_ascii=False))
        return
    if format_ is TableFormat.csv:
        import csv
        import sys

        writer = csv.DictWriter(sys.stdout, rows[0])
        writer.writeheader()
        writer.writerows(rows)
        return
    from rich.table import Table

    table = Table(box=None, pad_edge=False, padding=(0, 2))
    for title, justify in (("study", "left"), ("question", "left"), ("runs", "right"), ("steps", "right")):
        table.add_column(title, justify=justify, no_wrap=title != "question")  # type: ignore[arg-type]
    for row in rows:
        table.add_row(row["name"], row["question"], str(row["runs"]), f"{row['steps'] / 1e6:,.0f} M")
    terminal().print(table)
    typer.echo("steps: environment steps of all runs in training; how long: ingredients plan NAME")
    typer.echo("run one: ingredients run-grid NAME")


def new(
    name: Annotated[str, typer.Argument(metavar="NAME", help="Of the study, and of its results folder.")],
    tasks: Annotated[
        str, typer.Option("--tasks", metavar="TASKS", help="A family, an id of Gymnasium's, or module:Class.")
    ] = "bernoulli-bandit",
    out: Annotated[
        Path | None, typer.Option("--out", metavar="FILE", parser=user_path, help="The file [default: NAME.yaml].")
    ] = None,
) -> None:
    """Write a commented study that runs, to be changed."""
    from ingredients.study.template import study_text

    path = out or Path(f"{name}.yaml")
    if path.exists():
        raise UsageError(complaint([str(path)], "is there already", "a new file: --out FILE"))
    text = study_text(name, tasks, str(path))
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text, encoding="utf-8")
    typer.echo(f"{path}: written; next: ingredients plan {path}, then ingredients run-grid {path} --smoke")


def schema() -> None:
    """Print the JSON Schema of a study, by which editors complete and check one."""
    from ingredients.study.schema import study_schema

    typer.echo(json.dumps(study_schema(), indent=2, ensure_ascii=False))


def export(
    directory: ResultArgument,
    to: Annotated[Target, typer.Option("--to", help="What to write.")],
    out: Annotated[Path, typer.Option("--out", metavar="DIR", parser=user_path, help="A new folder.")],
) -> None:
    """Write stored results in the form of another tool; offline, nothing is trained.

    csv: tables of cells, runs and curves. tensorboard: events of curves and losses. mlflow: a file store with a run for
    each of ours. huggingface: a folder with a model card and weights that can be uploaded as it is.
    """
    with interrupted_later():
        from ingredients.api.export import export as exported
        from ingredients.api.result import load

    if out.exists() and any(out.iterdir()):
        raise UsageError(complaint([f"--out {out}"], "is not empty", "a new folder"))
    typer.echo(f"{out}: {exported(load(directory), to.value, out)}")
