"""Leaks in words, for plan and report."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any


def leak_text(leak: Mapping[str, Any]) -> str:
    """Returns the answer and accuracy: `yes (decoder told the task: accuracy 85%, base rate 20%)`."""
    if leak["leak"] is None:
        return f"nothing to decode ({leak['reason']}){_failed(leak)}"
    if "history" not in leak:
        return f"{_answer(leak)} (decoder accuracy {leak['accuracy']:.0%}, base rate {leak['base_rate']:.0%})"
    told = f"accuracy {leak['accuracy']:.0%}, base rate {leak['base_rate']:.0%}"
    return f"{_answer(leak)} (decoder told the task: {told}){_otherwise(leak)}{_failed(leak)}"


def quick_text(leakage: Mapping[str, Mapping[str, Any]]) -> str:
    """Returns a remark on a quick measure."""
    quick = any(leak.get("quick") for leak in leakage.values())
    return "; measured on fewer lifetimes than run-grid measures" if quick else ""


def _answer(leak: Mapping[str, Any]) -> str:
    return "yes" if leak["leaks"] else "none"


def _otherwise(leak: Mapping[str, Any]) -> str:
    """Returns the leak from the lifetime so far, if it differs."""
    history = leak["history"]
    if history["leak"] is None or history["leaks"] == leak["leaks"]:
        return ""
    return f"; from the lifetime so far: {_answer(history)}"


def _failed(leak: Mapping[str, Any]) -> str:
    return f", failed {leak['failed']}" if leak.get("failed") else ""
