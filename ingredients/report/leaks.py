"""What the environment leaks, in words: the same in the plan and in every format of the report.

Comes in: one entry of `leakage` as `references.json` holds it. Goes out: a few words.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any


def leak_text(leak: Mapping[str, Any]) -> str:
    """Returns whether something leaks, and what is decoded: `yes (85% of steps decoded, 20% by the schedule)`."""
    if leak["leak"] is None:
        return f"nothing to decode ({leak['reason']})"
    answer = "yes" if leak["leaks"] else "no"
    return f"{answer} ({leak['accuracy']:.0%} of steps decoded, {leak['base_rate']:.0%} by the schedule)"
