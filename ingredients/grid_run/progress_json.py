"""Progress for programs: one JSON object a line (docs/api.md, "Progress for programs").

Times are seconds; unknown numbers null.
"""

from __future__ import annotations

import json
import math
import time
from collections.abc import Callable, Iterable, Iterator
from typing import Any

from ingredients.engine.protocol import Failed, Finished, Reported, Retried, Started
from ingredients.grid_run.events import FinishedByOther, GridEvent, HeldByOther
from ingredients.grid_run.progress import SECONDS_BETWEEN_REMINDERS
from ingredients.grid_run.tally import Tally

PROTOCOL = 1
SECONDS_BETWEEN_PROGRESS = 1.0


def json_line(event: str, **content: object) -> str:
    """Returns one line of the protocol, in ASCII."""
    return json.dumps({"event": event, **content}, allow_nan=False)


def progress_json(
    events: Iterable[GridEvent], tally: Tally, clock: Callable[[], float] = time.monotonic
) -> Iterator[str]:
    """Adds every event to `tally` and yields lines, `begin` first.

    Jobs give at most one `progress` a second, other processes' one `held` a minute; notices are never dropped.
    """
    yield json_line("begin", protocol=PROTOCOL, **_state(tally))
    last: dict[str, float] = {}
    for event in events:
        tally.add(event)
        key = event.job.key
        now = clock()
        pause = SECONDS_BETWEEN_REMINDERS if isinstance(event, HeldByOther) else SECONDS_BETWEEN_PROGRESS
        if _may_wait(event) and now - last.get(key, float("-inf")) < pause:
            continue
        if _may_wait(event):
            last[key] = now
        name, content = _told(event)
        yield json_line(name, job=key, **content, **_state(tally))


def _may_wait(event: GridEvent) -> bool:
    return isinstance(event, HeldByOther) or (isinstance(event, Reported) and not event.message.notice)


def _told(event: GridEvent) -> tuple[str, dict[str, Any]]:
    """Returns an event's name and its content."""
    if isinstance(event, HeldByOther):
        return "held", {"by": event.by}
    if isinstance(event, Started):
        return "started", {}
    if isinstance(event, Retried):
        return "retried", {"reason": event.reason, "log": None if event.log is None else str(event.log)}
    if isinstance(event, Failed):
        return "failed", {"reason": event.reason, "log": None if event.log is None else str(event.log)}
    if isinstance(event, Finished | FinishedByOther):
        by_other = isinstance(event, FinishedByOther)
        return "finished", {"by_another_process": by_other, "failed_runs": dict(event.result or {})}
    message = event.message
    if message.notice:
        return "notice", {"text": message.notice}
    steps = {"phase": message.phase, "train_step": message.train_step, "train_steps": message.train_steps}
    known = message.score is not None and math.isfinite(message.score)
    part = {"doing": message.doing or None, "part_seconds_left": message.part_seconds_left}
    return "progress", {**steps, "score": message.score if known else None, **part}


def _state(tally: Tally) -> dict[str, Any]:
    """Returns the progress of the whole grid."""
    return {
        "jobs": len(tally.jobs),
        "jobs_ended": tally.ended,
        "env_steps": tally.passed,
        "env_steps_total": tally.total,
        "env_steps_per_second": tally.env_steps_per_second or None,
        "seconds_left": tally.seconds_left,
    }
