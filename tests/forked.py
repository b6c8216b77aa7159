"""The program in a process of its own, forked from the tests' process: real, and with nothing to load.

A program that is started anew loads libraries for seconds, and so does the process that its workers are forked from.
Where a test kills or interrupts, both are forked from here. `command.program` starts programs as a shell does.
"""

from __future__ import annotations

import gc
import importlib
import logging
import multiprocessing.util
import os
import signal
import subprocess
import sys
import traceback
import types
import warnings
from collections.abc import Sequence
from itertools import pairwise
from multiprocessing import forkserver, resource_tracker
from pathlib import Path
from typing import NoReturn

from cli import app
from ingredients.report.build import load_all

# what workers load, beside what every test has loaded
OF_WORKERS = ("ingredients.experiment.stack", "ingredients.experiment.memoryless", "ingredients.training.leakage")


def forked(arguments: Sequence[str], cwd: Path, variables: dict[str, str]) -> subprocess.Popen[str]:
    """Starts the program with this environment, from a folder, as what this process is now."""
    load_all()
    for module in OF_WORKERS:
        importlib.import_module(module)
    multiprocessing.util.get_temp_dir()  # the program's sockets lie in it, and go with it
    gc.freeze()  # what is not looked at again is not copied
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DeprecationWarning)  # of a fork beside threads: the child uses none of them
        return subprocess.Popen(
            [*arguments],
            cwd=cwd,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            restore_signals=True,
            preexec_fn=lambda: _run(arguments, variables),  # which does not return, so nothing is executed
        )


def _run(arguments: Sequence[str], variables: dict[str, str]) -> NoReturn:
    """Runs the program in the new process, whose standard streams and folder are set, to its end."""
    code = 1
    try:
        _begin_anew((0, 1, 2), variables)
        sys.argv = ["ingredients", *arguments]
        app()
    except SystemExit as ended:
        code = ended.code if isinstance(ended.code, int) else int(ended.code is not None)
    except BaseException:
        traceback.print_exc()
    finally:
        sys.stdout.flush()
        sys.stderr.flush()
        os._exit(code)


def _begin_anew(kept: Sequence[int], variables: dict[str, str]) -> None:
    """Gives up what belongs to the process that this was forked from: descriptors, streams, filters, helpers."""
    _close_all_but(kept)
    signal.signal(signal.SIGINT, signal.default_int_handler)  # what a shell starts in the background ignores it
    sys.stdin, sys.stdout, sys.stderr = os.fdopen(0), os.fdopen(1, "w"), os.fdopen(2, "w")
    os.environ.clear()
    os.environ.update(variables)
    sys.path.insert(0, "")
    sys.modules["__main__"] = types.ModuleType("__main__")  # what `python -c` has, which workers do not import
    logging.getLogger().handlers.clear()  # those of pytest, with which nothing is written to stderr
    warnings.resetwarnings()
    warnings.simplefilter("ignore")
    for helper in (forkserver._forkserver, resource_tracker._resource_tracker):
        type(helper).__init__(helper)
    vars(multiprocessing.util)["spawnv_passfds"] = _helper


def _helper(path: bytes, arguments: Sequence[str], kept: Sequence[int]) -> int:
    """Forks a helper of `multiprocessing`, such as the process that workers are forked from; returns its number."""
    number = os.fork()
    if number:
        return number
    try:
        _close_all_but((0, 1, 2, *kept))
        exec(arguments[-1], {})
    finally:
        os._exit(0)


def _close_all_but(kept: Sequence[int]) -> None:
    bounds = [-1, *sorted(kept), os.sysconf("SC_OPEN_MAX")]
    for before, after in pairwise(bounds):
        if before + 1 < after:  # an empty range is taken for all that there are
            os.closerange(before + 1, after)
