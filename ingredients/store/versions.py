"""Versions stored with a run."""

from __future__ import annotations

import functools
import platform
from collections.abc import Mapping
from importlib.metadata import PackageNotFoundError, version
from typing import Any

from ingredients.grid import CODE, Run, fingerprints, memory_kind
from ingredients.study import Study
from ingredients.study.own_source import is_own
from ingredients.study.tasks import own_code

DISTRIBUTION = "rl2-ingredients"
PACKAGES = (DISTRIBUTION, "torch", "numba", "numpy", "scipy", "pandas", "pyarrow")


def versions() -> dict[str, str]:
    """Returns the versions of Python and packages that affect results."""
    return {"python": platform.python_version(), **{name: installed(name) for name in PACKAGES}}


@functools.cache  # read from disk, and asked for by every run
def installed(name: str) -> str:
    """Returns a package's version, or "checkout"."""
    try:
        return version(name)
    except PackageNotFoundError:
        return "checkout"


def other_version(study: Study, run: Run, content: Mapping[str, Any]) -> str | None:
    """Returns in words which other version trained a stored run, by its `run.json`, or None.

    Edited users' files are no other version: their runs are trained again.
    """
    code = content.get("code") or {}
    if is_own(memory_kind(study, run.cell)) or own_code(study.tasks):
        same = code.get("trains", CODE["trains"]) == CODE["trains"]
    else:
        same = content["fingerprints"].get("trains") == fingerprints(study, run).trains
    if same:
        return None
    if code.get("trains") == CODE["trains"]:
        return "by another study: study.yaml beside them, or a file of the user's own, was edited after they were made"
    before = dict(content.get("versions") or {})
    now = versions()
    numbers = [f"training code: {code.get('trains', 'older')} -> {CODE['trains']}"]
    changed = [f"{name}: {before[name]} -> {now[name]}" for name in now if name in before and before[name] != now[name]]
    return f"by another version: {'; '.join([*numbers, *changed])}"
