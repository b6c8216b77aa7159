"""What the surroundings may say or do: homes, encodings, colours, backends, Ctrl-C; and help as it was written."""

from __future__ import annotations

import io
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest
import typer
from command import command_line, environment, program
from synthetic import bandit_study, write_results
from typer.testing import CliRunner

from cli import app
from ingredients.console.terminal import user_path
from ingredients.errors import StudyError
from ingredients.report.build import Report, build_report
from ingredients.report.shown import Format, show

COMMANDS = typer.main.get_command(app).commands  # type: ignore[attr-defined]
PATHS = [
    (name, parameter)
    for name, command in COMMANDS.items()
    for parameter in command.params
    if "Path" in str(parameter.type_descriptor.annotation)
]


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Returns a results folder of two cells."""
    directory = tmp_path_factory.mktemp("made") / "bandit"
    one = {name: [True] for name in ("reward_observation", "action_observation", "task_distribution")}
    write_results(directory, bandit_study(seeds=2, ingredients=one))
    return directory


@pytest.fixture(scope="module")
def report(folder: Path) -> Report:
    """Returns its report."""
    return build_report(folder)


# Paths


@pytest.mark.parametrize(("name", "parameter"), PATHS, ids=lambda each: getattr(each, "name", each))
def test_every_path_is_read_as_a_users(name: str, parameter: typer.core.TyperOption) -> None:
    """Each argument and option that is a path goes through the one reader of paths; a new one must, too."""
    assert parameter.type_descriptor.parameter_info.parser is user_path, name


def test_a_home_is_a_home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """`--out='~/x'` reaches the program with its tilde, and no folder of that name is made."""
    monkeypatch.setenv("HOME", str(tmp_path))
    assert user_path("~/x") == tmp_path / "x"
    assert user_path("x/~") == Path("x/~")
    monkeypatch.chdir(tmp_path)
    for arguments in (["plan", "~/s.yaml"], ["run-grid", "~/s.yaml", "--out=~/x"], ["report", "~/s.yaml"]):
        refused = CliRunner().invoke(app, arguments)
        assert (refused.exit_code, refused.stderr.count("\n")) == (2, 1)
        assert str(tmp_path / "s.yaml") in refused.stderr
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("text", ["", "~no-such-user/x"])
def test_a_path_that_means_nothing_is_refused(text: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """An empty one would be the current folder, and the home of nobody a folder with a tilde in its name."""
    monkeypatch.chdir(tmp_path)
    refused = CliRunner().invoke(app, ["run-grid", "smoke", f"--out={text}"])
    assert (refused.exit_code, refused.stdout, refused.stderr.count("\n")) == (2, "", 1)
    assert list(tmp_path.iterdir()) == []


# Streams


@pytest.mark.parametrize("format_", list(Format))
@pytest.mark.parametrize("encoding", ["ascii", "latin-1", "cp1252", "utf-8"])
def test_every_format_can_be_written_in_every_encoding(
    encoding: str, format_: Format, report: Report, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What has no character there is replaced; a page of HTML loses nothing, and says UTF-8 rightly."""
    content = io.BytesIO()
    monkeypatch.setattr(sys, "stdout", io.TextIOWrapper(content, encoding))
    from ingredients.console.terminal import make_writable

    make_writable()
    show([report], format_)
    sys.stdout.flush()
    written = content.getvalue()
    assert "bandit" in written.decode(encoding)
    if format_ is Format.html:
        assert written.decode("utf-8").count("<svg") == report.html.count("<svg")


@pytest.mark.parametrize("format_", list(Format))
def test_every_format_can_be_written_to_a_string(
    format_: Format, report: Report, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A program's own stream has no encoding, and takes every character."""
    monkeypatch.setattr(sys, "stdout", content := io.StringIO())
    show([report], format_)
    assert "bandit" in content.getvalue()


def test_a_notebooks_surroundings(folder: Path) -> None:
    """A backend that is not installed, an old encoding and forced colours: pictures, text, and no escape in a file."""
    told = {"MPLBACKEND": "module://no_such.backend_inline", "PYTHONIOENCODING": "latin-1"}
    figure = folder / "figures" / "adaptation.png"
    figure.unlink(missing_ok=True)
    told |= dict.fromkeys(("FORCE_COLOR", "TTY_COMPATIBLE", "TTY_INTERACTIVE"), "1")
    drawn = "import one_picture; one_picture.draw_one_picture(setattr, 'adaptation')"
    said = program("report", str(folder), cwd=folder, begins=drawn, **told)
    assert (said.returncode, said.stderr) == (0, "")
    assert "\x1b" not in said.stdout
    assert figure.exists()


# Ctrl-C


def test_ctrl_c_is_one_line_from_the_first_import_on(folder: Path) -> None:
    """While modules are loaded, while commands are made, while the report's packages are: exit code 130."""
    for delay in (0.4, 1.1, 1.8, 2.5):
        process = subprocess.Popen(
            command_line("report", str(folder)),
            env=environment(),
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            preexec_fn=lambda: signal.signal(signal.SIGINT, signal.SIG_DFL) and None,
        )
        time.sleep(delay)
        process.send_signal(signal.SIGINT)
        _, said = process.communicate(timeout=200)
        assert (process.returncode, said) in [(130, "interrupted\n"), (0, "")]


# Help and mistakes


@pytest.mark.parametrize("name", COMMANDS)
@pytest.mark.parametrize("columns", ["40", "200"])
def test_examples_are_kept_as_they_were_written(name: str, columns: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """Every line of the examples stands in the help whatever the width, and no type of Python's beside an argument."""
    monkeypatch.setenv("COLUMNS", columns)
    shown = CliRunner().invoke(app, [name, "--help"]).stdout
    written = [line for line in COMMANDS[name].epilog.splitlines() if line not in ("", "\b")]
    assert len(written) > 1
    assert [line for line in written if f"  {line}" not in shown.splitlines()] == []
    assert not [word for word in ("list[", "<path>", "Path", "[[") if word in shown]


def test_several_mistakes_are_all_said(tmp_path: Path) -> None:
    """One a line, each with its key; what is missing because its key was mistyped is no mistake of its own."""
    path = tmp_path / "s.yaml"
    path.write_text("name: s\ntasks: {family: bernoulli-bandit, armz: 2, episodes: 0}\ningredients: {}\nseeds: none\n")
    said = CliRunner().invoke(app, ["plan", str(path)])
    assert said.exit_code == 2
    keys = [line.partition(f"error: {path}: ")[2].partition(":")[0] for line in said.stderr.splitlines()]
    assert keys == ["tasks.armz", "tasks.episodes", "seeds"]
    assert StudyError("a\nb").lines == ("a", "b")
