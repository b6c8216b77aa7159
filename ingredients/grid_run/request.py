"""What a command line asks for: some cells, in a results folder."""

from __future__ import annotations

import ast
import shlex
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from ingredients.cell_filter import select_cells
from ingredients.errors import UsageError
from ingredients.grid import Cell, cells
from ingredients.grid_run.jobs import Remaining, remaining
from ingredients.store import Store
from ingredients.study import Study, changed_study, load_study, parse_study, shipped_study, smoke_sized
from ingredients.study.messages import several
from ingredients.study.own_source import look_in

CHECKED_EPISODES = 5  # the fewest that a verdict can be made of


@dataclass(frozen=True)
class Grid:
    """Some cells of a study, in a results folder."""

    study: Study
    cells: tuple[Cell, ...]
    directory: Path

    @property
    def store(self) -> Store:
        """The folder's store."""
        return Store(self.directory)

    def remaining(self) -> Remaining:
        """Returns what the folder lacks."""
        return remaining(self.study, self.store, self.cells)


def ask_for(
    path: Path, changes: Sequence[str], smoke: bool, seeds: int | None, filter_: str | None, out: Path | None
) -> Grid:
    """Returns the grid that the options name.

    Raises:
        UsageError: study or option is wrong.
    """
    study = load_study(path := shipped_study(path), changes)
    look_in(path.parent, Path.cwd())  # where a memory of the user's own may lie
    return grid_of(study, smoke, seeds, filter_, out)


def grid_of(study: Study, smoke: bool, seeds: int | None, filter_: str | None, out: Path | None) -> Grid:
    """Returns some cells of a study, by `run-grid`'s options.

    Raises:
        UsageError: an option is wrong.
    """
    if smoke:
        study = smoke_sized(study)
    if seeds is not None:
        asked = {"first": study.seeds.first, "count": seeds}
        study = parse_study({**study.resolved(), "seeds": asked}, f"--seeds {seeds}")
    chosen = cells(study) if filter_ is None else select_cells(study, filter_)
    return Grid(study, chosen, out or Path("results") / (f"{study.name}-smoke" if smoke else study.name))


def ask_about(name: str, changes: Sequence[str]) -> tuple[Study, Path]:
    """Returns a study on the argument of `ingredients check`, and the folder where its name resolves.

    The argument is an id, `module:Class`, `file.py:Class`, or `own:` and one of these.

    Raises:
        UsageError: a file is missing, the name is a study's, or something is wrong.
    """
    if name.endswith((".yaml", ".yml")):
        raise UsageError(f"{name}: is a study, and check takes an environment: ingredients plan {shlex.quote(name)}")
    rest = name.removeprefix("own:")
    folder = Path.cwd()
    where, _, attribute = (rest if ":" in rest else f"{rest}:").rpartition(":")
    if where.endswith(".py"):
        path = Path(where).expanduser()
        if not path.is_file():
            raise UsageError(f"{where}: no such file; allowed: an id of Gymnasium's, module:Class, file.py:Class")
        if not attribute:
            raise UsageError(f"{where}: name a class of it, as {where}:{' or '.join(_classes(path))}")
        look_in(folder := path.parent.absolute())
        rest = f"{path.stem}:{attribute}"
    look_in(Path.cwd())
    tasks = {"own" if name.startswith("own:") else "gymnasium": rest, "episodes": CHECKED_EPISODES}
    words = "".join(letter if letter.isalnum() else "-" for letter in rest.rpartition(":")[2].lower()).strip("-")
    data = {"name": words or "checked", "tasks": tasks, "ingredients": {}}
    return changed_study(data, f"check {name}", changes), folder


def _classes(path: Path) -> list[str]:
    """Returns the names of a file's public classes, without running it."""
    try:
        body = ast.parse(path.read_bytes()).body
    except (SyntaxError, ValueError):
        body = []
    return [part.name for part in body if isinstance(part, ast.ClassDef) and not part.name.startswith("_")] or ["Class"]


def interruption(grid: Grid, arguments: Sequence[str]) -> str:
    """Returns what is kept and how to continue, without `--fresh`."""
    rest = grid.remaining()
    again = shlex.join(["ingredients", *(argument for argument in arguments if argument != "--fresh")])
    return f"interrupted: {rest.finished} of {several(len(rest.runs), 'run')} finished and kept; to go on: {again}"
