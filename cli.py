"""The command `ingredients`: parse, call, print (docs/design.md §9).

Messages of errors go to stderr, one plain line each, never wrapped; everything else goes to stdout.
Exit codes: 0 done; 1 some runs failed; 2 the command or the study is wrong, or the folder cannot be used as it is; 3 a
verdict is not as expected; 130 interrupted.
"""

from __future__ import annotations

import os
import signal


class AtOnce:
    """Ends the process with one line where Ctrl-C comes in the `with`: nothing is at stake while modules are loaded.

    It stands before all other imports and needs none of them. Where Ctrl-C is ignored (`nohup`, a job in the background
    of a script) it stays so, and so it does in a thread, which cannot hear it.
    """

    def __enter__(self) -> None:
        self.before = signal.getsignal(signal.SIGINT)
        if self.before is not signal.SIG_IGN:
            self._hear(self._stop)

    def __exit__(self, *raised: object) -> None:
        self._hear(self.before)

    @staticmethod
    def _hear(how: Any) -> None:  # noqa: ANN401 - what `signal` takes and gives
        try:
            signal.signal(signal.SIGINT, how)
        except ValueError:  # not in the main thread
            return

    @staticmethod
    def _stop(number: int, frame: object) -> None:
        os.write(2, b"interrupted\n")
        os._exit(130)


