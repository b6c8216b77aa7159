"""Arguments and options of several commands, with their help."""

from __future__ import annotations

from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer

from ingredients.console.completion import complete_cells, complete_set, complete_study
from ingredients.console.terminal import user_path


class Device(StrEnum):
    """Device that trains."""

    cpu = "cpu"
    cuda = "cuda"


StudyArgument = Annotated[
    Path,
    typer.Argument(
        metavar="STUDY.yaml",
        parser=user_path,
        help="A study file, or the name of a shipped study.",
        autocompletion=complete_study,
    ),
]
OutOption = Annotated[
    Path | None,
    typer.Option("--out", metavar="DIR", parser=user_path, help="Results folder [default: results/<study name>]."),
]
SeedsOption = Annotated[
    int | None, typer.Option("--seeds", metavar="N", min=1, max=1000, help="Number of seeds of each cell.")
]
CellsOption = Annotated[
    str | None,
    typer.Option(
        "--cells",
        metavar="EXPR",
        help="Run only these cells: memory=on,reward_observation=off.",
        autocompletion=complete_cells,
    ),
]
WorkersOption = Annotated[
    int | None,
    typer.Option(
        "--workers", metavar="N", min=1, help="Parallel processes [default: one per core; with cuda, one per GPU]."
    ),
]
DeviceOption = Annotated[Device, typer.Option(help="Device that trains.")]
SetOption = Annotated[
    list[str] | None,
    typer.Option(
        "--set",
        metavar="KEY.PATH=VALUE",
        help="Change a value of the study; repeatable. run-grid then needs --out.",
        autocompletion=complete_set,
    ),
]
ExpectOption = Annotated[
    Path | None,
    typer.Option(
        "--expect", metavar="FILE", parser=user_path, help="YAML file of expected verdicts; exit code 3 if one differs."
    ),
]
IndexOption = Annotated[
    bool, typer.Option("--index", help="Write index.html, a page that opens all reports below one RESULT_DIR.")
]
SmokeOption = Annotated[
    bool,
    typer.Option(
        "--smoke", help="A quick test of the study, at smoke size [default --out: results/<study name>-smoke]."
    ),
]
RetriesOption = Annotated[
    int, typer.Option("--retries", metavar="N", min=0, help="Retries of a failed stack, from its last snapshot.")
]
TimeoutOption = Annotated[
    str | None,
    typer.Option("--stack-timeout", metavar="TIME", help="Time limit of one attempt at a stack: 90m, 2h, or seconds."),
]
MemoryOption = Annotated[
    str | None, typer.Option("--memory-limit", metavar="SIZE", help="Memory limit of each worker: 4GB, 800MB.")
]
SnapshotOption = Annotated[
    str,
    typer.Option("--snapshot-every", metavar="TIME", help="Time between snapshots of a stack: 90s, 5m, or seconds."),
]
