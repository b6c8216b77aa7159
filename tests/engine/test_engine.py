"""The local engine: real processes that finish, raise, die and are interrupted."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import tempfile
from collections.abc import Iterable
from dataclasses import replace
from pathlib import Path

import psutil
import pytest

from ingredients.engine.calls import results_of, workers_for_calls
from ingredients.engine.local import LocalEngine, interruptible
from ingredients.engine.protocol import Engine, Event, Failed, Finished, Job, Reported, Started
from ingredients.engine.worker import output_to
from ingredients.errors import IngredientsError, StudyError
from ingredients.experiment import Progress
from ingredients.grid_run.tally import Tally

TESTS = Path(__file__).parents[1]


def job(key: str, function: str, *arguments: object, tells: bool = False) -> Job:
    """Returns a job of `engine_jobs`."""
    return Job(key, f"engine_jobs:{function}", arguments, tells)


def run(jobs: Iterable[Job], workers: int = 1, logs: Path | None = None) -> list[Event]:
    """Returns everything that happens."""
    engine: Engine = LocalEngine(workers, logs)
    with engine:
        return list(engine.run(jobs))


def ends(events: Iterable[Event]) -> dict[str, object]:
    """Returns each job's result, or the reason why it failed."""
    results: dict[str, object] = {}
    for event in events:
        if isinstance(event, Finished):
            results[event.job.key] = event.result
        elif isinstance(event, Failed):
            results[event.job.key] = event.reason
    return results


def test_one_job_is_a_tape_of_started_told_finished() -> None:
    """The events of a job come in order, each message exactly as it was told."""
    only = job("only", "tell_steps", [1, 2], tells=True)
    told = [Reported(only, Progress("training", count, 2, count, None)) for count in (1, 2)]
    assert run([only]) == [Started(only), *told, Finished(only, "told")]


def test_jobs_start_in_the_order_given() -> None:
    """One worker takes one job after the other."""
    jobs = [job(str(number), "add", number, number) for number in range(4)]
    events = run(jobs)
    assert [event.job.key for event in events if isinstance(event, Started)] == ["0", "1", "2", "3"]
    assert ends(events) == {"0": 0, "1": 2, "2": 4, "3": 6}


def test_a_worker_lives_on_between_jobs_and_computes_on_one_thread() -> None:
    """Jobs that finish share a process, whose libraries were told to use one thread before they loaded."""
    names = ("OMP_NUM_THREADS", "MKL_NUM_THREADS", "OPENBLAS_NUM_THREADS")
    results = ends(run([job("a", "process"), job("b", "process"), job("c", "variables", *names)]))
    assert results["a"] == results["b"]
    assert results["a"] != (os.getpid(), 1)
    assert isinstance(results["a"], tuple)
    assert results["a"][1] == 1
    assert results["c"] == dict.fromkeys(names, "1")


def test_starting_workers_leaves_the_environment_as_it_was(monkeypatch: pytest.MonkeyPatch) -> None:
    """What workers are told is not told to the main process."""
    monkeypatch.setenv("OMP_NUM_THREADS", "7")
    monkeypatch.delenv("MKL_NUM_THREADS", raising=False)
    run([job("a", "add", 1, 1)])
    assert os.environ["OMP_NUM_THREADS"] == "7"
    assert "MKL_NUM_THREADS" not in os.environ


def test_workers_work_at_the_same_time(tmp_path: Path) -> None:
    """Two jobs that wait for each other both finish, in two processes."""
    first, second = ends(run([job(key, "wait_together", tmp_path, 2) for key in "ab"], workers=2)).values()
    assert first != second


def test_a_job_that_raises_costs_only_itself(tmp_path: Path) -> None:
    """The reason is one line, the traceback is in the log, and the next job meets a fresh worker."""
    events = run(
        [job("before", "process"), job("bad", "complain", "no  such\nthing"), job("after", "process")], logs=tmp_path
    )
    (failed,) = [event for event in events if isinstance(event, Failed)]
    assert failed.reason == "ValueError: no  such"  # the rest is in the log
    assert failed.log == tmp_path / "bad.log"
    assert failed.log.read_text().startswith("Traceback (most recent call last):")
    assert "in complain" in failed.log.read_text()
    results = ends(events)
    assert results["before"] != results["after"]
    assert sorted(path.name for path in tmp_path.iterdir()) == ["bad.log"]


def test_a_mistake_of_the_users_has_no_traceback(tmp_path: Path) -> None:
    """It says everything in its one line, which the command prints as it prints its own."""
    mistaken = job("mistaken", "mistake", "memory x:Y: no")
    assert run([mistaken], logs=tmp_path)[-1] == Failed(mistaken, "StudyError: memory x:Y: no", None)
    assert list(tmp_path.iterdir()) == []
    with LocalEngine(1) as engine, pytest.raises(StudyError, match=r"^memory x:Y: no$"):
        results_of(engine, [mistaken])


