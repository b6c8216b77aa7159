"""`report.md`: the answer first, then the figure and the tables; fit for GitHub and for a CI job's summary.

Comes in: the evidence and the judgement. Goes out: GitHub-flavoured Markdown; the figure is linked relatively.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence

from ingredients.judgement import CellResult, Judgement
from ingredients.report import rows, wording
from ingredients.report.assemble import Evidence
from ingredients.report.curves import Curves
from ingredients.study import INGREDIENTS

_MOST_LISTED = 20
_SPECIAL = re.compile(r"([\\`*_\[\]<>|#~$&])")


def markdown(evidence: Evidence, judgement: Judgement) -> str:
    """Returns the whole report as Markdown."""
    return "\n\n".join(part for part in _parts(evidence, judgement) if part) + "\n"


def escaped(text: str) -> str:
    """Returns text that Markdown shows as it is: a question or a reason may hold any character."""
    return _SPECIAL.sub(r"\\\1", " ".join(text.split()))


def _parts(evidence: Evidence, judgement: Judgement) -> Iterator[str]:
    study = evidence.study
    yield f"# {escaped(study.question or study.name)}"
    yield f"**{escaped(judgement.sentence)}**"
    yield escaped(judgement.claim.sentence)
    yield f"Study `{study.name}`: {wording.progress(evidence)}."
    yield f"![Adaptation curves of {len(evidence.cells)} cells, beside the references](figures/adaptation.png)"
    yield "## Cells"
    yield _cells(judgement)
    yield escaped(rows.scale_key(evidence, judgement))
    yield _bullets(f"{wording.marked(verdict)}: {meaning}" for verdict, meaning in wording.meanings(judgement))
    yield "## Ingredients"
    yield _bullets(result.sentence for result in judgement.ingredients.values())
    yield _ingredients(judgement)
    yield escaped(rows.sufficient(judgement))
    yield "## References"
    yield _references(evidence, judgement)
    for title, lines in rows.lists(evidence, judgement):
        yield f"## {title}"
        yield _bullets(rows.shortened(title, lines, _MOST_LISTED))


def _cells(judgement: Judgement) -> str:
    words = [wording.INGREDIENT_WORDS[name] for name in INGREDIENTS]
    head = [*words, "late score", "gain", "learned", "return / ceiling", "emerges at step", "verdict"]
    return markdown_table(head, map(_cell_row, rows.ordered(judgement)))


def _cell_row(result: CellResult) -> list[str]:
    emerges = wording.NOTHING if result.emerges_at_step is None else f"{result.emerges_at_step:,}"
    verdict = wording.marked(result.verdict)
    return [
        *(wording.level(result.cell, name) for name in INGREDIENTS),
        wording.interval(result.late),
        wording.interval(result.gain),
        rows.learned(result),
        rows.of_ceiling(result),
        emerges,
        f"**{verdict}**" if result.verdict == "in-context" else verdict,
    ]


def _ingredients(judgement: Judgement) -> str:
    head = ["ingredient", "needed here", "late score lost without it", "p"]
    return markdown_table(head, (rows.ingredient_row(name, result) for name, result in judgement.ingredients.items()))


def _references(evidence: Evidence, judgement: Judgement) -> str:
    curves = Curves(evidence)
    head = ["reference", "late score", "return", "expected return", "exact", "role: judged as"]
    return markdown_table(head, (rows.reference_row(each, curves, judgement) for each in judgement.references.values()))


def markdown_table(head: Sequence[str], body: Iterable[Sequence[str]]) -> str:
    """Returns a table; texts of a user must be escaped before."""
    lines = [head, ["---"] * len(head), *body]
    return "\n".join(f"| {' | '.join(cells)} |" for cells in lines)


def _bullets(lines: Iterable[str]) -> str:
    return "\n".join(f"- {escaped(line)}" for line in lines)
