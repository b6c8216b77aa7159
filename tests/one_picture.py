"""One picture of a report, where pictures are not what is looked at: they take most of a report's time.

`in_process.draw_one_picture` draws so in the tests' process and in what is forked from it. A program that is started
anew begins with `command.ONE_PICTURE`.
"""

from __future__ import annotations

import importlib
from collections.abc import Callable, Iterator
from itertools import islice
from typing import Any

PICTURES = 1  # of a report; tests/report/test_report_figures.py has them all


def draw_one_picture(make: Callable[[Any, str, Any], None], name: str | None = None) -> None:
    """Makes reports draw the first picture, or that of a name, by `setattr` or a monkeypatch's."""
    figures = importlib.import_module("ingredients.report.figures")
    every: Any = figures._pictures

    def one(view: object) -> Iterator[Any]:
        return islice((pair for pair in every(view) if name in (None, pair[0].name)), PICTURES)

    make(figures, "_pictures", one)
    make(figures, "small_multiples", lambda evidence, judgement: ())
