"""`run-grid` and `report` for real: tiny grids that finish, are interrupted, lose workers, and go on.

What starts, ends or kills processes is run in them; what goes on from there, and reads what they left, is run here.
"""

from __future__ import annotations

import json
import re
import shlex
import shutil
import signal
import subprocess
from pathlib import Path

import psutil
import pytest
from command import LITTLE, ONE_PICTURE, ROOT, read_until, started, without_torch, workers_of
from in_process import program_here, run_here

from ingredients.engine.protocol import Failed, Finished, Job
from ingredients.grid import cells
from ingredients.grid_run.jobs import failures, remaining
from ingredients.grid_run.tally import Tally
from ingredients.store import Store
from ingredients.study import load_study
from ingredients.study.seeds import Seeds

SMOKE = ROOT / "ablations" / "smoke.yaml"
CHANGES = (
    *("learner.train_steps=6000", "evaluation.tasks=64", "agent.hidden=16"),
    *("ingredients.action_observation=[on]", "ingredients.task_distribution=[on]"),
)
TINY = tuple(word for change in CHANGES for word in ("--set", change))
FULL_CELL = "reward_observation=on,action_observation=on,memory=on,task_distribution=on"
RESULT_FILES = {"study.yaml", "references.json", "runs", "curves.parquet", "curves.csv", "report.json", "report.md"}

pytestmark = pytest.mark.usefixtures("one_picture")


def grid(out: Path, *more: str, seeds: int = 4) -> tuple[str, ...]:
    """Returns the arguments of a tiny grid of four cells: with four seeds, two stacks."""
    return ("run-grid", str(SMOKE), "--seeds", str(seeds), *TINY, "--out", str(out), *more)


@pytest.fixture(scope="module")
def finished(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, subprocess.CompletedProcess[str]]:
    """A grid of two stacks that two workers finished without a disturbance, and what was printed meanwhile.

    The program is started as ever, and its main process must not import torch. Its workers measure leaks on little, and
    it draws one picture.
    """
    folder = tmp_path_factory.mktemp("finished")
    done = without_torch(grid(folder / "result", "--workers", "2"), cwd=folder, begins=f"{LITTLE}\n{ONE_PICTURE}")
    assert done.returncode == 0, done.stderr
    return folder / "result", done


@pytest.fixture
def quick(monkeypatch: pytest.MonkeyPatch) -> None:
    """Lets what runs here measure leaks and speed on little and draw one picture: nothing of that is compared."""
    run_here(monkeypatch)


def test_run_grid_prints_plain_lines_and_the_report(finished: tuple[Path, subprocess.CompletedProcess[str]]) -> None:
    """Off a terminal: what is to do, each job's start and end, then the report; nothing on stderr."""
    directory, done = finished
    lines = done.stdout.splitlines()
    assert lines[0] == f"smoke: 0 of 16 runs are finished; 16 to do in 2 stacks; results: {directory}"
    for key in ("references", "stack-0", "stack-1"):
        assert f"{key}: started" in lines
        assert any(line.startswith(f"{key}: finished (") for line in lines)
    assert "\x1b" not in done.stdout
    assert "16 of 16 runs" in done.stdout
    assert done.stderr == ""


def test_run_grid_leaves_a_whole_results_folder(finished: tuple[Path, object]) -> None:
    """Every file of the design is there, each run is marked as finished, and no log is left of jobs that went well."""
    directory, _ = finished
    names = {path.name for path in directory.iterdir()}
    assert names >= RESULT_FILES | {"report.html", "figures"}
    assert len(list(directory.glob("runs/*/finished"))) == 16
    assert list(directory.glob("logs/*")) == []


def test_run_grid_again_trains_nothing(finished: tuple[Path, object], tmp_path: Path, quick: None) -> None:
    """What is finished is skipped, and the report comes again."""
    result = program_here(*grid(finished[0]), cwd=tmp_path)
    assert result.returncode == 0
    lines = result.stdout.splitlines()
    assert lines[0] == f"smoke: 16 of 16 runs are finished; nothing to do; results: {finished[0]}"
    assert not any("started" in line for line in lines)
    assert "16 of 16 runs" in result.stdout.partition("\n")[2]


def test_run_grid_tells_programs_how_it_goes_on(finished: tuple[Path, object], tmp_path: Path) -> None:
    """With `--progress json` stdout has an object a line, the report in the last one."""
    result = program_here(*grid(finished[0], "--progress", "json"), cwd=tmp_path)
    first, *_, last = [json.loads(line) for line in result.stdout.splitlines()]
    assert (first["event"], last["event"], last["failed"]) == ("begin", "end", [])
    assert last["results"] == str(finished[0])
    assert last["report"] == json.loads((finished[0] / "report.json").read_text(encoding="utf-8"))


