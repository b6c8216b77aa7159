"""Every environment that is installed, through our reading of it: `python -m tests.benchmarks.spaces`.

Comes in: nothing. Goes out: for each package how many ids are accepted (made, reset, three random steps, numbers finite
and as many as stated), and what is refused, by which line. A stack of images is accepted as any other array is.
"""

from __future__ import annotations

import importlib
import re
import sys
import tempfile
import warnings
from collections import Counter
from contextlib import chdir, redirect_stdout, suppress
from typing import Any

import gymnasium
import numpy as np
from rich.table import Table

from ingredients.errors import IngredientsError
from ingredients.gyms.lane import Lane
from ingredients.gyms.recipe import Recipe

from .part import Options, Part, Result, main

PACKAGES = ("minigrid", "popgym", "highway_env", "ale_py")
STEPS = 3
OWN = "ingredients"


def stepped(name: str) -> Lane:
    """Returns a lane of an environment after a reset and some steps, closed.

    Raises:
        IngredientsError: it is refused, or what it showed is not what its space says; one line.
    """
    lane, draw = Lane(Recipe(name), ()), np.random.default_rng(0)
    for _ in range(1 + STEPS):
        row = np.zeros(lane.width, np.float32)
        if lane.over:
            lane.reset(np.array([0.5]), np.array([0.5]), row)
        else:
            lane.step(_action(lane, draw), row)
        if failed := lane.take_failed():
            raise IngredientsError(str(failed))
        if len(row) != lane.sight.size + 4 or not np.isfinite(row).all():
            raise IngredientsError(f"{name}: numbers that are not finite")
    lane.close()
    return lane


def _action(lane: Lane, draw: np.random.Generator) -> Any:  # noqa: ANN401 - of the environment's space
    reach = lane.reach
    chosen = draw.random((1, reach.actions)) if reach.continuous else draw.integers(reach.actions, size=(1, 1))
    return reach.taken(chosen)[0]


def registered() -> dict[str, list[str]]:
    """Returns the ids of all packages that are installed, by package."""
    for package in PACKAGES:
        with suppress(ImportError):
            importlib.import_module(package)
    found: dict[str, list[str]] = {}
    for name, spec in gymnasium.registry.items():
        entry = spec.entry_point
        module = entry if isinstance(entry, str) else getattr(entry, "__module__", "?")
        found.setdefault(module.partition(":")[0].partition(".")[0], []).append(name)
    return {package: ids for package, ids in found.items() if package != OWN}


def measure(options: Options) -> Result:
    """Returns for each package the ids that are accepted, and the lines by which others are refused."""
    packages = {}
    for package, ids in registered().items():
        # some write a log where they stand, and print
        with tempfile.TemporaryDirectory() as folder, chdir(folder), redirect_stdout(sys.stderr):
            lines = {name: _line(name) for name in ids}
        refused = {name: line for name, line in lines.items() if line}
        packages[package] = {"ids": len(ids), "accepted": len(ids) - len(refused), "refused": refused}
    return {"packages": packages}


def _line(name: str) -> str:
    """Returns why an environment is refused; nothing where it is not."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        try:
            stepped(name)
        except IngredientsError as error:
            return str(error)
    return ""


def table(result: Result) -> Table:
    """Returns a line for each package, and one for each kind of refusal."""
    shown = Table("package", "ids", "accepted", "refused", "by")
    for package, found in result["packages"].items():
        kinds = Counter(_kind(name, line) for name, line in found["refused"].items())
        said = "\n".join(f"{count} × {kind}" for kind, count in kinds.most_common())
        shown.add_row(package, str(found["ids"]), str(found["accepted"]), str(len(found["refused"])), said)
    return shown


def _kind(name: str, line: str) -> str:
    """Returns a refusal without the environment's name."""
    return re.sub(r"`[^`]*`", "`...`", line.replace(name, "...")).removeprefix("tasks ...: ")[:120]


PART = Part("Environments that are installed, accepted and refused", measure, table)

if __name__ == "__main__":
    main(PART)
