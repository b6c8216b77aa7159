"""Alternative texts of pictures."""

from __future__ import annotations

import re
import textwrap
from collections.abc import Sequence

from ingredients.judgement import CellResult
from ingredients.judgement.words import describe
from ingredients.report import wording
from ingredients.study.messages import several

_MOST = 16


def wrapped(name: str, most: int) -> str:
    """Returns a name in lines of at most `most` letters; `module:Class` by class."""
    of_class = re.sub(r"[\w.]+:(?=\w)", "", name)
    return "\n".join(textwrap.wrap(of_class, most, break_long_words=False, break_on_hyphens=False))


def verdicts_in_words(results: Sequence[CellResult]) -> str:
    """Returns verdicts and scores: `all four ingredients: in-context, late score 0.94 [0.93, 0.94]`."""
    parts = [
        f"{describe(result.cell)}: {wording.verdict_text(result.verdict)}, late score {wording.interval(result.late)}"
        for result in results[:_MOST]
    ]
    more = f"; and {several(len(results) - _MOST, 'more cell')}" if len(results) > _MOST else ""
    return "; ".join(parts) + more + "."


def score_in_words(result: CellResult) -> str:
    """Returns a cell's verdict, late score, number of learners."""
    late = f", late score {wording.interval(result.late)}" if result.late.mean is not None or result.verdict else ""
    counted = (
        f"{result.learned} of {several(result.seeds, 'run')} learned"
        if result.verdict
        else several(result.seeds, "run")
    )
    return f"{describe(result.cell)}: {wording.verdict_text(result.verdict)}{late}, {counted}."
