"""The command `ingredients audit`."""

from __future__ import annotations

from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer

from ingredients.console.terminal import EXIT_FAILED_RUNS, examples, fail, interrupted_later, user_path
from ingredients.errors import InterruptedGridError
from ingredients.study.messages import several

EXAMPLES = examples(
    "ingredients audit CartPole-v1 FrozenLake-v1",
    "ingredients audit my_env:MyEnv --out results/audit-mine",
    "ingredients audit results/published/audit/environments.yaml --workers 2",
    "ingredients audit CartPole-v1 --policy ppo.zip",
)


class AuditFormat(StrEnum):
    """Output format."""

    table = "table"
    csv = "csv"
    json = "json"
    markdown = "markdown"
    html = "html"


def audit(
    named: Annotated[
        list[str],
        typer.Argument(metavar="ID... | FILE.yaml", help="Environments, studies, or files that list environments."),
    ],
    out: Annotated[
        Path, typer.Option("--out", metavar="DIR", parser=user_path, help="Folder to write to, and to resume from.")
    ] = Path("results/audit"),
    workers: Annotated[
        int | None,
        typer.Option("--workers", metavar="N", min=1, help="Environments in parallel [default: one per core]."),
    ] = None,
    seconds: Annotated[
        float, typer.Option("--seconds", metavar="S", min=1, help="CPU seconds per environment, approximately.")
    ] = 30.0,
    policy: Annotated[
        Path | None,
        typer.Option("--policy", metavar="PATH", parser=user_path, help="Who plays: an SB3 zip, or a results folder."),
    ] = None,
    cell: Annotated[
        str | None,
        typer.Option("--cell", metavar="EXPR", help="The stored run's cell: memory=on,reward_observation=off."),
    ] = None,
    seed: Annotated[
        int | None, typer.Option("--seed", metavar="N", min=0, help="The stored run's seed [default: 0].")
    ] = None,
    format_: Annotated[AuditFormat, typer.Option("--format", help="Output format.")] = AuditFormat.table,
) -> None:
    """Measure which of the four ingredients environments supply by themselves.

    Nothing is trained. Plays at random, or with a policy of yours; decodes what observations tell; replays equal seeds.
    Each environment is one line. One that fails has its reason there, and the exit code is 1. Writes audit.csv, .json,
    .md and .html.
    """
    with interrupted_later():
        from ingredients.audit.listing import subjects
        from ingredients.audit.policy import asked_for
        from ingredients.audit.run import AuditOptions, kept
        from ingredients.audit.run import audit as run_audit
        from ingredients.audit.table import FORMATS, write
        from ingredients.machine import usable_cores

    asked = subjects(named, asked_for(policy, cell, seed))
    how = AuditOptions(out, seconds, workers or usable_cores())
    if done := kept(asked, how):
        typer.echo(f"{done} of {several(len(asked), 'environment')} measured already", err=True)
    try:
        lines = run_audit(asked, how, lambda text: typer.echo(text, err=True))
    except KeyboardInterrupt:
        there = f"{kept(asked, how)} of {several(len(asked), 'environment')} kept in {out}"
        raise InterruptedGridError(f"interrupted: {there}; the same command goes on") from None
    write(lines, out)
    typer.echo(FORMATS[format_](lines).rstrip("\n"))
    failed = [line for line in lines if line["error"]]
    for line in failed:
        fail(f"{line['id']}: {line['error']}")
    raise typer.Exit(EXIT_FAILED_RUNS if failed else 0)
