"""Cores and memory that this process may use, by affinity and control groups (containers, batch jobs, services)."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

ROOT = Path("/")


def usable_cores(root: Path = ROOT) -> int:
    """Returns this process's cores, by affinity and whole-core quotas."""
    there = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
    return max(1, min([there, *(int(quota) for quota in _quotas(root))]))


def memory_limits(root: Path = ROOT) -> list[int]:
    """Returns the control groups' limits, in bytes."""
    files = [*_files(root, "", "memory.max"), *_files(root, "memory", "memory.limit_in_bytes")]
    return [int(text) for file in files if (text := _read(file)).isdecimal()]


def _quotas(root: Path) -> Iterator[float]:
    """Yields the control groups' core quotas."""
    for file in _files(root, "", "cpu.max"):
        quota, _, period = _read(file).partition(" ")
        if quota.isdecimal() and period.isdecimal():  # `max 100000` is no quota
            yield int(quota) / int(period)
    for file in _files(root, "cpu", "cpu.cfs_quota_us"):
        quota, period = _read(file), _read(file.with_name("cpu.cfs_period_us"))
        if quota.isdecimal() and period.isdecimal():  # -1 is no quota
            yield int(quota) / int(period)


def _files(root: Path, controller: str, name: str) -> Iterator[Path]:
    """Yields this file of every control group of the process, its own first; `controller` "" is version 2."""
    for line in _read(root / "proc" / "self" / "cgroup").splitlines():
        _, controllers, path = [*line.split(":", 2), "", ""][:3]
        if controller not in controllers.split(","):
            continue
        for mount in _mounts(root / "sys" / "fs" / "cgroup", controllers, controller):
            group = Path(*(part for part in Path(path).parts if part not in ("/", "..")))
            yield from (mount / each / name for each in (group, *group.parents) if (mount / each / name).is_file())


def _mounts(folder: Path, controllers: str, controller: str) -> list[Path]:
    """Returns where a controller's groups may be mounted."""
    return [folder, folder / "unified"] if not controllers else sorted({folder / controllers, folder / controller})


def _read(file: Path) -> str:
    try:
        return file.read_text(encoding="utf-8").strip()
    except (OSError, UnicodeDecodeError):
        return ""
