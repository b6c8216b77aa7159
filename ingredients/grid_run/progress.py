"""Progress of a running grid: bars on a terminal, else lines."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Iterator

from rich.console import Console, Group, RenderableType
from rich.live import Live
from rich.progress_bar import ProgressBar
from rich.table import Table
from rich.text import Text

from ingredients.engine.protocol import Failed, Finished, Reported, Retried, Started
from ingredients.experiment import Progress
from ingredients.grid_run.events import FinishedByOther, GridEvent, HeldByOther
from ingredients.grid_run.tally import Tally
from ingredients.study.messages import several

SECONDS_BETWEEN_FRAMES = 0.2
SECONDS_BETWEEN_LINES = 10.0
SECONDS_BETWEEN_REMINDERS = 60.0
BAR_WIDTH = 24
MOST_NOTICES = 4


def show_progress(events: Iterable[GridEvent], tally: Tally, console: Console, quiet: bool = False) -> None:
    """Adds every event to `tally`, and shows progress."""
    if quiet:
        for event in events:
            tally.add(event)
    elif console.is_terminal and not console.is_dumb_terminal:
        _show_live(events, tally, console)
    else:
        for line in progress_lines(events, tally):
            print(line, file=console.file, flush=True)


def progress_lines(
    events: Iterable[GridEvent], tally: Tally, clock: Callable[[], float] = time.monotonic
) -> Iterator[str]:
    """Yields lines for jobs' starts, ends, retries, notices, every ten seconds; other processes' every minute."""
    spoken: dict[str, float] = {}
    for event in events:
        tally.add(event)
        key = event.job.key
        if isinstance(event, HeldByOther):
            if clock() - spoken.get(key, float("-inf")) >= SECONDS_BETWEEN_REMINDERS:
                spoken[key] = clock()
                yield f"{key}: is being run by {event.by} ({_jobs(tally)})"
        elif isinstance(event, Started):
            spoken[key] = clock()
            yield f"{key}: started"
        elif isinstance(event, Retried):
            yield f"{key}: {_again(event)}"
        elif isinstance(event, Failed):
            yield f"{key}: failed: {event.reason} ({_jobs(tally)})"
        elif isinstance(event, Finished):
            yield f"{key}: {_ended(event)} ({_jobs(tally)}, {duration(tally.seconds_left)} left)"
        elif isinstance(event, FinishedByOther):
            yield f"{key}: {_ended(event, ' by another process')} ({_jobs(tally)}, {duration(tally.seconds_left)} left)"
        elif event.message.notice:
            yield f"{key}: {event.message.notice}"
        elif clock() - spoken[key] >= SECONDS_BETWEEN_LINES:
            spoken[key] = clock()
            yield f"{key}: {_told(event.message)} ({_speed(tally)}, {duration(tally.seconds_left)} left)"


def progress_picture(tally: Tally) -> RenderableType:
    """Returns a bar for the grid and one per running job."""
    rows = Table.grid(padding=(0, 2))
    rows.add_row(
        Text("grid", style="bold"),
        ProgressBar(max(tally.total, 1), tally.passed, width=BAR_WIDTH),
        _jobs(tally),
        _speed(tally),
        f"{duration(tally.seconds_left)} left",
    )
    for key, message in tally.in_work.items():
        rows.add_row(key, _bar(message), *_columns(message))
    for key, by in tally.waiting.items():
        rows.add_row(key, "", f"in the hands of {by}")
    notices = [Text(f"{key}: {notice}") for key, notice in tally.notices[-MOST_NOTICES:]]
    retried = [Text(f"{key} {_again(event)}", style="yellow") for key, event in tally.retried.items()]
    failed = [Text(f"{event.job.key} failed: {event.reason}", style="red") for event in tally.failures]
    ended: list[Finished | FinishedByOther] = [*tally.finished, *tally.elsewhere]
    lost = [Text(f"{event.job.key}: {_ended(event)}", style="red") for event in ended if event.result]
    return Group(rows, *notices, *retried, *lost, *failed)


def duration(seconds: float | None) -> str:
    """Returns a time for people: `40 s`, `12 min`, `3 h 05 min`, `?`."""
    if seconds is None:
        return "?"
    minutes = round(seconds / 60)
    if seconds < 60:
        return f"{seconds:.0f} s"
    return f"{minutes} min" if minutes < 60 else f"{minutes // 60} h {minutes % 60:02d} min"


def _show_live(events: Iterable[GridEvent], tally: Tally, console: Console) -> None:
    with Live(console=console, auto_refresh=False) as live:
        last = 0.0
        for event in events:
            tally.add(event)
            if time.monotonic() - last >= SECONDS_BETWEEN_FRAMES or not isinstance(event, Reported):
                last = time.monotonic()
                live.update(progress_picture(tally), refresh=True)
        live.update(progress_picture(tally), refresh=True)


def _bar(message: Progress | None) -> ProgressBar | str:
    if message is None or not message.train_steps:
        return ""
    return ProgressBar(message.train_steps, message.train_step, width=BAR_WIDTH)


def _columns(message: Progress | None) -> tuple[str, ...]:
    if message is None:
        return ("starting",)
    return _step(message), _score(message), _doing(message)


def _ended(event: Finished | FinishedByOther, by: str = "") -> str:
    """Returns `finished`, or how many runs failed, and the first reason."""
    if not event.result:
        return f"finished{by}"
    failed = len(event.result)
    runs = event.job.runs
    reason = next(iter(event.result.values()))
    return f"{'failed' if failed == runs else 'finished'}{by}: {failed} of {several(runs, 'run')} failed: {reason}"


def _again(event: Retried) -> str:
    log = f"; log: {event.log}" if event.log else ""
    return f"is tried again: {event.reason}{log}"


def _told(message: Progress) -> str:
    parts = [_doing(message), _step(message), _score(message)]
    return ", ".join(part for part in parts if part)


def _doing(message: Progress) -> str:
    """Returns what the job is at, and how long that takes."""
    doing = message.doing or ("playing" if message.phase == "references" else message.phase)
    left = message.part_seconds_left
    return doing if left is None else f"{doing}, {duration(left)} left for it"


def _step(message: Progress) -> str:
    return f"{message.train_step:,} of {message.train_steps:,} steps" if message.train_steps else ""


def _score(message: Progress) -> str:
    return "" if message.score is None else f"score {message.score:.3f}"


def _speed(tally: Tally) -> str:
    """Returns the mean speed, `?` while unknown."""
    speed = tally.env_steps_per_second
    return f"{speed:,.0f} env steps/s" if speed else "? env steps/s"


def _jobs(tally: Tally) -> str:
    return f"{tally.ended} of {several(len(tally.jobs), 'job')} ended"
