"""Pictures in words, for those who do not see them.

Comes in: judged cells. Goes out: plain sentences with the main numbers.
"""

from __future__ import annotations

from collections.abc import Sequence

from ingredients.judgement import CellResult
from ingredients.judgement.words import describe
from ingredients.report import wording

_MOST = 16


def cut(name: str, most: int) -> str:
    """Returns a name of at most so many letters; of a longer one the end is what tells it from others."""
    return name if len(name) <= most else f"…{name[1 - most :]}"


def verdicts_in_words(results: Sequence[CellResult]) -> str:
    """Returns each cell's verdict and late score: `all four ingredients: in-context, late score 0.94 [0.93, 0.94]`."""
    parts = [
        f"{describe(result.cell)}: {wording.verdict_text(result.verdict)}, late score {wording.interval(result.late)}"
        for result in results[:_MOST]
    ]
    more = f"; and {len(results) - _MOST} more cells" if len(results) > _MOST else ""
    return "; ".join(parts) + more + "."


def score_in_words(result: CellResult) -> str:
    """Returns one cell's verdict, late score and how many runs learned."""
    return (
        f"{describe(result.cell)}: {wording.verdict_text(result.verdict)}, late score {wording.interval(result.late)}, "
        f"{result.learned} of {result.seeds} runs learned."
    )