def interrupted(directory: Path, number: signal.Signals, after: str) -> tuple[int, str, int]:
    """Starts a grid, interrupts it once it has said something; returns exit code, message and finished runs."""
    arguments = grid(directory, "--workers", "1", "--fresh")
    with started(*arguments, cwd=directory.parent) as process:
        read_until(process, after)
        workers = workers_of(process)
        assert workers
        process.send_signal(number)
        _, message = process.communicate(timeout=200)
        psutil.wait_procs(workers, timeout=50)
        assert not any(worker.is_running() for worker in workers)
    assert list((directory / "leases").iterdir()) == []
    return process.returncode, message, len(list(directory.glob("runs/*/finished")))


def test_an_interrupted_grid_goes_on_to_the_same_bytes(
    finished: tuple[Path, object], tmp_path: Path, small_measures: None
) -> None:
    """Ctrl-C keeps what is finished, says what to type, leaves no worker; typed, it ends as if undisturbed."""
    directory = tmp_path / "result"
    code, message, kept = interrupted(directory, signal.SIGINT, after="stack-0: finished")
    again = shlex.join(grid(directory, "--workers", "1"))
    assert (code, message.count("\n")) == (130, 1), message
    assert message == f"interrupted: {kept} of 16 runs finished and kept; to go on: ingredients {again}\n"
    assert 8 <= kept < 16
    result = program_here(*shlex.split(again), cwd=tmp_path)
    assert result.returncode == 0
    assert f"{kept} of 16 runs are finished; {16 - kept} to do" in result.stdout
    assert "references: started" not in result.stdout
    for name in ("curves.parquet", "curves.csv", "references.json", "report.json"):
        assert (directory / name).read_bytes() == (finished[0] / name).read_bytes(), name


def test_a_request_to_end_is_an_interruption(tmp_path: Path) -> None:
    """SIGTERM, as a cluster sends it, does what Ctrl-C does."""
    code, message, kept = interrupted(tmp_path / "result", signal.SIGTERM, after="references: started")
    assert (code, message.partition(" of ")[0], kept) == (130, "interrupted: 0", 0)


def test_a_killed_worker_costs_its_stack_only(tmp_path: Path, small_measures: None) -> None:
    """The other stack finishes, each lost run is listed with the reason, exit code 1; the same command repairs it."""
    directory = tmp_path / "result"
    with started(*grid(directory, "--workers", "1", "--retries", "0"), cwd=tmp_path) as process:
        read_until(process, "stack-0: started")
        for worker in workers_of(process):
            worker.kill()
        output, message = process.communicate(timeout=120)
    lost = [line for line in message.splitlines() if "killed by SIGKILL" in line]
    assert process.returncode == 1
    assert len(lost) == 8
    assert all(re.fullmatch(r"error: reward-\S+_seed-[01]: the worker was killed by SIGKILL .*", line) for line in lost)
    assert "stack-0: failed: the worker was killed by SIGKILL (out of memory?)" in output
    assert "8 of 16 runs" in output
    assert len(list(directory.glob("runs/*/finished"))) == 8
    repaired = program_here(*grid(directory, "--workers", "1"), cwd=tmp_path)
    assert (repaired.returncode, repaired.stderr) == (0, "")
    assert "8 of 16 runs are finished; 8 to do in 1 stack;" in repaired.stdout


def test_a_filter_trains_its_cells_as_the_whole_grid_does(
    finished: tuple[Path, object], tmp_path: Path, quick: None
) -> None:
    """Cells trained by themselves have the bytes that they have in the whole grid."""
    directory = tmp_path / "result"
    result = program_here(*grid(directory, "--cells", "memory=on,reward_observation=on", "--quiet"), cwd=tmp_path)
    assert (result.returncode, result.stdout, result.stderr) == (0, "", "")
    runs = sorted(path.parent for path in directory.glob("runs/*/finished"))
    assert len(runs) == 4
    for run in runs:
        assert (run / "curves.parquet").read_bytes() == (
            finished[0] / "runs" / run.name / "curves.parquet"
        ).read_bytes()


def test_fresh_moves_older_results_aside(tmp_path: Path, quick: None) -> None:
    """Nothing is deleted: the older folder has another name."""
    directory = tmp_path / "result"
    first = grid(directory, "--cells", FULL_CELL, seeds=1)
    assert program_here(*first, "--quiet", cwd=tmp_path).returncode == 0
    second = program_here(*first, "--set", "learner.discount=0.5", "--fresh", cwd=tmp_path)
    assert (second.returncode, second.stderr) == (0, "")
    assert second.stdout.startswith("smoke: 0 of 1 run is finished; 1 to do in 1 stack; ")
    (old,) = tmp_path.glob("result-old-*")
    assert load_study(old / "study.yaml").learner.discount == "auto"
    assert len(list(old.glob("runs/*/finished"))) == 1
    assert load_study(directory / "study.yaml").learner.discount == 0.5