with AtOnce():
    import json
    import sys
    from pathlib import Path
    from typing import Annotated, Any, Literal

    import typer

    from ingredients.api import commands
    from ingredients.api.grid import planned, train
    from ingredients.audit.command import EXAMPLES, audit
    from ingredients.console.options import (
        CellsOption,
        Device,
        DeviceOption,
        ExpectOption,
        IndexOption,
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
        EXIT_UNEXPECTED,
        PlainCommand,
        PlainErrors,
        examples,
        fail,
        interrupted_later,
        terminal,
        user_path,
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
    from ingredients.grid_run.plan import contact_text
    from ingredients.grid_run.request import Grid, ask_about, ask_for, interruption
    from ingredients.report.shown import Format, default_folder, expected_of, refuse_several, show, unexpected
    from ingredients.store.versions import DISTRIBUTION, installed
    from ingredients.study import DEFAULT_STUDY


class App(typer.Typer):
    """The command, which Ctrl-C ends in one line from the first import on."""

    def __call__(self, *args: Any, **named: Any) -> Any:  # noqa: ANN401 - Typer's own
        """Makes the commands and runs the one that was typed."""
        with AtOnce():
            command = typer.main.get_command(self)
        return command(*args, **named)


app = App(
    cls=PlainErrors,
    help="Which ingredients does in-context reinforcement learning need? Train a grid of ablations and judge it.",
    epilog=examples("ingredients plan", "ingredients run-grid ablations/bandit.yaml", "ingredients report"),
    context_settings={"help_option_names": ["-h", "--help"]},
    invoke_without_command=True,
    add_completion=False,
    rich_markup_mode=None,
    pretty_exceptions_enable=False,
)


@app.callback()
def main(
    context: typer.Context,
    version: Annotated[bool, typer.Option("--version", help="Print the version.")] = False,
) -> None:
    """Prints the version, or the help where no command is given."""
    if version:
        typer.echo(f"ingredients {installed(DISTRIBUTION)}")
    elif context.invoked_subcommand is None:
        typer.echo(context.get_help())
    else:
        return
    raise typer.Exit


@app.command(
    cls=PlainCommand,
    epilog=examples(
        "ingredients plan",
        "ingredients plan --seeds 10 --cells memory=on",
        "ingredients plan --quick",
    ),
)
def plan(
    study: StudyArgument = Path(DEFAULT_STUDY),
    out: OutOption = None,
    seeds: SeedsOption = None,
    cells: CellsOption = None,
    workers: WorkersOption = None,
    device: DeviceOption = Device.cpu,
    set_: SetOption = None,
    smoke: SmokeOption = False,
    quick: Annotated[bool, typer.Option("--quick", help="Time nothing: cells, runs, memory and checks.")] = False,
) -> None:
    """Show what a grid will take; train nothing.

    Cells, runs, stacks, memory and time, the last from a timing of two seconds; and what is finished already. Of tasks
    that are not ours also what varies, what does not, and whether the study can end in verdicts.
    """
    grid = ask_for(study, set_ or [], smoke, seeds, cells, out)
    with working() as tell:
        made = planned(grid, workers, device, quick, tell)
    typer.echo(str(made))


@app.command(
    cls=PlainCommand,
    epilog=examples(
        "ingredients check CartPole-v1",
        "ingredients check CartPole-v1 --set 'tasks.vary={gravity: [5, 15]}'",
        "ingredients check my_env.py:MyEnv",
        "ingredients check own:my_tasks:Guess --set tasks.numbers=5",
    ),
)
def check(
    environment: Annotated[
        str, typer.Argument(metavar="ENV", help="An id of Gymnasium's, module:Class or file.py:Class; own: your tasks.")
    ],
    set_: SetOption = None,
) -> None:
    """Try an environment or tasks of your own in seconds; train nothing.

    What is seen and done, what varies between tasks and resets, two resets with one seed, what random play earns,
    speed, whether a study on it can end in verdicts, and what to run next.
    """
    study, folder = ask_about(environment, set_ or [])
    with working():
        seen = checked(study)
    typer.echo(contact_text(study, folder, seen))


@app.command(
    "run-grid",
    cls=PlainCommand,
    epilog=examples(
        "ingredients run-grid",
        "ingredients run-grid ablations/smoke.yaml",
        "ingredients run-grid ablations/bandit.yaml --seeds 10",
        "ingredients run-grid --cells memory=on,reward_observation=on --workers 2",
        "ingredients run-grid --set tasks.arms=10 --set learner.train_steps=1e6 --out results/ten-arms",
        "ingredients run-grid --engine ray --address auto",
    ),
)
def run_grid(
    study: StudyArgument = Path(DEFAULT_STUDY),
    out: OutOption = None,
    seeds: SeedsOption = None,
    cells: CellsOption = None,
    workers: WorkersOption = None,
    device: DeviceOption = Device.cpu,
    engine: Annotated[Literal["local", "ray"], typer.Option(help="Where stacks execute.")] = "local",
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
) -> None:
    """Train and evaluate what is not finished; end with the report.

    Every cell with every seed. Interrupted, the same command goes on with what is missing: stacks that were in training
    from their last snapshot, to the same bits.
    """
    if set_ and out is None:
        raise UsageError("--set changes the study, so its results need a folder of their own: give --out DIR")
    grid = ask_for(study, set_ or [], smoke, seeds, cells, out)
    limits, every = grid_limits(retries, stack_timeout, memory_limit), seconds_in(snapshot_every, "--snapshot-every")
    with interruptible():
        try:
            failed = train(grid, EngineOptions(engine, address, workers, device, limits), every, fresh, not quiet)
            unreported = conclude(grid, quiet)
        except KeyboardInterrupt:
            raise InterruptedGridError(interruption(grid, sys.argv[1:])) from None
    for line in failed:
        fail(line)
    raise unreported or typer.Exit(EXIT_FAILED_RUNS if failed else 0)


@app.command(
    cls=PlainCommand,
    epilog=examples(
        "ingredients report",
        "ingredients report results/bandit --format json",
        "ingredients report results/bandit results/ten-arms        side by side",
        "ingredients report results/bandit --expect expected.yaml   exit code 3 if a verdict differs",
        "ingredients report results --index                         a page that opens all reports in results/",
        "",
        "expected.yaml, a key as for --cells, or a cell in the report's words, or all; a verdict or a list of them:",
        "  reward_observation=on,action_observation=on,memory=on,task_distribution=on: in-context",
        "  all but memory: reactive",
        "  reward_observation=off: [none, undecided]",
    ),
)
def report(
    directories: Annotated[
        list[Path] | None,
        typer.Argument(metavar="RESULT_DIR", parser=user_path, help="Results folders [default: results/bandit]."),
    ] = None,
    format_: Annotated[Format, typer.Option("--format", help="How to print it.")] = Format.table,
    expect: ExpectOption = None,
    index: IndexOption = False,
) -> None:
    """Compare the adaptation curves of stored results.

    Judge the stored runs again and rewrite the report's files. With several folders, compare what they say.
    """
    with interrupted_later():
        from ingredients.report.build import build_report
        from ingredients.report.index import write_index
        from ingredients.report.side import published

    folders = directories or [default_folder()]
    refuse_several(folders, format_, expect, index)
    if index:
        typer.echo(write_index(folders[0]))
        return
    expected = None if expect is None else expected_of(folders[0], expect)
    reports = [published(directory) or build_report(directory) for directory in folders]
    for unwritten in (report.unwritten for report in reports if report.unwritten):
        typer.echo(f"warning: {unwritten}", err=True)
    differing = None if expected is None else unexpected(reports[0], expected)
    show(reports, format_)
    for line in differing or ():
        fail(line)
    if differing == []:
        typer.echo(f"as expected: every verdict that {expect} names", err=True)
    raise typer.Exit(EXIT_UNEXPECTED if differing else 0)


@app.command(cls=PlainCommand, epilog=examples("ingredients bench", "ingredients bench --json"))
def bench(
    as_json: Annotated[bool, typer.Option("--json", help="Print one JSON object.")] = False,
    workers: WorkersOption = None,
    device: DeviceOption = Device.cpu,
) -> None:
    """Time training on a fixed workload, on all cores: a minute.

    5 arms x 100 pulls, GRU 64, 16 runs x 32 lifetimes in each worker, 4 epochs x 4 minibatches; then other sizes.
    """
    result = bench_for(device, workers)
    typer.echo(json.dumps(vars(result), indent=2) if as_json else bench_text(result))


app.command(cls=PlainCommand, epilog=EXAMPLES)(audit)
app.command(cls=PlainCommand, epilog=commands.TRACE_EXAMPLES)(commands.trace)
app.command(cls=PlainCommand, epilog=commands.EXPORT_EXAMPLES)(commands.export)
app.command(cls=PlainCommand, epilog=commands.STUDIES_EXAMPLES)(commands.studies)
app.command(cls=PlainCommand, epilog=commands.NEW_EXAMPLES)(commands.new)
app.command(cls=PlainCommand, epilog=commands.SCHEMA_EXAMPLES)(commands.schema)


def conclude(grid: Grid, quiet: bool) -> IngredientsError | None:
    """Writes the report and prints it; returns why it could not be, if it could not."""
    with interrupted_later():  # scipy and matplotlib take their time
        from ingredients.report.build import build_report

    try:
        result = build_report(grid.directory)
    except IngredientsError as error:
        return error
    if not quiet:
        terminal().print(result.terminal())
    return UnwritableError(result.unwritten) if result.unwritten else None


if __name__ == "__main__":
    app()
