"""What a person reads while a grid runs."""

from __future__ import annotations

import json
import re
from io import StringIO
from pathlib import Path

import pytest
from rich.console import Console

from ingredients.engine.protocol import Event, Failed, Finished, Job, Reported, Retried, Started
from ingredients.experiment import Progress
from ingredients.grid_run.events import FinishedByOther, HeldByOther
from ingredients.grid_run.progress import duration, progress_lines, show_progress
from ingredients.grid_run.progress_json import progress_json
from ingredients.grid_run.tally import Tally


def story() -> tuple[list[Job], list[Event]]:
    """Returns the events of two stacks, one of which fails."""
    first, second = (Job(f"stack-{index}", "", env_steps=100_000) for index in range(2))
    told = [Progress("training", step, 50_000, 2 * step, 0.5) for step in (10_000, 20_000, 30_000)]
    events: list[Event] = [Started(first), Started(second), *(Reported(first, message) for message in told)]
    return [first, second], [*events, Failed(second, "ValueError: [no] way", None), Finished(first, {})]


def test_progress_lines_off_a_terminal() -> None:
    """A line at each start and end, and in between only every ten seconds (the clock here ticks six a look)."""
    ticks = iter(range(0, 1000, 6))
    jobs, events = story()
    tally = Tally(jobs, clock=lambda: 0.0)
    assert list(progress_lines(events, tally, clock=lambda: next(ticks))) == [
        "stack-0: started",
        "stack-1: started",
        "stack-0: training, 10,000 of 50,000 steps, score 0.500 (? env steps/s, ? left)",
        "stack-0: training, 30,000 of 50,000 steps, score 0.500 (? env steps/s, ? left)",
        "stack-1: failed: ValueError: [no] way (1 of 2 jobs ended)",
        "stack-0: finished (2 of 2 jobs ended, 0 s left)",
    ]


def test_the_job_of_the_references_says_what_it_is_at() -> None:
    """Its name is in front of the line, so what follows is what is done with them."""
    job = Job("references", "")
    messages = [
        Progress("references"),
        Progress("references", doing="playing known policies, 30 of 90 lifetimes", part_seconds_left=40.0),
        Progress("references", 100, 2000, 500, doing="training the informed agent"),
    ]
    told = [Reported(job, message) for message in messages]
    ticks = iter(range(0, 1000, 20))
    lines = list(progress_lines([Started(job), *told], Tally([job], clock=lambda: 0.0), clock=lambda: next(ticks)))
    assert lines[1].startswith("references: playing (")
    assert lines[2].startswith("references: playing known policies, 30 of 90 lifetimes, 40 s left for it (")
    assert lines[3].startswith("references: training the informed agent, 100 of 2,000 steps (")


@pytest.mark.parametrize(("runs", "word"), [(1, "failed: 1 of 1 run"), (8, "finished: 1 of 8 runs")])
def test_a_stack_whose_runs_failed_is_not_called_finished(runs: int, word: str) -> None:
    """How many of its runs, and why the first; on a terminal, too."""
    only = Job("stack-1", "", env_steps=100, runs=runs)
    events: list[Event] = [Started(only), Finished(only, {"a-run": "its environment failed: no"})]
    lines = list(progress_lines(events, Tally([only], clock=lambda: 0.0), clock=lambda: 0.0))
    said = f"stack-1: {word} failed: its environment failed: no"
    assert lines[1] == f"{said} (1 of 1 job ended, 0 s left)"
    output = StringIO()
    show_progress(events, Tally([only]), Console(file=output, force_terminal=True, width=100))
    assert said in output.getvalue()


def retry() -> tuple[list[Job], list[Event]]:
    """Returns the events of a stack whose worker dies once."""
    only = Job("stack-0", "", env_steps=100)
    goes_on = Progress("training", 50, 100, 50, notice="goes on from its snapshot at step 50 of 100")
    died = Retried(only, "the worker was killed by SIGKILL", Path("logs/stack-0.log"), 1)
    return [only], [Started(only), died, Started(only), Reported(only, goes_on), Finished(only, {})]


