"""The program as a user starts it: in a process of its own, from any folder, at a width of 80."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path

import psutil
import pytest
from forked import forked

ROOT = Path(__file__).parent.parent
INSTALLED = Path(sys.executable).with_name("ingredients")


# What a program begins with whose workers measure leaks on little (`little_leaks`); it loads nothing itself.
LITTLE = "from ingredients.engine.process import PRELOADED; PRELOADED.append('little_leaks_in_workers')"
ONE_PICTURE = "import one_picture; one_picture.draw_one_picture(setattr)"  # of its reports


def command_line(*arguments: str, begins: str = "") -> list[str]:
    """Returns what starts the real program; it may begin with some Python."""
    return [sys.executable, "-c", f"{begins}\nfrom cli import app; app()", *arguments]


def environment() -> dict[str, str]:
    """Returns an environment in which the program is found from any folder and prints at a width of 80."""
    return os.environ | {"PYTHONPATH": os.pathsep.join([str(ROOT), *filter(None, sys.path)]), "COLUMNS": "80"}


def program(*arguments: str, cwd: Path, begins: str = "", **variables: str) -> subprocess.CompletedProcess[str]:
    """Runs the program to its end, with these environment variables beside all others."""
    command, variables = command_line(*arguments, begins=begins), environment() | variables
    return subprocess.run(command, cwd=cwd, env=variables, capture_output=True, text=True, timeout=300)


def program_forked(*arguments: str, cwd: Path) -> subprocess.CompletedProcess[str]:
    """Runs the program to its end as what this process is now: measures made small here are small in its workers."""
    process = forked(arguments, cwd, environment())
    try:
        output, message = process.communicate(timeout=300)
    finally:
        process.kill()
    return subprocess.CompletedProcess(arguments, process.returncode, output, message)


@contextmanager
def started(*arguments: str, cwd: Path, anew: bool = False) -> Iterator[subprocess.Popen[str]]:
    """Starts the program, with all it needs loaded; whatever happens, it and its workers are gone afterwards.

    One that uses Ray is started `anew`, as a shell does: Ray outlives no fork.
    """
    process = _executed(arguments, cwd) if anew else forked(arguments, cwd, environment())
    try:
        yield process
    finally:
        process.kill()
        process.communicate()


def _executed(arguments: Sequence[str], cwd: Path) -> subprocess.Popen[str]:
    return subprocess.Popen(
        command_line(*arguments),
        cwd=cwd,
        env=environment(),
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        preexec_fn=_hear_ctrl_c,
    )


def _hear_ctrl_c() -> None:
    """What a shell starts in the background ignores SIGINT, and the program would inherit that from the tests."""
    signal.signal(signal.SIGINT, signal.SIG_DFL)


def read_until(process: subprocess.Popen[str], text: str) -> None:
    """Reads lines up to one that holds `text`."""
    assert process.stdout is not None
    for line in process.stdout:
        if text in line:
            return
    pytest.fail(f"the program never said {text!r}")


def workers_of(process: subprocess.Popen[str]) -> list[psutil.Process]:
    """Returns the worker processes of a running program: what its helper has forked; not those just killed."""
    workers = []
    for child in psutil.Process(process.pid).children():
        with suppress(psutil.NoSuchProcess):
            workers += child.children()
    return workers


def without_torch(*commands: Sequence[str], cwd: Path, begins: str = "") -> subprocess.CompletedProcess[str]:
    """Runs commands one after another in one new main process, into which torch must never have been loaded."""
    check = (
        f"{begins}\n"
        "import json, sys\n"
        "from cli import app\n"
        "for command in json.loads(sys.argv.pop()):\n"
        "    sys.argv[1:] = command\n"
        "    try: app()\n"
        "    except SystemExit as ended: code = ended.code\n"
        "sys.exit(7 if 'torch' in sys.modules else code)"
    )
    command = [sys.executable, "-c", check, json.dumps(commands)]
    done = subprocess.run(command, cwd=cwd, env=environment(), capture_output=True, text=True, timeout=300)
    assert done.returncode != 7, "torch was loaded"
    return done


def ingredients(folder: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    """Runs the installed command in a folder."""
    environment = {name: value for name, value in os.environ.items() if name != "PYTHONPATH"}
    command = [str(INSTALLED), *arguments]
    return subprocess.run(command, cwd=folder, env=environment, capture_output=True, text=True, timeout=300)
