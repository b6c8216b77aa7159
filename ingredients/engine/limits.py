"""Limits of a job, and whether a failed one is retried."""

from __future__ import annotations

import math
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from ingredients.errors import UsageError

STALLED_SECONDS = 600.0
_SECONDS = {"s": 1.0, "m": 60.0, "h": 3600.0, "d": 86_400.0}
_BYTES = {"MB": 1e6, "GB": 1e9, "TB": 1e12, "MIB": 2.0**20, "GIB": 2.0**30}


@dataclass(frozen=True)
class Limits:
    """What one attempt at a job may take; None is no limit.

    `stalled_seconds` pass without message and CPU time; `memory_bytes` is a worker's resident memory.
    """

    retries: int = 0
    seconds: float | None = None
    stalled_seconds: float | None = None
    memory_bytes: int | None = None


@dataclass(frozen=True)
class Fault:
    """Why an attempt at a job failed.

    `raised`: by an exception; else its worker was lost. `mistake`: the user's.
    """

    reason: str
    raised: bool = False
    mistake: bool = False


def tried_again(faults: Sequence[Fault], limits: Limits) -> bool:
    """Returns whether a job is retried after these attempts.

    Users' mistakes, and repeated exceptions, are not.
    """
    last = faults[-1]
    comes_again = last.mistake or (last.raised and last in faults[:-1])
    return not comes_again and len(faults) <= limits.retries


def last_words(faults: Sequence[Fault]) -> str:
    """Returns why a job failed for good, after how many attempts."""
    reason = faults[-1].reason
    return reason if len(faults) == 1 else f"{reason} (attempt {len(faults)})"


def grid_limits(retries: int, stack_timeout: str | None, memory_limit: str | None) -> Limits:
    """Returns the limits by `run-grid`'s options.

    Raises:
        UsageError: an option is no time or memory.
    """
    seconds = None if stack_timeout is None else seconds_in(stack_timeout, "--stack-timeout")
    memory = None if memory_limit is None else bytes_in(memory_limit, "--memory-limit")
    return Limits(retries, seconds, STALLED_SECONDS, memory)


def seconds_in(text: str, option: str) -> float:
    """Returns a time in seconds: `90s`, `1.5h`, or a plain number.

    Raises:
        UsageError: the text is no time.
    """
    return _amount(text, _SECONDS, 1.0, f"{option}: '{text}' is no time; allowed: 90s, 30m, 2h, 1d")


def bytes_in(text: str, option: str) -> int:
    """Returns an amount of memory in bytes: `4GB`, `512MiB`.

    Raises:
        UsageError: the text is no amount of memory.
    """
    return int(_amount(text, _BYTES, None, f"{option}: '{text}' is no amount of memory; allowed: 4GB, 512MB, 4GiB"))


def _amount(text: str, units: Mapping[str, float], plain: float | None, complaint: str) -> float:
    """Returns a positive number times its unit; `plain` is a bare number's factor."""
    match = re.fullmatch(r"\s*(\d+(?:\.\d*)?|\.\d+)\s*([a-z]*)\s*", text, flags=re.IGNORECASE)
    by_name = {name.lower(): factor for name, factor in units.items()}
    factor = None if match is None else (by_name.get(match[2].lower()) if match[2] else plain)
    if match is None or factor is None or not 0 < float(match[1]) * factor < math.inf:
        raise UsageError(complaint)
    return float(match[1]) * factor
