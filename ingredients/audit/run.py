"""Runs an audit: a process for each environment, in parallel, resumable.

If one dies or takes far too long, its line tells why.
"""

from __future__ import annotations

import hashlib
import json
import os
import re
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import psutil

from ingredients.audit.listing import Subject
from ingredients.audit.measures import failed_line
from ingredients.store.files import explained

MEASURE = 2  # raised where what is measured changes: older lines are measured again
POLL_SECONDS = 0.1
WORK_FACTOR, WALL_FACTOR = 10, 60  # times the seconds: of the processor, which others may be using, and by the clock
LEAST_LIMIT = 300.0
Line = dict[str, Any]


@dataclass(frozen=True)
class AuditOptions:
    """Folder, CPU seconds for each environment, environments at once."""

    out: Path
    seconds: float
    workers: int


@dataclass
class _Running:
    subject: Subject
    process: subprocess.Popen[bytes]
    file: Path
    seconds: float
    until: float
    stopped: bool = False


def audit(subjects: Sequence[Subject], how: AuditOptions, tell: Callable[[str], None]) -> list[Line]:
    """Returns all subjects' lines; `tell` hears of each.

    Raises:
        StoreError: the folder cannot be written.
    """
    folder = how.out / "lines"
    with explained(folder, "create"):
        folder.mkdir(parents=True, exist_ok=True)
    todo = [subject for subject in subjects if _kept(subject, how) is None]
    running: list[_Running] = []
    try:
        while todo or running:
            while todo and len(running) < how.workers:
                running.append(_begun(todo.pop(0), how))
            time.sleep(POLL_SECONDS)
            for one in [one for one in running if _is_over(one)]:
                running.remove(one)
                tell(_ended(one, how))
    finally:
        for one in running:
            _stop(one.process)
    return [_kept(subject, how) or _read(_file(subject, how)) for subject in subjects]


def kept(subjects: Sequence[Subject], how: AuditOptions) -> int:
    """Returns how many lines need not be measured again."""
    return sum(_kept(subject, how) is not None for subject in subjects)


def _file(subject: Subject, how: AuditOptions) -> Path:
    slug = re.sub(r"[^A-Za-z0-9.]+", "-", subject.name).strip("-")[:60]
    return how.out / "lines" / f"{slug}-{hashlib.sha256(subject.text().encode()).hexdigest()[:8]}.json"


def _made_of(how: AuditOptions) -> dict[str, Any]:
    return {"measure": MEASURE, "seconds": how.seconds}


def _kept(subject: Subject, how: AuditOptions) -> Line | None:
    path = _file(subject, how)
    try:
        line = _read(path)
    except (OSError, ValueError):
        return None
    return line if line.get("made_of") == _made_of(how) and line.get("error") is None else None


def _read(path: Path) -> Line:
    line: Line = json.loads(path.read_text(encoding="utf-8"))
    return line


def _begun(subject: Subject, how: AuditOptions) -> _Running:
    path = _file(subject, how)
    path.unlink(missing_ok=True)
    command = [sys.executable, "-m", "ingredients.audit.worker", subject.text(), str(how.seconds), str(path)]
    quiet = {**os.environ, "OMP_NUM_THREADS": "1", "PYGAME_HIDE_SUPPORT_PROMPT": "1", "SDL_VIDEODRIVER": "dummy"}
    with explained(path, "write"), path.with_suffix(".err").open("wb") as errors:
        process = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=errors, env=quiet, start_new_session=True)
    work, wall = (max(factor * how.seconds, LEAST_LIMIT) for factor in (WORK_FACTOR, WALL_FACTOR))
    return _Running(subject, process, path, work, time.monotonic() + wall)


def _is_over(one: _Running) -> bool:
    if one.process.poll() is not None:
        return True
    if time.monotonic() > one.until or _worked(one.process) > one.seconds:
        one.stopped = True
        _stop(one.process)
    return one.stopped


def _worked(process: subprocess.Popen[bytes]) -> float:
    """Returns a process's CPU seconds."""
    with suppress(psutil.NoSuchProcess):
        used = psutil.Process(process.pid).cpu_times()
        return float(used.user + used.system)
    return 0.0


def _ended(one: _Running, how: AuditOptions) -> str:
    """Stores an environment's line; returns a short text."""
    errors = one.file.with_suffix(".err")
    line = _read(one.file) if one.file.exists() else failed_line(one.subject, _why(one, errors))
    line["made_of"] = _made_of(how)
    with explained(one.file, "write"):
        one.file.write_text(json.dumps(line, indent=1) + "\n", encoding="utf-8")
        errors.unlink(missing_ok=True)
    said = line["error"] or f"{line['seconds']:.0f} s"
    return f"{one.subject.name}: {said}"


def _why(one: _Running, errors: Path) -> str:
    if one.stopped:
        return "took far longer than it was given, and was stopped"
    code = one.process.returncode
    if code < 0:
        return f"its process died of signal {-code} ({signal.Signals(-code).name})"
    said = errors.read_text(encoding="utf-8", errors="replace").strip().splitlines()
    return f"its process ended with code {code}" + (f": {said[-1][:200]}" if said else "")


def _stop(process: subprocess.Popen[bytes]) -> None:
    process.kill()
    process.wait()
