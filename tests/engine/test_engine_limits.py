"""What the local engine does with jobs that fail, hang or grow: tried again, stopped, told in plain words."""

from __future__ import annotations

import os
import re
import time
from collections.abc import Iterable
from pathlib import Path

import pytest

from ingredients.engine.limits import Limits, bytes_in, grid_limits, seconds_in
from ingredients.engine.local import LocalEngine
from ingredients.engine.protocol import Event, Failed, Finished, Job, Reported, Retried, Started
from ingredients.errors import UsageError
from ingredients.experiment import Progress
from ingredients.grid_run.tally import Tally

KILLED = "the worker was killed by SIGKILL (out of memory?)"


def job(key: str, function: str, *arguments: object, tells: bool = False) -> Job:
    """Returns a job of `engine_jobs`."""
    return Job(key, f"engine_jobs:{function}", arguments, tells)


def run(jobs: Iterable[Job], limits: Limits, logs: Path | None = None, workers: int = 1) -> list[Event]:
    """Returns everything that happens."""
    with LocalEngine(workers, logs, limits) as engine:
        return list(engine.run(jobs))


def tape(events: Iterable[Event]) -> list[str]:
    """Returns the kinds of the events and the jobs' keys."""
    return [f"{type(event).__name__} {event.job.key}" for event in events]


def test_a_killed_worker_is_replaced_and_its_job_tried_again_after_the_others(tmp_path: Path) -> None:
    """Two deaths, two retries, and the third attempt gives the result; the other job does not notice."""
    bad = job("bad", "fail_at_first", tmp_path, 2, "kill")
    events = run([bad, job("good", "add", 1, 2)], Limits(retries=2))
    assert tape(events) == [
        *("Started bad", "Retried bad", "Started good", "Finished good"),
        *("Started bad", "Retried bad", "Started bad", "Finished bad"),
    ]
    assert [event for event in events if isinstance(event, Retried)] == [
        Retried(bad, KILLED, None, 1),
        Retried(bad, KILLED, None, 2),
    ]
    assert events[-1] == Finished(bad, 3)


@pytest.mark.parametrize(
    ("how", "attempts", "reason"),
    [
        ("kill", 3, f"{KILLED} (attempt 3)"),
        ("other", 3, "ValueError: no 3 (attempt 3)"),
        ("same", 2, "ValueError: no (attempt 2)"),
        ("mistake", 1, "StoreError: full"),
    ],
)
def test_nothing_is_tried_for_ever(tmp_path: Path, how: str, attempts: int, reason: str) -> None:
    """An exception that comes twice in the same words comes again; what the user has to mend is not tried twice."""
    (tmp_path / "tries").mkdir()
    events = run([job("bad", "fail_at_first", tmp_path / "tries", 9, how)], Limits(retries=2), tmp_path / "logs")
    assert len(list((tmp_path / "tries").iterdir())) == attempts
    assert [type(event) for event in events] == [*[Started, Retried] * (attempts - 1), Started, Failed]
    assert isinstance(events[-1], Failed)
    assert events[-1].reason == reason


def test_without_retries_nothing_is_tried_again(tmp_path: Path) -> None:
    """Questions to workers, and `--retries 0`, fail at once."""
    assert tape(run([job("bad", "fail_at_first", tmp_path, 1, "kill")], Limits())) == ["Started bad", "Failed bad"]


def test_the_log_holds_every_attempt_of_this_grid(tmp_path: Path) -> None:
    """What failed first can still be read when all ended well; what an earlier grid left cannot."""
    (tmp_path / "tries").mkdir()
    log = tmp_path / "logs" / "bad.log"
    log.parent.mkdir()
    log.write_text("of yesterday\n")
    bad = job("bad", "fail_at_first", tmp_path / "tries", 2, "other")
    events = run([bad], Limits(retries=2), log.parent)
    assert events[-1] == Finished(bad, 3)
    assert [event.log for event in events if isinstance(event, Retried)] == [log, log]
    text = log.read_text()
    assert [line for line in text.splitlines() if line.startswith(("attempt", "ValueError", "of"))] == [
        *("attempt 1", "ValueError: no 1", "attempt 2", "ValueError: no 2")
    ]


def test_a_job_that_takes_too_long_is_stopped() -> None:
    """However busy it is and however much it tells; the next job meets a fresh worker."""
    began = time.monotonic()
    slow, good = job("slow", "compute", 60), job("good", "add", 1, 2)
    events = run([slow, good], Limits(seconds=5.0))
    assert [event for event in events if isinstance(event, Failed)] == [
        Failed(slow, "not finished after 5 s, the limit: the worker was stopped", None)
    ]
    assert events[-1] == Finished(good, 3)
    assert time.monotonic() - began < 55


def test_a_job_without_a_sign_of_life_is_stopped() -> None:
    """One that only waits is stopped; one that computes in silence for as long is not."""
    hung, busy = job("hung", "sleep", 60, tells=True), job("busy", "compute", 3)
    events = run([hung, busy], Limits(stalled_seconds=1.5), workers=2)
    assert [event for event in events if isinstance(event, Failed)] == [
        Failed(hung, "no sign of life for 1.5 s: the worker was stopped", None)
    ]
    assert Finished(busy, "computed") in events


def test_where_a_job_stood_that_is_stopped_is_known(tmp_path: Path) -> None:
    """In somebody else's code: the step in its line, the stack in its log."""
    hung = job("hung", "wait_in_a_step", 60)
    (failed,) = [event for event in run([hung], Limits(stalled_seconds=3.0), tmp_path) if isinstance(event, Failed)]
    place = "in step (task seed 7; episode 2, step 3)"
    assert failed.reason == f"no sign of life for 3 s: the worker was stopped {place}"
    log = (tmp_path / "hung.log").read_text()
    assert re.search(r'engine_jobs.py", line \d+ in wait_in_a_step\n', log)
    assert log.endswith(f"{failed.reason}\n")