def test_a_retry_and_a_notice_are_said_at_once() -> None:
    """Why it failed, where the log is, and where it goes on; none of it waits for ten seconds."""
    jobs, events = retry()
    assert list(progress_lines(events, Tally(jobs, clock=lambda: 0.0), clock=lambda: 0.0)) == [
        "stack-0: started",
        "stack-0: is tried again: the worker was killed by SIGKILL; log: logs/stack-0.log",
        "stack-0: started",
        "stack-0: goes on from its snapshot at step 50 of 100",
        "stack-0: finished (1 of 1 job ended, 0 s left)",
    ]


def test_a_retry_on_a_terminal() -> None:
    """As long as the job has not ended, the reason stands below the bars."""
    jobs, events = retry()
    for count, shown in ((4, True), (5, False)):
        output = StringIO()
        show_progress(events[:count], Tally(jobs), Console(file=output, force_terminal=True, width=100))
        last = re.sub(r"\x1b\[[0-9;?]*[A-Za-z]", "", output.getvalue()).rpartition("grid ")[2]
        assert ("stack-0 is tried again: the worker was killed by SIGKILL" in last) is shown
        assert "stack-0: goes on from its snapshot at step 50 of 100" in last


def test_progress_on_a_terminal() -> None:
    """The whole grid in one bar, each stack in work with its step and score, failures as they come."""
    jobs, events = story()
    output = StringIO()
    show_progress(events[:-1], Tally(jobs), Console(file=output, force_terminal=True, width=100))
    frames = re.sub(r"\x1b\[[0-9;?]*[A-Za-z]", "", output.getvalue())
    assert re.search(r"grid +\S+ +0 of 2 jobs ended", frames)
    assert re.search(r"stack-0 +\S+ +30,000 of 50,000 steps +score 0\.500 +training", frames)
    assert "stack-1 failed: ValueError: [no] way" in frames


def test_progress_when_quiet() -> None:
    """Nothing is printed, everything is counted."""
    jobs, events = story()
    tally, output = Tally(jobs), StringIO()
    show_progress(events, tally, Console(file=output, force_terminal=True), quiet=True)
    assert output.getvalue() == ""
    assert (len(tally.finished), len(tally.failures)) == (1, 1)


@pytest.mark.parametrize(
    ("seconds", "text"),
    [(None, "?"), (0.4, "0 s"), (59.4, "59 s"), (60, "1 min"), (3570, "1 h 00 min"), (11_100, "3 h 05 min")],
)
def test_duration(seconds: float | None, text: str) -> None:
    """Times are said as people say them, never `60 min`."""
    assert duration(seconds) == text


def test_progress_for_programs_is_an_object_a_line() -> None:
    """Starts, ends, retries and notices at once, progress of a job once a second; numbers that are none are null."""
    (first, second), events = story()
    between: list[Event | HeldByOther] = [
        Reported(first, Progress("training", 40_000, 50_000, 80_000, float("nan"))),
        Reported(first, Progress("training", notice="a seed is odd")),
        Retried(second, "no", Path("log"), 1),
        HeldByOther(first, "another"),
    ]
    ticks = iter(range(100))
    lines = progress_json(
        [*events[:-1], *between, FinishedByOther(second, {"run": "why"}), events[-1]],
        Tally([first, second], clock=lambda: 0.0),
        clock=lambda: next(ticks) * 0.6,
    )
    said = [json.loads(line) for line in lines]
    assert [(each["event"], each.get("job")) for each in said] == [
        ("begin", None),
        *(("started", "stack-0"), ("started", "stack-1"), ("progress", "stack-0"), ("progress", "stack-0")),
        *(("failed", "stack-1"), ("progress", "stack-0"), ("notice", "stack-0"), ("retried", "stack-1")),
        *(("finished", "stack-1"), ("finished", "stack-0")),
    ]
    assert (said[0]["protocol"], said[0]["jobs"], said[0]["seconds_left"]) == (1, 2, None)
    assert (said[3]["train_step"], said[3]["score"], said[6]["score"]) == (10_000, 0.5, None)
    assert said[3]["doing"] is said[3]["part_seconds_left"] is None
    assert said[8]["log"] == "log"
    assert (said[9]["failed_runs"], said[9]["by_another_process"]) == ({"run": "why"}, True)
    assert said[-1]["env_steps"] == said[-1]["env_steps_total"] == 200_000
