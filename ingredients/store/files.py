"""Atomic writes: a file is whole or absent; of simultaneous writers the later wins.

Crashes leave at most a hidden `.<name>.<random>.partial`, which `sweep` removes.
"""

from __future__ import annotations

import errno
import os
import secrets
import shutil
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from ingredients.errors import StoreError, UnwritableError

_WAYS_OUT = {
    errno.EACCES: "choose a folder that you may write to",
    errno.EPERM: "choose a folder that you may write to",
    errno.EROFS: "choose a folder that you may write to",
    errno.ENOTDIR: "a file lies where a folder should be: move it away or choose another folder",
    errno.EEXIST: "a file lies where a folder should be: move it away or choose another folder",
    errno.EISDIR: "a folder lies where a file should be: move it away",
    errno.ENOSPC: "free some space and give the same command again: what is finished is kept",
    errno.EDQUOT: "free some space and give the same command again: what is finished is kept",
    errno.ENAMETOOLONG: "choose a shorter path or study name",
}
_SECONDS_LEFT_ALONE = 3600.0


@contextmanager
def explained(path: Path, doing: str) -> Iterator[None]:
    """Turns an `OSError` into one line; `doing` is "written" or "read".

    Raises:
        StoreError: instead of `OSError`; `UnwritableError` for a write.
    """
    try:
        yield
    except OSError as error:
        # some libraries replace the system's message by several sentences
        reason = (os.strerror(error.errno) if error.errno else str(error)).lower()
        way_out = _WAYS_OUT.get(error.errno or 0, "check the path, or choose another folder")
        kind = UnwritableError if doing == "written" else StoreError
        raise kind(f"{path}: cannot be {doing}: {reason}; {way_out}") from error


@contextmanager
def replacing_file(path: Path) -> Iterator[Path]:
    """Yields a hidden path, whose file replaces `path` at the end.

    Raises:
        StoreError: it cannot be written.
    """
    partial = _partial(path)
    with explained(path, "written"):
        try:
            yield partial
            _flush(partial)
            os.replace(partial, path)
        finally:
            partial.unlink(missing_ok=True)
        _flush(path.parent)


@contextmanager
def replacing_folder(path: Path, attic: Path) -> Iterator[Path]:
    """Yields a hidden folder that at the end replaces `path`, whole or not at all.

    An older one moves to `attic`/<name>-<n>.

    Raises:
        StoreError: it cannot be written.
    """
    partial = _partial(path)
    with explained(path, "written"):
        try:
            partial.mkdir()
            yield partial
            for file in partial.iterdir():
                _flush(file)
            _flush(partial)
            _take_place(partial, path, attic)
        finally:
            shutil.rmtree(partial, ignore_errors=True)
        _flush(path.parent)


def discard(path: Path) -> None:
    """Deletes a file and its partial versions, if possible."""
    for useless in (path, *path.parent.glob(f".{path.name}.*.partial")):
        with suppress(OSError):
            useless.unlink()


def sweep(folder: Path, by: Path) -> None:
    """Removes half-written files of killed processes, an hour older than the new file `by`."""
    for partial in folder.rglob(".*.partial"):
        with suppress(OSError):  # another process is faster, or may do what we may not
            if by.stat().st_mtime - partial.stat().st_mtime > _SECONDS_LEFT_ALONE:
                if partial.is_dir():
                    shutil.rmtree(partial)
                else:
                    partial.unlink()


def _take_place(partial: Path, path: Path, attic: Path) -> None:
    """Moves the old folder to the attic and the new in, or neither."""
    if not path.exists():
        partial.rename(path)
        return
    attic.mkdir(exist_ok=True)
    older = path.rename(first_free(attic / path.name))
    try:
        partial.rename(path)
    except OSError:
        older.rename(path)
        raise


def first_free(path: Path) -> Path:
    """Returns the first of `<path>-1`, `<path>-2`, ... that is free."""
    number = 1
    while (free := path.with_name(f"{path.name}-{number}")).exists():
        number += 1
    return free


def _partial(path: Path) -> Path:
    return path.with_name(f".{path.name}.{secrets.token_hex(4)}.partial")


def _flush(path: Path) -> None:
    """Flushes a file, or a folder's entries (POSIX only), to the disk."""
    if path.is_dir() and os.name != "posix":
        return
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
