"""Small measurements of leaks, where they are not what is looked at: they take most of the time of a tiny grid.

`in_process.measure_little` makes them small in the tests' process, and in what is forked from it. A program that is
started anew begins with `command.LITTLE`.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

from ingredients.decoding.decoders import Budget
from ingredients.training import leakage

LEAK = {"STEPS": 100, "FEWEST_LIFETIMES": 20, "MOST_LIFETIMES": 20, "STEPS_OF_TASKS": 500, "STEPS_OF_OTHERS": 500}
DECODED = Budget(rows=200, trees=3, tested=200, by_task=False)


def measure_little(make: Callable[[Any, str, Any], None]) -> None:
    """Makes the attributes that say how much is measured small, by `setattr` or a monkeypatch's."""
    for name, small in LEAK.items():
        make(leakage, name, small)
    make(leakage, "QUICK", replace(DECODED, rows=100))
    measured: Any = leakage.family_leakage
    make(measured.__wrapped__, "__defaults__", (DECODED,))