def test_a_worker_that_grows_too_large_is_stopped() -> None:
    """The amount and the limit are said; a smaller job under the same limit finishes."""
    large, small = job("large", "hold", 900, 60), job("small", "hold", 100, 1.0)
    events = run([large, small], Limits(memory_bytes=600_000_000), workers=2)
    (failed,) = [event for event in events if isinstance(event, Failed)]
    assert failed.job == large
    used = r"(0\.[6-9]|1\.[01])\d"  # it is read from time to time, at worst when all 900 MB are there
    assert re.fullmatch(
        rf"the worker used {used} GB of memory, above the limit of 0\.60 GB, and was stopped", failed.reason
    )
    assert Finished(small, "held 100 MB") in events


def test_each_worker_has_a_gpu_of_its_own(tmp_path: Path) -> None:
    """GPUs are dealt out in turn; with none named, the environment is left as it is; a new worker takes a free one."""
    seen = job("seen", "variables", "CUDA_VISIBLE_DEVICES")
    with LocalEngine(3, gpus=("4", "GPU-7")) as engine:
        list(engine.run([job(key, "wait_together", tmp_path, 3) for key in "abc"]))
        events = list(engine.run([seen] * 3))
        assert sorted(event.result["CUDA_VISIBLE_DEVICES"] for event in events if isinstance(event, Finished)) == [
            *("4", "4", "GPU-7")
        ]
        list(engine.run([job("bad", "kill_itself", "SIGKILL")]))
        assert [worker.slot for worker in engine._workers] == [1, 2]
    (_, _, *_, plain) = [None, None, *run([seen], Limits())]
    assert isinstance(plain, Finished)
    assert plain.result == {"CUDA_VISIBLE_DEVICES": os.environ.get("CUDA_VISIBLE_DEVICES")}


def test_a_retry_counts_no_step_twice() -> None:
    """By hand: a stack of 400 steps dies at 300, goes on from 200; three of four hundred are never 500 done."""
    now = 0.0
    only = Job("a", "", env_steps=400)
    tally = Tally([only], clock=lambda: now)
    tally.add(Started(only))
    tally.add(Reported(only, Progress("training", 100, 400, 100)))
    now = 2.0
    tally.add(Reported(only, Progress("training", 300, 400, 300)))
    assert (tally.passed, tally.env_steps_per_second, tally.seconds_left) == (300, 100.0, 1.0)
    tally.add(Retried(only, KILLED, None, 1))
    assert (list(tally.in_work), list(tally.retried)) == ([], ["a"])
    tally.add(Started(only))
    tally.add(Reported(only, Progress("training", 200, 400, 200, notice="goes on")))
    now = 4.0
    tally.add(Reported(only, Progress("training", 300, 400, 300)))
    assert (tally.passed, tally.env_steps_per_second, tally.seconds_left) == (300, 50.0, 2.0)
    tally.add(Finished(only, {}))
    assert (tally.passed, tally.env_steps_per_second, tally.seconds_left) == (400, 75.0, 0.0)
    assert (tally.retried, tally.notices) == ({}, [("a", "goes on")])


def test_what_a_stack_had_before_is_no_speed() -> None:
    """By hand: a stack goes on at 1000 of 1200 steps and trains 100 in 4 s: 25 steps a second, not 275."""
    now = 0.0
    first, second = Job("a", "", env_steps=1200), Job("b", "", env_steps=1200)
    tally = Tally([first, second], clock=lambda: now)
    tally.add(Reported(first, Progress("training", 1000, 1200, 1000)))
    now = 2.0
    tally.add(Reported(second, Progress("training", 600, 1200, 600)))
    now = 4.0
    tally.add(Reported(first, Progress("training", 1100, 1200, 1100)))
    assert tally.env_steps_per_second == 25.0
    assert tally.passed == 1700


@pytest.mark.parametrize(
    ("text", "seconds"), [("90", 90), ("90s", 90), ("1.5 h", 5400), ("30M", 1800), ("1d", 86400), (".5s", 0.5)]
)
def test_times(text: str, seconds: float) -> None:
    """A number and a unit; a bare number is seconds."""
    assert seconds_in(text, "--stack-timeout") == seconds


@pytest.mark.parametrize(
    ("text", "count"), [("4GB", 4_000_000_000), ("1.5gb", 1_500_000_000), ("512 MiB", 2**29), ("800MB", 800_000_000)]
)
def test_sizes(text: str, count: int) -> None:
    """GB are as `plan` prints them."""
    assert bytes_in(text, "--memory-limit") == count


@pytest.mark.parametrize("text", ["", "4", "GB", "4XB", "-4GB", "0GB", "4 G B", "nan", "9" * 400 + "GB"])
def test_what_is_no_size_is_refused(text: str) -> None:
    """In one line: the option, the value, what is allowed."""
    with pytest.raises(UsageError) as refused:
        grid_limits(2, None, text)
    assert str(refused.value) == f"--memory-limit: '{text}' is no amount of memory; allowed: 4GB, 512MB, 4GiB"


@pytest.mark.parametrize("text", ["", "soon", "0s", "-1", "1w", "1h30", "inf"])
def test_what_is_no_time_is_refused(text: str) -> None:
    """In one line: the option, the value, what is allowed."""
    with pytest.raises(UsageError) as refused:
        grid_limits(2, text, None)
    assert str(refused.value) == f"--stack-timeout: '{text}' is no time; allowed: 90s, 30m, 2h, 1d"
