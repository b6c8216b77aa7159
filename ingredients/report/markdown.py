"""`report.md`: answer, figure, tables; for GitHub and CI summaries."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence

from ingredients.grid import study_fingerprint
from ingredients.judgement import CellResult, Judgement
from ingredients.judgement.words import describe
from ingredients.judgement_input.gather import Evidence
from ingredients.report import columns, inner, opening, planning, reading, routes, rows, short, wording
from ingredients.report.curves import ShownCurves
from ingredients.store import STUDY_YAML
from ingredients.study.messages import several

_MOST_LISTED, _MOST_PROBED = 20, 8
_SPECIAL = re.compile(r"([\\`*_\[\]<>|#~$&])")


def markdown(evidence: Evidence, judgement: Judgement) -> str:
    """Returns the report as Markdown."""
    return "\n\n".join(part for part in _parts(evidence, judgement) if part) + "\n"


def escaped(text: str) -> str:
    """Returns text with Markdown's special characters escaped."""
    return _SPECIAL.sub(r"\\\1", " ".join(text.split()))


def _parts(evidence: Evidence, judgement: Judgement) -> Iterator[str]:
    study = evidence.study
    yield f"# {escaped(opening.title(evidence))}"
    yield f"**{escaped(opening.opening(judgement))}**"
    yield from map(escaped, opening.details(judgement))
    if short.is_short(judgement):
        yield f"Study `{study.name}`: {wording.progress(evidence)}."
        if evidence.finished and judgement.references:
            yield f"![Adaptation of {describe(rows.ordered(judgement)[0].cell)}](figures/full_cell.png)"
        for title, lines in short.sections(evidence, judgement):
            yield f"## {title}"
            yield _with_commands(rows.shortened(title, lines, _MOST_LISTED))
        return
    yield f"Study `{study.name}`: {wording.progress(evidence)}."
    if judgement.references:
        cells = several(len(evidence.cells), "cell")
        yield f"![Adaptation curves of {cells}, beside the references](figures/adaptation.png)"
    yield "## Cells"
    yield _cells(judgement)
    yield escaped(rows.scale_key(evidence, judgement))
    yield _bullets(f"{wording.marked(verdict)}: {meaning}" for verdict, meaning in wording.meanings(judgement))
    if evidence.finished:
        yield from _ingredients(judgement)
    if probed := rows.probed(judgement)[:_MOST_PROBED]:
        yield "## Probes"
        yield reading.PROBES
        yield _probes(probed)
    if routed := routes.routed(rows.ordered(judgement)):
        yield "## Routes"
        yield reading.ROUTES
        yield markdown_table(routes.ROUTES, ([escaped(each) for each in routes.route_row(result)] for result in routed))
    if names := rows.analysed(judgement):
        yield "## Analysis"
        yield escaped(f"{study.tasks.analysis}.")
        analysed = (rows.analysis_row(result, names) for result in rows.ordered(judgement) if result.statistics)
        yield markdown_table(["cell", *(name.replace("_", " ") for name in names)], analysed)
    yield from _inner(judgement)
    yield from _planning(judgement)
    for title, lines in rows.lists(evidence, judgement):
        if title != rows.OTHER_ROUTES:  # the table of routes has them
            yield f"## {title}"
            yield _bullets(rows.shortened(title, lines, _MOST_LISTED))
    if judgement.references:
        yield "## References"
        yield _references(evidence, judgement)
        yield _bullets(reading.policies(judgement))
    yield f"## {reading.WORDS}"
    yield _bullets(reading.words(judgement))
    yield f"## {reading.INTERVALS}"
    yield _bullets(reading.intervals(evidence, judgement))
    yield "## How it was made"
    yield from _made(evidence)


def _ingredients(judgement: Judgement) -> Iterator[str]:
    yield "## Ingredients"
    yield _bullets(result.sentence for result in judgement.ingredients.values())
    head = ["ingredient", "needed here", "why", "late score lost without it", rows.P_OF_LOSS, rows.PROBABILITY]
    yield markdown_table(head, (rows.ingredient_evidence(*each) for each in judgement.ingredients.items()))
    yield rows.NEEDED_BY_RUNS
    yield _bullets(rows.sufficient(judgement))


def _inner(judgement: Judgement) -> Iterator[str]:
    """Yields the inner algorithm, if measured."""
    if not (measured := inner.found(judgement)):
        return
    yield f"## {inner.TITLE}"
    yield _bullets(inner.measures(judgement))
    yield "![Value lost at each pull, and a belief beside the posterior](figures/inner.png)"
    yield markdown_table(inner.HEAD, (list(map(escaped, inner.row(*each))) for each in measured))
    for head, body in ((inner.BESIDE, inner.beside_rows(judgement)), (inner.WORTH, inner.worth_rows(judgement))):
        if body:
            yield markdown_table(head, (list(map(escaped, each)) for each in body))


def _planning(judgement: Judgement) -> Iterator[str]:
    """Yields the signs of planning, if measured."""
    if not (measured := planning.found(judgement)):
        return
    yield f"## {planning.TITLE}"
    yield _bullets(planning.MEASURES)
    if measured[0][1].drawn["agent"]:
        yield "![The longest way of half a game, beside the one that search counts on](figures/planning.png)"
    yield markdown_table(planning.HEAD, (list(map(escaped, planning.row(*each))) for each in measured))


def _probes(results: Sequence[CellResult]) -> str:
    names = wording.probe_names(results)
    body = ([escaped(first), *shown] for first, *shown in (rows.probe_row(result, names) for result in results))
    return markdown_table(["cell", *map(wording.probe_name, names)], body)


def _made(evidence: Evidence) -> Iterator[str]:
    """Yields how results were made, and how to repeat them."""
    yield _bullets(reading.made(evidence))
    yield f"```sh\ningredients run-grid {STUDY_YAML} --out another-folder\n```"
    prints = study_fingerprint(evidence.study)
    yield f"Fingerprints: trains `{prints.trains}`, evaluates `{prints.evaluates}`, judges `{prints.judges}`."


def _cells(judgement: Judgement) -> str:
    shown = columns.brief()
    return markdown_table(columns.heads(shown), columns.table_rows(shown, rows.ordered(judgement)))


def _references(evidence: Evidence, judgement: Judgement) -> str:
    curves = ShownCurves(evidence, judgement)
    return markdown_table(
        rows.REFERENCES, (rows.reference_row(each, curves, judgement) for each in judgement.references.values())
    )


def markdown_table(head: Sequence[str], body: Iterable[Sequence[str]]) -> str:
    """Returns a table; users' texts must be escaped already."""
    lines = [head, ["---"] * len(head), *body]
    return "\n".join(f"| {' | '.join(cells)} |" for cells in lines)


def _with_commands(lines: Iterable[str]) -> str:
    """Returns bullets in which a command stands as code."""
    parts = map(short.split, lines)
    return "\n".join(f"- {escaped(text)}{f' `{command}`' if command else ''}" for text, command in parts)


def _bullets(lines: Iterable[str]) -> str:
    return "\n".join(f"- {escaped(line)}" for line in lines)
