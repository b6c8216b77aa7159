"""Recognises results folders, and explains paths that are none."""

from __future__ import annotations

import difflib
from pathlib import Path

STUDY_YAML = "study.yaml"


def what_it_is(directory: Path) -> str:
    """Returns why a path is no results folder, and one near it that is."""
    expected = "expected a folder that `ingredients run-grid` wrote, such as results/bandit"
    if directory.is_file():
        inside = directory.absolute().parent
        hint = f". Did you mean '{directory.parent}'?" if is_result(inside) else ""
        return f"a file, not a folder; {expected}{hint}"
    if directory.is_dir():
        inside_it = [str(path) for path in sorted(directory.iterdir()) if is_result(path)]
        hint = f". Results are in: {listed(inside_it)}" if inside_it else ""
        return f"not a results folder (it has no {STUDY_YAML}); {expected}{hint}"
    beside = directory.parent.iterdir() if directory.parent.is_dir() else iter(())
    near = difflib.get_close_matches(directory.name, [path.name for path in beside if is_result(path)], n=1)
    hint = f". Did you mean '{directory.parent / near[0]}'?" if near else ""
    return f"there is no such folder; {expected}{hint}"


def is_result(path: Path) -> bool:
    """Returns whether a path is a results folder."""
    return (path / STUDY_YAML).is_file()


def listed(names: list[str], most: int = 4) -> str:
    """Returns the first few names, joined."""
    return ", ".join(names[:most]) + (", ..." if len(names) > most else "")
