"""The arguments and options that several commands have, with their help.

Comes in: nothing. Goes out: annotations for Typer.
"""

from __future__ import annotations

from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer

from ingredients.console.completion import complete_cells, complete_set, complete_study
from ingredients.console.terminal import user_path


class Device(StrEnum):
    """Where training computes."""

    cpu = "cpu"
    cuda = "cuda"


StudyArgument = Annotated[
    Path,
    typer.Argument(
        metavar="STUDY.yaml",
        parser=user_path,
        help="The study, or a shipped one by name.",
        autocompletion=complete_study,
    ),
]
OutOption = Annotated[
    Path | None,
    typer.Option("--out", metavar="DIR", parser=user_path, help="Results folder [default: results/<study name>]."),
]
SeedsOption = Annotated[
    int | None, typer.Option("--seeds", metavar="N", min=1, max=1000, help="Seeds a cell, from the study's first on.")
]
CellsOption = Annotated[
    str | None,
    typer.Option(
        "--cells",
        metavar="EXPR",
        help="Only these cells: memory=on,reward_observation=off.",
        autocompletion=complete_cells,
    ),
]
WorkersOption = Annotated[
    int | None,
    typer.Option("--workers", metavar="N", min=1, help="Processes at once [default: one a core; with cuda one a GPU]."),
]
DeviceOption = Annotated[Device, typer.Option(help="Where training computes.")]
SetOption = Annotated[
    list[str] | None,
    typer.Option(
        "--set",
        metavar="KEY.PATH=VALUE",
        help="Change the study; repeatable; run-grid then needs --out.",
        autocompletion=complete_set,
    ),
]
ExpectOption = Annotated[
    Path | None,
    typer.Option(
        "--expect", metavar="FILE", parser=user_path, help="YAML of cell: verdict; exit code 3 if one differs."
    ),
]
IndexOption = Annotated[
    bool, typer.Option("--index", help="Write index.html, a page of all reports in the folders of one RESULT_DIR.")
]
SmokeOption = Annotated[
    bool, typer.Option("--smoke", help="The study at smoke size [default --out: results/<study name>-smoke].")
]
RetriesOption = Annotated[
    int, typer.Option("--retries", metavar="N", min=0, help="Attempts more at a stack that failed, from its snapshot.")
]
TimeoutOption = Annotated[
    str | None,
    typer.Option("--stack-timeout", metavar="TIME", help="Longest attempt at a stack: 90m, 2h; no unit: seconds."),
]
MemoryOption = Annotated[
    str | None, typer.Option("--memory-limit", metavar="SIZE", help="Most memory of a worker: 4GB, 800MB.")
]
SnapshotOption = Annotated[
    str, typer.Option("--snapshot-every", metavar="TIME", help="Time between a stack's snapshots; no unit: seconds.")
]
