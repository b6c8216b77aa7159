"""Audits against what is known by hand: `python -m tests.benchmarks.audit_truths`.

Comes in: nothing. Goes out: for each environment the leak that was found, the true one, and the processor seconds; the
aim is a difference of 0.05. True are: of toy text the share that its transition table gives for the states that random
play visits; of POPGym's position-only tasks what the equations of motion give; 0 where nothing depends on the action.
"""

from __future__ import annotations

import json
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Any, NamedTuple

from rich.table import Table

from .part import Options, Part, Result, main

ALLOWED = 0.05


class Truth(NamedTuple):
    """An id, a column, and its true share."""

    id: str
    column: str
    share: float


TRUTHS = (
    Truth("Taxi-v4", "action", 0.55),
    Truth("Taxi-v4", "reward", 0.39),
    Truth("CliffWalking-v1", "action", 0.79),
    Truth("CliffWalking-v1", "reward", 0.29),
    Truth("popgym:popgym-PositionOnlyPendulumEasy-v0", "action", 0.99),
    Truth("popgym:popgym-PositionOnlyCartPoleEasy-v0", "action", 0.97),
    Truth("popgym:popgym-RepeatPreviousEasy-v0", "action", 0.0),
    Truth("popgym:popgym-RepeatPreviousEasy-v0", "memory", 0.0),
    Truth("ingredients/BernoulliBandit-v0", "action", 0.0),
)


def measure(options: Options) -> Result:
    """Returns found and true shares."""
    ids = list(dict.fromkeys(truth.id for truth in TRUTHS))
    with tempfile.TemporaryDirectory() as folder:
        command = [sys.executable, "cli.py", "audit", *ids, "--out", folder, "--workers", str(options.workers)]
        subprocess.run(command, check=True, stdout=subprocess.DEVNULL)
        told = json.loads((Path(folder) / "audit.json").read_text(encoding="utf-8"))
    lines = {line["id"]: line for line in told["environments"]}
    return {"truths": [_compared(truth, lines[truth.id]) for truth in TRUTHS]}


def _compared(truth: Truth, line: dict[str, Any]) -> dict[str, Any]:
    return {**truth._asdict(), "found": line["findings"][truth.column]["share"], "seconds": line["seconds"]}


def table(result: Result) -> Table:
    """Returns the shares in a table."""
    shown = Table("environment", "column", "true", "found", "within .05", "seconds")
    for one in result["truths"]:
        found = one["found"]
        within = found is not None and abs(found - one["share"]) <= ALLOWED
        text = "-" if found is None else f"{found:.2f}"
        shown.add_row(one["id"], one["column"], f"{one['share']:.2f}", text, str(within), f"{one['seconds']:.0f}")
    return shown


PART = Part("Audits against what is known by hand", measure, table)

if __name__ == "__main__":
    main(PART)