def test_another_evaluation_trains_nothing(finished: tuple[Path, object], tmp_path: Path, quick: None) -> None:
    """More or fewer evaluation tasks: the stored weights and the references are evaluated again, byte for byte."""
    directory = tmp_path / "result"
    shutil.copytree(finished[0], directory)
    weights = {path.parent.name: path.read_bytes() for path in directory.glob("runs/*/weights.safetensors")}
    more = program_here(*grid(directory, "--cells", FULL_CELL, "--set", "evaluation.tasks=65"), cwd=tmp_path)
    assert (more.returncode, more.stderr) == (0, "")
    todo = "0 of 4 runs are finished; 4 to do in 2 stacks, 4 of them only to be evaluated again;"
    assert more.stdout.startswith(f"smoke: {todo}")
    assert "references: started" in more.stdout
    assert weights == {path.parent.name: path.read_bytes() for path in directory.glob("runs/*/weights.safetensors")}
    assert (directory / "curves.parquet").read_bytes() != (finished[0] / "curves.parquet").read_bytes()
    back = program_here(*grid(directory, "--quiet"), cwd=tmp_path)
    assert back.returncode == 0
    assert (directory / "curves.parquet").read_bytes() == (finished[0] / "curves.parquet").read_bytes()


def test_a_failure_of_each_kind_is_listed_once(tmp_path: Path) -> None:
    """A run that diverged, a stack whose worker died, references that raised: what, why, and where the log is."""
    study = load_study(SMOKE).model_copy(update={"seeds": Seeds(0, 1)})
    rest = remaining(study, Store(tmp_path), cells(study))
    jobs = [Job(key, "") for key in ("references", "stack-0", "stack-1")]
    tally = Tally(jobs)
    log = tmp_path / "logs" / "references.log"
    tally.add(Failed(jobs[0], "ValueError: no", log))
    tally.add(Failed(jobs[1], "the worker was killed by SIGKILL (out of memory?)", None))
    tally.add(Finished(jobs[2], {"a-run": "diverged at update 3"}))
    lines = failures(rest, Store(tmp_path), tally)
    assert lines[0] == f"references: ValueError: no; log: {log}"
    assert lines[1] == f"{rest.runs[0].id}: the worker was killed by SIGKILL (out of memory?)"
    assert [line.partition(":")[0] for line in lines[1:9]] == [run.id for run in rest.runs[:8]]
    assert lines[9:] == ["a-run: diverged at update 3"]
    log.parent.mkdir()
    (log.parent / "stack-1.log").write_text("Traceback (most recent call last): ...")
    named = failures(rest, Store(tmp_path), tally)[-1]
    assert named == f"a-run: diverged at update 3; log: {log.parent / 'stack-1.log'}"


def test_another_study_in_the_folder_is_refused(finished: tuple[Path, object], tmp_path: Path, quick: None) -> None:
    """The difference is named, and so are the two ways out; `plan` says the same beforehand."""
    result = program_here(*grid(finished[0], "--set", "learner.discount=0.5"), cwd=tmp_path)
    assert (result.returncode, result.stdout) == (2, "")
    assert "learner.discount: auto -> 0.5" in result.stderr
    assert "--out" in result.stderr
    assert "--fresh" in result.stderr
    planned = program_here("plan", *grid(finished[0], "--set", "learner.discount=0.5")[1:], cwd=tmp_path)
    assert planned.returncode == 0
    assert "holds runs trained otherwise (learner.discount: auto -> 0.5)" in planned.stdout


def test_plan_knows_what_is_finished(finished: tuple[Path, object], tmp_path: Path, quick: None) -> None:
    """Seeds can be added: what is there counts."""
    result = program_here("plan", *grid(finished[0], seeds=5)[1:], cwd=tmp_path)
    assert f"{finished[0]}: 16 of 20 runs are finished; 4 to do in 1 stack\n" in result.stdout


def test_report_as_json_is_one_object(finished: tuple[Path, object], tmp_path: Path) -> None:
    """Nothing else is on stdout, it is what `report.json` holds, and no torch was needed."""
    result = without_torch(["report", str(finished[0]), "--format", "json"], cwd=tmp_path, begins=ONE_PICTURE)
    assert (result.returncode, result.stderr) == (0, "")
    content = json.loads(result.stdout)
    assert content == json.loads((finished[0] / "report.json").read_text())
    assert (content["study"], content["complete"], len(content["cells"])) == ("smoke", True, 4)


def test_report_on_several_folders_is_a_list(finished: tuple[Path, object], tmp_path: Path, quick: None) -> None:
    """Two folders give a list of two objects, in the order given."""
    result = program_here("report", str(finished[0]), str(finished[0]), "--format", "json", cwd=tmp_path)
    assert [content["study"] for content in json.loads(result.stdout)] == ["smoke", "smoke"]


def test_report_as_table_and_as_markdown(finished: tuple[Path, object], tmp_path: Path, quick: None) -> None:
    """The table is the default; Markdown is what `report.md` holds."""
    table = program_here("report", str(finished[0]), cwd=tmp_path)
    markdown = program_here("report", str(finished[0]), "--format", "markdown", cwd=tmp_path)
    assert (table.returncode, markdown.returncode) == (0, 0)
    assert "16 of 16 runs" in table.stdout
    assert markdown.stdout.strip() == (finished[0] / "report.md").read_text().strip()
