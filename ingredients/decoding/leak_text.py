"""What the environment leaks, in words: the same in the plan and in every format of the report."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any


def leak_text(leak: Mapping[str, Any]) -> str:
    """Returns whether something leaks, what is decoded, and what is told without the task.

    `yes (decoder told the task: accuracy 85%, base rate 20%); from the lifetime so far: none`; entries of earlier
    versions have no decoder that is told the task.
    """
    if leak["leak"] is None:
        return f"nothing to decode ({leak['reason']}){_failed(leak)}"
    if "history" not in leak:
        return f"{_answer(leak)} (decoder accuracy {leak['accuracy']:.0%}, base rate {leak['base_rate']:.0%})"
    told = f"accuracy {leak['accuracy']:.0%}, base rate {leak['base_rate']:.0%}"
    return f"{_answer(leak)} (decoder told the task: {told}){_otherwise(leak)}{_failed(leak)}"


def quick_text(leakage: Mapping[str, Mapping[str, Any]]) -> str:
    """Returns that a measure was a quick one, where it was."""
    quick = any(leak.get("quick") for leak in leakage.values())
    return "; measured on fewer lifetimes than run-grid measures" if quick else ""


def _answer(leak: Mapping[str, Any]) -> str:
    return "yes" if leak["leaks"] else "none"


def _otherwise(leak: Mapping[str, Any]) -> str:
    """Returns what is told by the lifetime so far, where the answer is another one."""
    history = leak["history"]
    if history["leak"] is None or history["leaks"] == leak["leaks"]:
        return ""
    return f"; from the lifetime so far: {_answer(history)}"


def _failed(leak: Mapping[str, Any]) -> str:
    return f", failed {leak['failed']}" if leak.get("failed") else ""
