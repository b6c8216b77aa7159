"""Errors that a user can cause, with the command's exit codes."""

from __future__ import annotations


class IngredientsError(Exception):
    """What a user can cause and mend; the text says how, in one line."""

    exit_code = 1

    @property
    def lines(self) -> tuple[str, ...]:
        """The lines to print; several for a study's mistakes."""
        return (" ".join(str(self).splitlines()),)


class UsageError(IngredientsError):
    """The command is wrong: an option, a path, both together."""

    exit_code = 2


class StudyError(UsageError):
    """The study is wrong; each line names file, key, value, what is allowed, nearest match."""

    @property
    def lines(self) -> tuple[str, ...]:
        """The mistakes, one a line."""
        return tuple(str(self).splitlines())


class InterruptedGridError(IngredientsError):
    """Ctrl-C during a grid; the text says what is kept and how to continue."""

    exit_code = 130


class StoreError(IngredientsError):
    """A results folder cannot be written or read; the text names path and way out."""

    exit_code = 2


class UnwritableError(StoreError):
    """A results folder cannot be written (full or read-only disk): later results are lost too."""
