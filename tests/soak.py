"""A grid that is killed at random moments and goes on each time: does it end as one that was left alone?

`make soak`, or `python -m tests.soak --kills 20 --seed 0`. Prints what it did; exit code 1 where a byte differs.

The program is killed with SIGKILL, so nothing is tidied up; its workers end with it. Start-up, training, evaluation,
storing and the report are all met. A grid that ends before there were kills enough is followed by another.
"""

from __future__ import annotations

import argparse
import filecmp
import random
import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

import psutil
from command import command_line, environment

LONGEST = 0.6  # that it is left alone, of what the undisturbed grid takes
IN_TRAINING = 0.6  # of the kills wait for a first snapshot: on a busy machine most others meet a program that starts
SHARE_IN_TRAINING = 0.25  # of the longest, for those: training is a part of what a grid takes
COMPARED = ("curves.parquet", "curves.csv", "references.json", "report.json")
# two stacks, of two kinds of memory
STUDY = """
name: survival
tasks: {family: bernoulli-bandit, arms: 2, episodes: 6}
ingredients:
  reward_observation: [off, on]
  action_observation: [on]
  memory: [on, lstm]
  task_distribution: [on]
seeds: 2
agent: {hidden: 16}
learner: {train_steps: TRAIN_STEPS, lifetimes: 8, minibatches: 2}
evaluation: {tasks: 64, points: 4, tasks_at_points: 16}
"""


@dataclass(frozen=True)
class Life:
    """One life of the program.

    Attributes:
        code: its exit code; negative where it was killed.
        last_line: the last that it said.
        going_on: how many stacks it found snapshots of, and went on from them.
        finished: the runs that are finished on the disk.
        snapshots: the stacks in training that have left one.
    """

    code: int
    last_line: str
    going_on: int
    finished: int
    snapshots: int


def live(directory: Path, arguments: Sequence[str], seconds: float | None = None, in_training: bool = False) -> Life:
    """Starts the grid, or goes on with it; kills it after so many seconds, if it has not ended by then.

    Args:
        directory: the results folder.
        arguments: the other arguments of `run-grid`.
        seconds: until it is killed; None: it is left alone.
        in_training: whether they count from the first snapshot that it makes, not from its start.
    """
    before = _snapshots(directory)
    said = directory.with_name(f"{directory.name}.txt")
    command = command_line("run-grid", *arguments, "--out", str(directory))
    with said.open("w") as output:
        process = subprocess.Popen(command, stdout=output, stderr=output, env=environment())
        workers: list[psutil.Process] = []
        while in_training and process.poll() is None and not _snapshots(directory) - before:
            time.sleep(0.02)
        try:
            process.wait(seconds)
        except subprocess.TimeoutExpired:
            workers = psutil.Process(process.pid).children(recursive=True)
            process.kill()
        code = process.wait()
    _, alive = psutil.wait_procs(workers, timeout=20)
    assert not alive, f"workers outlived the program: {alive}"
    lines = said.read_text().splitlines() or ["nothing"]
    going_on = sum("goes on from its snapshot" in line for line in lines)
    finished = len(list(directory.glob("runs/[!.]*/finished")))
    return Life(code, lines[-1], going_on, finished, len(_snapshots(directory)))


def _snapshots(directory: Path) -> set[tuple[str, int]]:
    """Returns the snapshots on the disk and when each was made."""
    found = set()
    for path in directory.glob("snapshots/*.safetensors"):
        with suppress(FileNotFoundError):  # its runs have just been stored
            found.add((path.name, path.stat().st_mtime_ns))
    return found


def differing(whole: Path, other: Path) -> list[str]:
    """Returns the files of a result that are not those of another, byte by byte."""
    return [name for name in COMPARED if not filecmp.cmp(whole / name, other / name, shallow=False)]


def soak(directory: Path, arguments: Sequence[str], kills: int, draw: random.Random) -> list[str]:
    """Runs a grid undisturbed, and as many as it takes to be killed so often; returns the files that differ."""
    began, whole = time.monotonic(), directory / "undisturbed"
    assert live(whole, arguments).code == 0
    took = time.monotonic() - began
    print(f"undisturbed: {took:.1f} s", flush=True)
    killed, grids = 0, [directory / "grid-1"]
    while killed < kills:
        in_training = draw.random() < IN_TRAINING
        seconds = draw.uniform(0, LONGEST * took) * (SHARE_IN_TRAINING if in_training else 1)
        life = live(grids[-1], arguments, seconds, in_training)
        killed += life.code < 0
        what = f"kill {killed:2}" if life.code < 0 else "it ended"
        since = "its first snapshot" if in_training else "its start"
        print(
            f"{grids[-1].name}: {what}, {seconds:4.1f} s after {since}; went on with {life.going_on} stacks; left"
            f" {life.finished:2} runs and {life.snapshots} snapshots; last said: {life.last_line}",
            flush=True,
        )
        if life.code >= 0:
            assert life.code == 0, life
            grids.append(directory / f"grid-{len(grids) + 1}")
    life = live(grids[-1], arguments)
    print(f"{grids[-1].name}: left alone; went on with {life.going_on} stacks; exit code {life.code}", flush=True)
    return [f"{grid.name}/{name}" for grid in grids for name in differing(whole, grid)]


def main(words: Sequence[str]) -> int:
    """Soaks in a temporary folder and says how it went."""
    parser = argparse.ArgumentParser(prog="soak")
    parser.add_argument("--kills", type=int, default=20)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--train-steps", type=int, default=20_000)
    options = parser.parse_args(words)
    began = time.monotonic()
    with tempfile.TemporaryDirectory() as directory:
        study = Path(directory) / "survival.yaml"
        study.write_text(STUDY.replace("TRAIN_STEPS", str(options.train_steps)))
        arguments = (str(study), "--workers", "2", "--snapshot-every", "0.2s")
        different = soak(Path(directory), arguments, options.kills, random.Random(options.seed))
    print(f"{', '.join(COMPARED)}: {'DIFFERENT: ' + ', '.join(different) if different else 'identical'}")
    print(f"{options.kills} kills, seed {options.seed}, {time.monotonic() - began:.0f} s")
    return 1 if different else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
