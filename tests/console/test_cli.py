"""The command line without training: help, mistakes, plan; what is printed, and how it exits."""

from __future__ import annotations

import inspect
import re
from pathlib import Path

import pytest
from command import without_torch
from in_process import program_here, run_here
from typer.testing import CliRunner, Result

from cli import app

ABLATIONS = Path(__file__).parents[2] / "ablations"
SHIPPED = ", ".join(f"ablations/{path.name}" for path in sorted(ABLATIONS.glob("*.yaml")))
COMMANDS = {entry.name or entry.callback.__name__: entry for entry in app.registered_commands if entry.callback}


def invoke(*arguments: str) -> Result:
    """Runs the program in this process."""
    return CliRunner().invoke(app, list(arguments))


# Help


def test_no_command_shows_the_help() -> None:
    """Who types nothing learns what there is, and every command is there."""
    shown = invoke()
    assert (shown.exit_code, shown.stderr) == (0, "")
    assert all(f"\n  {name} " in shown.stdout for name in COMMANDS)


@pytest.mark.parametrize("name", COMMANDS)
@pytest.mark.parametrize("flag", ["--help", "-h"])
def test_every_command_is_documented(name: str, flag: str) -> None:
    """Each has its purpose, an example that names it, and a text for each option."""
    shown = invoke(name, flag)
    assert shown.exit_code == 0
    purpose = (inspect.getdoc(COMMANDS[name].callback) or "").splitlines()[0]
    assert purpose in " ".join(shown.stdout.split())
    assert f"\n  ingredients {name}" in shown.stdout.partition("Examples:")[2]
    options = re.findall(r"^  (-.*)$", shown.stdout.partition("Options:")[2].partition("Examples:")[0], re.MULTILINE)
    assert options
    assert not [line for line in options if len(re.split(r" {2,}", line)) < 2 and not line.startswith("--")]


def test_commands_of_the_design() -> None:
    """The commands, by the names that the documentation uses."""
    assert list(COMMANDS) == [
        *("plan", "check", "run-grid", "report", "bench", "audit"),
        *("trace", "export", "studies", "new", "schema"),
    ]


def test_version() -> None:
    """`--version` names the program and its version, and nothing else."""
    assert re.fullmatch(r"ingredients \d+\.\d+\.\d+\n", invoke("--version").stdout)


def test_the_main_process_imports_no_torch(tmp_path: Path) -> None:
    """Help and mistakes are answered without the second that torch takes to load."""
    done = without_torch(["--help"], ["run-grid", "--help"], ["--version"], ["run-grid", "nowhere.yaml"], cwd=tmp_path)
    assert done.returncode == 2
    assert done.stderr.startswith("error: nowhere.yaml: no such file")


# Wrong input


