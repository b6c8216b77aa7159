"""The one family of errors that a user can cause; each carries the exit code of the command.

Comes in: what was wrong, in one line. Goes out: that line on stderr and the exit code (see `cli.py`).
"""

from __future__ import annotations


class IngredientsError(Exception):
    """Something that a user can cause and can mend; its text is one line that says how."""

    exit_code = 1


class UsageError(IngredientsError):
    """The command is wrong: an option, a path, a combination of both."""

    exit_code = 2


class StudyError(UsageError):
    """The study is wrong; the text names file, key, value, what is allowed and the nearest match."""


class StoreError(IngredientsError):
    """A results folder cannot be written or read as it is; the text names the path and the way out."""

    exit_code = 2


class UnwritableError(StoreError):
    """A results folder cannot be written: the disk is full, or read-only; whatever comes next could not be kept."""
