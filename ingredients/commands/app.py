"""The program `ingredients`: its commands, and Ctrl-C before any runs."""

from __future__ import annotations

from ingredients.at_once import AtOnce

with AtOnce():
    from functools import cached_property
    from typing import Annotated, Any

    import typer

    from ingredients.audit.command import EXAMPLES, audit
    from ingredients.commands import grids, reports, results, studies
    from ingredients.console.terminal import PlainCommand, PlainErrors, examples
    from ingredients.store.versions import DISTRIBUTION, installed


class App(typer.Typer):
    """The command; from the first import on, Ctrl-C ends it in one line."""

    def __call__(self, *args: Any, **named: Any) -> Any:  # noqa: ANN401 - Typer's own
        """Runs the typed command."""
        with AtOnce():
            command = self.command_line
        return command(*args, **named)

    @cached_property
    def command_line(self) -> Any:  # noqa: ANN401 - Typer's own
        """The commands as Typer reads them, which takes as long as a small command."""
        return typer.main.get_command(self)


app = App(
    cls=PlainErrors,
    help="Which ingredients does in-context reinforcement learning need? Train a grid of ablations and judge it.",
    epilog=examples("ingredients plan", "ingredients run-grid ablations/bandit.yaml", "ingredients report"),
    context_settings={"help_option_names": ["-h", "--help"]},
    invoke_without_command=True,
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


app.command(cls=PlainCommand, epilog=grids.PLAN_EXAMPLES)(grids.plan)
app.command(cls=PlainCommand, epilog=grids.CHECK_EXAMPLES)(grids.check)
app.command("run-grid", cls=PlainCommand, epilog=grids.RUN_GRID_EXAMPLES)(grids.run_grid)
app.command(cls=PlainCommand, epilog=reports.REPORT_EXAMPLES)(reports.report)
app.command(cls=PlainCommand, epilog=grids.BENCH_EXAMPLES)(grids.bench)
app.command(cls=PlainCommand, epilog=EXAMPLES)(audit)
app.command(cls=PlainCommand, epilog=results.TRACE_EXAMPLES)(results.trace)
app.command(cls=PlainCommand, epilog=results.EXPORT_EXAMPLES)(results.export)
app.command(cls=PlainCommand, epilog=studies.STUDIES_EXAMPLES)(studies.studies)
app.command(cls=PlainCommand, epilog=studies.NEW_EXAMPLES)(studies.new)
app.command(cls=PlainCommand, epilog=studies.SCHEMA_EXAMPLES)(studies.schema)
