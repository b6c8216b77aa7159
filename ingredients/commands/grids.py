"""The commands `plan`, `check`, `run-grid` and `bench`."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Annotated, Literal

import typer

from ingredients.api.grid import Watching, planned, train
from ingredients.commands.formats import Printed, PrintedOption, ProgressFormat, ProgressOption, say
from ingredients.console.options import (
    CellsOption,
    Device,
    DeviceOption,
    MemoryOption,
    OutOption,
    RetriesOption,
    SeedsOption,
    SetOption,
    SmokeOption,
    SnapshotOption,
    StudyArgument,
    TimeoutOption,
    WorkersOption,
)
from ingredients.console.terminal import (
    EXIT_FAILED_RUNS,
    as_json,
    examples,
    fail,
    interrupted_later,
    terminal,
    working,
)
from ingredients.engine.limits import grid_limits, seconds_in
from ingredients.engine.local import interruptible
from ingredients.errors import IngredientsError, InterruptedGridError, UnwritableError, UsageError
from ingredients.experiment import SNAPSHOT_SECONDS
from ingredients.grid_run.bench_text import bench_text
from ingredients.grid_run.engine_options import EngineOptions
from ingredients.grid_run.estimate import checked
from ingredients.grid_run.on_gpus import bench_for
from ingredients.grid_run.plan import contact_json, contact_text
from ingredients.grid_run.progress_json import json_line
from ingredients.grid_run.request import Grid, ask_about, ask_for, interruption
from ingredients.study import DEFAULT_STUDY

PLAN_EXAMPLES = examples(
    "ingredients plan",
    "ingredients plan --seeds 10 --cells memory=on",
    "ingredients plan --quick",
)
CHECK_EXAMPLES = examples(
    "ingredients check CartPole-v1",
    "ingredients check CartPole-v1 --set 'tasks.vary={gravity: [5, 15]}'",
    "ingredients check my_env.py:MyEnv",
    "ingredients check own:my_tasks:Guess --set tasks.numbers=5",
)
RUN_GRID_EXAMPLES = examples(
    "ingredients run-grid",
    "ingredients run-grid ablations/smoke.yaml",
    "ingredients run-grid ablations/bandit.yaml --seeds 10",
    "ingredients run-grid --cells memory=on,reward_observation=on --workers 2",
    "ingredients run-grid --set tasks.arms=10 --set learner.train_steps=1e6 --out results/ten-arms",
    "ingredients run-grid --engine ray --address auto",
    "ingredients run-grid --progress json                       progress for programs: one object per line",
)
BENCH_EXAMPLES = examples("ingredients bench", "ingredients bench --format json")


def plan(
    study: StudyArgument = Path(DEFAULT_STUDY),
    out: OutOption = None,
    seeds: SeedsOption = None,
    cells: CellsOption = None,
    workers: WorkersOption = None,
    device: DeviceOption = Device.cpu,
    set_: SetOption = None,
    smoke: SmokeOption = False,
    quick: Annotated[bool, typer.Option("--quick", help="Skip the timing of the training speed.")] = False,
    format_: PrintedOption = Printed.table,
) -> None:
    """Show what a study will take, without training it.

    Shows cells, runs, stacks, the learner's numbers, what is finished already, memory and time. The time is estimated
    from two seconds of training. For environments of your own it also shows what varies between tasks, and whether the
    study can reach verdicts.
    """
    grid = ask_for(study, set_ or [], smoke, seeds, cells, out)
    with working() as tell:
        made = planned(grid, workers, device, quick, tell)
    say(format_, str(made), made.json)


def check(
    environment: Annotated[
        str,
        typer.Argument(
            metavar="ENV", help="A Gymnasium id, module:Class, file.py:Class, or own:module:Class for own tasks."
        ),
    ],
    set_: SetOption = None,
    format_: PrintedOption = Printed.table,
) -> None:
    """Try an environment, or tasks of your own, for some seconds, without training.

    Shows observations and actions, what varies between tasks and resets, whether two resets with one seed agree, the
    return of random play, and the speed. Says whether a study on it can reach verdicts, and what to run next.
    """
    study, folder = ask_about(environment, set_ or [])
    with working():
        seen = checked(study)
    say(format_, contact_text(study, folder, seen), contact_json(study, folder, seen))


def run_grid(
    study: StudyArgument = Path(DEFAULT_STUDY),
    out: OutOption = None,
    seeds: SeedsOption = None,
    cells: CellsOption = None,
    workers: WorkersOption = None,
    device: DeviceOption = Device.cpu,
    engine: Annotated[
        Literal["local", "ray"], typer.Option(help="What runs the stacks: this machine, or Ray.")
    ] = "local",
    address: Annotated[
        str | None, typer.Option("--address", metavar="auto|HOST:PORT", help="Ray cluster [default: start one here].")
    ] = None,
    retries: RetriesOption = 2,
    stack_timeout: TimeoutOption = None,
    memory_limit: MemoryOption = None,
    snapshot_every: SnapshotOption = f"{SNAPSHOT_SECONDS:g}s",
    set_: SetOption = None,
    smoke: SmokeOption = False,
    fresh: Annotated[bool, typer.Option("--fresh", help="Move older results aside and start again.")] = False,
    quiet: Annotated[bool, typer.Option("--quiet", help="Print errors only.")] = False,
    progress: ProgressOption = ProgressFormat.text,
    format_: PrintedOption = Printed.table,
) -> None:
    """Train and evaluate every run that is not finished, then write the report.

    A run is one cell with one seed. After an interruption the same command continues: stacks in training resume from
    their last snapshot, with identical results. With --format json, stdout has the report alone and progress goes to
    stderr. With --progress json, stdout has one object per line, and the last one holds the report.
    """
    if set_ and out is None:
        raise UsageError("--set changes the study, so its results need a folder of their own: give --out DIR")
    grid = ask_for(study, set_ or [], smoke, seeds, cells, out)
    limits = grid_limits(retries, stack_timeout, memory_limit)
    every = seconds_in(snapshot_every, "--snapshot-every")
    where = EngineOptions(engine, address, workers, device, limits)
    watching = watched(quiet, progress, format_)
    try:
        with interruptible():
            failed = train(grid, where, every, fresh, watching)
            unreported = conclude(grid, watching, format_, failed)
    except KeyboardInterrupt:
        raise InterruptedGridError(interruption(grid, sys.argv[1:])) from None
    for line in failed:
        fail(line)
    raise unreported or typer.Exit(EXIT_FAILED_RUNS if failed else 0)


def watched(quiet: bool, progress: ProgressFormat, format_: Printed) -> Watching:
    """Returns how a grid is watched, by the options."""
    if quiet:
        return False
    if progress is ProgressFormat.json:
        return "json"
    return "aside" if format_ is Printed.json else True


def conclude(grid: Grid, watching: Watching, format_: Printed, failed: list[str]) -> IngredientsError | None:
    """Writes and prints the report; returns why it could not be written."""
    with interrupted_later():  # scipy and matplotlib take their time
        from ingredients.report.build import build_report

    try:
        result = build_report(grid.directory)
    except IngredientsError as error:
        return error
    if watching == "json":
        print(json_line("end", results=str(grid.directory), failed=failed, report=result.json))
    elif format_ is Printed.json:
        typer.echo(as_json(result.json))
    elif watching:
        terminal().print(result.terminal())
    return UnwritableError(result.unwritten) if result.unwritten else None


def bench(
    format_: PrintedOption = Printed.table,
    workers: WorkersOption = None,
    device: DeviceOption = Device.cpu,
) -> None:
    """Measure the training speed on a fixed workload, on all cores. Takes a minute.

    5 arms x 100 pulls, GRU 64, 16 runs x 32 lifetimes in each worker, 4 epochs x 4 minibatches; then other sizes.
    """
    result = bench_for(device, workers)
    say(format_, bench_text(result), vars(result))
