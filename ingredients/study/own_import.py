"""Imports users' code by the name in a study.

Inside `copies_in`, results' copies replace changed or missing files.
"""

from __future__ import annotations

import importlib
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from importlib.machinery import SourceFileLoader
from importlib.util import module_from_spec, spec_from_loader
from pathlib import Path
from types import ModuleType
from typing import Any

from ingredients.boundary.call import calling
from ingredients.errors import StudyError, UsageError
from ingredients.study.messages import nearest, one_line
from ingredients.study.own_source import copy_path, digest, look_in, source

_copies: ContextVar[Path | None] = ContextVar("copies", default=None)


@contextmanager
def copies_in(folder: Path) -> Iterator[None]:
    """Takes users' code from a folder of copies, unless Python finds the same file."""
    before = _copies.set(folder.absolute())
    try:
        yield
    finally:
        _copies.reset(before)


def copies() -> Path | None:
    """Returns the folder of copies in use, or None."""
    return _copies.get()


def imported(name: str, what: str, fits: Callable[[Any], bool]) -> Any:  # noqa: ANN401 - whatever a user wrote
    """Returns what `module:Name` names, on Python's path or in the current folder.

    `what` (`memory` or `tasks`) is for the message; `fits` selects suggestions for misspelled names.

    Raises:
        StudyError: no such module, or nothing so named.
    """
    module_name, _, attribute = name.partition(":")
    look_in(here := Path.cwd())
    importlib.invalidate_caches()
    copy = None if (folder := copies()) is None else copy_path(folder, name)
    kept = copy is not None and copy.is_file()
    with calling(lambda raised: wrong(name, what, f"cannot be imported: {raised} ({_where(copy, kept, here)})")):
        module = _as_trained(name, what, copy) if copy and kept else importlib.import_module(module_name)
    try:
        found = getattr(module, attribute, None)
    except Exception:  # a module may have a __getattr__ of its own
        found = None
    if found is None:
        guess = nearest(attribute, [key for key, value in vars(module).items() if fits(value)])
        so = f". Did you mean '{guess}'?" if guess else ""
        raise wrong(name, what, f"{module_name} has no {attribute}{so}")
    return found


def _where(copy: Path | None, kept: bool, here: Path) -> str:
    """Returns where a module was looked for, and what users can do."""
    if copy is None:
        return f"looked for in {here} and on Python's path"
    way = "start in the folder where it lies, or name that folder in PYTHONPATH"
    if kept:
        return f"in {copy}; other files that it needs are not kept with results: {way}"
    return f"looked for in {here}, on Python's path, and for its copy {copy}: {way}"


def _as_trained(name: str, what: str, copy: Path) -> ModuleType:
    """Returns the module that Python finds, with neighbours, if unchanged; else the copy."""
    module_name = name.partition(":")[0]
    content = copy.read_bytes()
    try:
        unchanged = source(name, what) == content
    except UsageError:
        unchanged = False
    if unchanged:
        return importlib.import_module(module_name)
    return _of_copy(f"{module_name}_{digest(content)[:12]}", copy)


def _of_copy(module_name: str, copy: Path) -> ModuleType:
    """Returns a copy's module, named to hide no other."""
    if module_name in sys.modules:
        return sys.modules[module_name]
    reader = _Reader(module_name, str(copy))
    spec = spec_from_loader(module_name, reader)
    assert spec is not None, "a file's loader has a spec"
    module = sys.modules[module_name] = module_from_spec(spec)
    try:
        reader.exec_module(module)
    except BaseException:
        del sys.modules[module_name]
        raise
    return module


class _Reader(SourceFileLoader):
    """Loads a file without writing bytecode, which would change a results folder."""

    def set_data(self, path: str, data: object, *, _mode: int = 0o666) -> None:
        """Writes nothing."""


def wrong(name: str, what: str, how: str) -> StudyError:
    """Returns the error for something of the user's."""
    return StudyError(one_line(f"{what} {name}: {how}"))