def test_a_file_that_cannot_be_written_has_no_traceback(tmp_path: Path) -> None:
    """The system's own error is told by the line that explains it, wherever the job's log is."""
    failed = run([job("full", "store", tmp_path / "missing" / "file")], logs=tmp_path)[-1]
    assert isinstance(failed, Failed)
    assert "missing/file: cannot be written: no such file or directory" in failed.reason
    assert failed.log is None


def test_output_whose_log_cannot_be_opened_does_not_reach_the_terminal(
    tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    """On a full disk a command says one line, and not what its workers would have logged."""
    (tmp_path / "logs").write_text("a file where the folder should be")
    with output_to(tmp_path / "logs" / "a.log"):
        os.write(2, b"a traceback")
    os.write(2, b"after")
    assert capfd.readouterr() == ("", "after")


def half_loaded(number: signal.Signals) -> None:
    """Makes an error of its own of an interruption, as some packages do while they are imported."""
    with interruptible():
        try:
            signal.raise_signal(number)
        except KeyboardInterrupt:
            raise ImportError("half loaded") from None


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_what_others_make_of_an_interruption_is_an_interruption(number: signal.Signals) -> None:
    """A package that turns Ctrl-C into its own error does not hide it; the handlers are what they were afterwards."""
    before = signal.signal(signal.SIGINT, signal.default_int_handler)
    handlers = [signal.getsignal(each) for each in (signal.SIGINT, signal.SIGTERM)]
    try:
        with pytest.raises(KeyboardInterrupt):
            half_loaded(number)
        with pytest.raises(ImportError, match="not found"), interruptible():
            raise ImportError("not found")
        assert [signal.getsignal(each) for each in (signal.SIGINT, signal.SIGTERM)] == handlers
    finally:
        signal.signal(signal.SIGINT, before)


@pytest.mark.parametrize(
    ("function", "arguments", "reason"),
    [
        ("kill_itself", ("SIGKILL",), "the worker was killed by SIGKILL (out of memory?)"),
        ("kill_itself", ("SIGTERM",), "the worker was killed by SIGTERM"),
        ("leave", (3,), "SystemExit: 3"),
        ("no_such_function", (), "AttributeError: module 'engine_jobs' has no attribute 'no_such_function'"),
    ],
)
def test_every_way_to_end_is_told_by_name(
    tmp_path: Path, function: str, arguments: tuple[object, ...], reason: str
) -> None:
    """However a worker ends, its job is reported with the reason and the next job finishes."""
    events = run([job("bad", function, *arguments), job("good", "add", 2, 3)], logs=tmp_path)
    assert ends(events) == {"bad": reason, "good": 5}


def test_a_worker_that_dies_of_others_code_is_named_with_it(tmp_path: Path) -> None:
    """Whose code it ran stands in the reason, and the log, which it could not write itself, is there and named."""
    bad = replace(job("bad", "kill_itself", "SIGKILL"), about="tasks my:Env")
    failed = run([bad], logs=tmp_path)[-1]
    assert isinstance(failed, Failed)
    assert failed.reason == "the worker was killed by SIGKILL (out of memory?) (it was running tasks my:Env)"
    assert failed.log == tmp_path / "bad.log"
    assert failed.log.read_text() == f"{failed.reason}\n"
    line = r"^tasks my:Env: the worker was killed by SIGKILL \(out of memory\?\); log: .*bad.log$"
    with LocalEngine(1, tmp_path) as engine, pytest.raises(IngredientsError, match=line):
        results_of(engine, [bad])


def test_a_question_that_fails_leaves_its_log_and_one_that_does_not_leaves_nothing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What others' code printed is not printed by us, and can be read where it is told to be."""
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    with workers_for_calls(1) as engine:
        assert results_of(engine, [job("good", "add", 1, 1)]) == [2]
    assert list(tmp_path.iterdir()) == []
    with (
        pytest.raises(IngredientsError, match=r"^bad: ValueError: no; log: ") as caught,
        workers_for_calls(1) as engine,
    ):
        results_of(engine, [job("bad", "complain", "no")])
    assert "in complain" in Path(str(caught.value).rpartition("log: ")[2]).read_text()


def test_last_words_of_a_worker_are_in_the_log(tmp_path: Path) -> None:
    """What a worker printed before it died, and where native code crashed, can be read afterwards."""
    jobs = [job("mute", "kill_itself", "SIGKILL"), job("said", "say_and_drop_dead", "oh dear", 9)]
    events = run([*jobs, job("crash", "touch_nothing")], logs=tmp_path)
    logs = {event.job.key: event.log for event in events if isinstance(event, Failed)}
    assert logs == {"mute": tmp_path / "mute.log", "said": tmp_path / "said.log", "crash": tmp_path / "crash.log"}
    assert ends(events)["said"] == "the worker exited with code 9"
    assert ends(events)["crash"] == "the worker was killed by SIGSEGV"
    said = (tmp_path / "said.log").read_text()
    assert said.startswith("oh dear\nos._exit(9) was called:\n")
    assert "in say_and_drop_dead\n    os._exit(code)\n" in said
    assert said.endswith("\nthe worker exited with code 9\n")
    assert "in touch_nothing" in (tmp_path / "crash.log").read_text()


def test_a_result_that_cannot_be_pickled_fails_its_job(tmp_path: Path) -> None:
    """The worker says so rather than breaking the pipe."""
    events = run([job("bad", "unpicklable"), job("good", "add", 2, 3)], logs=tmp_path)
    reason = ends(events)["bad"]
    assert isinstance(reason, str)
    assert "lambda" in reason
    assert ends(events)["good"] == 5


def test_a_listener_who_leaves_abandons_only_the_jobs_in_work() -> None:
    """The engine can be used again after its events were not read to the end."""
    with LocalEngine(1) as engine:
        events = engine.run([job("long", "sleep", 60, tells=True)])
        pid = next(event.message for event in events if isinstance(event, Reported))
        events.close()  # type: ignore[attr-defined]
        assert not psutil.pid_exists(pid)
        assert ends(engine.run([job("next", "add", 1, 1)])) == {"next": 2}


def test_no_worker_outlives_its_engine() -> None:
    """An error in the main process ends workers in the middle of their jobs."""
    engine = LocalEngine(1)
    pid = 0
    with pytest.raises(KeyboardInterrupt), engine:  # noqa: PT012 - the error comes while listening
        for event in engine.run([job("long", "sleep", 60, tells=True)]):
            if isinstance(event, Reported):
                pid = event.message
                raise KeyboardInterrupt
    assert pid
    assert not psutil.pid_exists(pid)


def main_process() -> subprocess.Popen[str]:
    """Starts a process that prints the id of its worker, which sleeps."""
    program = (
        "from ingredients.engine.local import LocalEngine; from ingredients.engine.protocol import Job, Reported\n"
        "with LocalEngine(1) as engine:\n"
        "    for event in engine.run([Job('long', 'engine_jobs:sleep', (60,), True)]):\n"
        "        if isinstance(event, Reported): print(event.message, flush=True)\n"
    )
    path = os.pathsep.join([str(TESTS), str(TESTS.parent)])
    environment = os.environ | {"PYTHONPATH": path}
    return subprocess.Popen([sys.executable, "-c", program], stdout=subprocess.PIPE, text=True, env=environment)


def test_no_worker_outlives_a_main_process_that_is_killed() -> None:
    """Even SIGKILL, which leaves no time to tidy up, leaves no orphan, though the job is in the middle of a sleep."""
    main = main_process()
    assert main.stdout is not None
    worker = psutil.Process(int(main.stdout.readline()))
    main.kill()
    main.wait()
    main.stdout.close()
    worker.wait(timeout=50)


def test_a_worker_is_deaf_to_ctrl_c() -> None:
    """Ctrl-C reaches every process of a terminal; what becomes of the jobs is the main process's affair."""
    with LocalEngine(1) as engine:
        events = []
        for event in engine.run([job("short", "sleep", 1, tells=True)]):
            events.append(event)
            if isinstance(event, Reported):
                os.kill(event.message, signal.SIGINT)
    assert isinstance(events[-1], Finished)


def test_tally_adds_up_steps_speed_and_time() -> None:
    """By hand: 300 of 400 steps have passed, 100 of them lost; 100 steps in 4 s, so the last 100 take 4 s."""
    now = 10.0
    jobs = [Job(key, "engine_jobs:add", env_steps=steps) for key, steps in (("a", 200), ("b", 100), ("c", 100))]
    tally = Tally(jobs, clock=lambda: now)
    for only in jobs:
        tally.add(Started(only))
    assert tally.seconds_left is None
    tally.add(Reported(jobs[0], Progress("training", 50, 100, 100, 0.5)))
    now = 14.0
    tally.add(Failed(jobs[1], "ValueError: no", None))
    tally.add(Finished(jobs[0], {}))
    assert (tally.total, tally.passed) == (400, 300)
    assert tally.env_steps_per_second == 25.0
    assert tally.seconds_left == 4.0
    assert list(tally.in_work) == ["c"]
    assert [event.reason for event in tally.failures] == ["ValueError: no"]
