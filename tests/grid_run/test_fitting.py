"""Stacks that fit in memory: cut by hand-computed needs, the same bytes in smaller stacks, and what is said."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest
from in_process import Here, program_here

from ingredients.engine.protocol import Failed, Needs
from ingredients.errors import UsageError
from ingredients.grid import cells, stacks
from ingredients.grid_run.engine_options import EngineOptions
from ingredients.grid_run.fitting import fitting, usable_memory
from ingredients.grid_run.jobs import GridPart, Remaining, StackOptions, grid_jobs, remaining
from ingredients.store import Store
from ingredients.study import Study, load_study

SMOKE = Path(__file__).parents[2] / "ablations" / "smoke.yaml"
MEMORY = {"gru": [10, 14, 18, 22, 26, 30, 34, 38]}
CHANGES = ("seeds=1", "learner.train_steps=1000", "evaluation.tasks=64", "agent.hidden=16", "learner.lifetimes=8")


def tiny() -> Study:
    """Returns sixteen cells with one seed: two stacks of eight."""
    return load_study(SMOKE, CHANGES)


def rest_of(directory: Path) -> Remaining:
    """Returns all of it, to be stored in a folder."""
    return remaining(tiny(), Store(directory).open(tiny()), cells(tiny()))


def test_what_fits_is_left_as_it_is(tmp_path: Path) -> None:
    """At exactly the budget nothing is cut and nothing said."""
    rest = rest_of(tmp_path / "result")
    fitted = fitting(rest, MEMORY, budget=38)
    assert (fitted.rest, fitted.notices) == (rest, ())
    assert set(fitted.memory_bytes.values()) == {38}


@pytest.mark.parametrize(
    ("budget", "sizes"), [(37, [4, 4]), (22, [4, 4]), (21, [2, 3, 3]), (14, [2] * 4), (10, [1] * 8)]
)
def test_what_does_not_fit_is_cut_into_the_fewest_equal_parts(budget: int, sizes: list[int], tmp_path: Path) -> None:
    """By hand: a run costs 4, and the process 6; every run is in one part, in the old order, and keys are unique."""
    rest = rest_of(tmp_path / "result")
    fitted = fitting(rest, MEMORY, budget)
    assert [len(stack.runs) for stack in fitted.rest.stacks] == sizes * 2
    assert [run for stack in fitted.rest.stacks for run in stack.runs] == [
        run for stack in rest.stacks for run in stack.runs
    ]
    assert all(need == 6 + 4 * len(stack.runs) <= budget for stack, need in fitted.memory_bytes.items())
    how = StackOptions(needs={GridPart(stack).key: Needs(size) for stack, size in fitted.memory_bytes.items()})
    jobs = grid_jobs(fitted.rest, tmp_path, how)
    assert len({job.key for job in jobs}) == len(jobs) == 1 + 2 * len(sizes)
    assert {"stack-0-part-1", "stack-1-part-2"} <= {job.key for job in jobs}
    assert max(job.needs.memory_bytes for job in jobs) == 6 + 4 * max(sizes)


def test_the_notice_says_what_was_cut_and_why(tmp_path: Path) -> None:
    """One sentence, however many stacks there are."""
    gigabytes = {"gru": [count * 10**8 for count in MEMORY["gru"]]}
    assert fitting(rest_of(tmp_path / "result"), gigabytes, 22 * 10**8).notices == (
        "memory gru: a stack of 8 runs needs 3.80 GB and a worker may have 2.20 GB, so stacks are cut to 4 runs; "
        "this takes longer and changes no number",
    )


def test_a_run_that_does_not_fit_alone_is_refused(tmp_path: Path) -> None:
    """One line says what it needs, what there is, and what to change."""
    with pytest.raises(UsageError, match=r"^memory gru: one run alone needs 0\.00 GB and .* fewer --workers"):
        fitting(rest_of(tmp_path / "result"), MEMORY, budget=9)


def curves(directory: Path, budget: int) -> bytes:
    """Returns the bytes of the curves of a stack's eight runs, trained in stacks that fit a budget of `MEMORY`."""
    one_stack = {run.cell for run in stacks(tiny())[0].runs}
    trained = replace(remaining(tiny(), Store(directory).open(tiny()), one_stack), references=False)
    rest = fitting(trained, MEMORY, budget).rest
    events = Here(1).run(grid_jobs(rest, directory, StackOptions()))
    assert not [event for event in events if isinstance(event, Failed)]
    store = Store(directory)
    store.write_table(store.curves(tiny()))
    return (directory / "curves.parquet").read_bytes()


def test_a_cut_changes_no_number(tmp_path: Path) -> None:
    """Whole, in parts of two and three, and every run alone: the same bytes."""
    whole, parts, alone = (curves(tmp_path / f"{budget}", budget) for budget in (38, 21, 10))
    assert whole == parts == alone


def test_a_place_knows_what_its_workers_may_take(tmp_path: Path) -> None:
    """On this machine they share what is free: real needs, asked of a real worker, fit or are cut by it."""
    rest = rest_of(tmp_path / "result")
    free = usable_memory()
    assert 2**20 < free < 2**50
    place = EngineOptions(workers=1)
    with place.open(tmp_path / "logs") as engine:
        fitted = place.fitted(engine, rest)
    crowded = EngineOptions(workers=free // (300 * 2**20))
    with (
        crowded.open(tmp_path / "logs") as engine,
        pytest.raises(UsageError, match=r"^memory gru: one run alone needs "),
    ):
        crowded.fitted(engine, rest)
    assert fitted.rest == rest
    assert all(10**8 < need < 10**9 for need in fitted.memory_bytes.values())


def test_run_grid_refuses_what_does_not_fit(tmp_path: Path) -> None:
    """Exit code 2 and one line, before anything is trained."""
    arguments = ("run-grid", str(SMOKE), "--workers", "1000000", "--out", "result")
    done = program_here(*arguments, cwd=tmp_path)
    assert (done.returncode, done.stdout) == (2, "")
    assert done.stderr.startswith("error: memory gru: one run alone needs ")
    assert len(done.stderr.splitlines()) == 1
    assert list((tmp_path / "result" / "runs").iterdir()) == []
