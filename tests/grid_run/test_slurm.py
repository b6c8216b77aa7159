"""Grids as jobs of Slurm: docs/slurm.sh, several at once on one folder, one of which meets its time limit."""

from __future__ import annotations

import os
import shlex
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import pytest
from command import LITTLE, ROOT, environment

SCRIPT = ROOT / "docs" / "slurm.sh"
STUDY = """
name: jobs
tasks: {family: bernoulli-bandit, arms: 2, episodes: 8}
ingredients: {reward_observation: [on], action_observation: [on], memory: [on], task_distribution: [on]}
seeds: 2
agent: {hidden: 16}
learner: {train_steps: 12_000, lifetimes: 8}
evaluation: {tasks: 32, points: 2, tasks_at_points: 8, reactive_agents: 0}
"""


@pytest.fixture
def cluster(tmp_path: Path) -> Path:
    """Returns a folder with a study and programs as a node has them; `scontrol` takes down what it was asked."""
    programs = tmp_path / "bin"
    programs.mkdir()
    program = f"{LITTLE}; from cli import app; app()"
    door = f'exec {shlex.quote(sys.executable)} -c {shlex.quote(program)} "$@"\n'
    for name, does in {"ingredients": door, "scontrol": f'echo "$@" >> {tmp_path}/asked\n'}.items():
        (programs / name).write_text(f"#!/bin/sh\n{does}")
        (programs / name).chmod(0o755)
    (tmp_path / "jobs.yaml").write_text(STUDY)
    return tmp_path


def job(cluster: Path, number: int) -> subprocess.Popen[str]:
    """Starts a job of the array on the folder that all share."""
    around = environment() | {
        "PATH": f"{cluster / 'bin'}{os.pathsep}{os.environ['PATH']}",
        "SLURM_JOB_ID": str(number),
        "SLURM_CPUS_PER_TASK": "1",
    }
    with (cluster / f"job-{number}.log").open("a") as log:
        return subprocess.Popen(
            ["sh", str(SCRIPT), "jobs.yaml", "results/jobs", "--snapshot-every", "0.05s"],
            cwd=cluster,
            env=around,
            stdout=log,
            stderr=log,
            text=True,
            preexec_fn=lambda: signal.signal(signal.SIGTERM, signal.SIG_DFL) and None,
        )


def until(condition: Callable[[], object]) -> None:
    """Waits for something to be on the disk."""
    deadline = time.monotonic() + 300
    while not condition():
        assert time.monotonic() < deadline
        time.sleep(0.01)


def test_jobs_share_a_grid_and_one_at_its_limit_is_run_again(cluster: Path) -> None:
    """Two at once: the first to be in training is stopped and asks to be run again; the other ends all that is left."""
    results = cluster / "results" / "jobs"
    first, other = job(cluster, 11), job(cluster, 12)
    try:
        until(lambda: list(results.glob("snapshots/*")))
        first.send_signal(signal.SIGTERM)  # as `--signal B:TERM@120` does
        assert first.wait(timeout=120) == 0, (cluster / "job-11.log").read_text()
        assert (cluster / "asked").read_text() == "requeue 11\n"
        assert other.wait(timeout=300) == 0, (cluster / "job-12.log").read_text()
    finally:
        first.kill()
        other.kill()
    assert len(list(results.glob("runs/*/finished"))) == 2
    assert (results / "report.json").is_file()
    assert (cluster / "asked").read_text() == "requeue 11\n"


def test_a_job_without_its_arguments_says_what_it_needs() -> None:
    """One line, exit code 2."""
    said = subprocess.run(["sh", str(SCRIPT)], capture_output=True, text=True, check=False)
    assert (said.returncode, said.stderr.startswith("usage: sbatch")) == (2, True)


def test_the_container_copies_what_the_package_is_made_of() -> None:
    """Every file that it copies is there, and the base image is the user's choice."""
    text = (ROOT / "Containerfile").read_text()
    copied = [word for line in text.splitlines() if line.startswith("COPY ") for word in line.split()[1:-1]]
    assert {"pyproject.toml", "constraints.txt", "ingredients", "ablations"} <= set(copied)
    assert all((ROOT / name).exists() for name in copied)
    assert "ARG BASE=python:" in text
