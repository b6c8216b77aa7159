"""Audits against what is known by hand: `python -m tests.benchmarks.audit_truths`.

Comes in: nothing. Goes out: for each environment the share that was found, the true one, and the processor seconds; the
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


BANDIT = "ingredients/BernoulliBandit-v0 (arms=5)"
STILL_LAKE = "FrozenLake-v1 (is_slippery=False)"
LISTED = {
    BANDIT: {"id": "ingredients/BernoulliBandit-v0", "keywords": {"arms": 5}},
    STILL_LAKE: {"id": "FrozenLake-v1", "keywords": {"is_slippery": False}},
}


class Truth(NamedTuple):
    """An environment's name in the audit, a column, and its true share; where `or_more`, the least that is true."""

    id: str
    column: str
    share: float
    or_more: bool = False


TRUTHS = (
    Truth("Taxi-v4", "action", 0.55),
    Truth("Taxi-v4", "reward", 0.39),
    Truth("CliffWalking-v1", "action", 0.79),
    Truth("CliffWalking-v1", "reward", 0.29),
    Truth(STILL_LAKE, "action", 0.84),
    Truth(STILL_LAKE, "reward", 1.0),
    Truth("FrozenLake-v1", "action", 0.11),
    Truth("popgym:popgym-PositionOnlyPendulumEasy-v0", "action", 0.99),
    Truth("popgym:popgym-PositionOnlyCartPoleEasy-v0", "action", 0.95, or_more=True),
    Truth("popgym:popgym-RepeatPreviousEasy-v0", "action", 0.0),
    Truth("popgym:popgym-RepeatPreviousEasy-v0", "memory", 0.0),
    Truth(BANDIT, "action", 0.0),
)


def measure(options: Options) -> Result:
    """Returns found and true shares."""
    ids = list(dict.fromkeys(truth.id for truth in TRUTHS))
    with tempfile.TemporaryDirectory() as folder:
        listed = Path(folder) / "environments.yaml"
        listed.write_text(json.dumps({"environments": [LISTED.get(name, name) for name in ids]}), encoding="utf-8")
        command = [sys.executable, "cli.py", "audit", str(listed), "--out", folder, "--workers", str(options.workers)]
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
        off = None if found is None else found - one["share"]
        within = off is not None and (off >= 0 if one["or_more"] else abs(off) <= ALLOWED)
        text = "-" if found is None else f"{found:.2f}"
        shown.add_row(one["id"], one["column"], f"{one['share']:.2f}", text, str(within), f"{one['seconds']:.0f}")
    return shown


PART = Part("Audits against what is known by hand", measure, table)

if __name__ == "__main__":
    main(PART)
