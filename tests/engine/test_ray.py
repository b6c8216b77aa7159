"""The Ray engine on a real cluster on this machine, a head and a node that works: the same bits, the node killed."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import replace
from pathlib import Path

import psutil
import pytest
from command import ONE_PICTURE, program, read_until, started
from in_process import Here
from ray.cluster_utils import Cluster

from ingredients.engine.limits import Limits
from ingredients.engine.local import LocalEngine
from ingredients.engine.process import WORKER_ENVIRONMENT
from ingredients.engine.protocol import Event, Failed, Finished, Job, Needs, Reported, Retried, Started
from ingredients.engine.ray_cluster import SETTINGS, RayEngine
from ingredients.errors import UsageError
from ingredients.experiment import Progress
from ingredients.grid import cells
from ingredients.grid_run.jobs import StackOptions, grid_jobs, remaining
from ingredients.store import Store
from ingredients.study import Study, load_study

ROOT = Path(__file__).parents[2]
SMALL = {"num_cpus": 1, "object_store_memory": 80 * 2**20}

# Ray closes its sockets and log files when the interpreter collects them
pytestmark = pytest.mark.filterwarnings("ignore:unclosed:ResourceWarning")


@pytest.fixture(scope="module")
def cluster() -> Iterator[Cluster]:
    """A head that takes no job, so that a test knows where they are, and a node of one core."""
    os.environ.update(SETTINGS)
    made = Cluster(initialize_head=True, head_node_args=SMALL | {"num_cpus": 0, "include_dashboard": False})
    made.add_node(**SMALL)
    yield made
    made.shutdown()


def job(key: str, function: str, *arguments: object, tells: bool = False) -> Job:
    """Returns a job of `engine_jobs`."""
    return Job(key, f"engine_jobs:{function}", arguments, tells)


def study() -> Study:
    """Returns a study of one stack of eight runs."""
    changes = ("seeds=1", "learner.train_steps=4000", "evaluation.tasks=64", "agent.hidden=16")
    return load_study(ROOT / "ablations" / "smoke.yaml", (*changes, "ingredients.reward_observation=[on]"))


def curves(directory: Path, engine: LocalEngine | RayEngine, heard: Callable[[Event], None] = lambda _: None) -> bytes:
    """Returns the bytes of `curves.parquet` of a grid that an engine trains in a new folder."""
    store = Store(directory).open(study())
    rest = replace(remaining(study(), store, cells(study())), references=False)
    with engine:
        for event in engine.run(grid_jobs(rest, directory, StackOptions())):
            assert not isinstance(event, Failed), event.reason
            heard(event)
    store.write_table(store.curves(study()))
    return (directory / "curves.parquet").read_bytes()


def test_a_grid_that_loses_a_node_ends_with_the_bits_of_the_local_engine(cluster: Cluster, tmp_path: Path) -> None:
    """One process, and a node that is killed in the middle of the stack, which another trains again: the same bytes.

    `test_an_interrupted_grid_goes_on_to_the_same_bytes` compares two workers with one.
    """
    alone = curves(tmp_path / "here", Here(1))
    (node,) = cluster.worker_nodes
    again: list[str] = []

    def kill_once_it_trains(event: Event) -> None:
        if isinstance(event, Retried):
            again.append(event.job.key)
        if isinstance(event, Reported) and event.message.phase == "training" and node in cluster.worker_nodes:
            cluster.remove_node(node, allow_graceful=False)
            cluster.add_node(**SMALL)

    on_ray = curves(tmp_path / "ray", RayEngine(cluster.address, limits=Limits(retries=2)), kill_once_it_trains)
    assert again == ["stack-0"], "the job was not in work on the node that was killed"
    assert alone == on_ray


def test_events_and_ways_to_end_are_those_of_the_local_engine(cluster: Cluster, tmp_path: Path) -> None:
    """Told in order, reasons in one line, logs, the same environment, one thread, and the user's own modules."""
    jobs = [
        job("tells", "tell_steps", [1, 2], tells=True),
        job("bad", "complain", "no  such\nthing"),
        job("mistaken", "mistake", "memory x:Y: no"),
        job("unpicklable", "unpicklable"),
        job("process", "process"),
        job("variables", "variables", *WORKER_ENVIRONMENT),
        job("said", "say_and_drop_dead", "oh dear", 9),
    ]
    logs = tmp_path / "logs"
    with RayEngine(cluster.address, workers=1, logs=logs) as engine:
        events = list(engine.run(jobs))
        with pytest.raises(UsageError, match=r"^--engine ray: a job needs 1 CPU, 2 GPU and 0\.0 GB of memory, and no "):
            list(engine.run([Job("large", "engine_jobs:add", (1, 1), needs=Needs(gpus=2))]))
    told = [Reported(jobs[0], Progress("training", count, 2, count, None)) for count in (1, 2)]
    assert events[:4] == [Started(jobs[0]), *told, Finished(jobs[0], "told")]
    failed = {event.job.key: (event.reason, event.log) for event in events if isinstance(event, Failed)}
    assert failed.pop("bad") == ("ValueError: no  such", logs / "bad.log")
    assert failed.pop("mistaken") == ("StudyError: memory x:Y: no", None)
    assert "lambda" in failed.pop("unpicklable")[0]
    reason, log = failed.pop("said")
    assert reason.startswith("the worker or its node was lost: The worker died unexpectedly")
    assert log is not None
    said = log.read_text().splitlines()
    assert (said[0], said[1].startswith("the worker or its node was lost: ")) == ("oh dear", True)
    assert failed == {}
    assert "in complain" in (logs / "bad.log").read_text()
    results = {event.job.key: event.result for event in events if isinstance(event, Finished)}
    assert results["variables"] == WORKER_ENVIRONMENT
    assert results["process"][0] != os.getpid()
    assert results["process"][1] == 1


