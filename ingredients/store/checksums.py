"""Checksums of a run's files, in `sha256sum`'s format, compared at every read."""

from __future__ import annotations

import hashlib
import time
from pathlib import Path

from ingredients.errors import StoreError

CHECKSUMS = "checksums.sha256"
_SECONDS_TO_RENAME = 0.1


def write_checksums(folder: Path) -> None:
    """Writes the checksums of all files of a folder."""
    listed = [f"{_digest(path.read_bytes())}  {path.name}\n" for path in sorted(folder.iterdir())]
    (folder / CHECKSUMS).write_text("".join(listed), encoding="utf-8")


def read_checked(path: Path) -> bytes:
    """Returns a run file's content; old folders have no checksums.

    Raises:
        StoreError: it is missing, unreadable or damaged.
    """
    content = _as_written(path)
    if content is None:
        time.sleep(_SECONDS_TO_RENAME)  # another process may be putting a newer version of the run in its place
        content = _as_written(path)
    if content is None:
        raise StoreError(damaged(path))
    return content


def require_whole(folder: Path) -> None:
    """Checks every file of a run.

    Raises:
        StoreError: one is missing or damaged.
    """
    try:
        listed = _listed(folder / CHECKSUMS)
    except (OSError, ValueError):
        raise StoreError(damaged(folder / CHECKSUMS)) from None
    if listed is not None and not listed:
        raise StoreError(damaged(folder / CHECKSUMS))
    for name in listed or ():
        read_checked(folder / name)


def damaged(path: Path) -> str:
    """Returns the message for an unusable file of a run."""
    return (
        f"{path}: missing, truncated, altered or written by another version; move the folder {path.parent} away "
        "and run the study again: only this run is repeated"
    )


def _as_written(path: Path) -> bytes | None:
    try:
        content = path.read_bytes()
        listed = _listed(path.parent / CHECKSUMS)
    except (OSError, ValueError):
        return None
    return content if listed is None or listed.get(path.name) == _digest(content) else None


def _listed(path: Path) -> dict[str, str] | None:
    """Returns digests by file name, or None without a list."""
    try:
        lines = path.read_text(encoding="utf-8").splitlines()
    except FileNotFoundError:
        return None
    return {name: digest for digest, _, name in (line.partition("  ") for line in lines)}


def _digest(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()