@pytest.mark.parametrize(
    ("arguments", "line"),
    [
        ("run-gird", "No such command 'run-gird'. Did you mean 'run-grid'?"),
        ("run-grid --sed 3", "No such option: --sed (Possible options: --seeds, --set, --smoke)"),
        ("run-grid --set", "Option '--set' requires an argument."),
        ("run-grid --workers 0", "Invalid value for '--workers': Input should be greater than or equal to 1"),
        ("run-grid --seeds 0", "Invalid value for '--seeds': Input should be greater than or equal to 1"),
        ("run-grid one two", "Got unexpected extra argument(s) (two)"),
        ("run-grid --memory-limit lots", "--memory-limit: 'lots' is no amount of memory; allowed: 4GB, 512MB, 4GiB"),
        ("run-grid --stack-timeout 1w", "--stack-timeout: '1w' is no time; allowed: 90s, 30m, 2h, 1d"),
        ("run-grid --snapshot-every 0s", "--snapshot-every: '0s' is no time; allowed: 90s, 30m, 2h, 1d"),
        ("run-grid --device gpu", "Invalid value for '--device': 'gpu' is not one of 'cpu', 'cuda'."),
        (
            "report --format pdf",
            "Invalid value for '--format': 'pdf' is not one of 'table', 'json', 'markdown', 'html'.",
        ),
        ("run-grid --set seeds=3", "--set changes the study, so its results need a folder of their own: "
         "give --out DIR"),
        ("plan --cells memry=on", "--cells memry=on: memry: unknown ingredient; allowed: reward_observation, "
         "action_observation, memory, task_distribution. Did you mean 'memory'?"),
        ("plan --set tasks.arm=3", "--set tasks.arm=3: tasks.arm: unknown key, got arm: 3; allowed: family, arms, "
         "episodes, action_noise, forced_pulls. Did you mean 'arms'?"),
        ("report", "results/bandit: no such folder; name a results folder, or make this one: ingredients run-grid"),
        ("run-grid nowhere.yaml", f"nowhere.yaml: no such file; allowed: a study, such as {SHIPPED}"),
    ],
)  # fmt: skip
def test_a_mistake_is_one_plain_line(
    arguments: str, line: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Exit code 2, the whole message on one line of stderr at any width, nothing on stdout, nothing written."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("COLUMNS", "20")
    result = invoke(*arguments.split())
    assert (result.exit_code, result.stderr, result.stdout) == (2, f"error: {line}\n", "")
    assert list(tmp_path.iterdir()) == []


def test_a_path_survives_in_an_error(tmp_path: Path) -> None:
    """Spaces and length of a path are kept, so that it can be searched for and copied."""
    path = tmp_path / ("a  long " * 20) / "study.yaml"
    result = program_here("plan", str(path), cwd=tmp_path)
    assert result.returncode == 2
    assert str(path) in result.stderr
    assert result.stderr.count("\n") == 1


def test_cuda_that_is_not_there(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Refused before anything is trained or written; here no machine has a device, for the driver hides them."""
    monkeypatch.setenv("CUDA_VISIBLE_DEVICES", "")
    result = program_here("run-grid", "smoke", "--device", "cuda", cwd=tmp_path, workers=True)
    assert (result.returncode, result.stdout) == (2, "")
    assert result.stderr == "error: --device cuda: torch finds no CUDA device here; allowed here: cpu\n"
    assert list(tmp_path.iterdir()) == []


def test_report_on_what_is_no_result(tmp_path: Path) -> None:
    """A folder of something else: one line that says what is expected."""
    result = invoke("report", str(tmp_path))
    assert (result.exit_code, result.stdout) == (2, "")
    assert result.stderr.startswith(f"error: {tmp_path}: not a results folder")


# Plan


def test_plan_trains_nothing_and_shows_the_grid(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Cells, runs, stacks, where results would go, memory and time; then each cell by its levels."""
    run_here(monkeypatch)
    result = program_here("plan", "smoke", "--cells", "memory=on,task_distribution=on", "--workers", "1", cwd=tmp_path)
    assert result.returncode == 0
    assert result.stderr.splitlines() == [
        "counting the memory that stacks take ...",
        "measuring what the environment leaks ...",
        "timing training with gru (1 of 1) ...",
    ]
    lines = result.stdout.splitlines()
    assert lines[:7] == [
        "study     smoke",
        "question  Does every part of the instrument work?",
        "tasks     bernoulli-bandit: arms 2, episodes 10, action_noise 0.0, forced_pulls 0",
        "cells     4",
        "runs      8 (4 cells x 2 seeds) of 20,000 env steps",
        "learner   lifetimes 32, discount 0.9, gae_lambda 0.5, entropy 0.1, reward_prediction 0, segment off, "
        "epochs 4, minibatches 4, learning_rate 0.01",
        "results   results/smoke: 0 of 8 runs are finished; 8 to do in 4 stacks",
    ]
    assert re.fullmatch(r"memory    \d+\.\d GB \(1 x \d+\.\d GB\)", lines[7])
    assert re.fullmatch(
        r"time      about .+ of training and evaluation on 1 worker, at [\d,]+ env steps/s each", lines[8]
    )
    decoded = r"none \(decoder told the task: accuracy \d\d%, base rate \d\d%\)"
    quick = "; measured on fewer lifetimes than run-grid measures"
    assert re.fullmatch(f"leaks     reward: {decoded}; action: {decoded}{quick}", lines[9])
    assert lines[10:] == [
        "verdicts  unlikely: 2 seeds never decide a cell; 5 that agree do, at 95%",
        "",
        "cell  reward_observation  action_observation  memory  task_distribution",
        "1     off                 off                 on      on",
        "2     off                 on                  on      on",
        "3     on                  off                 on      on",
        "4     on                  on                  on      on",
    ]
    assert list(tmp_path.iterdir()) == []


def test_smoke_size_goes_to_a_folder_of_its_own(tmp_path: Path) -> None:
    """`--smoke` never mixes with the results of the study at full size; `--quick` times nothing, and says so."""
    result = program_here("plan", "bandit", "--smoke", "--quick", "--workers", "1", cwd=tmp_path)
    assert "\nresults   results/bandit-smoke: 0 of 32 runs are finished; 32 to do in 4 stacks\n" in result.stdout
    assert "\ntime      not measured (--quick)\n" in result.stdout
    assert "\nmemory    " in result.stdout
    assert result.stderr == "counting the memory that stacks take ...\n"