def test_a_listener_who_leaves_ends_the_tasks_in_work(cluster: Cluster) -> None:
    """Ctrl-C, or any other error in the main process, leaves no task behind; the engine can be used again."""
    with RayEngine(cluster.address) as engine:
        events = engine.run([job("long", "sleep", 60, tells=True)])
        pid = next(event.message for event in events if isinstance(event, Reported))
        events.close()  # type: ignore[attr-defined]
        with suppress(psutil.NoSuchProcess):  # it has ended already
            psutil.Process(pid).wait(timeout=50)
        assert not psutil.pid_exists(pid)
        assert list(engine.run([job("next", "add", 1, 1)]))[-1] == Finished(job("next", "add", 1, 1), 2)


def test_run_grid_on_a_cluster_prints_what_it_prints_here(cluster: Cluster, tmp_path: Path) -> None:
    """Nothing of Ray's own on stdout or stderr, though a node's worker is killed; then interrupted, it ends at once."""
    tiny = ("--set", "learner.train_steps=20000", "--set", "evaluation.tasks=64", "--seeds", "2", "--out", "result")
    arguments = ("run-grid", str(ROOT / "ablations" / "smoke.yaml"), *tiny, "--engine", "ray")
    with started(*arguments, "--address", cluster.address, cwd=tmp_path, anew=True) as process:
        read_until(process, "stack-0: started")
        process.send_signal(signal.SIGTERM)
        output, message = process.communicate(timeout=200)
    assert process.returncode == 130, message
    assert message.startswith("interrupted: ")
    assert len(message.splitlines()) == 1
    assert "ray" not in output


def test_without_an_address_ray_is_started_here_and_ends_with_the_grid(tmp_path: Path) -> None:
    """The command as typed: plain lines, the report, and nothing on stderr."""
    tiny = ("--set", "learner.train_steps=2000", "--set", "evaluation.tasks=64", "--seeds", "1", "--out", "result")
    words = (*tiny, "--cells", "action_observation=on,memory=on,task_distribution=on", "--workers", "1")
    arguments = ("run-grid", str(ROOT / "ablations" / "smoke.yaml"), *words, "--engine", "ray")
    done = program(*arguments, cwd=tmp_path, begins=ONE_PICTURE)
    assert (done.returncode, done.stderr) == (0, "")
    lines = done.stdout.splitlines()
    assert lines[0] == "smoke: 0 of 2 runs are finished; 2 to do in 2 stacks; results: result"
    said = {line.partition(" (")[0] for line in lines}
    assert said >= {f"{key}: {end}" for key in ("references", "stack-0", "stack-1") for end in ("started", "finished")}
    assert "2 of 16 runs" in done.stdout


@pytest.mark.parametrize(
    ("address", "says"),
    [
        ("127.0.0.1:1", r"^--address 127\.0\.0\.1:1: no Ray cluster can be joined: .*refused"),
        ("ray://head:10001", r"^--address ray://head:10001: no address of a Ray cluster; allowed: auto, or host:port$"),
    ],
)
def test_no_cluster_at_the_address_is_one_line(address: str, says: str) -> None:
    """At once, not after the minutes for which Ray would go on trying; to load Ray takes seconds."""
    began = time.monotonic()
    with pytest.raises(UsageError, match=says), RayEngine(address):
        pass
    assert time.monotonic() - began < 45


def test_without_ray_the_line_says_how_to_install_it() -> None:
    """A plain install has no Ray, and the main process asks for it only when the engine is asked for."""
    check = (
        "import sys, ingredients.engine.ray_cluster as engine\n"
        "assert 'ray' not in sys.modules\n"
        "sys.path[:] = []\n"
        "sys.path_importer_cache.clear()\n"
        "try: engine.RayEngine()\n"
        "except engine.UsageError as error: print(error)\n"
    )
    said = subprocess.run([sys.executable, "-c", check], cwd=ROOT, capture_output=True, text=True, check=True)
    assert said.stdout == ("--engine ray needs Ray, which is not installed: pip install 'rl2-ingredients[cluster]'\n")


@pytest.mark.parametrize(
    ("path", "inside", "says"),
    [
        ("[here]", "", "--engine ray needs Ray, which is not installed: pip install 'rl2-ingredients[cluster]'"),
        (
            "[here, *sys.path]",
            "",
            "--engine ray needs Ray, and Python finds HERE/ray/__init__.py in its place: rename it",
        ),
        (
            "[here, *sys.path]",
            "1 / 0",
            "--engine ray needs Ray, which cannot be imported (ZeroDivisionError: division by",
        ),
    ],
)
def test_a_folder_of_its_name_is_not_ray(path: str, inside: str, says: str, tmp_path: Path) -> None:
    """With nothing installed, or before what is installed, something called `ray` is one line and no traceback."""
    (tmp_path / "ray").mkdir()
    if path != "[here]":
        (tmp_path / "ray" / "__init__.py").write_text(inside)
    check = (
        "import sys, ingredients.engine.ray_cluster as engine\n"
        f"here = sys.argv[1]; sys.path[:] = {path}\n"
        "sys.path_importer_cache.clear()\n"
        "try: engine.RayEngine()\n"
        "except engine.UsageError as error: print(error)\n"
    )
    command = [sys.executable, "-c", check, str(tmp_path)]
    said = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=True)
    assert said.stdout.replace(str(tmp_path), "HERE").startswith(says)
