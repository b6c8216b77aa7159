"""The terminal: plain errors and help, users' paths, streams, Ctrl-C."""

from __future__ import annotations

import atexit
import json
import signal
import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, NoReturn

import typer
from rich.console import Console
from typer.core import TyperArgument, TyperCommand, TyperGroup

from ingredients.errors import IngredientsError, InterruptedGridError

EXIT_FAILED_RUNS = 1
EXIT_WRONG = 2
EXIT_UNEXPECTED = 3
EXIT_INTERRUPTED = 130
INTERRUPTED = "interrupted"
_KEPT = "\b\n"  # in front of a paragraph: its lines stay as they are


class PlainErrors(TyperGroup):
    """Prints every error, Typer's included, in lines that never wrap."""

    def main(self, *args: Any, **named: Any) -> NoReturn:  # noqa: ANN401 - Typer's own
        """Runs the command line and exits."""
        make_writable()
        try:
            code = super().main(*args, **(named | {"standalone_mode": False}))
            if code == EXIT_INTERRUPTED:  # what Typer makes of Ctrl-C, without a word
                typer.echo(INTERRUPTED, err=True)
        except InterruptedGridError as error:
            typer.echo(str(error), err=True)
            code = error.exit_code
        except IngredientsError as error:
            code = fail_all(error.lines, error.exit_code)
        except OSError as error:
            code = fail(f"{error.filename or 'output'}: {error.strerror or error}", EXIT_WRONG)
        except typer.TyperException as error:
            code = fail(error.format_message().replace(": Value error, ", ": "), error.exit_code)
        atexit.register(signal.signal, signal.SIGINT, signal.SIG_IGN)  # all is done: the way out is no place to stop
        sys.exit(code)


class PlainCommand(TyperCommand):
    """A command whose help shows no Python types."""

    def format_options(self, ctx: Any, formatter: Any) -> None:  # noqa: ANN401 - Typer's own
        """Writes the arguments, then the options."""
        for title, kept in (("Arguments", True), ("Options", False)):
            chosen = [each for each in self.get_params(ctx) if isinstance(each, TyperArgument) is kept]
            records = [record for each in chosen if (record := each.get_help_record(ctx))]
            named = [(name.partition(" <")[0] if kept else name, text) for name, text in records]
            if named:
                with formatter.section(title):
                    formatter.write_dl(named)


def examples(*lines: str) -> str:
    """Returns the examples below a command's help; empty lines start paragraphs."""
    paragraphs = "\n".join(lines).split("\n\n")
    return "\n\n".join(["Examples:", *(_KEPT + paragraph for paragraph in paragraphs)])


def user_path(text: str | Path) -> Path:
    """Returns a user's path, `~` expanded.

    Raises:
        ValueError: it is empty, or an unknown user's home.
    """
    if not str(text):
        raise ValueError("is empty; allowed: a path")
    try:
        return Path(text).expanduser()
    except RuntimeError:
        raise ValueError(f"'{text}': no home of that user is found; './{text}' is a folder of that name") from None


def terminal(aside: bool = False) -> Console:
    """Returns a console on stdout, or with `aside` on stderr.

    Colours and animation need a terminal, whatever the environment says.
    """
    there = (sys.stderr if aside else sys.stdout).isatty()
    return Console(stderr=aside, force_terminal=there, force_interactive=there)


@contextmanager
def working() -> Iterator[Callable[[str], None]]:
    """Yields a function that shows the step on stderr: one changing line, or lines without a terminal."""
    if not sys.stderr.isatty():
        yield lambda step: typer.echo(f"{step} ...", err=True)
        return
    console = Console(stderr=True, force_terminal=True)
    with console.status("trying the tasks and memories ...") as status:
        yield lambda step: status.update(f"{step} ...")


def make_writable() -> None:
    """Makes stdout and stderr replace characters outside their encoding."""
    for stream in (sys.stdout, sys.stderr):
        if hasattr(stream, "reconfigure") and stream.errors in ("strict", "surrogateescape"):
            stream.reconfigure(errors="replace")


@contextmanager
def interrupted_later() -> Iterator[None]:
    """Postpones Ctrl-C to the end of the block: importing packages turn it into errors.

    Raises:
        KeyboardInterrupt: it was pressed.
    """
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    pressed: list[int] = []
    before = signal.signal(signal.SIGINT, lambda number, _: pressed.append(number))
    try:
        yield
    finally:
        signal.signal(signal.SIGINT, before)
        if pressed:
            raise KeyboardInterrupt


def fail(message: str, code: int = EXIT_FAILED_RUNS) -> int:
    """Prints an error as one line on stderr; returns the exit code."""
    typer.echo("error: " + " ".join(message.splitlines()), err=True)
    return code


def fail_all(messages: tuple[str, ...], code: int) -> int:
    """Prints errors, one a line; returns the exit code."""
    for message in messages:
        fail(message)
    return code


def in_ascii(text: str) -> str:
    """Returns an HTML page; characters outside stdout's encoding become references."""
    return text if _takes_any_text() else text.encode("ascii", "xmlcharrefreplace").decode("ascii")


def as_json(content: Any) -> str:  # noqa: ANN401 - plain data
    """Returns data as indented JSON in stdout's encoding."""
    return json.dumps(content, indent=2, ensure_ascii=not _takes_any_text())


def _takes_any_text() -> bool:
    """Returns whether stdout takes every character; a `StringIO` does."""
    return (getattr(sys.stdout, "encoding", None) or "utf-8").lower().replace("-", "") == "utf8"
