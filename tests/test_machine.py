"""What a process may take: affinity and quotas of nested control groups, of both versions, on a tree of files."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from ingredients import machine


def tree(root: Path, cgroup: str, files: dict[str, str]) -> Path:
    """Writes a `/proc/self/cgroup` and files below `/sys/fs/cgroup`; returns the root."""
    (root / "proc" / "self").mkdir(parents=True)
    (root / "proc" / "self" / "cgroup").write_text(cgroup)
    for name, text in files.items():
        path = root / "sys" / "fs" / "cgroup" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text + "\n")
    return root


@pytest.fixture(autouse=True)
def eight_cores(monkeypatch: pytest.MonkeyPatch) -> None:
    """Lets the process run on eight cores, whatever this machine has."""
    monkeypatch.setattr(os, "sched_getaffinity", lambda process: set(range(8)), raising=False)


TREES = {
    "no files": ("", {}, 8, []),
    "no quota": ("0::/\n", {"cpu.max": "max 100000", "memory.max": "max"}, 8, []),
    "a container's root": ("0::/\n", {"cpu.max": "250000 100000", "memory.max": "4096"}, 2, [4096]),
    "less than a core": ("0::/a\n", {"a/cpu.max": "50000 100000"}, 1, []),
    "a job below its own limit": (
        "0::/slurm/job/step\n",
        {
            "slurm/job/step/cpu.max": "max 100000",
            "slurm/job/cpu.max": "300000 100000",
            "slurm/cpu.max": "600000 100000",
            "slurm/job/step/memory.max": "max",
            "slurm/job/memory.max": "77",
        },
        3,
        [77],
    ),
    "the machine's path within a container": ("0::/docker/1a2b\n", {"cpu.max": "400000 100000"}, 4, []),
    "a group beside the container": ("0::/../other\n", {"cpu.max": "400000 100000"}, 4, []),
    "more than the affinity": ("0::/\n", {"cpu.max": "6400000 100000"}, 8, []),
    "version 1": (
        "9:memory:/job\n4:cpu,cpuacct:/job\n0::/\n",
        {
            "cpu,cpuacct/job/cpu.cfs_quota_us": "-1",
            "cpu,cpuacct/job/cpu.cfs_period_us": "100000",
            "cpu,cpuacct/cpu.cfs_quota_us": "500000",
            "cpu,cpuacct/cpu.cfs_period_us": "100000",
            "memory/job/memory.limit_in_bytes": "99",
        },
        5,
        [99],
    ),
    "version 2 beside version 1": ("0::/job\n", {"unified/job/cpu.max": "700000 100000"}, 7, []),
    "something else": ("nonsense\n", {"cpu.max": "what"}, 8, []),
}


@pytest.mark.parametrize(("cgroup", "files", "cores", "memory"), TREES.values(), ids=TREES)
def test_quotas_of_control_groups(
    cgroup: str, files: dict[str, str], cores: int, memory: list[int], tmp_path: Path
) -> None:
    """The tightest quota of all groups around the process holds, in whole cores; at least one is left."""
    root = tree(tmp_path, cgroup, files)
    assert machine.usable_cores(root) == cores
    assert machine.memory_limits(root) == memory
