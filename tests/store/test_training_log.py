"""`training.csv`: one writer a file, whole lines, a bounded number of them, whatever interrupted it."""

from __future__ import annotations

import csv
from pathlib import Path

import pandas as pd

import ingredients as ing
from ingredients.store import DIAGNOSTICS
from ingredients.store.leases import Leases
from ingredients.store.training_log import COLUMNS, MOST_LINES, TrainingLog

TOLD = dict.fromkeys(DIAGNOSTICS.names[2:], 0.25)


def steps(path: Path) -> list[int]:
    """Returns the steps of every line of a file, which must have one head."""
    with path.open(newline="") as file:
        head, *lines = csv.reader(file)
    assert tuple(head) == COLUMNS
    assert all(len(line) == len(COLUMNS) for line in lines)
    return [int(line[2]) for line in lines]


def test_a_line_is_written_for_each_part_of_the_way(tmp_path: Path) -> None:
    """A report a thousandth further is left out, one further on is there, and so is one that has gone back."""
    with Leases(tmp_path) as leases:
        log = TrainingLog(tmp_path, leases)
        for step in (0, 1000 // MOST_LINES - 1, 2, 3, 1000, 500):
            log.add("stack-1", step, 1000, 0.5, TOLD)
        log.add("stack-2", 1, 1000, None, {**TOLD, "kl": float("nan")})
    assert steps(tmp_path / "training.csv") == [0, 2, 1000, 500, 1]
    last = (tmp_path / "training.csv").read_text().splitlines()[-1].split(",")
    assert (last[1], last[4], last[COLUMNS.index("kl")]) == ("stack-2", "", "")


def test_it_goes_on_after_a_half_line(tmp_path: Path) -> None:
    """A later process appends below the head that is there; what a killed one left of a line is gone."""
    for attempt in range(2):
        with Leases(tmp_path) as leases:
            TrainingLog(tmp_path, leases).add("stack-1", 10 + attempt, 1000, 0.5, TOLD)
        with (tmp_path / "training.csv").open("a") as file:
            file.write("2026-01-01T00:00")
    with Leases(tmp_path) as leases:
        TrainingLog(tmp_path, leases).add("stack-1", 30, 1000, 0.5, TOLD)
    assert steps(tmp_path / "training.csv") == [10, 11, 30]


def test_each_process_writes_its_own_file(tmp_path: Path) -> None:
    """The second at the same time writes the second file; the first one's is free again when it has gone."""
    with Leases(tmp_path) as one, Leases(tmp_path) as other:
        names = [TrainingLog(tmp_path, leases).path.name for leases in (one, other)]
    assert names == ["training.csv", "training-2.csv"]
    with Leases(tmp_path) as one:
        assert TrainingLog(tmp_path, one).path.name == "training.csv"


def test_a_log_that_cannot_be_written_stops_nothing(tmp_path: Path) -> None:
    """Its line is left out."""
    (tmp_path / "training.csv").mkdir()
    with Leases(tmp_path) as leases:
        TrainingLog(tmp_path, leases).add("stack-1", 1, 1000, 0.5, TOLD)


def test_a_grid_writes_it_while_it_trains(small_result: ing.Result) -> None:
    """Each stack has lines with its score and its losses, and its steps rise to the end of its training."""
    told = pd.read_csv(small_result.directory / "training.csv")
    assert tuple(told) == COLUMNS
    assert told["stack"].nunique() >= 2
    for _, lines in told.groupby("stack"):
        assert lines["train_step"].is_monotonic_increasing
        assert lines["train_step"].iloc[-1] == lines["train_steps"].iloc[-1]
    assert told["score"].between(0, 1).all()
    assert told[["policy_loss", "value_loss", "entropy", "return_per_lifetime"]].notna().all(axis=None)
