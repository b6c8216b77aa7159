"""Finds users' memories, tasks and environments without importing them."""

from __future__ import annotations

import hashlib
import sys
from importlib.machinery import ModuleSpec, PathFinder
from importlib.util import find_spec
from pathlib import Path

from ingredients.errors import UsageError

MEMORY, TASKS = "memory", "tasks"  # what a name is of, for messages
COPIES = "memories"  # the folder of users' files in a results folder


def is_own(kind: str) -> bool:
    """Returns whether a kind of memory is the user's own."""
    return ":" in kind


def copy_path(copies: Path, kind: str) -> Path:
    """Returns where a folder of copies keeps a name's file."""
    return copies / f"{kind.replace(':', '--')}.py"


def look_in(*folders: Path) -> None:
    """Appends folders to Python's path, to hide no modules."""
    for folder in (str(folder.absolute()) for folder in folders):
        if folder not in sys.path:
            sys.path.append(folder)


def source_digest(kind: str, what: str = MEMORY) -> str:
    """Returns the SHA-256 (hex) of a name's file.

    Raises:
        UsageError: there is none.
    """
    return digest(source(kind, what))


def digest(content: bytes) -> str:
    """Returns the SHA-256 (hex) of a content."""
    return hashlib.sha256(content).hexdigest()


def source(kind: str, what: str = MEMORY) -> bytes:
    """Returns the content of a name's file.

    Raises:
        UsageError: there is none.
    """
    path = source_path(kind, what)
    try:
        return path.read_bytes()
    except OSError as error:
        raise UsageError(f"{what} {kind}: {path} cannot be read: {error.strerror}") from None


def source_path(kind: str, what: str = MEMORY) -> Path:
    """Returns the file that defines a name, on Python's path or here; `what` is for the message.

    Raises:
        UsageError: there is none.
    """
    look_in(Path.cwd())
    module = kind.partition(":")[0]
    spec = _spec(module.split("."))
    if spec is None or not spec.origin or not spec.has_location:
        where = f"looked for beside the study, in {Path.cwd()} and on Python's path"
        raise UsageError(f"{what} {kind}: there is no file of a module {module} ({where})")
    return Path(spec.origin)


def _spec(names: list[str]) -> ModuleSpec | None:
    """Returns a module's spec; unlike `find_spec`, imports no packages."""
    try:
        spec = find_spec(names[0])
    except ValueError:  # a module that was made otherwise than from a file
        return None
    for name in names[1:]:
        if spec is None or spec.submodule_search_locations is None:
            return None
        spec = PathFinder.find_spec(name, list(spec.submodule_search_locations))
    return spec
