"""Plans and runs a grid."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

import typer

from ingredients.console.terminal import terminal
from ingredients.engine.calls import results_of
from ingredients.engine.limits import grid_limits
from ingredients.engine.protocol import Job, Reported
from ingredients.errors import IngredientsError
from ingredients.experiment import SNAPSHOT_SECONDS
from ingredients.grid_run.engine_options import EngineOptions, MeasuredEngine
from ingredients.grid_run.estimate import Estimate, notices
from ingredients.grid_run.events import GridEvent
from ingredients.grid_run.jobs import Remaining, failures, grid_jobs, other_training, others_code
from ingredients.grid_run.leased_jobs import LeasedJobs
from ingredients.grid_run.on_gpus import estimate_for
from ingredients.grid_run.plan import plan_json, plan_text, state_text
from ingredients.grid_run.progress import show_progress
from ingredients.grid_run.progress_json import progress_json
from ingredients.grid_run.request import Grid, grid_of
from ingredients.grid_run.tally import Tally
from ingredients.report.shown import load_report_ahead
from ingredients.store import Leases
from ingredients.store.traces import page_trace_name
from ingredients.store.training_log import TrainingLog
from ingredients.study import Study

if TYPE_CHECKING:
    from ingredients.api.result import Result

RETRIES = 2
Watching = bool | Literal["aside", "json"] | Callable[[Tally], None]
"""How a grid is watched: shown, not shown, shown on stderr, as JSON lines on stdout, or told to a function."""


@dataclass(frozen=True)
class Plan:
    """What a grid will take; `conflict`: what its folder holds that was trained otherwise."""

    grid: Grid
    remaining: Remaining
    estimate: Estimate
    conflict: str | None

    def __str__(self) -> str:
        """Returns the plan as `ingredients plan` prints it."""
        return plan_text(self.remaining, self.grid.cells, self.grid.directory, self.conflict, self.estimate)

    @property
    def json(self) -> dict[str, Any]:
        """The plan as `ingredients plan --format json` prints it."""
        return plan_json(self.remaining, self.grid.cells, self.grid.directory, self.conflict, self.estimate)


def plan(
    study: Study,
    out: str | Path | None = None,
    *,
    cells: str | None = None,
    seeds: int | None = None,
    smoke: bool = False,
    workers: int | None = None,
    device: str = "cpu",
    quick: bool = False,
) -> Plan:
    """Returns what a grid will take; trains nothing.

    Arguments are `run_grid`'s; `quick` skips timing.

    Raises:
        UsageError: an option is wrong.
    """
    return planned(grid_of(study, smoke, seeds, cells, _path(out)), workers, device, quick, lambda step: None)


def planned(grid: Grid, workers: int | None, device: str, quick: bool, tell: Callable[[str], None]) -> Plan:
    """Returns what a grid will take; `tell` hears of slow steps."""
    conflict = other_training(grid.study, grid.directory)
    rest = grid.remaining()
    return Plan(grid, rest, estimate_for(device, rest, workers, quick, tell), conflict)


def run_grid(
    study: Study,
    out: str | Path | None = None,
    *,
    cells: str | None = None,
    seeds: int | None = None,
    smoke: bool = False,
    workers: int | None = None,
    device: str = "cpu",
    fresh: bool = False,
    progress: Watching = True,
) -> Result:
    """Trains and evaluates what is not finished, writes the report's files, and returns the results (docs/api.md).

    After an interruption the same call continues, with identical results. Workers are processes: call it under
    `if __name__ == "__main__":`.

    Args:
        study: the study.
        out: its results folder; `results/<name>` by default.
        cells: a filter, such as `memory=on,reward_observation=off`.
        seeds: how many, from the study's first.
        smoke: at smoke size.
        workers: processes; by default one per core or GPU.
        device: `cpu` or `cuda`.
        fresh: move older results aside first.
        progress: whether to show it; `aside` on stderr, `json` as the progress protocol; a function gets the grid's
            tally at every event.

    Returns:
        The results; `failed` has a line per failed run.

    Raises:
        UsageError: an option is wrong.
        StoreError: the folder cannot be used.
    """
    grid = grid_of(study, smoke, seeds, cells, _path(out))
    options = EngineOptions("local", None, workers, device, grid_limits(RETRIES, None, None))
    failed = train(grid, options, SNAPSHOT_SECONDS, fresh, progress)
    from ingredients.api.result import Result  # the command loads statistics when it reports, not when it starts

    result = Result(grid.directory, grid.study, tuple(failed))
    result.report(write=True)
    return result


def train(
    grid: Grid, options: EngineOptions, snapshot_seconds: float, fresh: bool = False, progress: Watching = True
) -> list[str]:
    """Runs what remains of a grid; returns a line for each failed run.

    Raises:
        IngredientsError: option, study or folder is wrong; nothing was trained.
    """
    silent = progress is False or callable(progress)
    engine = options.open(grid.directory / "logs")
    told = notices(grid.study)  # code of the user's own may be wrong: before anything is stored
    grid.store.open(grid.study, fresh)
    _notice(() if silent else told)
    with Leases(grid.directory) as leases, engine:
        fitted = options.fitted(engine, grid.remaining())
        stack_options = options.stack_options(engine, fitted, snapshot_seconds)
        tally = Tally(grid_jobs(fitted.rest, grid.directory, stack_options))
        if not silent:
            _begin(f"{grid.study.name}: {state_text(fitted.rest)}; results: {grid.directory}", progress)
            _notice(fitted.notices)
        load_report_ahead(options.device)
        events = LeasedJobs(fitted.rest, grid.store, leases, stack_options).run(engine)
        _watch(_logged(events, TrainingLog(grid.directory, leases)), tally, progress)
        if fitted.rest.stacks or not (grid.directory / page_trace_name(grid.study)).is_file():
            _play_for_page(engine, grid)
    return failures(fitted.rest, grid.store, tally)


def _play_for_page(engine: MeasuredEngine, grid: Grid) -> None:
    """Lets a worker play the full cell's agent, if any."""
    if not any(cell.is_full for cell in grid.cells):
        return
    job = Job("trace", "ingredients.api.trace:write_page_trace", (grid.directory,), about=others_code(grid.study))
    try:
        results_of(engine, [job])
    except IngredientsError as error:  # code of the user's own: the report can do without
        _notice([f"the report's page has no lifetimes of the full cell: {error}"])


def _logged(events: Iterable[GridEvent], log: TrainingLog) -> Iterator[GridEvent]:
    """Passes events on, and logs training's progress in the folder."""
    for event in events:
        if isinstance(event, Reported) and event.message.diagnostics:
            told = event.message
            log.add(event.job.key, told.train_step, told.train_steps, told.score, told.diagnostics)
        yield event


def _watch(events: Iterable[GridEvent], tally: Tally, progress: Watching) -> None:
    """Adds every event to the tally, and shows progress."""
    if callable(progress):
        for event in events:
            tally.add(event)
            progress(tally)
    elif progress == "json":
        for line in progress_json(events, tally):
            print(line, flush=True)
    else:
        show_progress(events, tally, terminal(aside=progress == "aside"), quiet=progress is False)


def _begin(text: str, progress: Watching) -> None:
    if progress != "json":
        typer.echo(text, err=progress == "aside")


def _notice(told: tuple[str, ...] | list[str]) -> None:
    for notice in told:
        typer.echo(f"notice: {notice}", err=True)


def _path(out: str | Path | None) -> Path | None:
    return None if out is None else Path(out).expanduser()
